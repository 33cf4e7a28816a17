package ingest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// headBytes is how much of a file is looked at before its rows are read. It is less than a chunk, so that chunks are read
// without a copy between.
const headBytes = 128 << 10

// text is an input as UTF-8 text without byte order mark, whatever it was packed and written in.
type text struct {
	*bufio.Reader
	closers  []io.Closer
	source   *source
	packed   bool // gzip
	encoding string
	crOnly   bool          // lines end with CR alone
	unnamed  bool          // the header was put before a text that has none: its first line is line 0
	table    *parquetTable // that the text was written from, nil where it was not
}

// source counts and hashes the bytes of a file as they lie on disk.
type source struct {
	io.Reader
	read atomic.Int64
	hash hash.Hash
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.read.Add(int64(n))
	if s.hash != nil {
		s.hash.Write(p[:n])
	}
	return n, err
}

// sum reads what is left of the file and returns the hash in hex.
func (s *source) sum() string {
	if s.hash == nil {
		return ""
	}
	if _, err := io.Copy(io.Discard, s); err != nil {
		return ""
	}
	return hex.EncodeToString(s.hash.Sum(nil))
}

// openText opens an input as text.
func openText(in Input, opts Options) (*text, error) {
	limits := opts.Limits.filled()
	file, err := in.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	t := &text{closers: []io.Closer{file}, source: &source{Reader: file}, encoding: "utf-8"}
	if !opts.SkipHash {
		t.source.hash = sha256.New()
	}
	if err := t.unpack(limits); err != nil {
		t.Close()
		return nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	return t, nil
}

// Close closes the input.
func (t *text) Close() error {
	var errs []error
	for i := len(t.closers) - 1; i >= 0; i-- {
		errs = append(errs, t.closers[i].Close())
	}
	return errors.Join(errs...)
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	bom       = []byte{0xef, 0xbb, 0xbf}
)

// unpack opens gzip and finds the encoding.
func (t *text) unpack(limits Limits) error {
	raw := bufio.NewReaderSize(t.source, headBytes)
	head, err := raw.Peek(4)
	if len(head) == 0 {
		if err != nil && err != io.EOF {
			return err
		}
		return ErrEmpty
	}
	var r io.Reader = raw
	if bytes.HasPrefix(head, gzipMagic) {
		z, err := gzip.NewReader(raw)
		if err != nil {
			return fmt.Errorf("gzip: %w: %w", err, ErrDamaged)
		}
		t.packed = true
		t.closers = append(t.closers, z)
		r = &unpacked{r: z, source: t.source, limits: limits}
	} else {
		r = &unpacked{r: raw, source: t.source, limits: limits, plain: true}
	}
	t.Reader = bufio.NewReaderSize(r, headBytes)
	head, err = t.Peek(headBytes)
	if err != nil && err != io.EOF {
		return err
	}
	if len(head) == 0 {
		return ErrEmpty
	}
	if bytes.HasPrefix(head, gzipMagic) {
		return fmt.Errorf("gzip inside gzip: %w", ErrDamaged)
	}
	return t.decode(head, limits)
}

// decode chooses the encoding by the head and sets up the conversion.
func (t *text) decode(head []byte, limits Limits) error {
	var err error
	if t.encoding, err = encodingOf(head); err != nil {
		return err
	}
	switch t.encoding {
	case "parquet":
		return t.openParquet(limits)
	case "utf-16":
		t.Reader = bufio.NewReaderSize(transform.NewReader(t.Reader, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()), headBytes)
	case "windows-1252":
		t.Reader = bufio.NewReaderSize(transform.NewReader(t.Reader, charmap.Windows1252.NewDecoder()), headBytes)
	}
	if head, err = t.Peek(headBytes); err != nil && err != io.EOF {
		return fmt.Errorf("%w: %w", err, ErrDamaged)
	}
	if bytes.HasPrefix(head, bom) {
		if _, err := t.Discard(len(bom)); err != nil {
			return err
		}
		if head, err = t.Peek(headBytes - 16); err != nil && err != io.EOF {
			return err
		}
	}
	if len(bytes.TrimSpace(head)) == 0 && len(head) < headBytes-16 {
		return ErrEmpty
	}
	if first := bytes.TrimLeft(head, " \t\r\n"); first[0] == '{' || first[0] == '[' {
		t.unnamed = true
		t.Reader = bufio.NewReaderSize(newJSONTable(t.Reader, limits), headBytes)
		return nil
	}
	if names := headless(head); names != "" {
		t.unnamed = true
		t.Reader = bufio.NewReaderSize(io.MultiReader(strings.NewReader(names), t.Reader), headBytes)
		return nil
	}
	t.crOnly = bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(bytes.TrimRight(head, "\r"), '\r') >= 0
	if t.crOnly {
		t.Reader = bufio.NewReaderSize(crReader{t.Reader}, headBytes)
	}
	return nil
}

// openParquet makes the text that of the table in a Parquet file.
func (t *text) openParquet(limits Limits) error {
	file, _ := t.closers[0].(io.ReadCloser)
	if t.packed {
		file = nil // inside of gzip there is no random access
	}
	r, size, closer, err := readerAt(t.Reader, file, limits)
	if err != nil {
		return err
	}
	t.closers = append(t.closers, closer)
	table, err := newParquetTable(r, size, limits)
	if err != nil {
		return err
	}
	t.closers = append(t.closers, table)
	t.unnamed, t.table = true, table
	t.Reader = bufio.NewReaderSize(table, headBytes)
	return nil
}

// crReader turns the line ends of old Macs into newlines.
type crReader struct{ io.Reader }

func (c crReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// foreign lists the beginnings of files that are no tables, whatever their names say.
var foreign = []struct{ magic, what string }{
	{"PK\x03\x04", "a zip archive or spreadsheet workbook (save it as CSV)"}, {"PK\x05\x06", "an empty zip archive"},
	{"\x89PNG", "a picture"}, {"\xff\xd8\xff", "a picture"}, {"GIF8", "a picture"}, {"%PDF", "a PDF document"},
	{"MZ", "a Windows program"}, {"\x7fELF", "a program"}, {"BZh", "a bzip2 archive"}, {"\xfd7zXZ", "an xz archive"},
	{"\x28\xb5\x2f\xfd", "a zstd archive"}, {"7z\xbc\xaf", "a 7z archive"}, {"Rar!", "a rar archive"}, {"\xd0\xcf\x11\xe0", "an old spreadsheet workbook (save it as CSV)"},
	{"ARROW1", "an Arrow file"}, {"SQLite format", "a database"},
}

// encodingOf returns the encoding of a text that begins with head, "parquet", or why it is no text.
func encodingOf(head []byte) (string, error) {
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) && (f.magic != "MZ" || bytes.IndexByte(head[:min(len(head), 512)], 0) >= 0) {
			return "", fmt.Errorf("%s: %w", f.what, ErrUnknownKind)
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")):
		return "parquet", nil
	case bytes.HasPrefix(head, []byte{0xff, 0xfe, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0xfe, 0xff}):
		return "", fmt.Errorf("UTF-32: save it as UTF-8: %w", ErrEncoding)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return "utf-16", nil
	case bytes.HasPrefix(head, bom):
		return "utf-8", nil
	}
	first := head[:min(len(head), 4096)]
	if zeros := bytes.Count(first, []byte{0}); zeros > len(first)/4 {
		if len(bytes.TrimRight(first, "\x00")) == len(first)-zeros {
			return "", fmt.Errorf("ends with NUL bytes, as after a power cut: %w", ErrDamaged)
		}
		return "", fmt.Errorf("UTF-16 or UTF-32 without byte order mark, or no text: save it as UTF-8: %w", ErrEncoding)
	}
	if tag := bytes.ToLower(bytes.TrimSpace(first[:min(len(first), 64)])); bytes.HasPrefix(tag, []byte("<!doctype")) || bytes.HasPrefix(tag, []byte("<html")) || bytes.HasPrefix(tag, []byte("<?xml")) {
		return "", fmt.Errorf("a web page or XML document (was the download link followed without signing in?): %w", ErrUnknownKind)
	}
	if western(head) {
		return "windows-1252", nil
	}
	return "utf-8", nil
}

// western reports whether head is not UTF-8 but Windows-1252: every byte that breaks UTF-8 is a letter or mark that
// western text holds, and nothing in it is a UTF-8 sequence, sound or malformed. One odd byte (0xff) stays a bad cell.
func western(head []byte) bool {
	found := false
	for i := 0; i < len(head); {
		if head[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(head[i:])
		if r != utf8.RuneError || n > 1 {
			return false
		}
		if len(head)-i < utf8.UTFMax && len(head) >= headBytes-16 {
			return found // a character cut by the end of the head
		}
		if !westernByte(head[i]) || (i+1 < len(head) && head[i] >= 0xc0 && head[i+1]&0xc0 == 0x80) {
			return false
		}
		found = true
		i++
	}
	return found
}

// westernByte reports whether b alone is usual in western text.
func westernByte(b byte) bool {
	switch {
	case b >= 0xc0 && b < 0xfe:
		return b != 0xd7 && b != 0xf7 && b != 0xfd
	case b == 0x80, b >= 0x91 && b <= 0x97, b == 0xa0, b == 0xa7, b == 0xa9, b == 0xab, b == 0xae, b == 0xb0, b == 0xb5, b == 0xbb, b == 0xa3:
		return true
	}
	return false
}

// unpacked guards the text against bombs.
type unpacked struct {
	r      io.Reader
	source *source
	limits Limits
	plain  bool
	n      int64
}

// slack is what a file may unpack to before its ratio counts.
const slack = 4 << 20

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.n += int64(n)
	if u.n > u.limits.Unpacked {
		return n, fmt.Errorf("more than %d bytes of text: %w", u.limits.Unpacked, ErrTooLarge)
	}
	if u.plain {
		return n, err
	}
	if u.n > slack && u.n/u.limits.Ratio > u.source.read.Load() {
		return n, fmt.Errorf("unpacks to more than %d times its size: %w", u.limits.Ratio, ErrTooLarge)
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("gzip: %w: %w", err, ErrDamaged)
	}
	return n, err
}

// headless returns the names of columns for files of the Azure public dataset, which have none, "" for all others. The
// names stand on the line of the first row, so that lines count from 0 there.
func headless(head []byte) string {
	line, _, _ := bytes.Cut(head, newline)
	cells := bytes.Split(bytes.TrimRight(line, "\r"), []byte{','})
	number := func(cell []byte) bool { return len(cell) > 0 && len(bytes.Trim(cell, "0123456789.eE+-")) == 0 }
	switch {
	case len(cells) == 5 && number(cells[0]) && len(cells[1]) >= 32 && number(cells[2]) && number(cells[3]) && number(cells[4]):
		return "timestamp,vmid,mincpu,maxcpu,avgcpu\n"
	case len(cells) == 11 && len(cells[0]) >= 32 && number(cells[3]) && number(cells[4]) && number(cells[5]) && number(cells[6]) && number(cells[7]):
		return "vmid,subscriptionid,deploymentid,vmcreated,vmdeleted,maxcpu,avgcpu,p95maxcpu,vmcategory,vmcorecount,vmmemory\n"
	}
	return ""
}
