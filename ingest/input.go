package ingest

import (
	"archive/zip"
	"bytes"
	"cmp"
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

// folder lists a folder and what is below it.
func (d discovery) folder(root string) ([]Input, error) {
	var all []Input
	claimed := map[string]bool{} // what a manifest names is read through it
	err := filepath.WalkDir(root, func(name string, at fs.DirEntry, err error) error {
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
			return nil
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

// unzip lists the entries of an archive.
func (d discovery) unzip(in Input, openAt func() (io.ReaderAt, io.Closer, error)) ([]Input, error) {
	r, c, err := openAt()
	if err != nil {
		return nil, pathError(err)
	}
	defer c.Close()
	entries, err := d.zipEntries(in, r)
	if err != nil {
		return nil, err
	}
	manifests, err := zipManifests(in, entries)
	if err != nil {
		return nil, err
	}
	var newest time.Time
	for _, e := range entries {
		if e.Modified.After(newest) {
			newest = e.Modified.UTC()
		}
	}
	stamp := runStamp(in.Name)
	if stamp == "" && newest.Year() > 1980 {
		stamp = newest.Format(time.RFC3339)
	}
	var all []Input
	for _, e := range entries {
		m := manifests[path.Dir(e.Name)]
		if m != nil && path.Base(e.Name) == manifestName {
			continue
		}
		entry := Input{Name: in.Name + "/" + e.Name, Size: int64(e.CompressedSize64), ModTime: e.Modified.UTC()}
		at := e.Name
		entry.Open = func() (io.ReadCloser, error) { return openEntry(openAt, in, at, d.limits) }
		if entry.name(cmp.Or(runStamp(e.Name), stamp)); m != nil && m.lists(e.Name) {
			m.mark(&entry, in.Name+"/"+path.Dir(e.Name))
		}
		all = append(all, entry)
	}
	return all, nil
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

// zipEntries returns the entries of an archive that are files, after checking that none is a trap.
func (d discovery) zipEntries(in Input, r io.ReaderAt) ([]*zip.File, error) {
	limits := d.limits
	if n, err := entryCount(r, in.Size); err == nil && n > int64(limits.Entries) {
		return nil, fmt.Errorf("%s: archive of %d entries, at most %d: %w", in.Name, n, limits.Entries, ErrTooLarge)
	}
	z, err := zip.NewReader(r, in.Size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("%s: zip: %w: %w", in.Name, err, ErrDamaged)
	}
	if len(z.File) > limits.Entries {
		return nil, fmt.Errorf("%s: archive of %d entries, at most %d: %w", in.Name, len(z.File), limits.Entries, ErrTooLarge)
	}
	var files []*zip.File
	var total uint64
	for _, e := range z.File {
		if e.Name == "[Content_Types].xml" {
			return nil, fmt.Errorf("%s: a spreadsheet workbook (save it as CSV): %w", in.Name, ErrUnknownKind)
		}
		mode := e.Mode()
		switch {
		case mode.IsDir() || strings.HasSuffix(e.Name, "/"):
			continue
		case !fs.ValidPath(strings.ReplaceAll(e.Name, `\`, "/")) || strings.Contains(e.Name, ":"):
			return nil, fmt.Errorf("%s: entry %q leads out of the archive: %w", in.Name, e.Name, ErrDamaged)
		case mode&fs.ModeSymlink != 0 || !mode.IsRegular():
			return nil, fmt.Errorf("%s: entry %q is a link, not a file: %w", in.Name, e.Name, ErrDamaged)
		case e.Flags&1 != 0:
			return nil, fmt.Errorf("%s: entry %q is encrypted: %w", in.Name, e.Name, ErrDamaged)
		case ignored(path.Base(e.Name)) || strings.HasPrefix(e.Name, "__MACOSX/"):
			continue
		}
		total += e.UncompressedSize64
		if e.UncompressedSize64 > uint64(limits.Unpacked) || total > uint64(limits.Unpacked) {
			return nil, fmt.Errorf("%s: entry %q unpacks to %d bytes, at most %d: %w", in.Name, e.Name, e.UncompressedSize64, limits.Unpacked, ErrTooLarge)
		}
		files = append(files, e)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: archive without files: %w", in.Name, ErrEmpty)
	}
	return files, nil
}

// entryCount reads the number of entries that a zip archive declares, before a directory of a million of them is read.
func entryCount(r io.ReaderAt, size int64) (int64, error) {
	tail := make([]byte, min(size, 1<<16+22))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return 0, err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || len(tail) < at+12 {
		return 0, zip.ErrFormat
	}
	n := int64(tail[at+10]) | int64(tail[at+11])<<8
	if n == 0xffff {
		if at64 := bytes.LastIndex(tail[:at], []byte("PK\x06\x06")); at64 >= 0 && at64+40 <= at {
			n = 0
			for i := 39; i >= 32; i-- {
				n = n<<8 | int64(tail[at64+i])
			}
		}
	}
	return n, nil
}

// entry is an open entry of an archive.
type entry struct {
	io.Reader
	closers [2]io.Closer
}

func (e entry) Close() error { return errors.Join(e.closers[0].Close(), e.closers[1].Close()) }

// openEntry opens the entry called name.
func openEntry(openAt func() (io.ReaderAt, io.Closer, error), in Input, name string, limits Limits) (io.ReadCloser, error) {
	r, c, err := openAt()
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, in.Size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, errors.Join(fmt.Errorf("zip: %w: %w", err, ErrDamaged), c.Close())
	}
	for _, e := range z.File {
		if e.Name == name {
			body, err := e.Open()
			if err != nil {
				return nil, errors.Join(fmt.Errorf("zip: %w: %w", err, ErrDamaged), c.Close())
			}
			declared := int64(e.UncompressedSize64)
			guard := &zipGuard{r: body, left: declared, ratio: limits.Ratio * max(int64(e.CompressedSize64), slack/limits.Ratio)}
			return entry{guard, [2]io.Closer{body, c}}, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("entry %q is gone: %w", name, ErrDamaged), c.Close())
}

// zipGuard refuses entries that unpack to more than they declare or than a table of text ever does.
type zipGuard struct {
	r           io.Reader
	left, ratio int64
}

func (g *zipGuard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.left -= int64(n)
	g.ratio -= int64(n)
	switch {
	case g.left < 0:
		return n, fmt.Errorf("zip entry is longer than it declares: %w", ErrDamaged)
	case g.ratio < 0:
		return n, fmt.Errorf("zip entry unpacks beyond the limit: %w", ErrTooLarge)
	case err != nil && err != io.EOF:
		err = fmt.Errorf("zip: %w: %w", err, ErrDamaged)
	}
	return n, err
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
