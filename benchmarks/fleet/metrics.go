package fleet

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// Order is the order of the rows of a metrics file.
type Order uint8

// The orders in which tools write metrics.
const (
	ByTime    Order = iota // all machines of an instant, then the next instant
	ByMachine              // all instants of a machine, then the next machine
	Shuffled               // no order at all: what merged and re-partitioned files look like
)

// Orders returns the order of a name, "time", "machine" or "shuffled".
func Orders(name string) (Order, error) {
	for i, n := range []string{"time", "machine", "shuffled"} {
		if n == name {
			return Order(i), nil
		}
	}
	return 0, fmt.Errorf("order %q: not time, machine or shuffled", name)
}

// MetricsHeader is the first line of a metrics file: 11 columns.
const MetricsHeader = "timestamp,subscription_id,resource_id,vm_size,region,cpu_percent,available_memory_bytes," +
	"network_in_bytes,network_out_bytes,disk_read_bytes,disk_write_bytes\n"

// Metrics is a metrics file for benchmarks (form A): plain CSV, LF, no quotes, about 277 bytes a row at a grain of five
// minutes. A tenth of the machines are of developers and are off at night and on weekends: they have no rows then.
type Metrics struct {
	Seed     uint64
	Machines int // at least 1
	Days     int // at least 1, from 2026-10-01
	Order    Order
}

// metricsRow is the mean length of a row in bytes, for MetricsOf.
const metricsRow = 277

// MetricsOf returns the file of about so many bytes with so many days, or of so many machines where machines is not 0.
func MetricsOf(seed uint64, bytes int64, machines, days int) Metrics {
	perMachineDay := int64(288 * metricsRow * 94 / 100) // 6 % are not there: developers' machines at night
	switch {
	case machines > 0 && days == 0:
		days = int(bytes / perMachineDay / int64(machines))
	case machines == 0:
		machines = int(bytes / perMachineDay / int64(max(1, days)))
	}
	return Metrics{Seed: seed, Machines: max(1, machines), Days: max(1, days)}
}

// Count says what was written.
type Count struct{ Rows, Bytes int64 }

// Write writes the file and says how much it is.
func (m Metrics) Write(w io.Writer) (Count, error) {
	out := chunks{w: w, buf: make([]byte, 0, chunkSize+4096)}
	out.buf = append(out.buf, MetricsHeader...)
	hosts := make([]host, m.Machines)
	for i := range hosts {
		hosts[i] = newHost(m.Seed, i)
	}
	steps := m.Days * 288
	stamps := stampsOf(steps)
	row := func(machine, step int) error {
		h := &hosts[machine]
		if h.office && !officeHours(step) {
			return nil
		}
		out.buf = h.row(out.buf, stamps[step], step)
		return out.endRow()
	}
	if err := m.walk(steps, row); err != nil {
		return out.count, err
	}
	return out.count, out.flush()
}

// walk calls row for every machine and step in the order of the file.
func (m Metrics) walk(steps int, row func(machine, step int) error) error {
	total := m.Machines * steps
	shuffle := newPermutation(m.Seed, uint64(total))
	for i := range total {
		machine, step := i%m.Machines, i/m.Machines
		switch m.Order {
		case ByMachine:
			machine, step = i/steps, i%steps
		case Shuffled:
			at := int(shuffle.at(uint64(i)))
			machine, step = at%m.Machines, at/m.Machines
		}
		if err := row(machine, step); err != nil {
			return err
		}
	}
	return nil
}

// officeHours reports whether a step (from Thursday 2026-10-01 00:00, five minutes) lies on a weekday between 7 and 19 h.
func officeHours(step int) bool {
	day, hour := step/288, step/12%24
	return (day+3)%7 < 5 && hour >= 7 && hour < 19
}

// host is one machine of a metrics file. Its readings are functions of the step alone, so that rows can be made in any order.
type host struct {
	key          uint64
	dimensions   string // ",subscription,resource,size,region,"
	shape        *lookup
	level        int64 // 1e-4 of a percent
	memory, used int64 // bytes
	net, disk    int64 // bytes an interval
	office       bool
}

// lookup holds the quantiles of a shape at every rank, so that a reading costs one load.
type lookup struct {
	shape    *shape
	residual [1024]int32
}

var lookups = func() (out [len(shapes)]lookup) {
	for i := range shapes {
		out[i].shape = &shapes[i]
		for rank := range out[i].residual {
			out[i].residual[rank] = at(&shapes[i].Residual, int32(rank))
		}
	}
	return out
}()

func newHost(seed uint64, i int) host {
	r := NewRand(seed, "host", strconv.Itoa(i))
	sub := NewRand(seed, "subscription", strconv.Itoa(i/25))
	size, place := models[skewed(&r, len(models))], places[skewed(&r, len(places))][0]
	subscription := sub.GUID()
	h := host{
		key:   r.Uint64(),
		shape: &lookups[r.Below(len(lookups))],
		dimensions: fmt.Sprintf(",%s,/subscriptions/%s/resourceGroups/rg-app-%03d/providers/Microsoft.Compute/virtualMachines/vm-%s-%05d,%s,%s,",
			subscription, subscription, i/5%200, place[:4], i, size.name, place),
		level: int64(Level(&r)) * 100, memory: size.memoryGiB << 30, office: r.Below(10) == 0,
		net: int64(r.Between(10_000, 9_000_000)), disk: int64(r.Between(50_000, 40_000_000)),
	}
	h.used = h.memory / 100 * int64(r.Between(15, 85))
	return h
}

// row appends the reading of a step.
func (h *host) row(b []byte, stamp string, step int) []byte {
	x, slow := scramble(h.key^uint64(step)), scramble(h.key^uint64(step>>2)^1<<40)
	rank := x & 1023
	if int32(x>>10%1000) < h.shape.shape.Stay {
		rank = slow & 1023 // four intervals share it
	}
	hour := (step/12 + 72) % 168
	v := h.level * int64(h.shape.shape.Week[max(0, hour/24-4)][hour%24]) * int64(h.shape.residual[rank]) / 1_000_000
	cpu := min(max(v+int64(x>>20&127), 1), 995_000)
	b = append(b, stamp...)
	b = append(b, h.dimensions...)
	b = appendPercent(b, cpu)
	free := h.memory - h.used - int64(slow>>10&0x3fff)<<12
	busy := 40 + cpu/10_000
	noise := scramble(x)
	for _, v := range [...]int64{
		max(free, 1<<20), h.net * busy / 40 * int64(1024+x>>27&1023) / 1024, h.net * busy / 50 * int64(1024+x>>37&1023) / 1024,
		h.disk * int64(512+noise&1023) / 512, h.disk * int64(1024+noise>>10&2047) / 2048,
	} {
		b = append(b, ',')
		b = strconv.AppendInt(b, v, 10)
	}
	return append(b, '\n')
}

// appendPercent prints 1e-4 of a percent with two to four decimals, as tools do that cut zeros.
func appendPercent(b []byte, v int64) []byte {
	b = strconv.AppendInt(b, v/10_000, 10)
	f := v % 10_000
	b = append(b, '.', byte('0'+f/1000), byte('0'+f/100%10))
	if f%100 != 0 {
		b = append(b, byte('0'+f/10%10))
		if f%10 != 0 {
			b = append(b, byte('0'+f%10))
		}
	}
	return b
}

// stampsOf returns the RFC 3339 time of each step.
func stampsOf(steps int) []string {
	out := make([]string, steps)
	start := time.Date(2026, time.October, 1, 0, 0, 0, 0, time.UTC)
	for i := range out {
		out[i] = start.Add(time.Duration(i) * 5 * time.Minute).Format(time.RFC3339)
	}
	return out
}

// chunkSize is how many bytes are gathered before they are written.
const chunkSize = 256 << 10

// chunks gathers rows and counts them.
type chunks struct {
	w     io.Writer
	buf   []byte
	count Count
}

func (c *chunks) endRow() error {
	c.count.Rows++
	if len(c.buf) < chunkSize {
		return nil
	}
	return c.flush()
}

func (c *chunks) flush() error {
	n, err := c.w.Write(c.buf)
	c.count.Bytes += int64(n)
	c.buf = c.buf[:0]
	return err
}

// permutation is a bijection of the numbers below n: a Feistel network on the next even power of two, walked until it falls
// below n. It needs no memory, so that a file of any size can be shuffled.
type permutation struct {
	n, half uint64
	keys    [4]uint64
}

func newPermutation(seed, n uint64) permutation {
	p := permutation{n: n, half: 1}
	for 1<<(2*p.half) < n {
		p.half++
	}
	r := NewRand(seed, "shuffle")
	for i := range p.keys {
		p.keys[i] = r.Uint64()
	}
	return p
}

func (p *permutation) at(i uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	for {
		left, right := i>>p.half, i&mask
		for _, key := range p.keys {
			left, right = right, left^scramble(right^key)&mask
		}
		if i = left<<p.half | right; i < p.n {
			return i
		}
	}
}
