package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// exportManifest is what Cost Management writes beside the parts of an export.
type exportManifest struct {
	ExportConfig struct {
		ExportName string `json:"exportName"`
		Type       string `json:"type"`
	} `json:"exportConfig"`
	DeliveryConfig struct {
		CompressionMode string `json:"compressionMode"`
	} `json:"deliveryConfig"`
	RunInfo struct {
		RunID         string `json:"runId"`
		SubmittedTime string `json:"submittedTime"`
		EndDate       string `json:"endDate"`
	} `json:"runInfo"`
	Blobs []struct {
		BlobName  string `json:"blobName"`
		ByteCount int64  `json:"byteCount"`
	} `json:"blobs"`
	stamp string // time of the run in RFC 3339, "" where nothing tells it
}

const (
	manifestName = "manifest.json"
	maxManifest  = 4 << 20
)

// parseManifest reads a manifest; nil where it is another document of that name.
func parseManifest(data []byte, name string) *exportManifest {
	var m exportManifest
	if err := json.Unmarshal(bytes.TrimPrefix(data, bom), &m); err != nil || len(m.Blobs) == 0 {
		return nil
	}
	if t, err := time.Parse(time.RFC3339, m.RunInfo.SubmittedTime); err == nil {
		m.stamp = t.UTC().Format(time.RFC3339)
	} else {
		m.stamp = runStamp(name)
	}
	return &m
}

// lists reports whether a file is a part of the export.
func (m *exportManifest) lists(name string) bool {
	for _, b := range m.Blobs {
		if path.Base(b.BlobName) == path.Base(name) {
			return true
		}
	}
	return false
}

// mark makes an input a part of the export, whose files lie in dir.
func (m *exportManifest) mark(in *Input, dir string) {
	in.Dataset = m.stamp + "|" + dir + "|" + m.ExportConfig.ExportName
	in.Export = exportKind(m.ExportConfig.Type)
}

// manifest lists the parts that the manifest of an export in dir names, none where there is no manifest.
func (d discovery) manifest(dir string) (parts []Input, err error) {
	name := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, pathError(err)
	}
	m := parseManifest(data, filepath.ToSlash(name))
	if m == nil {
		return nil, nil // another file of that name: it will be refused like any other
	}
	for _, b := range m.Blobs {
		blob := filepath.Join(dir, path.Base(b.BlobName))
		info, err := os.Stat(blob)
		if err != nil {
			return nil, fmt.Errorf("%s: part %q of the export is not there: %w", filepath.ToSlash(name), path.Base(b.BlobName), ErrDamaged)
		}
		if b.ByteCount > 0 && b.ByteCount != info.Size() && !strings.EqualFold(m.DeliveryConfig.CompressionMode, "gzip") {
			return nil, fmt.Errorf("%s: part %q has %d bytes, the manifest says %d: %w", filepath.ToSlash(name), path.Base(b.BlobName), info.Size(), b.ByteCount, ErrDamaged)
		}
		opened, err := d.open(blob, blob, info)
		if err != nil {
			return nil, err
		}
		for i := range opened {
			m.mark(&opened[i], filepath.ToSlash(dir))
			opened[i].file = blob
		}
		parts = append(parts, opened...)
	}
	return parts, nil
}

// exportKind returns the kind of charges of an export type.
func exportKind(kind string) string {
	switch strings.ToLower(kind) {
	case "actualcost", "usage":
		return "actual"
	case "amortizedcost":
		return "amortized"
	case "focuscost":
		return "focus"
	}
	return ""
}

// zipManifests reads the manifests of exports in an archive, by their folder, and checks that their parts are there.
func zipManifests(in Input, entries []*zip.File) (map[string]*exportManifest, error) {
	found := map[string]*exportManifest{}
	for _, e := range entries {
		if path.Base(e.Name) != manifestName || e.UncompressedSize64 > maxManifest {
			continue
		}
		body, err := e.Open()
		if err != nil {
			return nil, fmt.Errorf("%s/%s: zip: %w: %w", in.Name, e.Name, err, ErrDamaged)
		}
		data, err := io.ReadAll(io.LimitReader(body, maxManifest))
		if err = errors.Join(err, body.Close()); err != nil {
			return nil, fmt.Errorf("%s/%s: zip: %w: %w", in.Name, e.Name, err, ErrDamaged)
		}
		m := parseManifest(data, in.Name+"/"+e.Name)
		if m == nil {
			continue
		}
		found[path.Dir(e.Name)] = m
		for _, b := range m.Blobs {
			at := slices.IndexFunc(entries, func(other *zip.File) bool {
				return path.Dir(other.Name) == path.Dir(e.Name) && path.Base(other.Name) == path.Base(b.BlobName)
			})
			if at < 0 {
				return nil, fmt.Errorf("%s/%s: part %q of the export is not there: %w", in.Name, e.Name, path.Base(b.BlobName), ErrDamaged)
			}
		}
	}
	return found, nil
}
