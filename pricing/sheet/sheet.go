// Package sheet reads price files into offers: the embedded snapshot, retail
// price pages and the live retail API, price sheets of the customer's
// agreement, the partner's price list, negotiated prices in a plain CSV of our
// own, and snapshots written by this package.
//
// The plain CSV for negotiated prices has a header with these columns, in any
// order and case, lines that begin with # being comments:
//
//	size      Standard_D4s_v5, in any spelling
//	region    westeurope, in any spelling
//	os        Linux (base compute, the default) or Windows
//	term      PAYG, P1Y or P3Y
//	unit      "1 Hour", "100 Hours" ... for PAYG, "term" for reservations; may be left out
//	price     decimal with a dot: per unit for PAYG, the total of the whole term for reservations
//	currency  ISO 4217
//	since     YYYY-MM-DD, from when the price holds; may be left out
//	note      free text, ignored; may be left out
//
// Every reader takes a price as it is printed, keeps its line, and accounts for
// each row: accepted, rejected with line and column, or skipped for a reason. A
// reservation price is the total of its term whatever unit the file prints
// beside it. Of several rows for one thing the newest that is in force counts;
// two different prices of one day are kept as a conflict, which the book
// refuses. What a file is, is decided by its content, never its name.
package sheet

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"sizeterm/pricing"
)

// Kind is what a price file is.
type Kind uint8

// The kinds of price files.
const (
	Negotiated      Kind = iota + 1 // plain CSV of our own
	RetailPages                     // JSON of the retail prices API, one page or several
	EnterpriseSheet                 // price sheet of an Enterprise Agreement, CSV
	CustomerSheet                   // price sheet of a Microsoft Customer or Partner Agreement, CSV
	PartnerList                     // price list of the Partner Center, CSV
	SavedSnapshot                   // written by WriteSnapshot
)

// String returns a name for people.
func (k Kind) String() string {
	switch k {
	case Negotiated:
		return "negotiated prices"
	case RetailPages:
		return "retail price pages"
	case EnterpriseSheet:
		return "EA price sheet"
	case CustomerSheet:
		return "MCA price sheet"
	case PartnerList:
		return "Partner Center price list"
	case SavedSnapshot:
		return "price snapshot"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

var (
	// ErrUnknown says that a file is no price file of a known kind.
	ErrUnknown = errors.New("not a price file of a known kind")
	// ErrIncomplete says that a price list is cut off: it is never used as a whole one.
	ErrIncomplete = errors.New("price list is incomplete")
	// ErrTooLarge says that a file is larger, in one of its parts or as a whole, than the Limits allow.
	ErrTooLarge = errors.New("beyond the limit")
)

// Snapshot is a source with its offers, ready for pricing.Builder.Add.
type Snapshot struct {
	Source pricing.Source
	Offers []pricing.Offer
}

// Reject is a row that looks like a price of a machine and could not be used.
type Reject struct {
	Line   int    // of the file, or the number of the item in JSON, from 1
	Column string // "" where the whole row is meant
	Value  string
	Err    error
}

// Error says place, value and cause.
func (r Reject) Error() string {
	if r.Column == "" {
		return fmt.Sprintf("%d: %v", r.Line, r.Err)
	}
	return fmt.Sprintf("%d: column %q: %q: %v", r.Line, r.Column, r.Value, r.Err)
}

// Unwrap returns the cause.
func (r Reject) Unwrap() error { return r.Err }

// headSize is how much of a file Detect wants to see.
const headSize = 64 << 10

// Read reads a price file called name; see ReadAt. The day of the source is the
// newest effective date in the file.
func Read(name string, r io.Reader) (pricing.Source, []pricing.Offer, []Reject, error) {
	return ReadAt(name, r, time.Time{})
}

// ReadAt reads a price file as of a day: rows that take effect later or have
// ended are skipped. The file may be gzipped or a zip archive of CSV files. A
// zero asOf takes the newest effective date in the file. An error means that
// the file was not used at all; it wraps ErrUnknown where no reader knows it.
func ReadAt(name string, r io.Reader, asOf time.Time) (pricing.Source, []pricing.Offer, []Reject, error) {
	return Limits{}.ReadAt(name, r, asOf)
}

// ReadAt is the function ReadAt within limits other than the standard ones.
func (l Limits) ReadAt(name string, r io.Reader, asOf time.Time) (pricing.Source, []pricing.Offer, []Reject, error) {
	digest := sha256.New()
	parts, err := open(io.TeeReader(r, digest), l.filled())
	if err != nil {
		return pricing.Source{}, nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	c := newChooser(name, asOf)
	c.limits = l.filled()
	for _, part := range parts {
		if err := c.readPart(part); err != nil {
			return pricing.Source{}, nil, nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, err := io.Copy(io.Discard, io.TeeReader(r, digest)); err != nil {
		return pricing.Source{}, nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	source, offers, rejects := c.result()
	source.SHA256 = hex.EncodeToString(digest.Sum(nil))
	return source, offers, rejects, nil
}

// readPart reads one uncompressed file.
func (c *chooser) readPart(part io.Reader) error {
	r := bufio.NewReaderSize(&limited{r: part, left: c.limits.Unpacked, most: c.limits.Unpacked}, headSize)
	head, err := r.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return fmt.Errorf("the file is empty: %w", ErrUnknown)
	}
	if wide(head) {
		return fmt.Errorf("UTF-16 text, save it as UTF-8: %w", ErrUnknown)
	}
	if bytes.HasPrefix(head, byteOrderMark) {
		if _, err := r.Discard(len(byteOrderMark)); err != nil {
			return err
		}
	}
	kind, ok := Detect(head)
	if !ok {
		return ErrUnknown
	}
	if c.kind != 0 && c.kind != kind {
		return fmt.Errorf("%s beside %s in one archive: %w", kind, c.kind, ErrUnknown)
	}
	c.kind = kind
	switch kind {
	case RetailPages:
		return c.readRetail(r)
	case SavedSnapshot:
		return c.readSnapshot(r)
	}
	return c.readTable(r, kind)
}

var byteOrderMark = []byte("\xef\xbb\xbf")

func wide(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
}

// open returns the files inside r: itself, what a gzip file holds, or the CSV
// and JSON files of a zip archive.
func open(r io.Reader, limits Limits) ([]io.Reader, error) {
	b := bufio.NewReaderSize(r, headSize)
	magic, err := b.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		packed := &counted{r: b}
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, err
		}
		return []io.Reader{&inflated{r: z, limit: limits.Ratio, packed: func() int64 { return packed.n }}}, nil
	case bytes.HasPrefix(magic, []byte("PK\x03\x04")):
		return openZip(b, limits)
	}
	return []io.Reader{b}, nil
}

// ratioSlack is what a packed file may hold before its ratio counts.
const ratioSlack = 4 << 20

// counted counts what is read of a packed file.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// inflated refuses what unpacks to more than limit times the packed bytes so far.
type inflated struct {
	r      io.Reader
	limit  int64
	packed func() int64
	n      int64
}

func (u *inflated) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if u.n += int64(n); u.n > ratioSlack && u.n/u.limit > u.packed() {
		return 0, fmt.Errorf("unpacks to more than %d times its size: %w", u.limit, ErrTooLarge)
	}
	return n, err
}

// limited refuses to read on past a limit, where io.LimitReader would feign an end.
type limited struct {
	r          io.Reader
	left, most int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("more than %d bytes: %w", l.most, ErrTooLarge)
	}
	return n, err
}
