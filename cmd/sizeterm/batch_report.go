package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"gocloud.dev/blob"

	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/recommend"
)

// reportName is the folder of a plan's reports below the place for all: CUSTOMER/DATE-ID.
func reportName(plan store.Plan) string {
	return path.Join(plainName(plan.Customer), plan.AsOf.Format(time.DateOnly)+"-"+plan.Fingerprint[:8])
}

// container reports whether a place is one of an object store, and no folder.
func container(place string) bool {
	return strings.Contains(place, "://") && !strings.HasPrefix(place, "file://")
}

// reportPlace is where the reports of a plan are, for people.
func (b *batching) reportPlace(plan store.Plan) string {
	if !container(b.out) {
		return filepath.Join(strings.TrimPrefix(b.out, "file://"), filepath.FromSlash(reportName(plan)))
	}
	place, _, _ := strings.Cut(b.out, "?")
	return strings.TrimRight(masked(place), "/") + "/" + reportName(plan)
}

// reports writes the newest plan of a customer in every format, the pictures, and what changed since the plan that was reported
// before, unless that was done. plan is nil where it was made earlier, and is then made again from the same files.
func (b *batching) reports(ctx context.Context, p *pipeline, t *store.Partner, stored store.Plan, plan *recommend.Plan) error {
	if b.out == "" {
		return nil
	}
	channel, subject := channelOf("reports", b.out), "plan "+stored.Customer
	known, err := t.Told(ctx, channel)
	if err != nil || known[subject] == stored.ID {
		return err
	}
	before := known[subject]
	if before == "" {
		if before, err = beforeThat(ctx, t, stored.Customer); err != nil {
			return err
		}
	}
	made, err := compared(ctx, t, stored, before)
	if err != nil {
		return err
	}
	if plan == nil {
		c, uploads, _, err := p.basis(ctx, t, stored.Customer)
		if err != nil {
			return err
		}
		if plan, _, err = p.decide(ctx, c, uploads); err != nil {
			return err
		}
	}
	start := now()
	defer func() { p.took(metrics.Report, start) }()
	if container(b.out) {
		err = b.publish(ctx, stored, func(dir string) error { return writeReports(dir, plan, &made) })
	} else {
		err = writeReports(b.reportPlace(stored), plan, &made)
	}
	if err != nil {
		return err
	}
	return t.SetTold(ctx, channel, subject, stored.ID, now())
}

// writeReports writes all about a plan into a folder.
func writeReports(dir string, plan *recommend.Plan, made *newPlan) error {
	if err := writeFolder(dir, plan, report.Options{Version: release}); err != nil {
		return err
	}
	err := writeFile(filepath.Join(dir, "changes.json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(made.Changes) })
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "changes.md"), func(w io.Writer) error { return writeChanges(w, made.Name, made.First, made.Changes) })
}

// errPlace says that the place of the reports cannot be reached: the plan is kept, and the next run writes them.
var errPlace = errors.New("the container of the reports cannot be written")

// publish writes reports into a folder of this machine, and from there into the container.
func (b *batching) publish(ctx context.Context, stored store.Plan, write func(dir string) error) error {
	dir, err := os.MkdirTemp("", "sizeterm-reports-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := write(dir); err != nil {
		return err
	}
	bucket, err := blob.OpenBucket(ctx, b.out)
	if err != nil {
		return fmt.Errorf("%w: %s", errPlace, strings.ReplaceAll(err.Error(), b.out, masked(b.out)))
	}
	if err := errors.Join(copyInto(ctx, bucket, reportName(stored), dir), bucket.Close()); err != nil {
		return fmt.Errorf("%w: %w", errPlace, err)
	}
	return nil
}

// copyInto copies the files of a folder into a container, below a name, in the order of their names.
func copyInto(ctx context.Context, bucket *blob.Bucket, below, dir string) error {
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		return bucket.Upload(ctx, path.Join(below, filepath.ToSlash(name)), f, &blob.WriterOptions{ContentType: contentType(name)})
	})
}

// contentType is the media type of a report by its ending.
func contentType(name string) string {
	switch filepath.Ext(name) {
	case ".md":
		return "text/markdown; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if kind := mime.TypeByExtension(filepath.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}
