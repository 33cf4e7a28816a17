package ingest

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"

	"sizeterm/ingest/dialect"
)

// Kind says what a file is about: "charges", "samples", "reservations", "recommendations" or "unknown".
type Kind = dialect.Kind

// The kinds of files.
const (
	KindCharges         = dialect.Charges
	KindSamples         = dialect.Samples
	KindReservations    = dialect.Reservations
	KindRecommendations = dialect.Recommendations
	KindUnknown         = dialect.Unknown
)

// Summary is what one input held. Rows = Accepted + Rejected + the rows set apart, always. It is complete when Next has
// returned false.
type Summary struct {
	Name, Dialect, Dataset, Export string
	Kind                           Kind
	SHA256                         string // of the file as it lies on disk, in hex; empty with Options.SkipHash
	Encoding                       string // "utf-8", "utf-16", "windows-1252", with "gzip " before it where it was packed
	Rows, Accepted, Rejected       int64
	SetApart                       []SetApart // sorted by reason
	From, To                       time.Time  // first instant and end of the last period of the accepted rows, or of all where none is; zero without dates
	Grain                          time.Duration
	// Days are the days, at midnight UTC and sorted, on which rows of charges or samples begin; none where one row covers more
	// than a day, in invoices, and in traces without dates.
	Days                  []time.Time
	Customers, Currencies []string // sorted
	Totals                []Total  // sorted by currency and kind
	Notices               []Notice // sorted by code
	// Refused are the machines of which rows with CPU measurements were rejected, in the order of the file, at most Limits.Rejects.
	Refused []Refused
	// Missing names what the file does not tell and a better plan needs: of charges "price", "model", "currency",
	// "customer", "tags"; of samples "cpu", "cpu_max", "memory", "network"; of reservation lists "customer", "scope",
	// "start". In this order.
	Missing []string
}

// SetApart counts rows that are sound and concern no virtual machine and no commitment.
type SetApart struct {
	Reason string // one word or two_words, stable
	Rows   int64
}

// Total is the exact sum of the costs of all rows of one kind in one currency: "compute", "software", "purchase",
// "unused", "adjustment" or "apart". The totals of a currency add up to what the accepted and set-apart rows of the file
// add up to, to the last digit printed there.
type Total struct {
	Currency, Kind string
	Rows           int64
	Cost           string // exact decimal
}

// Notice is something about a file that changes no row but that its reader should know.
type Notice struct {
	Code   string // one word or two_words, stable
	Rows   int64  // rows concerned; 0 where it concerns the file
	Detail string // one sentence
}

// noCurrency is the code of no currency (ISO 4217).
const noCurrency = "XXX"

// tally is what one worker counted. Tallies of several workers add up to the same whatever the split.
type tally struct {
	rows, accepted, rejected int64
	apart                    map[string]*int64
	totals                   map[totalKey]*totalOf
	notices                  map[string]*Notice
	customers, currencies    map[string]bool
	from, to                 int64
	grain                    int64
	dated                    bool
	periodEnd                int64           // last day of the last billing period that rows name
	firstDay, lastDay        int64           // begin of the oldest and end of the newest day of all rows, of those set apart too
	others                   map[string]bool // customers of rows set apart, while no row was accepted
	days                     dayset
	sums                     []totalsRow
	seen                     uint64 // measures that rows of a narrow table brought
}

// dayset is a set of days from 2000 to 2100.
type dayset [600]uint64

const dayZero = 10957 // 2000-01-01 in days since 1970

// add adds the day of a second.
func (d *dayset) add(second int64) {
	if day := uint64(second/daySeconds - dayZero); day < uint64(64*len(d)) {
		d[day>>6] |= 1 << (day & 63)
	}
}

// has reports whether the set holds the day of a second.
func (d *dayset) has(second int64) bool {
	day := uint64(second/daySeconds - dayZero)
	return day < uint64(64*len(d)) && d[day>>6]&(1<<(day&63)) != 0
}

// gaps lists the runs of days between from and to that the set lacks, "2026-10-12" or "2026-10-12 to 2026-10-14".
func (d *dayset) gaps(from, to int64) (missing int64, runs []string) {
	begin := int64(0)
	for day := from - from%daySeconds; day <= to; day += daySeconds {
		switch {
		case !d.has(day) && day < to:
			missing++
			if begin == 0 {
				begin = day
			}
		case begin != 0:
			first, last := time.Unix(begin, 0).UTC().Format(time.DateOnly), time.Unix(day-daySeconds, 0).UTC().Format(time.DateOnly)
			if first != last {
				first += " to " + last
			}
			runs, begin = append(runs, first), 0
		}
	}
	return missing, runs
}

// list returns the days of the set, sorted.
func (d *dayset) list() []time.Time {
	var all []time.Time
	for i, word := range d {
		for ; word != 0; word &= word - 1 {
			all = append(all, time.Unix(int64(dayZero+64*i+bits.TrailingZeros64(word))*daySeconds, 0).UTC())
		}
	}
	return all
}

type totalKey struct{ currency, kind string }

type totalOf struct {
	rows int64
	sum  dialect.Total
}

// total returns the total of a kind and currency.
func (t *tally) total(currency, kind string) *totalOf {
	key := totalKey{currency, kind}
	if t.totals == nil {
		t.totals = map[totalKey]*totalOf{}
	}
	if t.totals[key] == nil {
		t.totals[key] = &totalOf{}
	}
	return t.totals[key]
}

// add adds a cost.
func (t *totalOf) add(d dialect.Decimal) {
	t.rows++
	t.sum.Add(d)
}

// setApart counts a row that is set apart.
func (t *tally) setApart(reason string) { *t.apartFor(reason)++ }

// apartFor returns the count of rows that are set apart for a reason.
func (t *tally) apartFor(reason string) *int64 {
	if t.apart == nil {
		t.apart = map[string]*int64{}
	}
	if t.apart[reason] == nil {
		t.apart[reason] = new(int64)
	}
	return t.apart[reason]
}

// notice counts a row under a notice. A key is its code, with NUL and a subject behind it where each subject has one of its own.
func (t *tally) notice(key, detail string) {
	if t.notices == nil {
		t.notices = map[string]*Notice{}
	}
	n := t.notices[key]
	if n == nil {
		code, _, _ := strings.Cut(key, "\x00")
		n = &Notice{Code: code, Detail: detail}
		t.notices[key] = n
	}
	n.Detail = min(n.Detail, detail) // the same example whatever the order of workers
	n.Rows++
}

// name keeps a name in a set.
func name(set *map[string]bool, text string) {
	if (*set)[text] {
		return
	}
	if *set == nil {
		*set = map[string]bool{}
	}
	(*set)[text] = true
}

// period widens the period.
func (t *tally) period(from, to int64) {
	t.days.add(from)
	if !t.dated {
		t.from, t.to, t.dated = from, to, true
		return
	}
	t.from, t.to = min(t.from, from), max(t.to, to)
}

// provisional says that the last billing period is still open, "" where it is not: its days will be written again.
func (t *tally) provisional() string {
	if t.periodEnd == 0 || t.periodEnd < t.lastDay {
		return ""
	}
	return fmt.Sprintf("the billing period lasts until %s and the file until %s: its days are provisional",
		time.Unix(t.periodEnd, 0).UTC().Format(time.DateOnly), time.Unix(t.lastDay-1, 0).UTC().Format(time.DateOnly))
}

// merge adds all of o.
func (t *tally) merge(o *tally) {
	t.rows += o.rows
	t.accepted += o.accepted
	t.rejected += o.rejected
	for reason, n := range o.apart {
		*t.apartFor(reason) += *n
	}
	for key, from := range o.totals {
		to := t.total(key.currency, key.kind)
		to.rows += from.rows
		to.sum.Merge(&from.sum)
	}
	for key, n := range o.notices {
		rows := n.Rows
		t.notice(key, n.Detail)
		t.notices[key].Rows += rows - 1
	}
	for c := range o.customers {
		name(&t.customers, c)
	}
	for c := range o.currencies {
		name(&t.currencies, c)
	}
	if o.dated {
		t.period(o.from, o.to)
	}
	t.periodEnd, t.lastDay = max(t.periodEnd, o.periodEnd), max(t.lastDay, o.lastDay)
	if o.firstDay > 0 && (t.firstDay == 0 || o.firstDay < t.firstDay) {
		t.firstDay = o.firstDay
	}
	for c := range o.others {
		name(&t.others, c)
	}
	t.seen |= o.seen
	t.sums = append(t.sums, o.sums...)
	for i, word := range o.days {
		t.days[i] |= word
	}
	if o.grain > 0 && (t.grain == 0 || o.grain < t.grain) {
		t.grain = o.grain
	}
}

// fill writes the counts into a summary.
func (t *tally) fill(s *Summary) {
	s.Rows, s.Accepted, s.Rejected = t.rows, t.accepted, t.rejected
	for _, reason := range slices.Sorted(maps.Keys(t.apart)) {
		s.SetApart = append(s.SetApart, SetApart{Reason: reason, Rows: *t.apart[reason]})
	}
	for key, total := range t.totals {
		s.Totals = append(s.Totals, Total{Currency: key.currency, Kind: key.kind, Rows: total.rows, Cost: total.sum.String()})
	}
	slices.SortFunc(s.Totals, func(a, b Total) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Kind, b.Kind))
	})
	for _, code := range slices.Sorted(maps.Keys(t.notices)) {
		s.Notices = append(s.Notices, *t.notices[code])
	}
	if t.accepted == 0 {
		t.customers = t.others
		if !t.dated && t.lastDay > 0 {
			t.period(t.firstDay, t.lastDay)
		}
	}
	s.Customers = slices.Sorted(maps.Keys(t.customers))
	s.Currencies = slices.Sorted(maps.Keys(t.currencies))
	if t.dated {
		s.From, s.To = time.Unix(t.from, 0).UTC(), time.Unix(t.to, 0).UTC()
	}
	s.Grain = time.Duration(t.grain) * time.Second
}
