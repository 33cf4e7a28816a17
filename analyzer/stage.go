package analyzer

import (
	"fmt"
	"math/bits"

	"sizeterm/analyzer/quantile"
)

// staged is a row of samples on its way into the tracks of its machine. Rows wait until there are some of one machine:
// then each of its tracks, days and profiles is touched once for all of them. In a file by time every row is of another
// machine, and what a row writes to would be fetched into the cache again for each.
type staged struct {
	start   int64
	seconds int32
	has     uint16 // a bit a measure, and settled
	low     uint16 // lowest CPU of the interval, 0 where it is not known
	values  [measures]uint16
}

// settled says that week and bounds know the row: they need the values that do not fit.
const settled = 1 << 15

// Rows of a machine wait until there are stagedRows of them, two kilobytes; where an accumulator has room, up to stagedMost. The
// more wait the more of a day come together: of 28 days in any order 64 rows are 2 a day, which costs 800 ns a row of four
// measures, and 1024 are 36 a day, which costs half of that. stagedRoom is the rows that all machines have room for together
// before a machine gets more than the least: 16 MiB.
const (
	stagedRows = 64
	stagedMost = 2048
	stagedRoom = 1 << 19
)

// waitingRows is what lets rows wait: how many there is room for, and memory to sort them and take them apart in.
type waitingRows struct {
	room        int
	rows        []staged
	keys, other []uint64
	values      []uint16
}

func (s *staged) set(which measure, value uint16) {
	s.values[which] = value
	s.has |= 1 << which
}

func (s *staged) day() int32 { return int32(uint64(s.start) / daySeconds) }

// addSample counts one row by itself: one that is in no run, or has values that two bytes do not hold.
func (a *Accumulator) addSample(m *machine, r *sampleRows, i int) error {
	s := staged{start: r.start[i], seconds: r.seconds[i]}
	avg, hasAvg := a.percent(&r.cpuAvg, i)
	if hasAvg {
		s.set(cpuAvg, clip(avg))
	}
	high, hasHigh := a.percent(&r.cpuMax, i)
	low := int32(0)
	if hasHigh {
		low, _ = a.percent(&r.cpuMin, i)
		s.set(cpuMax, clip(high))
		s.low = clip(low)
	}
	used, hasUsed := a.percent(&r.used, i)
	if hasUsed {
		s.set(memoryUsed, clip(used))
	}
	if r.large {
		a.stageLarge(&s, r, i)
	}
	if s.has == 0 {
		return nil
	}
	if max(avg, high, used) > quantile.Limit {
		m.top[cpuAvg], m.top[cpuMax], m.top[memoryUsed] = max(m.top[cpuAvg], avg), max(m.top[cpuMax], high), max(m.top[memoryUsed], used)
		if !a.opts.SizesOnly {
			m.settle(&s, low, avg, high)
		}
		s.has |= settled
	}
	return a.wait(m, s)
}

// wait lets a row wait.
func (a *Accumulator) wait(m *machine, s staged) error {
	if len(m.staged) == cap(m.staged) && !a.widen(m) {
		if err := a.drain(m); err != nil {
			return err
		}
	}
	m.staged = append(m.staged, s)
	return nil
}

// widen lets more rows of a machine wait, and reports whether there was room for them.
func (a *Accumulator) widen(m *machine) bool {
	n, w := cap(m.staged), &a.waiting
	if n > 0 && (n >= stagedMost || w.room+n > stagedRoom) {
		return false
	}
	more := max(n, stagedRows)
	w.room += more
	m.staged = append(make([]staged, 0, n+more), m.staged...)
	return true
}

// byTime sorts rows by when they begin: by radix, a digit at a time.
func (w *waitingRows) byTime(rows []staged) {
	first, last, sorted := rows[0].start, rows[0].start, true
	for i := range rows {
		sorted = sorted && rows[i].start >= last
		first, last = min(first, rows[i].start), max(last, rows[i].start)
	}
	if sorted {
		return
	}
	w.keys, w.other = resized(w.keys, len(rows)), resized(w.other, len(rows))
	keys, other := w.keys, w.other
	for i := range rows {
		keys[i] = uint64(rows[i].start-first)<<16 | uint64(i) // at most stagedMost rows, and 34 bits of seconds
	}
	digit := 8
	if len(rows) >= 512 {
		digit = 11
	}
	var at [1 << 11]uint32
	for shift := 16; uint64(last-first)>>(shift-16) != 0; shift += digit {
		places, mask := at[:1<<digit], uint64(1)<<digit-1
		clear(places)
		for _, k := range keys {
			places[k>>shift&mask]++
		}
		sum := uint32(0)
		for b, n := range places {
			places[b] = sum
			sum += n
		}
		for _, k := range keys {
			b := k >> shift & mask
			other[places[b]] = k
			places[b]++
		}
		keys, other = other, keys
	}
	w.rows = append(w.rows[:0], rows...)
	for i, k := range keys {
		rows[i] = w.rows[k&(1<<16-1)]
	}
}

// stageLarge reads the measures that are kept as coded numbers.
func (a *Accumulator) stageLarge(s *staged, r *sampleRows, i int) {
	if v, ok := a.large(&r.free, i); ok {
		s.set(memoryFree, code(freeUnits(v)))
	}
	if v, ok := a.large(&r.netOut, i); ok {
		s.set(networkOut, code(kilobits(v)))
	}
	read, hasRead := a.large(&r.diskRead, i)
	if written, ok := a.large(&r.diskWrite, i); ok || hasRead {
		s.set(diskBandwidth, code(thousands(read+written)))
	}
	if v, ok := a.large(&r.operations, i); ok {
		s.set(diskOps, code(thousands(v)))
	}
}

// large returns a value that is not negative; a negative one is impossible and counts as missing.
func (a *Accumulator) large(column *ints[int64], row int) (int64, bool) {
	v, ok := column.at(row)
	if ok && v < 0 {
		a.refused++
		return 0, false
	}
	return v, ok
}

func clip(v int32) uint16 { return uint16(min(v, quantile.Limit)) }

// maxSegments leaves room for the parts of one more sample below 65536.
const maxSegments = 65_000

var errSegments = fmt.Errorf("analyzer: more than %d days and lengths of samples of one machine", maxSegments)

// drain moves the rows that wait into the tracks of their machine.
func (a *Accumulator) drain(m *machine) error {
	rows := m.staged
	if m.staged = rows[:0]; len(rows) > 0 {
		a.waiting.byTime(rows)
	}
	for len(rows) > 0 {
		first, n := &rows[0], 1
		day := first.day()
		for n < len(rows) && rows[n].seconds == first.seconds && rows[n].has == first.has && rows[n].day() == day {
			n++
		}
		if len(m.segments) > maxSegments {
			return errSegments
		}
		a.waiting.drainRun(m, rows[:n], day)
		if !a.opts.SizesOnly {
			m.drainTimes(rows[:n], day)
		}
		rows = rows[n:]
	}
	return nil
}

// drainAll moves everything that waits into its machine, and gives the memory back.
func (a *Accumulator) drainAll() error {
	for lane := range a.stage.lanes {
		if a.stage.length(uint32(lane)) > 0 {
			if err := a.closeRun(uint32(lane)); err != nil {
				return err
			}
		}
	}
	a.stage.drop()
	if err := a.closeBins(false); err != nil {
		return err
	}
	for _, m := range a.machines {
		if err := a.drain(m); err != nil {
			return err
		}
		m.staged = nil
	}
	a.waiting = waitingRows{}
	a.packRaw()
	return nil
}

// drainRun moves the values of rows of one day, length and set of measures.
func (w *waitingRows) drainRun(m *machine, rows []staged, day int32) {
	w.values = resized(w.values, len(rows))
	values := w.values
	for has := rows[0].has &^ settled; has != 0; has &= has - 1 {
		which := measure(bits.TrailingZeros16(has))
		for i := range rows {
			values[i] = rows[i].values[which]
		}
		m.eachPart(day, rows[0].seconds, func(segment uint16) { m.track(which).Put(segment, values) })
	}
}

// drainTimes counts such rows, sorted, in what is kept of times: week, bounds, hours and marks.
func (m *machine) drainTimes(rows []staged, day int32) {
	if rows[0].has&settled == 0 {
		m.drainWeek(rows)
		for i := range rows {
			s := &rows[i]
			m.bound(s, int32(s.low), int32(s.values[cpuAvg]), int32(s.values[cpuMax]))
		}
	}
	if rows[0].seconds > 3600 {
		return
	}
	if rows[0].has&(1<<cpuAvg|1<<cpuMax) != 0 {
		hours := m.hours.on(day)
		for i := range rows {
			hours.add(int(rows[i].start-int64(day)*daySeconds), &rows[i])
		}
	}
	m.markRows(rows, day)
}

// markRows marks when rows of a day, sorted, were measured.
func (m *machine) markRows(rows []staged, day int32) {
	second := func(at int64) int { return int(at - int64(day)*daySeconds) }
	for len(rows) > 0 { // rows that follow each other are marked together
		from := second(rows[0].start)
		to := from
		for len(rows) > 0 && second(rows[0].start) <= to {
			to = second(rows[0].start) + int(rows[0].seconds)
			rows = rows[1:]
		}
		m.days.mark(day, from, to)
	}
}

// eachPart calls yield for the segments of samples of a day. Samples of a usual length have a segment a day and length.
// Samples of an odd length, which may be a different one each time, are split into powers of two, so that the number of
// segments of a day is bounded.
func (m *machine) eachPart(day, seconds int32, yield func(segment uint16)) {
	if usual(seconds) {
		yield(m.segment(segmentOf(day, seconds, false)))
		return
	}
	rest := uint32(seconds)
	for extra := false; rest != 0; extra = true {
		power := uint32(1) << (bits.Len32(rest) - 1)
		yield(m.segment(segmentOf(day, int32(power), extra)))
		rest -= power
	}
}

// settle counts a row in the hours of the week and in the bounds of overload.
func (m *machine) settle(s *staged, low, avg, high int32) {
	if s.has&(1<<cpuAvg) != 0 && s.seconds <= 3600 {
		m.weekly().add(hourOf(s.start/3600), int64(avg), 1, int64(s.seconds))
	}
	m.bound(s, low, avg, high)
}

// drainWeek counts sorted rows of one length and set of measures in the hours of the week.
func (m *machine) drainWeek(rows []staged) {
	if rows[0].has&(1<<cpuAvg) == 0 || rows[0].seconds > 3600 {
		return
	}
	for seconds := int64(rows[0].seconds); len(rows) > 0; {
		hour, sum, n := rows[0].start/3600, int64(0), 0
		for n < len(rows) && rows[n].start < 3600*(hour+1) {
			sum += int64(rows[n].values[cpuAvg])
			n++
		}
		m.weekly().add(hourOf(hour), sum, int64(n), seconds)
		rows = rows[n:]
	}
}

// bound counts a row in the bounds of overload.
func (m *machine) bound(s *staged, low, avg, high int32) {
	switch {
	case s.has&(1<<cpuMax) == 0:
	case s.has&(1<<cpuAvg) != 0:
		m.bounds().add(min(low, avg), avg, max(high, avg), int64(s.seconds))
	default:
		m.bounds().addMax(high, int64(s.seconds))
	}
}

// usual reports whether metrics are commonly kept in intervals of so many seconds.
func usual(seconds int32) bool {
	switch seconds {
	case 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400:
		return true
	}
	return false
}
