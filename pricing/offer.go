package pricing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Offer is one price line: what one instance of a size costs in a region.
type Offer struct {
	Size   catalog.Size
	Region catalog.Region
	OS     OS
	Term   Term
	// Rate is the price per instance and hour of PayAsYouGo, 0 for reservations.
	Rate money.Rate
	// Total is the price of one instance for the whole term of a reservation, as
	// the source printed it; the zero Amount for PayAsYouGo.
	Total    money.Amount
	Currency money.Code
	Since    time.Time // from when the price holds; zero where the source does not say
	Source   string    // Name of the Source that printed it
	Line     string    // where in the source
	Suspect  []string  // flags, sorted; see the Flag constants
}

// Hourly returns the total of a reservation spread over the hours of its term,
// rounded to micro-units for people; of PayAsYouGo the rate of one hour.
// Comparisons use Rate and Total, never this.
func (o Offer) Hourly() (money.Amount, error) {
	if o.Term == PayAsYouGo {
		return o.Rate.PerHours(1_000_000, o.Currency)
	}
	return o.Total.MulDiv(1, o.Term.Hours())
}

// Cost returns what one instance costs for the whole term: the total of a
// reservation, or the pay-as-you-go rate over the hours of term.
func (o Offer) Cost(term Term) (money.Amount, error) {
	if o.Term != PayAsYouGo {
		return o.Total, nil
	}
	return o.Rate.PerHours(term.Hours()*1_000_000, o.Currency)
}

// check refuses an offer that cannot be a price.
func (o Offer) check() error {
	switch {
	case o.Size == "" || o.Region == "" || o.Currency == "":
		return errors.New("size, region or currency is missing")
	case o.OS >= systems || o.Term >= terms:
		return errors.New("unknown operating system or term")
	case o.Term == PayAsYouGo && (o.Rate <= 0 || !o.Total.IsZero()):
		return fmt.Errorf("pay-as-you-go rate %s with total %s: a rate above zero and no total is wanted", o.Rate.Decimal(), o.Total)
	case o.Term != PayAsYouGo && (o.Rate != 0 || o.Total.Micros <= 0 || o.Total.Currency != o.Currency):
		return fmt.Errorf("reservation total %s with rate %s: a total above zero in %s and no rate is wanted", o.Total, o.Rate.Decimal(), o.Currency)
	}
	return nil
}

// compareOffers orders offers by what they are for.
func compareOffers(a, b Offer) int {
	return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Size, b.Size), cmp.Compare(a.OS, b.OS),
		cmp.Compare(a.Term, b.Term), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Source, b.Source))
}

// Source is where offers come from.
type Source struct {
	Name     string    // unique in a book: a file name or the name of a price list
	AsOf     time.Time // the day the prices were read, UTC
	SHA256   string    // of the file or table
	Currency money.Code
	Kind     string // "embedded", "retail", "price sheet", "negotiated", "snapshot"
	Rows     int    // offers taken from it
	Note     string // what else a reader of its prices must know, "" mostly
	// Read, Rejected and Skipped account for the rows of a file: every row read
	// was accepted, rejected or skipped for one reason. Zero for tables.
	Read, Rejected int
	Skipped        []Skip // by reason
}

// Skip counts the rows of a source that are no price of a machine that counts.
type Skip struct {
	Reason string // "Spot", "another service", ...
	Rows   int
}

// AgeDays returns the whole days from AsOf to on, 0 when on is earlier.
func (s Source) AgeDays(on time.Time) int {
	return max(0, int(on.Sub(s.AsOf)/(24*time.Hour)))
}

// Flags of Offer.Suspect. Those that Refuses names make a book refuse the offer:
// a refused price is safer than a wrong one. The others show up beside it.
const (
	// FlagLinuxEqualsWindows: base compute costs as much as Windows, which is how
	// prices of the Cloud Services product look. Refused.
	FlagLinuxEqualsWindows = "linux_equals_windows"
	// FlagUnverified: the size shares its name with a Cloud Services product and
	// the source does not say whose price it printed. Refused.
	FlagUnverified = "unverified_linux"
	// FlagSuspectInSource, FlagAboveOther: the collected list itself marks the
	// price as doubtful or as above another source's. Refused.
	FlagSuspectInSource = "suspect_in_source"
	FlagAboveOther      = "above_other_source"
	// FlagConflict: one source prints two prices from the same day. Refused.
	FlagConflict = "conflict_in_source"
	// FlagFarOffGroup: per unit of the flexibility group at most half or at least
	// twice the median of the group: price or ratio is wrong. Refused.
	FlagFarOffGroup = "unit_price_2x_off_group"
	// FlagOffGroup: per unit a quarter dearer or a fifth cheaper than the median of the group.
	FlagOffGroup = "unit_price_off_group"
	// FlagTwiceOther: at least twice or at most half what the source below says.
	FlagTwiceOther = "2x_other_source"
	// FlagAbovePAYG: the reservation costs more than pay-as-you-go all the time.
	FlagAbovePAYG = "reservation_above_payg"
)

// Refuses reports whether a flag makes a book refuse the offer.
func Refuses(flag string) bool {
	switch flag {
	case FlagLinuxEqualsWindows, FlagUnverified, FlagSuspectInSource, FlagAboveOther, FlagConflict, FlagFarOffGroup:
		return true
	}
	return false
}

// refusal returns the first flag that refuses, "" for none.
func refusal(flags []string) string {
	if i := slices.IndexFunc(flags, Refuses); i >= 0 {
		return flags[i]
	}
	return ""
}
