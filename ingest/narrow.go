package ingest

import (
	"bytes"
	"encoding/json"
	"strings"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
)

// The slots of narrow metrics, in the order of narrowFields. Time and machine share the slots of samples.
const (
	nMetric = iota + sCount
	nAverage
	nMinimum
	nMaximum
	nTotal
	nValue
	nNamespace
	nInstance
	nTags
	nComputer
	nTimeEnd
	nMemCapacity
	nMemUsedKB
	nDiskReadKB
	nDiskWriteKB
	nNetInKB
	nNetOutKB
)

// narrowFields names the slots: those of samples first.
var narrowFields = append(append([]string{}, sampleFields...), "metric", "average", "minimum", "maximum", "total", "value", "namespace", "instance", "tags", "computer",
	"timeend", "memcapacity", "memusedkb", "diskreadkb", "diskwritekb", "netinkb", "netoutkb")

// measure is what a metric of a narrow table becomes.
type measure uint8

const (
	measureNone        measure = iota
	measureCPU                 // percent: average, maximum and minimum
	measureFree                // bytes free: the minimum, else the average
	measureFreeMB              // MiB free
	measureFreePercent         // percent free
	measureUsedPercent         // percent used
	measureNetIn               // bytes an interval, or a second where the row has a plain value
	measureNetOut
	measureDiskRead
	measureDiskWrite
	measureDiskOps // operations a second
	measureCPUMax  // the greatest of CPU, which no metric is alone
)

// measures lists the metrics by folded name, those of Log Analytics with their namespace or object before it.
var measures = map[string]measure{
	"percentagecpu": measureCPU, "availablememorybytes": measureFree, "availablememorypercentage": measureFreePercent,
	"networkintotal": measureNetIn, "networkouttotal": measureNetOut, "networkin": measureNetIn, "networkout": measureNetOut,
	"diskreadbytes": measureDiskRead, "diskwritebytes": measureDiskWrite, "diskreadoperations/sec": measureDiskOps, "diskwriteoperations/sec": measureDiskOps,
	"processor/utilizationpercentage": measureCPU, "memory/availablemb": measureFreeMB,
	"network/readbytespersecond": measureNetIn, "network/writebytespersecond": measureNetOut,
	"logicaldisk/readbytespersecond": measureDiskRead, "logicaldisk/writebytespersecond": measureDiskWrite, "logicaldisk/transferspersecond": measureDiskOps,
	"processor/%processortime": measureCPU, "processorinformation/%processortime": measureCPU,
	"memory/availablembytes": measureFreeMB, "memory/availablembytesmemory": measureFreeMB, "memory/%usedmemory": measureUsedPercent,
	"logicaldisk/disktransfers/sec": measureDiskOps, "logicaldisk/diskreadbytes/sec": measureDiskRead, "logicaldisk/diskwritebytes/sec": measureDiskWrite,
	"network/totalbytestransmitted": measureNone, "networkadapter/bytessent/sec": measureNetOut, "networkadapter/bytesreceived/sec": measureNetIn,
	"networkinterface/bytessent/sec": measureNetOut, "networkinterface/bytesreceived/sec": measureNetIn,
}

// narrowMapper turns tables with one row a machine, time and metric, and the published traces, into samples.
type narrowMapper struct {
	sampleMapper
	last    memo[measure]
	part    int32  // of the row, see partOf
	trace   []byte // resource of a file that holds one machine
	flowing bool   // rows are parts of flows
}

func newNarrowMapper(in Input, b base, n notation, grain int64) *narrowMapper {
	m := &narrowMapper{sampleMapper: *newSampleMapper(b, n, grain)}
	m.bind()
	m.flowing = flowing(b.plan.match)
	if b.plan.match.Family == "bitbrains" {
		m.over = true
		name := series(in.Name[strings.LastIndexByte(in.Name, '/')+1:])
		m.trace = []byte("bitbrains-" + name[strings.LastIndexByte(name, '_')+1:])
	}
	return m
}

// take maps one row: it is accepted, rejected or set apart, exactly one of the three.
func (m *narrowMapper) take(r *row) {
	m.tally.rows++
	s := emptySample()
	if !m.when(r, &s) {
		return
	}
	resource := r.text(sResource)
	if m.trace != nil {
		resource = m.trace
	} else if absent(resource) {
		resource = r.text(nComputer)
	}
	if absent(resource) {
		m.reject(r, sResource, errBlank)
		return
	}
	var reason string
	var ok bool
	switch m.plan.match.Family {
	case "bitbrains":
		ok = m.bitbrains(r, &s)
	case "azure-public-dataset-vmtable":
		ok = m.life(r, &s)
	default:
		reason, ok = m.metric(r, &s)
	}
	switch {
	case !ok:
		return
	case reason == "" && !s.measured:
		reason = "no_value"
	}
	if reason != "" {
		m.tally.setApart(reason)
		return
	}
	for _, seen := range []struct {
		measure measure
		is      bool
	}{{measureCPU, s.percent[0] != usage.NullPercent}, {measureCPUMax, s.percent[1] != usage.NullPercent},
		{measureFree, s.used != usage.NullPercent || s.available != usage.NullInt}, {measureNetOut, s.rates[1] != usage.NullInt}} {
		if seen.is {
			m.tally.seen |= 1 << seen.measure
		}
	}
	s.resource = m.machineOf(resource).resource
	m.add(r, &s)
	if m.flowing {
		m.cols.Part = append(m.cols.Part, m.part)
	}
	m.tally.accepted++
	m.tally.period(s.start, s.start+s.seconds)
	if m.tally.grain == 0 || s.seconds < m.tally.grain {
		m.tally.grain = s.seconds
	}
}

// emptySample returns a sample in which nothing was measured.
func emptySample() sampleOf {
	s := sampleOf{used: usage.NullPercent, available: usage.NullInt, ops: usage.NullInt}
	for i := range s.percent {
		s.percent[i] = usage.NullPercent
	}
	for i := range s.rates {
		s.rates[i] = usage.NullInt
	}
	return s
}

// add adds a sample to all columns that narrow tables can fill.
func (m *narrowMapper) add(r *row, s *sampleOf) {
	c := &m.cols
	c.Resource = append(c.Resource, s.resource)
	c.Start = append(c.Start, s.start)
	c.Seconds = append(c.Seconds, int32(s.seconds))
	c.Line = append(c.Line, r.line)
	for i, p := range m.percent {
		*p.to = append(*p.to, s.percent[i])
	}
	for i, rc := range m.rates {
		*rc.to = append(*rc.to, s.rates[i])
	}
	c.MemoryUsed = append(c.MemoryUsed, s.used)
	c.MemoryAvailable = append(c.MemoryAvailable, s.available)
	c.DiskOps = append(c.DiskOps, s.ops)
}

// metric reads the one measure of a row; reason is why the row is set apart.
func (m *narrowMapper) metric(r *row, s *sampleOf) (reason string, ok bool) {
	kind := m.last.get(r.text(nMetric), func(cell []byte) measure { return measures[dialect.Fold(string(cell))] })
	if m.mapped[nNamespace] {
		kind = m.metricOf(r)
	}
	if kind == measureNone {
		return "other_metric", true
	}
	if m.part = partNone; kind >= measureNetIn && kind <= measureDiskOps {
		m.part = m.partOf(r, kind)
	}
	if cell := r.text(nInstance); kind == measureCPU && len(cell) > 0 && string(cell) != "_Total" && string(cell) != "total" {
		return "one_of_several_processors", true
	}
	if m.mapped[nValue] {
		return "", m.plainValue(r, s, kind)
	}
	return "", m.aggregates(r, s, kind)
}

// plainValue reads a value of Log Analytics: rates are a second already.
func (m *narrowMapper) plainValue(r *row, s *sampleOf, kind measure) bool {
	switch kind {
	case measureCPU:
		return m.readPercent(r, nValue, &s.percent[0], s)
	case measureUsedPercent:
		return m.readPercent(r, nValue, &s.used, s)
	case measureFreeMB, measureFree:
		if !m.readCount(r, nValue, &s.available, s) {
			return false
		}
		if s.available != usage.NullInt && kind == measureFreeMB {
			if total := memorySize(r.text(nTags)); total > 0 && s.available <= total {
				s.used = int32((10000*(total-s.available) + total/2) / total)
			}
			s.available <<= 20
		}
		return true
	}
	return m.throughput(r, nValue, s, kind, false)
}

// memorySize returns the MiB of memory that the tags of an InsightsMetrics row tell, 0 where they do not.
func memorySize(tags []byte) int64 {
	if !bytes.Contains(tags, []byte("memorySizeMB")) {
		return 0
	}
	var all map[string]any
	if err := json.Unmarshal(tags, &all); err != nil {
		return 0
	}
	size, _ := all["vm.azm.ms/memorySizeMB"].(float64)
	return int64(size)
}

// aggregates reads the aggregations of Azure Monitor.
func (m *narrowMapper) aggregates(r *row, s *sampleOf, kind measure) bool {
	switch kind {
	case measureCPU:
		for i, slot := range [3]int{nAverage, nMaximum, nMinimum} {
			if m.mapped[slot] && !m.readPercent(r, slot, &s.percent[i], s) {
				return false
			}
		}
		return true
	case measureFree:
		if m.mapped[nMinimum] && !absent(r.text(nMinimum)) {
			return m.readCount(r, nMinimum, &s.available, s)
		}
		return !m.mapped[nAverage] || m.readCount(r, nAverage, &s.available, s)
	case measureFreePercent:
		free, slot := usage.NullPercent, nAverage
		if m.mapped[nMinimum] && !absent(r.text(nMinimum)) {
			slot = nMinimum
		}
		if !m.readPercent(r, slot, &free, s) {
			return false
		}
		if free != usage.NullPercent {
			s.used = 10000 - free
		}
		return true
	case measureDiskOps:
		return !m.mapped[nAverage] || m.throughput(r, nAverage, s, kind, false)
	}
	return !m.mapped[nTotal] || m.throughput(r, nTotal, s, kind, true)
}

// throughput reads a flow: a count an interval, or a rate.
func (m *narrowMapper) throughput(r *row, slot int, s *sampleOf, kind measure, counted bool) bool {
	if kind == measureDiskOps {
		v, ok, err := m.count(r, slot, 3)
		if err != nil || v < 0 {
			return m.reject(r, slot, orErr(err, dialect.ErrRange))
		}
		if ok {
			s.ops, s.measured = v, true
		}
		return true
	}
	at := map[measure]int{measureNetIn: 0, measureNetOut: 1, measureDiskRead: 2, measureDiskWrite: 3}[kind]
	return m.readRate(r, rateColumn{slot: slot, counted: counted}, &s.rates[at], s)
}

// readCount reads a whole number that is not negative.
func (m *narrowMapper) readCount(r *row, slot int, to *int64, s *sampleOf) bool {
	v, ok, err := m.count(r, slot, 0)
	if err != nil || v < 0 || v > 1<<50 {
		return m.reject(r, slot, orErr(err, dialect.ErrRange))
	}
	if ok {
		*to, s.measured = v, true
	}
	return true
}

// bitbrains reads a row of a Bitbrains trace: kilobytes of memory and a second.
func (m *narrowMapper) bitbrains(r *row, s *sampleOf) bool {
	if !m.readPercent(r, sCPUAvg, &s.percent[0], s) {
		return false
	}
	var capacity, used int64
	if !m.readCount(r, nMemCapacity, &capacity, s) || !m.readCount(r, nMemUsedKB, &used, s) {
		return false
	}
	if capacity > 0 && used <= capacity { // the traces have capacities of nothing, and below what is used
		s.used = int32((10000*used + capacity/2) / capacity)
	}
	for i, slot := range [4]int{nNetInKB, nNetOutKB, nDiskReadKB, nDiskWriteKB} {
		v, ok, err := m.count(r, slot, 3)
		if err != nil || v < 0 {
			return m.reject(r, slot, orErr(err, dialect.ErrRange))
		}
		if ok {
			s.rates[i] = (v*1024 + 500) / 1000
		}
	}
	return true
}

// life reads a machine of the Azure public dataset: one sample over its life. Core and memory buckets such as ">24" are no
// numbers, and no size either.
func (m *narrowMapper) life(r *row, s *sampleOf) bool {
	end, err := m.instant(m.clock, r.text(nTimeEnd))
	if err != nil || end <= s.start {
		return m.reject(r, nTimeEnd, orErr(err, dialect.ErrTime))
	}
	s.seconds = end - s.start
	return m.readPercent(r, sCPUAvg, &s.percent[0], s) && m.readPercent(r, sCPUMax, &s.percent[1], s)
}
