package demand

import "math/bits"

// Slot is the time in which metrics say whether a machine ran: 5 minutes, the grain at which Azure Monitor keeps them
// longest. Finer samples are joined, coarser ones cover several slots.
const (
	SlotSeconds = 300
	SlotsOfDay  = 86_400 / SlotSeconds
	slotsOfHour = SlotsOfDay / 24
)

// Day says in which slots of a day a machine was measured, a bit a slot: samples exist only while a machine runs.
type Day [(SlotsOfDay + 63) / 64]uint64

// WholeDay is a day that was measured in every slot.
var WholeDay = func() (d Day) {
	d.Mark(0, 86_400)
	return d
}()

// Whole reports whether every slot is marked.
func (d *Day) Whole() bool { return *d == WholeDay }

// Mark marks the slots that the seconds [from, to) of the day touch.
func (d *Day) Mark(from, to int) {
	if to <= from || to <= 0 {
		return
	}
	first, last := uint(max(0, from))/SlotSeconds, uint(min(to-1, 86_399))/SlotSeconds
	for w := first / 64; w <= last/64; w++ {
		word := ^uint64(0)
		if w == first/64 {
			word <<= first % 64
		}
		if w == last/64 {
			word &= ^uint64(0) >> (63 - last%64)
		}
		d[w] |= word
	}
}

// Merge marks the slots that other marks.
func (d *Day) Merge(other *Day) {
	for i, word := range other {
		d[i] |= word
	}
}

// Slots returns the number of marked slots of an hour of the day, 0 to 12.
func (d *Day) Slots(hour int) int {
	slot := uint(hour) * slotsOfHour
	word := d[slot/64] >> (slot % 64)
	if slot%64 > 64-slotsOfHour {
		word |= d[slot/64+1] << (64 - slot%64)
	}
	return bits.OnesCount64(word & (1<<slotsOfHour - 1))
}

// Tolerance is how far the hours of a day that metrics saw may be from the hours that were billed, to be believed:
// half an hour, or a tenth of the hours billed where that is more.
//
//	billed   metrics between
//	   1 h   0.5 h  and  1.5 h
//	   8 h   7.2 h  and  8.8 h
//	  20 h  18.0 h  and 22.0 h
//
// A machine that is billed from allocation is measured some minutes later, and an export rounds; a lost hour of metrics
// must not pass for an hour off.
func Tolerance(micro int64) int64 { return max(Full/2, micro/10) }

// Hours spreads the micro-hours that a machine was billed for on a day over the hours in which it was measured. It is
// false, and out means nothing, when the measured time differs from the billed time by more than Tolerance: then metrics
// are missing, or the machine is not the one. Hours measured in part get their part. When less was measured than billed,
// the rest fills up the hours measured in part and then the first hours after a measured one.
func (d *Day) Hours(micro int64) (out [24]int64, ok bool) {
	slots := [24]int64{}
	total := int64(0)
	for h := range slots {
		slots[h] = int64(d.Slots(h))
		total += slots[h]
	}
	measured := total * Full / slotsOfHour
	if micro <= 0 || micro > FullDay || total == 0 || abs(measured-micro) > Tolerance(micro) {
		return out, false
	}
	rest := micro
	for h, n := range slots {
		out[h] = min(Full, n*Full/slotsOfHour)
		if measured > micro {
			out[h] = n * micro / total
		}
		rest -= out[h]
	}
	fill := func(h int) {
		added := min(rest, Full-out[h])
		out[h] += added
		rest -= added
	}
	for h := range out {
		if slots[h] > 0 {
			fill(h)
		}
	}
	for h := 1; h < 24 && rest > 0; h++ {
		if out[h-1] > 0 {
			fill(h)
		}
	}
	for h := 22; h >= 0 && rest > 0; h-- {
		fill(h)
	}
	return out, true
}

func abs(v int64) int64 { return max(v, -v) }
