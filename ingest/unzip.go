package ingest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
)

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
