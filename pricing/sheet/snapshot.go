package sheet

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocarina/gocsv"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// snapshotMagic opens a snapshot file.
const snapshotMagic = "# sizeterm.prices/1\n"

// snapshotRow is a row of a snapshot file. Every cell is text: the library
// that writes it would round numbers.
type snapshotRow struct {
	Size     string `csv:"size"`
	Region   string `csv:"region"`
	OS       string `csv:"os"`
	Term     string `csv:"term"`
	Price    string `csv:"price"` // per hour for PAYG, of the term for reservations
	Currency string `csv:"currency"`
	Since    string `csv:"since"`
	Line     string `csv:"line"`
	Suspect  string `csv:"suspect"`
}

// WriteSnapshot writes a source and its offers as a snapshot file, sorted: the
// same offers give the same bytes. The head holds name, day, kind, number of
// rows and the SHA-256 of the rows, which ReadAt checks.
func WriteSnapshot(w io.Writer, s Snapshot) error {
	rows := make([]snapshotRow, 0, len(s.Offers))
	for _, o := range s.Offers {
		row := snapshotRow{Size: string(o.Size), Region: string(o.Region), OS: o.OS.String(), Term: o.Term.String(),
			Price: o.Rate.Decimal(), Currency: string(o.Currency), Line: o.Line, Suspect: strings.Join(o.Suspect, "|")}
		if o.Term != pricing.PayAsYouGo {
			row.Price = o.Total.Decimal()
		}
		if !o.Since.IsZero() {
			row.Since = o.Since.Format(time.DateOnly)
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b snapshotRow) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Size, b.Size), cmp.Compare(a.OS, b.OS), cmp.Compare(a.Term, b.Term),
			cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Since, b.Since), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Price, b.Price))
	})
	var body bytes.Buffer
	if err := gocsv.Marshal(rows, &body); err != nil {
		return fmt.Errorf("price snapshot %q: %w", s.Source.Name, err)
	}
	sum := sha256.Sum256(body.Bytes())
	head := fmt.Sprintf("%s# name: %s\n# as_of: %s\n# kind: %s\n# note: %s\n# rows: %d\n# sha256: %s\n", snapshotMagic, oneLine(s.Source.Name),
		s.Source.AsOf.UTC().Format(time.DateOnly), oneLine(s.Source.Kind), oneLine(s.Source.Note), len(rows), hex.EncodeToString(sum[:]))
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	_, err := w.Write(body.Bytes())
	return err
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// readSnapshot reads what WriteSnapshot wrote. A file whose rows are not those
// that were written is refused as a whole.
func (c *chooser) readSnapshot(r *bufio.Reader) error {
	head, rows, sum, err := snapshotHead(r)
	if err != nil {
		return err
	}
	c.saved = head
	digest := sha256.New()
	t := &table{scanner: newScanner(io.TeeReader(r, digest), c.limits)}
	if !t.next() {
		return fmt.Errorf("no rows: %w", ErrIncomplete)
	}
	t.columns = t.header()
	for _, name := range []string{"size", "region", "os", "term", "price", "currency", "since", "line", "suspect"} {
		if t.column(name) < 0 {
			return fmt.Errorf("no column %q: %w", name, ErrUnknown)
		}
	}
	for t.next() {
		c.read++
		offer, err := t.saved()
		if err != nil {
			return fmt.Errorf("line %d: %w", t.at, err)
		}
		c.offers = append(c.offers, offer)
	}
	if t.err != nil {
		return t.err
	}
	if c.read != rows || hex.EncodeToString(digest.Sum(nil)) != sum {
		return fmt.Errorf("%d rows of %d, or changed after it was written: %w", c.read, rows, ErrIncomplete)
	}
	return nil
}

// snapshotHead reads the lines above the table.
func snapshotHead(r *bufio.Reader) (head *pricing.Source, rows int, sum string, err error) {
	head = &pricing.Source{}
	for {
		if next, err := r.Peek(1); err != nil || next[0] != '#' {
			break
		}
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, 0, "", fmt.Errorf("%q: %w", line, ErrIncomplete)
		}
		key, value, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "#")), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "name":
			head.Name = value
		case "as_of":
			if head.AsOf, err = time.Parse(time.DateOnly, value); err != nil {
				return nil, 0, "", fmt.Errorf("as_of %q: %w", value, errDay)
			}
		case "kind":
			head.Kind = value
		case "note":
			head.Note = value
		case "rows":
			if rows, err = strconv.Atoi(value); err != nil {
				return nil, 0, "", fmt.Errorf("rows: %w", err)
			}
		case "sha256":
			sum = value
		}
	}
	if head.Name == "" || sum == "" {
		return nil, 0, "", fmt.Errorf("the head of the snapshot lacks name or sha256: %w", ErrIncomplete)
	}
	return head, rows, sum, nil
}

// saved returns the offer of the current record.
func (t *table) saved() (pricing.Offer, error) {
	if t.bad != nil {
		return pricing.Offer{}, t.bad
	}
	cell := func(name string) string { return t.text(t.columns[name]) }
	offer := pricing.Offer{Size: catalog.Size(cell("size")), Region: catalog.Region(cell("region")), Line: cell("line")}
	var err error
	if offer.OS, err = pricing.ParseOS(cell("os")); err != nil {
		return offer, err
	}
	if offer.Term, err = pricing.ParseTerm(cell("term")); err != nil {
		return offer, err
	}
	if offer.Currency, err = money.ParseCode(cell("currency")); err != nil {
		return offer, err
	}
	if offer.Since, err = parseDay(cell("since")); err != nil {
		return offer, err
	}
	if flags := cell("suspect"); flags != "" {
		offer.Suspect = strings.Split(flags, "|")
	}
	if offer.Term == pricing.PayAsYouGo {
		offer.Rate, err = money.ParseRate(cell("price"))
	} else {
		offer.Total, err = money.Parse(cell("price"), offer.Currency)
	}
	return offer, err
}
