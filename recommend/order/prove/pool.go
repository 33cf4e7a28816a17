package prove

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sizeterm/ingest/usage"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// pool is the usage of one customer in one region and flexibility group over the days of the files, as the bill simulator
// takes it: a slot a day. Usage that a reservation covered which nobody told us of is left out, and so is usage under savings
// plans and of Spot machines: what is done here does not reach it.
type pool struct {
	poolKey
	book    *pricing.Book
	days    int64
	problem bill.Problem
	held    []*Owned // in the pool
	missing bool     // a price is not known
}

// poolKey says whose usage a pool is, where, and of which flexibility group.
type poolKey struct {
	customer string
	region   catalog.Region
	group    string
	currency money.Code
}

// denominator makes the micro-hours of a day an average number of instances.
const denominator = 24_000_000

// poolOf gathers a pool: its usage and which of the reservations are held in it.
func (b *Books) poolOf(key poolKey, held []*Owned, book *pricing.Book) *pool {
	p := &pool{book: book, poolKey: key}
	from, to, ok := b.span(key.customer)
	if !ok {
		return p
	}
	p.days = int64(to - from)
	known := map[string]bool{}
	for _, h := range held {
		if h.Customer != key.customer || h.Region != key.region || groupOf(h.Size) != key.group {
			continue
		}
		p.held = append(p.held, h)
		known[h.ReservationOrder], known[h.Reservation] = true, true
	}
	delete(known, "")
	pr := &p.problem
	pr.Currency, pr.RunDenominator, pr.Sizes, pr.Rules = string(key.currency), denominator, map[string]bill.Size{}, bill.Rules{Order: bill.HighestFirst}
	pr.Slots = make([]bill.Slot, p.days)
	for i := range pr.Slots {
		pr.Slots[i].Hours = 24
	}
	index := map[string]int{}
	for _, r := range b.rowsOf(key.customer) {
		if r.region != key.region || groupOf(r.size) != key.group || r.kind != usage.Compute || r.currency != key.currency {
			continue
		}
		if r.model != usage.OnDemand && (r.model != usage.Reservation || !known[r.benefit] && !known[b.order(r.benefit)]) {
			continue
		}
		p.addSize(b, r.size)
		scope := "shared/" + orElse(r.subscription, "none") + "/" + orElse(r.group, "none")
		id := scope + "|" + string(r.size)
		at, seen := index[id]
		if !seen {
			at = len(pr.VMs)
			index[id] = at
			pr.VMs = append(pr.VMs, bill.VM{ID: id, Scope: scope, Candidates: []bill.Candidate{{Size: string(r.size)}}, Run: make([]int64, p.days)})
		}
		pr.VMs[at].Run[r.day-from] += r.hours
	}
	for i := range pr.VMs {
		for d, run := range pr.VMs[i].Run {
			pr.VMs[i].Run[d] = max(run, 0) // credits beyond the hours of a day
		}
	}
	slices.SortFunc(pr.VMs, func(x, y bill.VM) int { return cmp.Compare(x.ID, y.ID) })
	for _, h := range p.held {
		p.addSize(b, h.Size)
	}
	return p
}

// groupOf is the flexibility group of a size, the size itself where it has none.
func groupOf(s catalog.Size) string {
	if g, ok := s.Group(); ok {
		return g.Name
	}
	return string(s)
}

func (p *pool) addSize(b *Books, s catalog.Size) {
	if _, ok := p.problem.Sizes[string(s)]; ok {
		return
	}
	ratio := int64(1)
	if g, ok := s.Group(); ok {
		ratio = g.Ratio
	}
	// The customer's own price of the size, else the book's, else what another size of the group says.
	rate, scaled := b.rate(rateKey{p.customer, p.region, s, p.currency})
	if rate == 0 || scaled {
		if o, err := p.book.Offer(s, p.region, pricing.Linux, pricing.PayAsYouGo, p.currency); err == nil {
			rate = o.Rate
		}
	}
	p.missing = p.missing || rate == 0
	p.problem.Sizes[string(s)] = bill.Size{Group: p.group, Ratio: ratio, Payg: int64(rate)}
}

// node is the simulator's path of a scope.
func node(scope string) string {
	if scope == "shared" || scope == "" {
		return "shared"
	}
	sub, group, ok := strings.Cut(strings.TrimPrefix(scope, "/subscriptions/"), "/resourcegroups/")
	if !ok {
		return "shared/" + sub
	}
	return "shared/" + sub + "/" + group
}

// payg is what the pool pays on demand in the days of the files, in 1e-10, while the reservations of the pool apply but for
// the changes: quantity and scope of one of them, and an addition. A reservation without size flexibility covers its exact
// size, before the others and the deepest scope first; the others cover their group.
func (p *pool) payg(changed *Owned, quantity int64, scope string, add *bill.Existing) (bill.Exact, error) {
	problem := p.problem
	problem.Existing = nil
	var exact []bill.Existing
	for i, h := range p.held {
		n, s := h.Quantity, h.Scope
		if h == changed {
			n, s = quantity, scope
		}
		if n <= 0 {
			continue
		}
		e := bill.Existing{Qty: n, Commitment: bill.Commitment{ID: fmt.Sprintf("%04d", i), Kind: bill.Reservation, Scope: node(s), To: int(p.days), Size: string(h.Size)}}
		if h.Flexible {
			problem.Existing = append(problem.Existing, e)
		} else {
			exact = append(exact, e)
		}
	}
	if add != nil {
		problem.Existing = append(problem.Existing, *add)
	}
	problem.VMs = covered(problem.VMs, exact)
	result, err := bill.Evaluate(&problem, bill.Decision{})
	return result.Payg, err
}

// covered is what reservations without size flexibility leave of the usage. The rows of vms stay as they are.
func covered(vms []bill.VM, exact []bill.Existing) []bill.VM {
	if len(exact) == 0 {
		return vms
	}
	left := slices.Clone(vms)
	for i := range left {
		left[i].Run = slices.Clone(left[i].Run)
	}
	slices.SortStableFunc(exact, func(x, y bill.Existing) int {
		return cmp.Compare(strings.Count(y.Scope, "/"), strings.Count(x.Scope, "/"))
	})
	for _, e := range exact {
		for day := e.From; day < e.To; day++ {
			capacity := e.Qty * denominator
			for i := range left {
				if left[i].Candidates[0].Size != e.Size || left[i].Scope != e.Scope && !strings.HasPrefix(left[i].Scope, e.Scope+"/") {
					continue
				}
				take := min(capacity, left[i].Run[day])
				left[i].Run[day] -= take
				capacity -= take
			}
		}
	}
	return left
}

// ahead turns 1e-10 over the days of the files into micros over a number of days to come, as if those days repeated.
func (p *pool) ahead(x bill.Exact, days int64) bill.Exact {
	return x.Mul(bill.Frac(days, p.days)).Quo(bill.Whole(10_000))
}
