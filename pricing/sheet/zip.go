package sheet

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// maxArchive bounds a zip file, which has to be held in memory.
const maxArchive = 256 << 20

// openZip returns the CSV and JSON files of an archive, by name.
func openZip(r io.Reader, limits Limits) ([]io.Reader, error) {
	packed, err := io.ReadAll(&limited{r: r, left: maxArchive, most: maxArchive})
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, fmt.Errorf("zip archive: %w", err)
	}
	if len(archive.File) > limits.Entries {
		return nil, fmt.Errorf("zip archive of %d files, at most %d: %w", len(archive.File), limits.Entries, ErrTooLarge)
	}
	files := slices.DeleteFunc(slices.Clone(archive.File), func(f *zip.File) bool {
		ext := strings.ToLower(path.Ext(f.Name))
		return !f.Mode().IsRegular() || ext != ".csv" && ext != ".json"
	})
	if len(files) == 0 {
		return nil, fmt.Errorf("zip archive without a CSV or JSON file: %w", ErrUnknown)
	}
	slices.SortFunc(files, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	var out []io.Reader
	for _, f := range files {
		if f.Flags&1 != 0 {
			return nil, fmt.Errorf("zip archive: %q is encrypted: %w", f.Name, ErrUnknown)
		}
		out = append(out, &inflated{r: &entry{file: f}, limit: limits.Ratio, packed: func() int64 { return int64(f.CompressedSize64) }})
	}
	return out, nil
}

// entry opens a file of an archive when it is first read.
type entry struct {
	file *zip.File
	r    io.ReadCloser
}

func (e *entry) Read(p []byte) (int, error) {
	if e.r == nil {
		r, err := e.file.Open()
		if err != nil {
			return 0, fmt.Errorf("zip archive: %q: %w", e.file.Name, err)
		}
		e.r = r
	}
	return e.r.Read(p)
}
