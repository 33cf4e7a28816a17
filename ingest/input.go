package ingest

import (
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

// Input is one logical file: a file, an entry of an archive, or a part of an export.
type Input struct {
	// Name is what messages call it: the path as given, with the entry's name behind the archive's.
	Name string
	// Size is its bytes as they lie on disk; -1 is unknown.
	Size int64
	// ModTime is when it was last changed, where that is known. It decides nothing, because copying a file changes it.
	ModTime time.Time
	// Open starts reading it; it may be called more than once.
	Open func() (io.ReadCloser, error)
	// Dataset names the export that the input is a part of, so that of the inputs of one Discover the later export sorts
	// behind: a time in RFC 3339, a bar, and the name of the export without the number of the part. The time is that of
	// the export's manifest, of the folder of its run or of the archive; where none says it and several exports of charges
	// are read together, the newest day that the export holds; else "".
	Dataset string
	// Export is "actual", "amortized", "focus" or "usage" where a manifest or the name says it, else "".
	Export string

	file string // path of a part of an export
}

// Discover lists the inputs below paths in a fixed order: files as given, folders recursively by name, "-" for stdin, zip
// archives opened. The blobs of one manifest.json and the parts of one numbered series share a Dataset. In folders, hidden files and documents (README*, LICENSE*, *.md) are no inputs; everything else is one, and
// a path that is named itself always is.
func Discover(paths []string, stdin io.Reader) ([]Input, error) {
	return DiscoverWithin(paths, stdin, Limits{})
}

// DiscoverWithin is Discover with limits for archives other than the standard ones: entries, unpacked bytes, ratio.
func DiscoverWithin(paths []string, stdin io.Reader, limits Limits) ([]Input, error) {
	var all []Input
	d := discovery{limits: limits.filled()}
	for _, p := range paths {
		found, err := d.discover(p, stdin)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	stampUndated(all)
	return all, nil
}

// discovery lists inputs under limits.
type discovery struct{ limits Limits }

func (d discovery) discover(name string, stdin io.Reader) ([]Input, error) {
	if name == "-" {
		return d.spool(stdin)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, pathError(err)
	}
	if !info.IsDir() {
		return d.open(name, name, info)
	}
	return d.folder(name)
}

// pathError takes the operation out of a path error, for people know what was tried.
func pathError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}

// folder lists a folder and what is below it. Links to folders are followed, each folder once.
func (d discovery) folder(root string) ([]Input, error) {
	return d.folderOnce(root, map[string]bool{})
}

// linked lists the folder that a link leads to, unless it is read anyway: below, above or the same as one that was read.
func (d discovery) linked(link string, walked map[string]bool) ([]Input, error) {
	target, err := filepath.EvalSymlinks(link)
	if err != nil {
		return nil, pathError(err)
	}
	inside := func(a, b string) bool {
		return strings.HasPrefix(a+string(filepath.Separator), b+string(filepath.Separator))
	}
	for folder := range walked {
		if inside(target, folder) || inside(folder, target) {
			return nil, nil
		}
	}
	return d.folderOnce(link, walked)
}

func (d discovery) folderOnce(root string, walked map[string]bool) ([]Input, error) {
	var all []Input
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, pathError(err)
	}
	walked[real] = true
	if info, err := os.Lstat(root); err == nil && !info.IsDir() {
		root += string(filepath.Separator) // through the link
	}
	claimed := map[string]bool{} // what a manifest names is read through it
	err = filepath.WalkDir(root, func(name string, at fs.DirEntry, err error) error {
		if err != nil {
			return pathError(err)
		}
		if name != root && ignored(at.Name()) {
			if at.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if at.IsDir() {
			found, err := d.manifest(name)
			if err != nil {
				return err
			}
			for _, in := range found {
				claimed[in.file] = true
			}
			if found != nil {
				claimed[filepath.Join(name, manifestName)] = true
			}
			all = append(all, found...)
			return nil
		}
		if claimed[name] {
			return nil
		}
		info, err := os.Stat(name)
		if err != nil {
			return pathError(err)
		}
		if info.IsDir() {
			found, err := d.linked(name, walked)
			all = append(all, found...)
			return err
		}
		found, err := d.open(name, name, info)
		all = append(all, found...)
		return err
	})
	return all, err
}

// ignored reports whether a name in a folder is no data.
func ignored(name string) bool {
	upper := strings.ToUpper(name)
	return strings.HasPrefix(name, ".") || strings.HasPrefix(upper, "README") || strings.HasPrefix(upper, "LICENSE") ||
		strings.HasSuffix(upper, ".MD") || upper == "THUMBS.DB" || upper == "DESKTOP.INI"
}

// open lists what the file at place, called name, holds: itself, or the entries of a zip archive.
func (d discovery) open(place, name string, info fs.FileInfo) ([]Input, error) {
	in := Input{Name: filepath.ToSlash(name), Size: info.Size(), ModTime: info.ModTime().UTC(), Open: func() (io.ReadCloser, error) {
		f, err := os.Open(place)
		if err != nil {
			return nil, pathError(err)
		}
		return f, nil
	}}
	in.name("")
	head := make([]byte, 4)
	f, err := in.Open()
	if err != nil {
		return nil, err
	}
	n, _ := io.ReadFull(f, head)
	if err := f.Close(); err != nil {
		return nil, pathError(err)
	}
	if string(head[:n]) == "PK\x03\x04" {
		return d.unzip(in, func() (io.ReaderAt, io.Closer, error) {
			f, err := os.Open(place)
			return f, f, err
		})
	}
	return []Input{in}, nil
}

// name sets what the name alone tells of an input: its export and its kind.
func (in *Input) name(stamp string) {
	base := series(path.Base(in.Name))
	if stamp == "" {
		stamp = runStamp(in.Name)
	}
	in.Dataset = stamp + "|" + path.Join(path.Dir(in.Name), base)
	lower := strings.ToLower(in.Name)
	switch {
	case strings.Contains(lower, "amortized") || strings.Contains(lower, "amortised"):
		in.Export = "amortized"
	case strings.Contains(lower, "actualcost") || strings.Contains(lower, "actual-cost") || strings.Contains(lower, "actual_cost"):
		in.Export = "actual"
	}
}

// series cuts extensions and the number of a part off a file name: part_0_0001.csv.gz and part_1_0001.csv are one series.
func series(base string) string {
	for _, ext := range []string{".gz", ".csv", ".json", ".jsonl", ".parquet", ".snappy"} {
		base = strings.TrimSuffix(base, ext)
	}
	lower := strings.ToLower(base)
	if at := strings.LastIndex(lower, "part"); at >= 0 && strings.Trim(lower[at+4:], "0123456789_-") == "" && len(lower) > at+4 {
		return strings.TrimRight(base[:at], "_-. ")
	}
	return base
}

// runStamp returns the time that a path of Cost Management's folders tells: .../20261101-20261130/202611150930/...
func runStamp(name string) string {
	for _, element := range slices.Backward(strings.Split(name, "/")) {
		if len(element) == 12 && strings.Trim(element, "0123456789") == "" {
			if t, err := time.Parse("200601021504", element); err == nil {
				return t.Format(time.RFC3339)
			}
		}
	}
	return ""
}

// spool copies stdin to a temporary file, which is removed at once and lives as long as it is open, so that it can be
// read twice and may be an archive.
func (d discovery) spool(stdin io.Reader) ([]Input, error) {
	if stdin == nil {
		return nil, errors.New("-: no standard input")
	}
	f, err := os.CreateTemp("", "sizeterm-stdin-")
	if err != nil {
		return nil, fmt.Errorf("-: %w", err)
	}
	defer os.Remove(f.Name())
	size, err := io.Copy(f, stdin)
	if err != nil {
		return nil, fmt.Errorf("-: %w", err)
	}
	in := Input{Name: "-", Size: size, Dataset: "|-", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(f, 0, size)), nil
	}}
	head := make([]byte, 4)
	n, _ := f.ReadAt(head, 0)
	if string(head[:n]) == "PK\x03\x04" {
		return d.unzip(in, func() (io.ReaderAt, io.Closer, error) { return f, io.NopCloser(nil), nil })
	}
	return []Input{in}, nil
}
