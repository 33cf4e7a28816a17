package usage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Holding is what a row of a reservation list, or all transactions of one order in one file, say of a reservation. Other files
// may say it again: Owned counts it once.
type Holding struct {
	// Commitment is the reservation; its Quantity is 0 where transactions hold no purchase of the order.
	Commitment
	// Ended is true where a list names the reservation as cancelled, expired, split or merged: then only ID and Order are told.
	Ended bool
	// Dealt is true where transactions tell the reservation, Monthly where they are instalments, and Returns is what they give back.
	Dealt, Monthly bool
	Returns        []Return
}

// Return is one transaction that gives reserved instances back.
type Return struct {
	Day      time.Time
	Event    string // "refund", "cancel" or "exchange"
	Quantity int64  // at least 0
	Amount   string // as told, "" where it is not
}

// Doubt is what the files leave open about what is owned.
type Doubt struct{ Code, Subject, Detail string }

// Owned returns what several files together say is owned, each reservation once, in the order of file and line, and what they
// leave open, sorted. A list knows more of an order than its transactions do; what one list calls ended no other revives; and of
// an order that is split in one list and whole in another, one list counts.
func Owned(held []Holding) ([]Commitment, []Doubt) {
	held = slices.Clone(held) // the same files say the same in any order
	slices.SortStableFunc(held, func(a, b Holding) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	o := owning{listed: map[string]bool{}, ended: map[string]bool{}}
	for _, h := range held {
		if h.Dealt {
			continue
		}
		o.listed[h.Order], o.listed[h.ID] = true, true
		if h.Ended {
			o.ended[h.ID] = true
		}
	}
	o.lists(held)
	o.deals(held)
	slices.SortStableFunc(o.all, func(a, b Commitment) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	slices.SortFunc(o.doubts, func(a, b Doubt) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Detail, b.Detail))
	})
	return o.all, slices.Compact(o.doubts)
}

// owning is Owned at work.
type owning struct {
	listed, ended map[string]bool // reservations and orders that lists name, and reservations that they call ended
	all           []Commitment
	doubts        []Doubt
}

func (o *owning) doubt(code, subject, format string, args ...any) {
	o.doubts = append(o.doubts, Doubt{code, subject, fmt.Sprintf(format, args...)})
}

// lists takes what the lists say is in force.
func (o *owning) lists(held []Holding) {
	type key struct{ id, size, region string }
	at := map[key]int{}
	var found []Commitment
	in := map[string]map[string]map[string]int64{} // quantity by order, file and id
	for _, h := range held {
		if h.Dealt || h.Ended || o.ended[h.ID] {
			continue
		}
		if h.Order != "" {
			if in[h.Order] == nil {
				in[h.Order] = map[string]map[string]int64{}
			}
			if in[h.Order][h.File] == nil {
				in[h.Order][h.File] = map[string]int64{}
			}
			in[h.Order][h.File][h.ID] = h.Quantity
		}
		k := key{h.ID, h.Size, h.Region}
		if before, twice := at[k]; twice {
			found[before] = o.better(found[before], h.Commitment)
			continue
		}
		at[k] = len(found)
		found = append(found, h.Commitment)
	}
	counted := map[string]map[string]int64{}
	for order, files := range in {
		counted[order] = o.oneList(order, files)
	}
	for _, c := range found {
		if _, ok := counted[c.Order][c.ID]; ok || c.Order == "" {
			o.all = append(o.all, c)
		}
	}
}

// better returns which of two rows of one reservation counts: the one that ends later, else that of more instances.
func (o *owning) better(a, b Commitment) Commitment {
	if a.Quantity != b.Quantity || !a.End.Equal(b.End) || a.Scope != b.Scope {
		o.doubt("reservation_twice", a.ID, "%s says %d until %s for %s, %s says %d until %s for %s: the later end counts, then the greater quantity; give the newest list alone",
			place(a), a.Quantity, a.End.Format(time.DateOnly), a.Scope, place(b), b.Quantity, b.End.Format(time.DateOnly), b.Scope)
	}
	if cmp.Or(b.End.Compare(a.End), cmp.Compare(b.Quantity, a.Quantity)) > 0 {
		a, b = b, a
	}
	a.Customer, a.Order, a.Agreement = cmp.Or(a.Customer, b.Customer), cmp.Or(a.Order, b.Order), cmp.Or(a.Agreement, b.Agreement)
	a.Subscription = cmp.Or(a.Subscription, b.Subscription)
	if a.Start.IsZero() {
		a.Start = b.Start
	}
	return a
}

func place(c Commitment) string { return fmt.Sprintf("%s:%d", c.File, c.Line) }

// oneList returns the reservations of an order by id: those of the one list that counts, where several lists hold different ones.
func (o *owning) oneList(order string, files map[string]map[string]int64) map[string]int64 {
	var chosen string
	most, differ := int64(-1), false
	names := slices.Sorted(maps.Keys(files))
	for _, file := range names {
		sum := int64(0)
		for id, quantity := range files[file] {
			sum += quantity
			_, same := files[names[0]][id]
			differ = differ || !same
		}
		differ = differ || len(files[file]) != len(files[names[0]])
		if sum >= most {
			chosen, most = file, sum
		}
	}
	if differ {
		o.doubt("reservation_lists_differ", order, "%s name different reservations of this order, as after a split or merge: those of %s count; give the newest list alone", strings.Join(names, " and "), chosen)
	}
	return files[chosen]
}

// monthDays is how far the first instalment that is seen may lie behind the first day of the files and still not be the first.
const monthDays = 31 * 24 * time.Hour

// deals takes what transactions leave of orders that no list names.
func (o *owning) deals(held []Holding) {
	orders := map[string][]Holding{}
	var first time.Time
	for _, h := range held {
		if !h.Dealt {
			continue
		}
		if !h.Start.IsZero() && (first.IsZero() || h.Start.Before(first)) {
			first = h.Start
		}
		if !o.listed[h.ID] && !o.listed[h.Order] {
			orders[h.Order] = append(orders[h.Order], h)
		}
	}
	for _, order := range slices.Sorted(maps.Keys(orders)) {
		c, monthly := Commitment{}, false
		for _, h := range orders[order] {
			if h.Quantity > 0 && (c.Quantity == 0 || h.Start.Before(c.Start)) {
				c, monthly = h.Commitment, h.Monthly
			}
		}
		if c.Quantity -= givenBack(orders[order], monthly); c.Quantity < 1 {
			continue
		}
		if monthly && c.Start.Before(first.Add(monthDays)) {
			o.doubt("reservation_start_unknown", order, "its instalments are seen since %s, in the first month of the transactions: where it was bought before, it ends before %s; give the transactions since its purchase, or a reservation list",
				c.Start.Format(time.DateOnly), c.End.Format(time.DateOnly))
		}
		o.all = append(o.all, c)
	}
}

// givenBack returns how many instances of an order went back. What two files tell alike is one transaction; a cancellation and
// its refund on one day are one; and instalments given back on one day are those of the same instances.
func givenBack(held []Holding, monthly bool) int64 {
	count := map[Return]int{}
	byDay := map[time.Time]map[string]int64{}
	for _, h := range held {
		seen := map[Return]int{}
		for _, r := range h.Returns {
			if seen[r]++; seen[r] <= count[r] {
				continue
			}
			count[r] = seen[r]
			if byDay[r.Day] == nil {
				byDay[r.Day] = map[string]int64{}
			}
			if monthly {
				byDay[r.Day][r.Event] = max(byDay[r.Day][r.Event], r.Quantity)
			} else {
				byDay[r.Day][r.Event] += r.Quantity
			}
		}
	}
	back := int64(0)
	for _, events := range byDay {
		back += slices.Max(slices.Collect(maps.Values(events)))
	}
	return back
}
