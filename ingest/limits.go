package ingest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits bound what a file may cost to read. A zero field is its default (DefaultLimits); a negative one is "no limit".
type Limits struct {
	Unpacked int64 // bytes of text in one input after unpacking; 8 GiB
	Ratio    int64 // unpacked bytes for each packed one; 200
	Entries  int   // entries of one archive; 100
	Record   int   // bytes of one row, quoted line ends included; 1 MiB
	Field    int   // bytes of one cell; 64 KiB
	Columns  int   // columns of a header; 512
	Rows     int64 // data rows of one input; 50 000 000
	Rejects  int   // rejected rows kept with their reason, the others are counted; 10 000
	Depth    int   // nesting of a JSON document; 32
}

// DefaultLimits returns the limits that a zero Limits stands for.
func DefaultLimits() Limits {
	return Limits{Unpacked: 8 << 30, Ratio: 200, Entries: 100, Record: 1 << 20, Field: 64 << 10, Columns: 512,
		Rows: 50_000_000, Rejects: 10_000, Depth: 32}
}

// filled returns l with its zero fields set to the defaults and its negative ones to "as much as there is".
func (l Limits) filled() Limits {
	d := DefaultLimits()
	const most = 1 << 62
	return Limits{
		Unpacked: limit(l.Unpacked, d.Unpacked, most), Ratio: limit(l.Ratio, d.Ratio, most), Entries: limit(l.Entries, d.Entries, most),
		Record: limit(l.Record, d.Record, 1<<40), Field: limit(l.Field, d.Field, 1<<40), Columns: limit(l.Columns, d.Columns, most),
		Rows: limit(l.Rows, d.Rows, most), Rejects: limit(l.Rejects, d.Rejects, most), Depth: limit(l.Depth, d.Depth, most),
	}
}

func limit[N int | int64](set, standard, most N) N {
	switch {
	case set == 0:
		return standard
	case set < 0:
		return most
	}
	return set
}

// Options say how files are read. The zero Options read every known form with the default limits.
type Options struct {
	// Locale, such as "de-DE", decides the decimal mark and the order of day and month in files that do not decide it
	// themselves; what a file proves wins. "" leaves it to each file.
	Locale string
	Limits Limits
	// BatchRows is the most rows of a record; 0 is 8192.
	BatchRows int
	// Workers is the number of goroutines that parse one file; 0 is GOMAXPROCS. It changes no result.
	Workers int
	// Now is the time of the run: rows of days that begin more than a day after it are rejected. Zero checks nothing.
	Now time.Time
	// Currency is what amounts of files without a currency column are in; "" makes such files say so in a notice.
	Currency string
	// Customer names the customer of files that name none; "" calls it "unnamed".
	Customer string
	// Currencies holds, by customer in lower case, the currency that its rows are in; "*" stands for every other customer. Rows of
	// machines and commitments in another one are set apart ("other_currency"), and a file of such rows alone is refused with
	// ErrCurrency. Rows whose currency nobody names are not concerned.
	Currencies map[string]string
	// SentFor is the customer that the file was sent for, "" for none: a file with rows of another one is refused with ErrCustomer.
	SentFor string
	// SkipHash leaves Summary.SHA256 empty, which saves about half a second a gigabyte.
	SkipHash bool
}

// Set sets the limit that text names, such as "record=2MiB" or "rows=100000000"; sizes may end with KiB, MiB or GiB, and -1 is
// "no limit". The error says which names there are.
func (l *Limits) Set(text string) error {
	name, value, _ := strings.Cut(text, "=")
	digits, factor := strings.TrimSpace(value), int64(1)
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if before, ok := strings.CutSuffix(digits, unit); ok {
			digits, factor = strings.TrimSpace(before), 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n == 0 || n < -1 || n > (1<<62)/factor {
		return fmt.Errorf("%q: want NAME=NUMBER, such as record=2MiB", text)
	}
	if n *= factor; n < 0 {
		n = -1
	}
	whole := map[string]*int{"entries": &l.Entries, "record": &l.Record, "field": &l.Field, "columns": &l.Columns, "rejects": &l.Rejects, "depth": &l.Depth}
	long := map[string]*int64{"unpacked": &l.Unpacked, "ratio": &l.Ratio, "rows": &l.Rows}
	switch name = strings.TrimSpace(name); {
	case whole[name] != nil:
		*whole[name] = int(n)
	case long[name] != nil:
		*long[name] = n
	default:
		names := append(slices.Collect(maps.Keys(whole)), slices.Collect(maps.Keys(long))...)
		slices.Sort(names)
		return fmt.Errorf("%q: no limit of this name; there are %s", name, strings.Join(names, ", "))
	}
	return nil
}
