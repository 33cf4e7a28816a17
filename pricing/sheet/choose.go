package sheet

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Why rows of a price list are skipped: they are true, and no price that counts here.
const (
	skipService     = "another service"
	skipSpot        = "Spot or Low Priority"
	skipDevTest     = "Dev/Test"
	skipExpired     = "expired"
	skipFuture      = "not in force yet"
	skipPromo       = "promotional, free or special"
	skipHost        = "Dedicated Host"
	skipServices    = "Cloud Services"
	skipBasic       = "Basic tier"
	skipRegion      = "not the primary region of the meter"
	skipTier        = "a tier above the first"
	skipZero        = "price zero"
	skipSavingsPlan = "savings plan"
	skipTerm        = "a term other than 1 or 3 years"
	skipWindows     = "a reservation of software"
	skipSuperseded  = "superseded by a newer row"
	skipSame        = "repeats an earlier row"
)

var (
	errSize     = errors.New("not a size that is known")
	errRegion   = errors.New("not a region that is known")
	errMissing  = errors.New("missing")
	errPrice    = errors.New("a price above zero is wanted")
	errTwoSizes = errors.New("names another size than the row's other columns")
	errConflict = errors.New("two prices for one thing from one day")
	errUnit     = errors.New("not a known number of hours")
	errTotal    = errors.New("a reservation price is the total of the term")
	errDay      = errors.New("not a day such as 2026-11-24")
)

// chooser picks the rows that are prices of machines and accounts for the others.
type chooser struct {
	name    string
	asOf    time.Time
	kind    Kind
	read    int
	chosen  map[offerKey]int // place in offers
	offers  []pricing.Offer
	skipped map[string]int
	rejects []Reject
	limits  Limits
	notes   []string
	saved   *pricing.Source // what a snapshot says of itself
	newest  time.Time
	ends    []time.Time // of the offers, zero where the file does not say
	rowEnds time.Time   // of the row under reading
	lastDay struct {
		text string
		at   time.Time
	}
	fatal error // what makes the whole file unusable
}

type offerKey struct {
	size     catalog.Size
	region   catalog.Region
	os       pricing.OS
	term     pricing.Term
	currency money.Code
}

func newChooser(name string, asOf time.Time) *chooser {
	return &chooser{name: name, asOf: asOf, chosen: map[offerKey]int{}, skipped: map[string]int{}}
}

func (c *chooser) skip(reason string) { c.skipped[reason]++ }

func (c *chooser) reject(line int, column, value string, err error) {
	c.rejects = append(c.rejects, Reject{Line: line, Column: column, Value: value, Err: err})
}

func (c *chooser) note(text string) {
	if !slices.Contains(c.notes, text) {
		c.notes = append(c.notes, text)
	}
}

// inForce reads the dates of a row and skips what is over or not begun.
func (c *chooser) inForce(row *meterRow, offer *pricing.Offer) bool {
	since, err := c.day(row.line, row.names.since, row.since)
	if err != nil {
		return false
	}
	until, err := c.day(row.line, row.names.until, row.until)
	if err != nil {
		return false
	}
	c.rowEnds = until
	offer.Since = since
	if c.asOf.IsZero() {
		return true
	}
	if since.After(c.asOf) {
		c.skip(skipFuture)
		return false
	}
	if !until.IsZero() && !until.After(c.asOf) {
		c.skip(skipExpired)
		return false
	}
	return true
}

// add keeps the offer of a row for each of its sizes: the newest of several for
// one thing. Two different prices of one day stay as a conflict that names both
// lines. The row counts once: accepted when it gave any price.
func (c *chooser) add(line int, offer pricing.Offer, sizes ...catalog.Size) {
	offer.Line = c.lineText(line)
	if offer.Since.After(c.newest) {
		c.newest = offer.Since
	}
	accepted, reason := false, ""
	var conflict error
	for _, size := range sizes {
		offer.Size = size
		key := offerKey{size, offer.Region, offer.OS, offer.Term, offer.Currency}
		at, taken := c.chosen[key]
		if !taken {
			c.chosen[key] = len(c.offers)
			c.offers, c.ends = append(c.offers, offer), append(c.ends, c.rowEnds)
			accepted = true
			continue
		}
		old := &c.offers[at]
		switch {
		case offer.Since.After(old.Since):
			*old, c.ends[at], accepted = offer, c.rowEnds, true
		case offer.Since.Before(old.Since):
			reason = skipSuperseded
		case offer.Rate == old.Rate && offer.Total == old.Total:
			reason = skipSame
		default:
			conflict = fmt.Errorf("%s in %s, %s %s: %s here, %s in %s: %w", size, offer.Region, offer.OS, offer.Term,
				printed(offer), printed(*old), old.Line, errConflict)
			old.Suspect = []string{pricing.FlagConflict}
			old.Line += " and " + strconv.Itoa(line)
		}
	}
	switch {
	case conflict != nil:
		c.reject(line, "", "", conflict)
	case !accepted:
		c.skip(reason)
	}
}

func printed(o pricing.Offer) string {
	if o.Term == pricing.PayAsYouGo {
		return o.Rate.Decimal() + " " + string(o.Currency)
	}
	return o.Total.String()
}

// result closes the reading.
func (c *chooser) result() (pricing.Source, []pricing.Offer, []Reject) {
	if c.asOf.IsZero() && c.saved == nil {
		c.asOf = c.newest
		c.dropEnded()
	}
	source := pricing.Source{Name: c.name, AsOf: c.asOf, Kind: sourceKind(c.kind), Rows: len(c.offers), Read: c.read,
		Rejected: len(c.rejects)}
	if c.saved != nil {
		source.Name, source.AsOf, source.Kind = c.saved.Name, c.saved.AsOf, c.saved.Kind
		c.note(c.saved.Note)
	}
	currencies := map[money.Code]bool{}
	for i := range c.offers {
		c.offers[i].Source = source.Name
		currencies[c.offers[i].Currency] = true
	}
	if len(currencies) == 1 {
		source.Currency = c.offers[0].Currency
	}
	for _, reason := range slices.Sorted(maps.Keys(c.skipped)) {
		source.Skipped = append(source.Skipped, pricing.Skip{Reason: reason, Rows: c.skipped[reason]})
	}
	source.Note = strings.Join(slices.DeleteFunc(c.notes, func(s string) bool { return s == "" }), "; ")
	slices.SortStableFunc(c.rejects, func(a, b Reject) int { return cmp.Compare(a.Line, b.Line) })
	return source, c.offers, c.rejects
}

// dropEnded skips what was over on the day of a file that has just become known.
func (c *chooser) dropEnded() {
	kept, lines := c.offers[:0], map[string]bool{}
	for i, o := range c.offers {
		if ends := c.ends[i]; ends.IsZero() || ends.After(c.asOf) {
			kept = append(kept, o)
		} else if !lines[o.Line] {
			lines[o.Line] = true
			c.skip(skipExpired)
		}
	}
	c.offers = kept
}

func sourceKind(k Kind) string {
	switch k {
	case Negotiated:
		return "negotiated"
	case RetailPages:
		return "retail"
	case SavedSnapshot:
		return "snapshot"
	}
	return "price sheet"
}

// day reads a date of a row. One that can only be day before month makes the
// whole file unusable: in its other rows the month and the day would be swapped
// silently.
func (c *chooser) day(line int, column, text string) (time.Time, error) {
	if text == c.lastDay.text { // most rows of a list begin on one day
		return c.lastDay.at, nil
	}
	t, err := parseDay(text)
	if err == nil {
		c.lastDay.text, c.lastDay.at = text, t
		return t, nil
	}
	if _, dayFirst := time.Parse("2/1/2006", text); dayFirst == nil {
		c.fatal = fmt.Errorf("line %d: column %q: %q: the day stands before the month, save the file with dates such as 2026-11-24: %w",
			line, column, text, ErrUnknown)
	}
	c.reject(line, column, text, err)
	return t, err
}

// parseDay reads the layouts that price files have; "" is the zero time. Times
// are cut to their day: prices change at midnight UTC.
func parseDay(text string) (time.Time, error) {
	text, _, _ = strings.Cut(text, " ") // of a time behind a blank only the day counts
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05", "1/2/2006", "2.1.2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Truncate(24 * time.Hour), nil
		}
	}
	return time.Time{}, errDay
}

// isZero reports whether text is blank or a decimal of nothing but zeros.
func isZero(text string) bool {
	return strings.Trim(text, "0.") == "" && text != "."
}

// lineText says where in the file a row stands.
func (c *chooser) lineText(line int) string {
	if c.kind == RetailPages {
		return "item " + strconv.Itoa(line)
	}
	return "line " + strconv.Itoa(line)
}
