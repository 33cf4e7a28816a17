package ingest

import (
	"bytes"
	"hash/fnv"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
)

// Tables with one row a machine, time and metric tell what flows through a machine in several rows: what was read and what was
// written, and one of each disk and network card. What its size must carry is their sum, so rows of one machine and time are
// added up before anybody sees them. Those of one metric and instance count once.

// The parts of a row that is no flow, and of one whose instance is not known.
const (
	partNone    int32 = 0
	partUnnamed int32 = 1 << 30 // added whatever else there is
)

// flowing reports whether the rows of a form are parts of flows.
func flowing(m *dialect.Match) bool {
	switch m.Family {
	case "azure-metrics", "insights-metrics", "perf":
		return true
	}
	return false
}

// partOf returns which part of a flow a row is: a number for its metric and instance, negative where the row is the total of
// all instances.
func (m *narrowMapper) partOf(r *row, kind measure) int32 {
	instance, named := r.text(nInstance), m.mapped[nInstance]
	if !named && m.mapped[nTags] {
		instance, named = instanceIn(r.text(nTags)), true
	}
	if named && absent(instance) {
		return partUnnamed
	}
	hash := fnv.New32a()
	hash.Write([]byte{byte(kind)})
	if kind == measureDiskOps { // reads and writes are two metrics of it
		hash.Write(bytes.ToLower(r.text(nMetric)))
	}
	hash.Write([]byte{0})
	hash.Write(bytes.ToLower(instance))
	part := int32(hash.Sum32()>>3) + 1
	if bytes.EqualFold(instance, []byte("_Total")) || bytes.EqualFold(instance, []byte("total")) {
		return -part
	}
	return part
}

// instanceIn returns the disk or network card that the tags of an InsightsMetrics row name, nil where they name none.
func instanceIn(tags []byte) []byte {
	for _, key := range [2]string{`vm.azm.ms/mountId"`, `vm.azm.ms/networkDeviceId"`} {
		if _, rest, ok := bytes.Cut(tags, []byte(key)); ok {
			_, rest, _ = bytes.Cut(rest, []byte{'"'})
			name, _, _ := bytes.Cut(rest, []byte{'"'})
			return name
		}
	}
	return nil
}

// flows adds up the rows of a machine and time, in the order of the file.
type flows struct {
	most  int // machines and times that are open at once
	index map[flowKey]int
	open  []flow
	first int // the first of open that was not given out
	ids   map[partKey]uint8
	given map[int32]int64 // latest time given out of each machine
	late  int64           // flows that began anew after their machine's time had been given out
}

// openFlows is how many machines and times wait for more of their rows, some 50 MB. Tables sorted by time, by machine, or by
// metric within a machine need far fewer.
const openFlows = 1 << 18

type flowKey struct {
	resource int32
	start    int64
}

type partKey struct{ resource, part int32 }

// flow is what flows through a machine at a time: net in and out, disk read, written and operations.
type flow struct {
	flowKey
	line         int64
	seconds      int32
	parts        uint64 // a bit a part
	sums, totals [5]int64
}

func newFlows() *flows {
	return &flows{most: openFlows, index: map[flowKey]int{}, ids: map[partKey]uint8{}, given: map[int32]int64{}}
}

// add returns the rows that are no flows, and flows that waited long enough.
func (f *flows) add(found *usage.SampleColumns) usage.SampleColumns {
	out := usage.NewSampleColumns(found)
	plain := 0 // rows before i that are no flows and were not taken yet
	for i, part := range found.Part {
		if part == partNone {
			plain++
			continue
		}
		out.Take(found, i-plain, plain)
		plain = 0
		f.put(found, i, part)
		if len(f.open)-f.first > f.most {
			f.give(&out, f.most/2)
		}
	}
	out.Take(found, len(found.Part)-plain, plain)
	return out
}

// put adds one row to its flow.
func (f *flows) put(c *usage.SampleColumns, i int, part int32) {
	key, bit := flowKey{c.Resource[i], c.Start[i]}, f.bit(c.Resource[i], part)
	at, known := f.find(key, c.Seconds[i], bit)
	if !known {
		if last, ok := f.given[key.resource]; ok && key.start <= last {
			f.late++
		}
		at = len(f.open)
		none := [5]int64{usage.NullInt, usage.NullInt, usage.NullInt, usage.NullInt, usage.NullInt}
		f.open = append(f.open, flow{flowKey: key, line: c.Line[i], seconds: c.Seconds[i], sums: none, totals: none})
		f.index[key] = at
	}
	o := &f.open[at]
	if o.parts&bit != 0 {
		return // the same metric of the same instance again
	}
	o.parts |= bit
	to := &o.sums
	if part < 0 {
		to = &o.totals
	}
	for k, v := range [5]int64{c.NetIn[i], c.NetOut[i], c.DiskRead[i], c.DiskWrite[i], c.DiskOps[i]} {
		switch {
		case v == usage.NullInt:
		case to[k] == usage.NullInt:
			to[k] = v
		default:
			to[k] += v
		}
	}
}

// find returns the open flow of a machine and time. Collectors stamp the rows of one time up to a second apart.
func (f *flows) find(key flowKey, seconds int32, bit uint64) (int, bool) {
	if at, ok := f.index[key]; ok && f.open[at].seconds == seconds {
		return at, true
	}
	for _, by := range [2]int64{-1, 1} {
		near := flowKey{key.resource, key.start + by}
		if at, ok := f.index[near]; ok && seconds > 2 && f.open[at].seconds == seconds && f.open[at].parts&bit == 0 {
			return at, true
		}
	}
	return 0, false
}

// bit returns the bit of a part of a machine, 0 where it has none: then the part is added whenever it comes.
func (f *flows) bit(resource, part int32) uint64 {
	if part == partUnnamed {
		return 0
	}
	key := partKey{resource, part}
	id, ok := f.ids[key]
	if !ok {
		count := partKey{resource, partNone}
		id = f.ids[count]
		f.ids[key], f.ids[count] = id, min(id+1, 64)
	}
	if id >= 64 {
		return 0
	}
	return 1 << id
}

// give gives out the oldest n open flows.
func (f *flows) give(out *usage.SampleColumns, n int) {
	for ; n > 0 && f.first < len(f.open); n-- {
		o := &f.open[f.first]
		if f.index[o.flowKey] == f.first {
			delete(f.index, o.flowKey)
		}
		f.given[o.resource] = max(f.given[o.resource], o.start)
		f.first++
		o.appendTo(out)
	}
	if 2*f.first >= len(f.open) {
		for key, at := range f.index {
			f.index[key] = at - f.first
		}
		f.open, f.first = f.open[:copy(f.open, f.open[f.first:])], 0
	}
}

// rest returns what is open at the end of the file.
func (f *flows) rest(like *usage.SampleColumns) usage.SampleColumns {
	out := usage.NewSampleColumns(like)
	f.give(&out, len(f.open))
	return out
}

// appendTo writes a flow as a row. Where the total of a machine stands beside its parts, the greater of the two holds.
func (o *flow) appendTo(c *usage.SampleColumns) {
	c.Resource = append(c.Resource, o.resource)
	c.Start = append(c.Start, o.start)
	c.Seconds = append(c.Seconds, o.seconds)
	c.Line = append(c.Line, o.line)
	for _, p := range [4]*[]int32{&c.CPUAvg, &c.CPUMax, &c.CPUMin, &c.MemoryUsed} {
		*p = append(*p, usage.NullPercent)
	}
	c.MemoryAvailable = append(c.MemoryAvailable, usage.NullInt)
	for k, to := range [5]*[]int64{&c.NetIn, &c.NetOut, &c.DiskRead, &c.DiskWrite, &c.DiskOps} {
		*to = append(*to, max(o.sums[k], o.totals[k]))
	}
	c.Part = append(c.Part, partNone)
}
