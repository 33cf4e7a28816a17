package ingest

import (
	"bytes"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
)

// The slots of samples, in the order of sampleFields.
const (
	sTime = iota
	sSeconds
	sGrain
	sResource
	sVM
	sSize
	sRegion
	sCPUAvg
	sCPUMax
	sCPUMin
	sMemUsed
	sMemFree
	sMemAvail
	sMemAvailMB
	sNetIn
	sNetOut
	sDiskRead
	sDiskWrite
	sNetInRate
	sNetOutRate
	sDiskReadRate
	sDiskWriteRate
	sDiskOps
	sDiskReadOps
	sDiskWriteOps
	sCount
)

var sampleFields = []string{
	"time", "seconds", "grain", "resource", "vm", "size", "region", "cpuavg", "cpumax", "cpumin", "memused", "memfree", "memavail", "memavailmb",
	"netin", "netout", "diskread", "diskwrite", "netinrate", "netoutrate", "diskreadrate", "diskwriterate", "diskops", "diskreadops", "diskwriteops",
}

// sampleMapper turns rows of measurements into samples. It belongs to one goroutine.
type sampleMapper struct {
	base
	cols    usage.SampleColumns
	clock   dialect.Clock
	mark    byte
	grain   int64 // seconds of every row where no column says it
	over    bool  // the source measures more than 100 % at times
	latest  int64
	percent [3]percentColumn
	rates   [4]rateColumn

	times    memo[dayOf]
	grains   memo[int64]
	machines memo[*sampled]
	runs     runs
	indexes  [3]memo[int32]
}

// sampled is a machine and what its row said last about it: a row seldom says anything else.
type sampled struct {
	resource                     int32
	vm, size, region             int32
	vmCell, sizeCell, regionCell []byte
}

// percentColumn is one measure in percent and where it goes.
type percentColumn struct {
	slot int
	to   *[]int32
}

// rateColumn is one measure that is a count of bytes an interval or bytes a second.
type rateColumn struct {
	slot    int // -1 where the file has neither
	counted bool
	to      *[]int64
}

func newSampleMapper(b base, n notation, grain int64) *sampleMapper {
	m := &sampleMapper{base: b, mark: n.mark, grain: grain, clock: n.clock(), cols: usage.NewSampleColumns(nil)}
	m.bind()
	return m
}

func (m *sampleMapper) samples() *sampleMapper { return m }

// bind points the measures to the columns of this mapper; a copy needs it again.
func (m *sampleMapper) bind() {
	m.percent = [3]percentColumn{{sCPUAvg, &m.cols.CPUAvg}, {sCPUMax, &m.cols.CPUMax}, {sCPUMin, &m.cols.CPUMin}}
	for i, r := range []struct {
		counted, rate int
		to            *[]int64
	}{{sNetIn, sNetInRate, &m.cols.NetIn}, {sNetOut, sNetOutRate, &m.cols.NetOut}, {sDiskRead, sDiskReadRate, &m.cols.DiskRead}, {sDiskWrite, sDiskWriteRate, &m.cols.DiskWrite}} {
		m.rates[i] = rateColumn{slot: -1, to: r.to}
		if m.has(r.rate) {
			m.rates[i].slot = r.rate
		} else if m.has(r.counted) {
			m.rates[i].slot, m.rates[i].counted = r.counted, true
		}
	}
}

// sampleOf is one row on its way.
type sampleOf struct {
	start, seconds             int64
	percent                    [3]int32
	used                       int32
	available, ops             int64
	rates                      [4]int64
	resource, vm, size, region int32
	measured                   bool
}

// take maps one row: it is accepted, rejected or set apart, exactly one of the three.
func (m *sampleMapper) take(r *row) {
	m.tally.rows++
	var s sampleOf
	if !m.when(r, &s) {
		return
	}
	if absent(r.text(sResource)) {
		m.reject(r, sResource, errBlank)
		return
	}
	if !m.measures(r, &s) {
		return
	}
	if !s.measured {
		m.tally.setApart("no_value")
		return
	}
	m.who(r, &s)
	m.append(r, &s)
	m.tally.accepted++
	m.tally.period(s.start, s.start+s.seconds)
	if m.tally.grain == 0 || s.seconds < m.tally.grain {
		m.tally.grain = s.seconds
	}
}

// when reads time and interval.
func (m *sampleMapper) when(r *row, s *sampleOf) bool {
	at := m.times.get(r.text(sTime), func(cell []byte) dayOf {
		if absent(cell) {
			return dayOf{err: errBlank}
		}
		second, err := m.instant(m.clock, cell)
		return dayOf{second: second, err: err}
	})
	if at.err != nil {
		if dialect.Fold(string(r.text(sTime))) == dialect.Fold(m.plan.names[m.plan.column[sTime]]) {
			m.tally.setApart("header_repeated")
			return false
		}
		return m.reject(r, sTime, at.err)
	}
	s.start, s.seconds = at.second, m.grain
	if m.latest > 0 && s.start > m.latest {
		return m.reject(r, sTime, errFuture)
	}
	for _, slot := range [2]int{sSeconds, sGrain} {
		if cell := r.text(slot); len(cell) > 0 {
			if s.seconds = m.grains.get(cell, grainOf); s.seconds < 1 || s.seconds > 31*daySeconds {
				return m.reject(r, slot, dialect.ErrTime)
			}
			return true
		}
	}
	if s.seconds == 0 {
		return m.reject(r, m.grainSlot(), errBlank)
	}
	return true
}

// grainSlot returns the slot of the column that says how long an interval is.
func (m *sampleMapper) grainSlot() int {
	if m.has(sSeconds) {
		return sSeconds
	}
	return sGrain
}

// measures reads what was measured.
func (m *sampleMapper) measures(r *row, s *sampleOf) bool {
	for i, p := range m.percent {
		s.percent[i] = usage.NullPercent
		if !m.mapped[p.slot] {
			continue
		}
		if !m.readPercent(r, p.slot, &s.percent[i], s) {
			return false
		}
	}
	if !m.memory(r, s) {
		return false
	}
	for i := range m.rates {
		s.rates[i] = usage.NullInt
		if m.rates[i].slot >= 0 && !m.readRate(r, m.rates[i], &s.rates[i], s) {
			return false
		}
	}
	return m.operations(r, s)
}

// readPercent reads one share into hundredths of a point, rounded half up from the text.
func (m *sampleMapper) readPercent(r *row, slot int, to *int32, s *sampleOf) bool {
	cell := r.text(slot)
	if v, ok := hundredths(cell, m.mark); ok {
		if v > 10000 && !m.over {
			return m.reject(r, slot, errPercent)
		}
		*to, s.measured = v, true
		return true
	}
	if absent(cell) {
		return true
	}
	cell = bytes.TrimRight(bytes.TrimSuffix(cell, []byte{'%'}), " ")
	d, err := dialect.ParseDecimal(cell, m.mark)
	if err != nil {
		return m.reject(r, slot, err)
	}
	v, err := d.HalfUp(2)
	if err != nil || v < 0 || (v > 10000 && !m.over) || v > 1e7 {
		return m.reject(r, slot, errPercent)
	}
	*to, s.measured = int32(v), true
	return true
}

// memory reads free and used memory.
func (m *sampleMapper) memory(r *row, s *sampleOf) bool {
	s.used, s.available = usage.NullPercent, usage.NullInt
	if m.mapped[sMemUsed] && !m.readPercent(r, sMemUsed, &s.used, s) {
		return false
	}
	if m.mapped[sMemFree] && s.used == usage.NullPercent {
		free := usage.NullPercent
		if !m.readPercent(r, sMemFree, &free, s) {
			return false
		}
		if free != usage.NullPercent {
			s.used = 10000 - free
		}
	}
	slot, unit := m.available()
	if !m.mapped[slot] {
		return true
	}
	v, ok, err := m.count(r, slot, 0)
	if err != nil || (ok && (v < 0 || v > 1<<62/unit)) {
		return m.reject(r, slot, orErr(err, dialect.ErrRange))
	}
	if ok {
		s.available, s.measured = v*unit, true
	}
	return true
}

// available returns the slot of the free memory, and the bytes of its unit.
func (m *sampleMapper) available() (slot int, unit int64) {
	if m.mapped[sMemAvail] {
		return sMemAvail, 1
	}
	return sMemAvailMB, 1 << 20
}

// orErr returns err, or other where err is nil.
func orErr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// count reads a number as units of 10^-places.
func (m *sampleMapper) count(r *row, slot, places int) (int64, bool, error) {
	cell := r.text(slot)
	if places == 0 {
		if v, ok := whole(cell); ok {
			return v, true, nil
		}
	}
	d, ok, err := m.number(r, slot, m.mark)
	if !ok {
		return 0, false, err
	}
	v, _, err := d.Units(places)
	return v, err == nil, err
}

// readRate reads bytes a second, or bytes an interval and divides.
func (m *sampleMapper) readRate(r *row, c rateColumn, to *int64, s *sampleOf) bool {
	v, ok, err := m.count(r, c.slot, 0)
	if err != nil || v < 0 {
		return m.reject(r, c.slot, orErr(err, dialect.ErrRange))
	}
	if !ok {
		return true
	}
	if c.counted {
		v = (v + s.seconds/2) / s.seconds
	}
	*to, s.measured = v, true
	return true
}

// operations reads disk operations a second in thousandths; reads and writes add up.
func (m *sampleMapper) operations(r *row, s *sampleOf) bool {
	s.ops = usage.NullInt
	for _, slot := range [3]int{sDiskOps, sDiskReadOps, sDiskWriteOps} {
		if !m.mapped[slot] || (slot != sDiskOps && m.mapped[sDiskOps]) {
			continue
		}
		v, ok, err := m.count(r, slot, 3)
		if err != nil || v < 0 {
			return m.reject(r, slot, orErr(err, dialect.ErrRange))
		}
		if ok {
			if s.ops == usage.NullInt {
				s.ops = 0
			}
			s.ops += v
			s.measured = true
		}
	}
	return true
}

// append adds the row to the columns that the file has.
func (m *sampleMapper) append(r *row, s *sampleOf) {
	c := &m.cols
	c.Resource = append(c.Resource, s.resource)
	c.Start = append(c.Start, s.start)
	c.Seconds = append(c.Seconds, int32(s.seconds))
	c.Line = append(c.Line, r.line)
	if m.mapped[sVM] {
		c.VM = append(c.VM, s.vm)
	}
	if m.mapped[sSize] {
		c.Size = append(c.Size, s.size)
	}
	if m.mapped[sRegion] {
		c.Region = append(c.Region, s.region)
	}
	for i, p := range m.percent {
		if m.mapped[p.slot] {
			*p.to = append(*p.to, s.percent[i])
		}
	}
	for i, rc := range m.rates {
		if rc.slot >= 0 {
			*rc.to = append(*rc.to, s.rates[i])
		}
	}
	if m.mapped[sMemUsed] || m.mapped[sMemFree] {
		c.MemoryUsed = append(c.MemoryUsed, s.used)
	}
	if m.mapped[sMemAvail] || m.mapped[sMemAvailMB] {
		c.MemoryAvailable = append(c.MemoryAvailable, s.available)
	}
	if m.mapped[sDiskOps] || m.mapped[sDiskReadOps] || m.mapped[sDiskWriteOps] {
		c.DiskOps = append(c.DiskOps, s.ops)
	}
}

func (m *sampleMapper) rows() rowset { return rowset{samples: &m.cols} }
