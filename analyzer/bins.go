package analyzer

import "math/bits"

// closeBins moves all values into the tracks of their sizes, packed or as they are, and forgets the bins.
func (a *Accumulator) closeBins(packed bool) error {
	s := &a.sizes
	if len(s.bins) == 0 {
		return nil
	}
	for lane := range s.lanes {
		s.leave(uint32(lane))
	}
	held := 0
	for i := range s.bins {
		held += s.bins[i].values()
	}
	lend := !packed && 4*held >= 3*binChunk*len(s.next) // nearly all places are used: the values may stay where they are
	if lend {
		a.reserve()
	}
	for i := range s.bins {
		bin := &s.bins[i]
		if bin.first == 0 {
			continue
		}
		if m := a.stage.machines[bin.lane]; len(m.segments) > maxSegments {
			return errSegments
		}
		if lend {
			a.lendBin(bin)
		} else {
			a.copyBin(bin, packed)
		}
	}
	clear(s.lanes)
	clear(s.binOf)
	a.sizes = sizes{lanes: s.lanes, binOf: s.binOf, kinds: s.kinds, kindOf: s.kindOf, to: s.to, placed: s.placed, raw: s.raw}
	return nil
}

// kindAt returns what the rows of a bin are.
func (s *sizes) kindAt(bin *sizeBin) kind { return s.kinds[bin.class>>dayBits] }

// values returns how many rows are in a bin.
func (b *sizeBin) values() int { return int(b.full*binChunk + b.used) }

// reserve makes room in the tracks of the sizes for the chunks of all bins.
func (a *Accumulator) reserve() {
	s := &a.sizes
	counts := make([][measures]int, len(s.lanes))
	for i := range s.bins {
		bin := &s.bins[i]
		for has := s.kindAt(bin).has & measured; has != 0; has &= has - 1 {
			counts[bin.lane][bits.TrailingZeros16(has)] += int(bin.full) + 1
		}
	}
	for lane := range counts {
		for which, n := range counts[lane] {
			if n > 0 {
				a.stage.machines[lane].track(measure(which)).ReserveLent(n)
			}
		}
	}
}

// eachChunk calls yield with the place and the number of the values of each chunk of a bin.
func (s *sizes) eachChunk(bin *sizeBin, yield func(place, n uint32)) {
	chunk := bin.first
	for ; chunk != bin.last; chunk = s.next[chunk] {
		yield(chunk*binChunk, binChunk)
	}
	yield(chunk*binChunk, bin.used)
}

// lendBin lets the track of a size have the values of a bin where they stand.
func (a *Accumulator) lendBin(bin *sizeBin) {
	s, m := &a.sizes, a.stage.machines[bin.lane]
	m.eachPart(bin.day(), s.kindAt(bin).seconds, func(segment uint16) {
		for has := s.kindAt(bin).has & measured; has != 0; has &= has - 1 {
			which := bits.TrailingZeros16(has)
			track, pages := m.track(measure(which)), s.pages[which]
			s.eachChunk(bin, func(place, n uint32) {
				track.Lend(segment, pages[place>>binPageShift], uint16(place&(1<<binPageShift-1)), uint16(n))
			})
			s.raw += bin.values()
		}
	})
}

// copyBin copies the values of a bin into the track of its size, packed or as they are.
func (a *Accumulator) copyBin(bin *sizeBin, packed bool) {
	s, m := &a.sizes, a.stage.machines[bin.lane]
	m.eachPart(bin.day(), s.kindAt(bin).seconds, func(segment uint16) {
		for has := s.kindAt(bin).has & measured; has != 0; has &= has - 1 {
			which, lot := bits.TrailingZeros16(has), make([]uint16, 0, min(binLot, bin.values()))
			track, pages := m.track(measure(which)), s.pages[which]
			put := func() {
				if packed {
					track.Put(segment, lot)
				} else {
					track.Add(segment, lot...)
					s.raw += len(lot)
				}
				lot = lot[:0]
			}
			s.eachChunk(bin, func(place, n uint32) {
				if lot = append(lot, pages[place>>binPageShift][place&(1<<binPageShift-1):][:n]...); len(lot) >= binLot {
					put()
				}
			})
			put()
		}
	})
}

// packRaw packs what tracks hold as it came once it is too much.
func (a *Accumulator) packRaw() {
	if a.sizes.raw <= binMost {
		return
	}
	for _, m := range a.machines {
		m.trim(nil, nil)
	}
	a.sizes.raw = 0
}
