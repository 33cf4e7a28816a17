package contoso

import (
	"bytes"
	"strconv"

	"sizeterm/benchmarks/fleet"
)

// grain is the length of an interval of the metrics in minutes.
const grain = 15

// metricsHeader is the plain long form of our own.
const metricsHeader = "timestamp,resource_id,instance_name,grain_seconds,cpu_avg,cpu_max,available_memory_bytes,network_out_total\n"

// memoryGiB is the memory of the sizes in use.
var memoryGiB = map[string]int64{
	"B2s_v2": 8, "D2s_v5": 8, "D4s_v5": 16, "D8s_v5": 32, "D16s_v5": 64, "E4s_v5": 32, "E8s_v5": 64, "E16s_v5": 128,
	"D2as_v5": 8, "D4as_v5": 16, "D8as_v5": 32, "D4ds_v5": 16, "D8ds_v5": 32, "D4s_v3": 16, "D8s_v3": 32, "FX4mds_v2": 84,
}

// metrics prints the samples of all machines that Azure Monitor sees, machine by machine, in the order of time.
func (c *customer) metrics() []byte {
	var b bytes.Buffer
	b.WriteString(metricsHeader)
	for i := range c.machines {
		if c.machines[i].metrics != noMetrics {
			c.samples(&b, &c.machines[i])
		}
	}
	// A machine that no row of the cost export knows: deleted before the month, but the export of metrics went on.
	gone := machine{name: "decom-app-07", group: "rg-decom", region: "westeurope", size: "D4s_v5", kind: fleet.Flat, level: 310,
		spans: []span{{0, at(4, 6, 0)}}}
	c.samples(&b, &gone)
	return b.Bytes()
}

// samples prints one machine. An interval has a sample when the machine ran for a minute of it and the sample was not lost.
func (c *customer) samples(b *bytes.Buffer, m *machine) {
	rand := func(what string) fleet.Rand { return fleet.NewRand(c.seed, what, m.name, m.size) }
	load := fleet.NewLoad(m.kind, m.level, rand("cpu"))
	r := rand("network")
	total := memoryGiB[m.size] * 1024
	memory := fleet.NewMemory(total, r.Between(180, 780), rand("memory"))
	traffic, lost := newTraffic(rand("traffic"), m), rand("lost")
	prefix := "," + c.resource(m, m.group) + ","
	if m.set != "" {
		prefix += m.name
	}
	prefix += ",900,"
	z := zoneOf(m.region)
	for from := 0; from < monthLen; from += grain {
		if minutes(m.spans, from, from+grain) < 1 {
			continue
		}
		avg, top := load.Next(hourOfWeek(from, z))
		free, sent := memory.Next(), traffic.next(avg)
		if lost.Below(2500) == 0 || outage(m, from) {
			continue
		}
		line := b.AvailableBuffer()
		line = stamp(line, from)
		line = append(line, prefix...)
		line = append(hundredths(line, avg), ',')
		line = append(hundredths(line, top), ',')
		if m.metrics != noMemory && lost.Below(1500) > 0 {
			line = strconv.AppendInt(line, free<<20, 10)
		}
		line = append(line, ',')
		line = strconv.AppendInt(line, sent, 10)
		b.Write(append(line, '\n'))
	}
}

// outage reports whether the metrics of a machine are missing for a known reason: an incident of the monitoring service in
// Poland Central on the 19th, and one machine whose diagnostics were off for a night.
func outage(m *machine, from int) bool {
	incident := m.region == "polandcentral" && from >= at(19, 13, 15) && from < at(19, 14, 0)
	return incident || (m.name == "mon-01" && from >= at(7, 2, 0) && from < at(7, 9, 30))
}

// traffic is the bytes that a machine sends. The rates of Bitbrains span five orders of magnitude (kB/s: median 1.7, P90 97,
// P99 1217), and follow the CPU loosely.
type traffic struct {
	rate  int64 // bytes an interval at the average CPU
	level int64
	rand  fleet.Rand
}

func newTraffic(r fleet.Rand, m *machine) *traffic {
	steps := [...]int64{12, 40, 95, 170, 260, 650, 1_500, 6_500, 24_000, 97_000, 243_000} // bytes a second
	return &traffic{rate: steps[r.Below(len(steps))] * 60 * grain, level: int64(m.level), rand: r}
}

// next returns the bytes of an interval with two significant digits: nobody decides on more, and the file stays small.
func (t *traffic) next(avg int) int64 {
	v := t.rate * (3*t.level + int64(avg)) / (4 * t.level) * int64(t.rand.Between(60, 160)) / 100
	scale := int64(1)
	for v/scale >= 100 {
		scale *= 10
	}
	return v / scale * scale
}

// stamp prints a minute of the month as RFC 3339.
func stamp(b []byte, minute int) []byte {
	day, h, m := byte(minute/dayLen+1), byte(minute/60%24), byte(minute%60)
	b = append(b, "2026-10-"...)
	return append(b, '0'+day/10, '0'+day%10, 'T', '0'+h/10, '0'+h%10, ':', '0'+m/10, '0'+m%10, ':', '0', '0', 'Z')
}

// hundredths prints a percentage of at most two decimals, without the zeros at its end.
func hundredths(b []byte, v int) []byte {
	b = strconv.AppendInt(b, int64(v/100), 10)
	switch v %= 100; {
	case v == 0:
		return b
	case v%10 == 0:
		return append(b, '.', byte('0'+v/10))
	}
	return append(b, '.', byte('0'+v/10), byte('0'+v%10))
}
