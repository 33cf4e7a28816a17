package analyzer

import "sizeterm/ingest/usage"

// Two files may tell the same day of one resource group. A later export of a running month states it again, and then the
// later one counts alone. The halves of a file that was cut in two, and exports of different things, complete each other,
// and then all of them count. What tells them apart is what they name: an export that states days again names the same
// machines on them, a complement hardly any of them.

// pair is two data sets of one customer, the smaller index first.
type pair struct{ customer, a, b uint32 }

// overlap counts the machines that two data sets both name on the days that both tell, and those that the one with fewer
// names there.
type overlap struct{ both, fewer int64 }

// named is what a data set names on a day: a machine in a size, in an hour where hours are known.
type named struct {
	resource, vm, size uint32
	kind               usage.Kind
	hour               int8
}

// settle takes cells sorted by name, those of one day with the one that ranks first in front, and returns the cell of each
// day that counts, joined from the data sets that complete each other. Rows that do not count are in its dropped.
func (a *Accumulator) settle(cells []cellRef) []cellRef {
	pairs := a.compareSets(cells)
	var out []cellRef
	for _, group := range sameDay(cells) {
		chosen := []cellRef{group[0]}
		dropped := int64(0)
		for _, ref := range group[1:] {
			if ref.export == group[0].export && completes(pairs, chosen, ref) {
				chosen = append(chosen, ref)
				continue
			}
			dropped += ref.rows
		}
		out = append(out, join(chosen, dropped))
	}
	return out
}

// sameDay splits sorted cells into those of one customer, subscription, resource group and day.
func sameDay(cells []cellRef) [][]cellRef {
	var groups [][]cellRef
	start := 0
	for i := 1; i <= len(cells); i++ {
		if i < len(cells) {
			x, y := cells[i].cellKey, cells[start].cellKey
			if x.dataset = y.dataset; x == y {
				continue
			}
		}
		groups = append(groups, cells[start:i])
		start = i
	}
	return groups
}

// compareSets counts for each pair of data sets of one kind what both name.
func (a *Accumulator) compareSets(cells []cellRef) map[pair]overlap {
	pairs := map[pair]overlap{}
	for _, group := range sameDay(cells) {
		if len(group) == 1 {
			continue
		}
		names := make([]map[named]bool, len(group))
		for i, ref := range group {
			names[i] = a.namesIn(ref.cell)
		}
		for i := range group {
			for j := range i {
				if group[i].export != group[j].export {
					continue
				}
				key := pairOf(group[i], group[j])
				s := pairs[key]
				s.fewer += int64(min(len(names[i]), len(names[j])))
				for n := range names[i] {
					if names[j][n] {
						s.both++
					}
				}
				pairs[key] = s
			}
		}
	}
	return pairs
}

// namesIn returns what a cell names.
func (a *Accumulator) namesIn(c *cell) map[named]bool {
	set := make(map[named]bool, len(c.lines))
	for i := range c.lines {
		l := &c.lines[i]
		s := &a.skuList[l.sku]
		set[named{l.resource, l.vm, s.size, s.kind, l.hour}] = true
	}
	return set
}

func pairOf(x, y cellRef) pair {
	return pair{x.customer, min(x.cellKey.dataset, y.cellKey.dataset), max(x.cellKey.dataset, y.cellKey.dataset)}
}

// completes reports whether ref completes all of chosen: on the days that two data sets both tell, they name less than
// half of their machines in common.
func completes(pairs map[pair]overlap, chosen []cellRef, ref cellRef) bool {
	for _, c := range chosen {
		if s := pairs[pairOf(c, ref)]; 2*s.both >= s.fewer {
			return false
		}
	}
	return true
}

// join adds up the cells that count.
func join(chosen []cellRef, dropped int64) cellRef {
	if len(chosen) == 1 && dropped == 0 {
		return chosen[0]
	}
	sum := &cell{export: chosen[0].export, dataset: chosen[0].cell.dataset, dropped: dropped}
	for _, ref := range chosen {
		sum.rows += ref.rows
		sum.dropped += ref.dropped
		sum.lines = append(sum.lines, ref.lines...)
	}
	sum.tidy()
	return cellRef{chosen[0].cellKey, sum}
}
