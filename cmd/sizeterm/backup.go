package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/ingest/archive"
)

// backupDatabase is the name of the database in a backup and in the data folder.
const backupDatabase = "sizeterm.db"

func newBackup(c *common) *cobra.Command {
	var h house
	var restore bool
	cmd := &cobra.Command{
		Use:   "backup FOLDER",
		Short: "Copy database and received files into a new folder while everything runs, or put them back with --restore",
		Long: `Copies the database as of one instant, the ends of the order journals, and every received file that the database names,
checking each file on the way. With --restore it puts a backup into a data folder that holds no database.
PostgreSQL is copied with pg_dump.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if h.database != "" {
				return usageError("Use pg_dump, then copy the container of --archive.", "a PostgreSQL is not copied by this command")
			}
			if h.dataDir == "" {
				dir, err := userDataDir()
				if err != nil {
					return err
				}
				h.dataDir = dir
			}
			from, to := h, house{dataDir: args[0]}
			if restore {
				from, to = to, h
			}
			n, err := copyHouse(cmd.Context(), from, to)
			if err != nil {
				return err
			}
			c.note("%d files and the database copied to %s", n, to.dataDir)
			return nil
		},
	}
	h.flags(cmd)
	cmd.Flags().BoolVar(&restore, "restore", false, "put the backup in FOLDER into the data folder")
	return cmd
}

// copyHouse copies database and files from one place to another that has no database yet: the database comes last, under
// its name when all is there.
func copyHouse(ctx context.Context, from, to house) (files int, err error) {
	source, target := filepath.Join(from.dataDir, backupDatabase), filepath.Join(to.dataDir, backupDatabase)
	if _, err := os.Stat(source); err != nil {
		return 0, refused("Name the folder that holds "+backupDatabase+".", err)
	}
	if _, err := os.Stat(target); err == nil {
		return 0, refused("Name a new folder.", fmt.Errorf("%s: there is a database already", to.dataDir))
	}
	if err := os.MkdirAll(to.dataDir, 0o700); err != nil {
		return 0, err
	}
	db, err := store.Open(ctx, source)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	part := target + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	heads, err := filepath.Glob(source + "*.head") // before the database: it may only be ahead of them
	if err != nil {
		return 0, err
	}
	for _, head := range heads {
		if err := copyFile(head, filepath.Join(to.dataDir, filepath.Base(head))); err != nil {
			return 0, err
		}
	}
	if err := db.Backup(ctx, part); err != nil {
		return 0, err
	}
	if files, err = copyNamed(ctx, part, from, to); err != nil {
		return files, err
	}
	if err := os.Rename(part, target); err != nil {
		return files, err
	}
	return files, syncDir(to.dataDir)
}

// copyNamed copies the files that the database at path names.
func copyNamed(ctx context.Context, path string, from, to house) (n int, err error) {
	db, err := store.Open(ctx, path)
	if err != nil {
		return 0, err
	}
	sums, err := db.Sums(ctx)
	if err = errors.Join(err, db.Close()); err != nil {
		return 0, err
	}
	source, err := openArchive(ctx, from)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := openArchive(ctx, to)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	for _, digest := range sums {
		place, err := source.Path(ctx, digest)
		if errors.Is(err, archive.ErrNotFound) {
			return n, fmt.Errorf("%s: the database names it, the archive does not have it: %w", digest, err)
		}
		if err != nil {
			return n, err
		}
		if err := target.Adopt(ctx, place, digest); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func openArchive(ctx context.Context, h house) (*archive.Archive, error) {
	_, address := h.places()
	return archive.Open(ctx, address, filepath.Join(h.dataDir, "copies"))
}

// copyFile copies a small file, whole or not at all.
func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeFile(to, func(w io.Writer) error {
		_, err := io.Copy(w, strings.NewReader(string(text)))
		return err
	})
}
