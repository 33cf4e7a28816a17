package recommend

import (
	"fmt"
	"strings"
	"time"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// ways is the nearest eligible way past each reason that is no matter of money (DESIGN section 1; the sizes of refused series are looked
// up, see nearest). What only a person knows of a customer is asked before an order: agreement, registration, market, roles.
var ways = map[string]string{
	"spot":                  "run it as a regular machine where it runs steadily: then it counts as demand after a week; Spot has its own price and no reservation",
	"classic":               "migrate it to the Resource Manager: it then counts as demand",
	"size_unknown":          "none while the size is not in the catalog: look whether the export names it rightly (ServiceType)",
	"unknown_size":          "none while the size is not in the catalog: look whether the export names it rightly (ServiceType)",
	"no_price":              "give a price sheet in the customer's currency with --prices, or fetch current prices with sizeterm prices fetch",
	"price_too_old":         "fetch current prices with sizeterm prices fetch, or give this month's price sheet with --prices",
	"suspect_price":         "give the partner's own price sheet with --prices: it goes before the public list",
	"price_basis":           "give the pay-as-you-go price of the same price sheet too: then both are prices to the same buyer",
	"reservations_unknown":  "give the reservation list (Partner Center, the portal or the Capacity API): then what it leaves is decided",
	"policy_terms":          "allow the term in the policy (terms), if the customer may be bound so long",
	"loses_at_worst":        "give metrics or an hourly usage file: they say in which hours the machines run",
	"market_not_sold":       "none in this market: a savings plan, where one is sold, or pay-as-you-go",
	"usage_stops":           "give its usage up to the day of the plan; if there is none, nothing is to be bought; or plan its file alone, for the day on which it ends",
	"covered_by_existing":   "nothing needs to be bought until these reservations end",
	"size_price_basis":      "give a price sheet with --prices: then sizes are compared at prices to the same buyer",
	"samples_refused":       "--rejects PATH lists the refused rows: mend the source (CPU is a percentage of the whole machine, 0 to 100) and give the file again",
	"no_metrics":            "give the machine's CPU and memory metrics (docs/FORMATS.md lists the exports)",
	"size_reserved_exactly": "exchange the reservation first, or change the size when it ends",
}

// showWays fills the way of everything that was not recommended.
func (p *Plan) showWays(decisions []*decision, in *Input) {
	pools := map[string]*decision{}
	for _, d := range decisions {
		pools[d.pool.Customer+"\x00"+fmt.Sprintf("%s in %s", d.pool.Group, d.pool.Region)] = d
	}
	for i := range p.NotRecommended {
		n := &p.NotRecommended[i]
		subject, term, _ := strings.Cut(n.Subject, ", ")
		d := pools[n.Customer+"\x00"+subject]
		switch n.Reason {
		case "too_few_days":
			n.Way = in.tooFew(d, term)
		case "too_young":
			n.Way = fmt.Sprintf("plan again when it is %d days old", int(in.Policy.MinAge/(24*time.Hour)))
		case "no_longer_sold", "retires_in_term", "retired", "series_not_covered", "promo_size":
			n.Way = d.pastSeries(term, in)
		default:
			n.Way = ways[n.Reason]
		}
	}
}

// tooFew says from when on the files can cover enough days.
func (in *Input) tooFew(d *decision, term string) string {
	need := in.Policy.MinDaysOneYear
	if term == pricing.ThreeYear.String() {
		need = in.Policy.MinDaysNormal
	}
	if d == nil {
		return fmt.Sprintf("give files of at least %d complete days", need)
	}
	missing := max(1, need-d.pool.Days)
	text := fmt.Sprintf("give files of %d complete days more: from %s on, if none are at hand", missing, in.Analysis.AsOf.AddDate(0, 0, missing).Format(time.DateOnly))
	if term == pricing.ThreeYear.String() && len(d.market.offers[pricing.OneYear]) > 0 && d.pool.Days >= in.Policy.MinDaysOneYear {
		text += "; one year can be bought until then"
	}
	return text
}

// pastSeries says what can be reserved instead of a series that is closed to reservations, or closes within the term: the other term,
// where it is sold, and the cheapest size that can.
func (d *decision) pastSeries(term string, in *Input) string {
	if d == nil {
		return ""
	}
	var said []string
	for _, other := range termsOf {
		if other.String() != term && len(d.market.offers[other]) > 0 {
			said = append(said, "buy it for "+years(other))
		}
	}
	size := d.busiest()
	want := pricing.ThreeYear
	if term == pricing.OneYear.String() {
		want = pricing.OneYear
	}
	if to, ok := nearest(size, d.pool, want, in); ok {
		said = append(said, fmt.Sprintf("resize first, for example %s to %s, which can be reserved for %s here", sizeText(size), sizeText(to), years(want)))
	} else {
		said = append(said, "resize to a series that can be reserved; none with a price for this region is in the book")
	}
	return strings.Join(said, ", or ")
}

// busiest returns the size of the pool that ran the most hours.
func (d *decision) busiest() (best catalog.Size) {
	hours := map[catalog.Size]int64{}
	for i := range d.pool.Members {
		m := &d.pool.Members[i]
		for _, h := range m.Series.Flat {
			hours[m.Size] += h
		}
	}
	most := int64(-1)
	for _, size := range sortedSizes(hours) {
		if hours[size] > most {
			best, most = size, hours[size]
		}
	}
	return best
}

// nearest returns the cheapest size that has at least the processors and memory of from on the same architecture, and whose reservation
// for a term can be bought in the pool's region: by price, then name.
func nearest(from catalog.Size, pool *analyzer.Pool, term pricing.Term, in *Input) (best catalog.Size, ok bool) {
	has, known := from.Shape()
	if !known {
		return "", false
	}
	least := money.Rate(0)
	for _, size := range catalog.Sizes() {
		shape, _ := size.Shape()
		if size == from || shape.Arch != has.Arch || shape.VCPUs < has.VCPUs || shape.MemoryMiB < has.MemoryMiB || shape.Burstable && !has.Burstable {
			continue
		}
		if !catalog.Eligible(size, term.Years(), in.Analysis.AsOf).OK {
			continue
		}
		payg, err := fresh(in, size, pool.Region, pricing.PayAsYouGo, money.Code(pool.Currency))
		if err != nil {
			continue
		}
		if _, err := fresh(in, size, pool.Region, term, money.Code(pool.Currency)); err != nil {
			continue
		}
		if !ok || payg.Rate < least {
			best, least, ok = size, payg.Rate, true
		}
	}
	return best, ok
}
