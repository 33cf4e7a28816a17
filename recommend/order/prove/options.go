package prove

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// Choice is one thing to do with a reservation, valued against keeping it as it is. Value is what it is better by until the
// reservation ends, if the usage of the files' days repeats: money back and instalments saved, less what the usage that it
// covers costs on demand. Of what an exchange buys only a loss over its term counts: a gain could be had without it.
type Choice struct {
	Action     string   `json:"action"` // "keep", "rescope", "refund" or "exchange"
	Quantity   int64    `json:"quantity"`
	Detail     string   `json:"detail"`
	Value      Sum      `json:"value"`
	Commitment Sum      `json:"commitment"` // that is cancelled, or handed in
	Refund     Sum      `json:"refund"`     // money that comes back
	Fee        Sum      `json:"fee"`
	FeeAtMost  Sum      `json:"fee_at_most"` // the fee that the vendor reserves the right to
	Cap        []CapUse `json:"cap,omitempty"`
	New        *NewBuy  `json:"new,omitempty"`
	Allowed    bool     `json:"allowed"`
	Reasons    []string `json:"reasons"` // why it is not allowed, or what to know
}

// NewBuy is what an exchange buys.
type NewBuy struct {
	Size     string `json:"size"`
	Region   string `json:"region"`
	Term     string `json:"term"`
	Quantity int64  `json:"quantity"`
	Total    Sum    `json:"total"`
	Source   string `json:"price_source"`
	// Worth is what it saves over its term beyond its price, by itself.
	Worth Sum `json:"worth"`
}

// Advice is what can be done with one reservation, the best first.
type Advice struct {
	Owned
	What        string   `json:"what"`
	Utilization *float64 `json:"utilization"`
	Choices     []Choice `json:"choices"`
	Note        string   `json:"note,omitempty"`
}

// Terms are the circumstances of an advice.
type Terms struct {
	Now    time.Time
	Book   *pricing.Book
	Ledger Ledger
	// USD turns amounts into US dollars for the cap; nil knows dollars only.
	USD func(money.Amount) (money.Amount, bool)
}

// Advise values what can be done with each reservation, of which all are owned.
func Advise(h *Owned, all []*Owned, b *Books, t Terms) (Advice, error) {
	a := Advice{Owned: *h, What: fmt.Sprintf("%d x %s %s %s until %s", h.Quantity, h.Size, h.Region, h.Term, h.End.Format(time.DateOnly)), Choices: []Choice{}}
	p := b.poolOf(poolKey{h.Customer, h.Region, groupOf(h.Size), h.Total.Currency}, all, t.Book)
	a.Utilization = b.useOf(h)
	switch {
	case p.days == 0:
		a.Note = "no usage of the customer among the files: nothing can be valued"
		return a, nil
	case h.Total.Micros <= 0:
		a.Note = "neither a file nor the price book tells what it costs"
		return a, nil
	case p.missing:
		a.Note = "an on-demand price of the pool is missing: nothing can be valued"
		return a, nil
	}
	if !h.Flexible {
		a.Note = "capacity priority: it is valued on its exact size, whatever else of its group runs"
	}
	if h.Estimated {
		a.Note = "its price is that of the price book today: no file tells what was paid"
	}
	v := &valuer{h: h, pool: p, books: b, terms: t, all: all, left: max(days(t.Now, h.End), 0)}
	var err error
	if v.keep, err = p.payg(h, h.Quantity, h.Scope, nil); err != nil {
		return a, err
	}
	for _, step := range []func() ([]Choice, error){v.kept, v.rescoped, v.refunded, v.exchanged} {
		choices, err := step()
		if err != nil {
			return a, err
		}
		a.Choices = append(a.Choices, choices...)
	}
	if a.Utilization != nil && *a.Utilization == 0 && v.keep.Cmp(v.without) < 0 {
		a.Note = "the files show no use of it though its scope has usage: look whether it is provisioned and which scope it has; the values suppose that it applies from now on"
	}
	slices.SortStableFunc(a.Choices, func(x, y Choice) int {
		return cmp.Or(-cmp.Compare(truth(x.Allowed), truth(y.Allowed)), -cmp.Compare(x.Value.Micros, y.Value.Micros))
	})
	return a, nil
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// valuer values the choices of one reservation.
type valuer struct {
	h     *Owned
	pool  *pool
	books *Books
	terms Terms
	all   []*Owned
	left  int64 // days until it ends
	keep  bill.Exact
	best  int64 // instances that are better given back than kept

	without bill.Exact // what the pool pays without the reservation
}

func (v *valuer) sum(micros bill.Exact) (Sum, error) {
	a, err := amountOf(micros, v.h.Total.Currency)
	return Sum{a}, err
}

func (v *valuer) choice(action string, quantity int64, detail string) Choice {
	zero := Sum{money.New(0, v.h.Total.Currency)}
	return Choice{Action: action, Quantity: quantity, Detail: detail, Value: zero, Commitment: zero, Refund: zero, Fee: zero, FeeAtMost: zero, Allowed: true, Reasons: []string{}}
}

// kept is the choice that the others are measured by.
func (v *valuer) kept() ([]Choice, error) {
	var err error
	v.without, err = v.pool.payg(v.h, 0, v.h.Scope, nil)
	return []Choice{v.choice("keep", v.h.Quantity, "as it is")}, err
}

// rescoped tries the shared scope, where it is narrower, and each subscription that uses the group, where it is not.
func (v *valuer) rescoped() ([]Choice, error) {
	scopes := map[string]bool{"shared": true}
	for _, vm := range v.pool.problem.VMs {
		sub := strings.Split(vm.Scope, "/")[1]
		if sub != "none" {
			scopes["/subscriptions/"+sub] = true
		}
	}
	var best *Choice
	for _, scope := range sorted(scopes) {
		if scope == v.h.Scope {
			continue
		}
		cost, err := v.pool.payg(v.h, v.h.Quantity, scope, nil)
		if err != nil {
			return nil, err
		}
		c := v.choice("rescope", v.h.Quantity, "to "+scope)
		if c.Value, err = v.sum(v.pool.ahead(v.keep.Sub(cost), v.left)); err != nil {
			return nil, err
		}
		c.Reasons = append(c.Reasons, "free at any time; nothing is given back")
		if c.Value.Micros > 0 && (best == nil || c.Value.Micros > best.Value.Micros) {
			best = &c
		}
	}
	if best == nil {
		return nil, nil
	}
	return []Choice{*best}, nil
}

func sorted(set map[string]bool) []string {
	var all []string
	for s := range set {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}
