package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// folder keeps files below a directory: sha256/ab/abcd...; what is under way lies in tmp/ on the same disk.
type folder struct {
	dir string
}

func newFolder(dir string) (*folder, error) {
	f := &folder{dir}
	for _, d := range []string{dir, f.tmp(), filepath.Join(dir, "sha256")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("archive: %w", err)
		}
	}
	return f, syncDir(dir)
}

func (f *folder) tmp() string { return filepath.Join(f.dir, "tmp") }

func (f *folder) path(sum string) string { return filepath.Join(f.dir, "sha256", sum[:2], sum) }

func (f *folder) has(sum string) bool {
	_, err := os.Stat(f.path(sum))
	return err == nil
}

func (f *folder) temp() (*os.File, error) {
	file, err := os.CreateTemp(f.tmp(), "put-*")
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return file, nil
}

func (f *folder) open(sum string) (*os.File, error) {
	file, err := os.Open(f.path(sum))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("archive: %s: %w", sum, ErrNotFound)
	}
	return file, err
}

// verify reads a file and compares it with its name.
func (f *folder) verify(sum string) error {
	file, err := f.open(sum)
	if err != nil {
		return err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if hex.EncodeToString(h.Sum(nil)) != sum {
		return fmt.Errorf("archive: %s: %w", sum, ErrDamaged)
	}
	return nil
}

// link gives the file at path its name in the folder, and makes the name outlive a power cut. A file that has the name
// already may be the rest of a crash or may have been damaged: it is read before it is trusted, and replaced otherwise.
func (f *folder) link(ctx context.Context, path, sum string) error {
	target := f.path(sum)
	err := os.Mkdir(filepath.Dir(target), 0o700)
	if err == nil {
		err = syncDir(filepath.Dir(filepath.Dir(target)))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("archive: %w", err)
	}
	err = os.Link(path, target)
	if errors.Is(err, fs.ErrExist) && f.verify(sum) == nil {
		err = syncFile(target)
	} else if err != nil { // damaged, or another disk, or one without links
		err = f.copy(ctx, path, target)
	}
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return syncDir(filepath.Dir(target))
}

// copy writes the bytes of path to target, whole or not at all.
func (f *folder) copy(ctx context.Context, path, target string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := f.temp()
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	_, err = io.Copy(out, contextReader{ctx, in})
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), target)
}

func (f *folder) remove(sum string) error {
	if err := os.Remove(f.path(sum)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

func (f *folder) sweep() error {
	entries, err := os.ReadDir(f.tmp())
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(f.tmp(), e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("archive: %w", err)
		}
	}
	return nil
}

func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// syncDir makes the names in a directory outlive a power cut.
func syncDir(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}
