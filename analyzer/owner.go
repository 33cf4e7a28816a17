package analyzer

import (
	"fmt"

	"sizeterm/analyzer/demand"
	"sizeterm/ingest/usage"
)

// unnamed is the customer of rows whose file names none, as ingest writes it.
const unnamed = "unnamed"

// adopt gives the rows of files that name no customer to the customer to whom other files say that their subscription
// belongs, where they agree: an export that names nobody and one that does are two tellings of the same usage, and kept
// apart it would count twice.
func (r *run) adopt() {
	owner, nobody := map[uint32]uint32{}, r.a.words.index[unnamed]
	if nobody == 0 {
		return
	}
	const several = ^uint32(0)
	for _, ref := range r.cells {
		if ref.customer == nobody || ref.subscription == 0 {
			continue
		}
		if who, ok := owner[ref.subscription]; !ok {
			owner[ref.subscription] = ref.customer
		} else if who != ref.customer {
			owner[ref.subscription] = several
		}
	}
	for i := range r.cells {
		ref := &r.cells[i]
		if who, ok := owner[ref.subscription]; ok && ref.customer == nobody && who != several {
			ref.customer = who
		}
	}
}

// owners are two customers who both have charges of one subscription.
type owners struct{ a, b uint32 }

// sharedSubscriptions finds the subscriptions that the cells, sorted by customer, bill to more than one.
func (r *run) sharedSubscriptions() map[uint32]owners {
	first, shared := map[uint32]uint32{}, map[uint32]owners{}
	for _, ref := range r.cells {
		if owner, ok := first[ref.subscription]; !ok {
			first[ref.subscription] = ref.customer
		} else if _, known := shared[ref.subscription]; !known && owner != ref.customer && ref.subscription != 0 {
			shared[ref.subscription] = owners{owner, ref.customer}
		}
	}
	return shared
}

// billedTwice warns of machines that the files bill to two customers on the same days, for more hours than a day has:
// their demand counts for both, and one of the two would buy what nobody uses. A subscription that moved has no such day.
func (r *run) billedTwice() {
	type machineDay struct {
		owners
		resource, vm uint32
		day          int32
	}
	type hours struct{ first, others int64 }
	shared, used := r.sharedSubscriptions(), map[machineDay]hours{}
	for _, ref := range r.cells {
		pair, ok := shared[ref.subscription]
		if !ok {
			continue
		}
		for _, l := range ref.lines {
			if r.a.skuList[l.sku].kind != usage.Compute || l.resource == 0 {
				continue
			}
			key := machineDay{pair, l.resource, l.vm, ref.day}
			h := used[key]
			if ref.customer == pair.a {
				h.first += l.hours
			} else {
				h.others += l.hours
			}
			used[key] = h
		}
	}
	twice := map[owners]map[[2]uint32]bool{}
	for key, h := range used { // once all is summed up: hours that were taken back come in any order
		if h.first <= 0 || h.others <= 0 || h.first+h.others <= demand.FullDay {
			continue
		}
		if twice[key.owners] == nil {
			twice[key.owners] = map[[2]uint32]bool{}
		}
		twice[key.owners][[2]uint32{key.resource, key.vm}] = true
	}
	for pair, machines := range twice {
		a, b := r.a.text(pair.a), r.a.text(pair.b)
		r.warn("billed_twice", a, fmt.Sprintf("%d machines are billed to %s and to %s on the same days and count for both: leave out one of the exports before buying", len(machines), a, b))
	}
}
