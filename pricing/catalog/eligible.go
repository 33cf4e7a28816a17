package catalog

import (
	"fmt"
	"strings"
	"time"
)

// Verdict says whether something can be bought and why not.
type Verdict struct {
	OK     bool
	Reason string // a code such as "no_longer_sold"; "" where nothing is to be said
	Detail string // one sentence for people
	Source string
	Since  time.Time // from when the rule holds; zero where it is not dated
}

// Reasons of Eligible and MarketSells.
const (
	ReasonUnknownSize   = "unknown_size"       // the tables do not hold the name
	ReasonUnknownTerm   = "unknown_term"       // reservations run one or three years
	ReasonPromo         = "promo_size"         // promotional sizes are never covered
	ReasonSeries        = "series_not_covered" // A (v1), Basic and G sizes are not covered
	ReasonNoLongerSold  = "no_longer_sold"     // the last day of sale has passed
	ReasonRetired       = "retired"            // the machines themselves are gone
	ReasonRetiresInTerm = "retires_in_term"    // they go before the term ends
	ReasonMarket        = "market_not_sold"    // reservations are not sold there
	ReasonMarketUnclear = "market_documents_disagree"
)

const legacySource = "MicrosoftDocs: manage-legacy-vm-reservations-after-july-1-2026; series migration guides; compute SKU RetirementDateUtc"

// rule is one row of the dated table of series: from when no reservation of one
// and of three years is sold, and when the machines retire.
type rule struct {
	series         string // names separated by blanks, as seriesOf writes them
	noOne, noThree string
	retire         string
}

// rules holds the dates of domain 6.1. Newer series have no row and no end.
var rules = []rule{
	{series: "d ds d_v2 ds_v2 ls", noOne: "2026-07-01", noThree: "2025-05-01", retire: "2028-05-01"},
	{series: "f fs fs_v2 ls_v2 g gs a_v2 am_v2 bs bls bms", noOne: "2026-07-01", noThree: "2025-11-15", retire: "2028-11-15"},
	{series: "d_v3 ds_v3 e_v3 es_v3", noOne: "2026-07-01", noThree: "2026-07-01"},
	{series: "dc_v2 dcs_v2", retire: "2026-06-30"},
}

// Eligible tells whether a reservation of s for years (1 or 3) can be bought on
// the day of on, UTC. A size without a rule against it is OK; that the customer
// may buy it in a region and market is another question.
func Eligible(s Size, years int, on time.Time) Verdict {
	name := string(s)
	if sizes().byName[s] == nil {
		return refuse(ReasonUnknownSize, fmt.Sprintf("%q is not in the size list", name))
	}
	if years != 1 && years != 3 {
		return refuse(ReasonUnknownTerm, fmt.Sprintf("no reservation of %d years", years))
	}
	if strings.HasSuffix(name, "_Promo") {
		return refuse(ReasonPromo, "promotional sizes get no reservation")
	}
	series := seriesOf(s)
	if series == "a" || series == "g" || series == "gs" {
		return refuse(ReasonSeries, "reservations do not cover the A (v1) and G series")
	}
	r, ok := ruleOf(series)
	if !ok {
		return Verdict{OK: true, Source: legacySource}
	}
	return r.judge(years, on.UTC())
}

func (r rule) judge(years int, on time.Time) Verdict {
	end, retire := date(r.noOne), date(r.retire)
	if years == 3 {
		end = date(r.noThree)
	}
	switch {
	case !retire.IsZero() && !on.Before(retire):
		return Verdict{Reason: ReasonRetired, Detail: "machines of this series retired on " + r.retire, Source: legacySource, Since: retire}
	case !end.IsZero() && !on.Before(end):
		return Verdict{Reason: ReasonNoLongerSold, Source: legacySource, Since: end,
			Detail: fmt.Sprintf("no new or renewed %d-year reservation of this series since %s", years, end.Format(time.DateOnly))}
	case !retire.IsZero() && on.AddDate(years, 0, 0).After(retire):
		return Verdict{Reason: ReasonRetiresInTerm, Detail: "machines of this series retire on " + r.retire + ", before the term ends",
			Source: legacySource, Since: retire}
	}
	return Verdict{OK: true, Source: legacySource}
}

// Retirement returns the day on which machines of s stop, false where none is announced.
func (s Size) Retirement() (time.Time, bool) {
	if r, ok := ruleOf(seriesOf(s)); ok && r.retire != "" && sizes().byName[s] != nil {
		return date(r.retire), true
	}
	return time.Time{}, false
}

func refuse(reason, detail string) Verdict {
	return Verdict{Reason: reason, Detail: detail, Source: legacySource}
}

func ruleOf(series string) (rule, bool) {
	for _, r := range rules {
		if strings.Contains(" "+r.series+" ", " "+series+" ") {
			return r, true
		}
	}
	return rule{}, false
}

// seriesOf reads the series off a name: the letters around the core count in
// lower case without i (isolated), and the version: Standard_E64-16is_v3 is
// "es_v3", Standard_DS11-1_v2 "ds_v2".
func seriesOf(s Size) string {
	name := strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(string(s), "Standard_")), "_promo")
	base, version, _ := strings.Cut(name, "_")
	series := strings.Map(func(r rune) rune {
		if r == 'i' || r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, base)
	if version != "" {
		series += "_" + version
	}
	return series
}

func date(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(fmt.Sprintf("catalog: %v", err))
	}
	return t
}
