package ingest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/ingest/dialect"
)

// notices adds what concerns the file as a whole.
func (r *Reader) notices(all *tally) {
	add := func(code, detail string) {
		r.summary.Notices = append(r.summary.Notices, Notice{Code: code, Detail: detail})
	}
	if r.text.encoding == "windows-1252" {
		add("windows_1252", "the text is not UTF-8 and was read as Windows-1252")
	}
	if text := all.provisional(); text != "" {
		add("open_month", text)
	}
	r.coverage(all, add)
	checkTotals(all, add)
	if r.flows != nil && r.flows.late > 0 {
		add("parts_apart", fmt.Sprintf("%d rows of disks or networks lie too far from those of the same machine and time to be added to them: sort the table by time", r.flows.late))
	}
	if r.note.base != 0 {
		add("trace_time", "times count from the start of the trace, which was taken to be 2019-01-01")
	}
	if r.note.mark == ',' {
		add("decimal_comma", "numbers have a decimal comma")
	}
	if r.note.order == dialect.DayFirst && r.plan.match.Orders != dialect.DayFirst {
		add("day_first", "dates begin with the day")
	}
	if r.summary.Kind == KindCharges && r.plan.match.Family == "cost" {
		if _, ok := r.plan.slots["currency"]; !ok {
			add("no_currency", "the file does not name the currency of its amounts")
		}
	}
	slices.SortFunc(r.summary.Notices, func(a, b Notice) int { return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Detail, b.Detail)) })
}

// misplaced says that a file does not belong where it was sent: to sentFor, or to customers of its currency.
func (s *Summary) misplaced(sentFor string) error {
	if sentFor != "" {
		if at := slices.IndexFunc(s.Customers, func(c string) bool { return !strings.EqualFold(c, sentFor) }); at >= 0 {
			return fmt.Errorf("rows of the customer %s in a file that was sent for %s: %w", s.Customers[at], sentFor, ErrCustomer)
		}
	}
	if at := slices.IndexFunc(s.Notices, func(n Notice) bool { return n.Code == otherCurrency }); at >= 0 && s.Accepted == 0 {
		return fmt.Errorf("%s: %w", s.Notices[at].Detail, ErrCurrency)
	}
	return nil
}

// missing names what the file does not tell and a better plan needs.
func (r *Reader) missing(all *tally) []string {
	type need struct {
		name   string
		fields string // one of them is enough
	}
	var needs []need
	narrow := false
	switch family := r.plan.match.Family; {
	case r.summary.Export == "invoice":
	case r.summary.Kind == KindCharges:
		needs = []need{{"price", "unitprice effectiveprice"}, {"model", "model modelsub benefittype"}, {"currency", "currency"}, {"customer", "customer account"}, {"tags", "tags"}}
	case family == "metrics-wide":
		return []string{"cpu_max", "memory", "network"}
	case family == "metrics-long":
		needs = []need{{"cpu", "cpuavg"}, {"cpu_max", "cpumax"}, {"memory", "memused memfree memavail memavailmb"}, {"network", "netout netoutrate"}}
	case r.summary.Kind == KindSamples:
		needs, narrow = []need{{"cpu", ""}, {"cpu_max", ""}, {"memory", ""}, {"network", ""}}, true
	case family == "reservation-list":
		needs = []need{{"customer", "customer"}, {"scope", "scope"}, {"start", "start"}}
	}
	seen := []measure{measureCPU, measureCPUMax, measureFree, measureNetOut}
	var missing []string
	for i, n := range needs {
		found := narrow && all.seen&(1<<seen[i]) != 0
		for field := range strings.FieldsSeq(n.fields) {
			_, has := r.plan.match.Column[field]
			found = found || has
		}
		told := n.name == "currency" && r.opts.Currency != "" || n.name == "customer" && r.opts.Customer != ""
		if !found && !told {
			missing = append(missing, n.name)
		}
	}
	return missing
}

// coverage says which days a file has and lacks, and whether its first and last day are whole.
func (r *Reader) coverage(all *tally, add func(code, detail string)) {
	s := &r.summary
	span := s.To.Sub(s.From)
	if s.From.IsZero() || (s.Kind != KindCharges && s.Kind != KindSamples) || s.Grain > 24*time.Hour || r.plan.match.Family == "azure-public-dataset-vmtable" {
		return
	}
	if s.Export != "invoice" {
		s.Days = all.days.list()
	}
	if missing, runs := all.days.gaps(s.From.Unix(), s.To.Unix()); missing > 0 && s.Export != "invoice" {
		if len(runs) > 5 {
			runs = append(runs[:5], "...")
		}
		add("missing_days", fmt.Sprintf("%d days have no rows: %s", missing, strings.Join(runs, ", ")))
	}
	begin, end := s.From.Sub(s.From.Truncate(24*time.Hour)), s.To.Sub(s.To.Truncate(24*time.Hour))
	if s.Grain < 24*time.Hour && span > 0 && (begin > 0 || end > 0) {
		add("partial_days", fmt.Sprintf("the file begins at %s and ends at %s UTC: a first or last day that is not whole counts as partial", s.From.Format("2006-01-02 15:04"), s.To.Format("2006-01-02 15:04")))
	}
}
