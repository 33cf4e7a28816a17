package analyzer_test

import (
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
)

var pointers = regexp.MustCompile(`(Type7|Overload|hours):0x[0-9a-f]+`)

// dice draws from a seed, so that a data set is one number.
type dice uint32

func (d *dice) n(n int) int {
	*d = *d*1664525 + 1013904223
	return int(uint32(*d)>>8) % n
}

func pick[T any](d *dice, from ...T) T { return from[d.n(len(from))] }

// drawCharges returns rows of machines that are resized, restated, credited, covered and billed by the hour.
func drawCharges(d *dice, n int) []usage.ChargeRow {
	out := make([]usage.ChargeRow, n)
	for i := range out {
		r := charge(pick(d, "a", "b", "C", "d"), d.n(20), float64(d.n(50)))
		r.Customer = pick(d, "c1", "c1", "c2")
		r.ResourceGroup = pick(d, "rg1", "rg2")
		r.Size = pick(d, "Standard_D4s_v5", "Standard_D8s_v5", "Standard_B2ms", "Strange", "")
		r.OS = pick(d, "linux", "windows", "")
		r.Licence = pick(d, "", "", "hybrid_benefit")
		r.Model = pick(d, usage.OnDemand, usage.Reservation, usage.SavingsPlan, usage.Spot, usage.UnknownModel)
		r.Kind = pick(d, usage.Compute, usage.Compute, usage.Compute, usage.Software, usage.Adjustment, usage.Unused, usage.Purchase)
		r.Export, r.Dataset = pick(d, "actual", "actual", "amortized"), pick(d, "d1", "d2")
		r.Currency = pick(d, "EUR", "EUR", "USD")
		r.Tags = pick(d, "", `{"env":"prod","Team":"x"}`, `"env": "test"`, `{"env":{"a":1}}`, "{")
		r.Rate = int64(d.n(4)) * 1_000_000
		if r.Model == usage.Reservation {
			r.Benefit, r.BenefitSize = "res1", "Standard_D4s_v5"
		}
		if d.n(9) == 0 {
			r.Hours = -r.Hours / 3
		}
		if d.n(4) == 0 {
			r.Start += int64(d.n(24)) * 3600
			r.End = r.Start + 3600
		}
		if d.n(30) == 0 {
			r.End = r.Start + 3*86_400
		}
		if d.n(200) == 0 {
			r.Start, r.End = pick(d, int64(-5), 1<<60), 1<<61
		}
		out[i] = r
	}
	return out
}

func drawSamples(d *dice, n int) []usage.SampleRow {
	out := make([]usage.SampleRow, n)
	for i := range out {
		r := sample(pick(d, "a", "b", "stranger"), day(d.n(20))+int64(d.n(288))*300, int32(d.n(12_000)-50), int32(d.n(80_000)))
		r.VM = pick(d, "", "", "a")
		r.Seconds = pick[int32](d, 300, 300, 900, 301, 7200, 0)
		r.CPUMin = pick(d, nil, ptr(int32(d.n(3000))))
		r.MemoryAvailable = pick(d, nil, ptr(int64(d.n(20))<<30))
		r.MemoryUsed = pick(d, nil, ptr(int32(d.n(10_000))))
		r.NetOut = pick(d, nil, ptr(int64(d.n(1<<30))))
		r.DiskRead, r.DiskOps = pick(d, nil, ptr(int64(d.n(1<<28)))), pick(d, nil, ptr(int64(d.n(1<<24))))
		if d.n(10) == 0 {
			r.CPUAvg = nil
		}
		if d.n(10) == 0 {
			r.Resource, r.Size, r.Region = "b", "Standard_D4s_v5", "westeurope"
		}
		out[i] = r
	}
	return out
}

// drawRuns returns samples that follow each other, of some machines in turn, with gaps and measures that come and go.
func drawRuns(d *dice, n int) (out []usage.SampleRow) {
	type course struct {
		row  usage.SampleRow
		free int64
	}
	courses := make([]course, 1+d.n(4))
	turn := func(c *course) {
		c.row = sample(pick(d, "a", "b", "stranger"), day(d.n(20))+int64(d.n(288))*300, 0, 0)
		c.row.Seconds = pick[int32](d, 60, 300, 300, 300, 900, 3600, 86_400, 301)
		c.row.CPUMin = pick(d, nil, ptr(int32(0)))
		c.free = int64(d.n(2)) << 33
		if d.n(4) == 0 {
			c.row.CPUAvg = nil
		}
	}
	for i := range courses {
		turn(&courses[i])
	}
	for len(out) < n {
		for i := range courses {
			c := &courses[i]
			if d.n(60) == 0 {
				turn(c)
			}
			r := c.row
			if r.CPUAvg != nil {
				r.CPUAvg = ptr(int32(d.n(3000)))
			}
			r.CPUMax = ptr(int32(d.n(8000)))
			if r.CPUMin != nil {
				r.CPUMin = ptr(int32(d.n(500)))
			}
			if c.free > 0 {
				r.MemoryAvailable = ptr(c.free + int64(d.n(1<<30)))
			}
			switch d.n(200) {
			case 0:
				r.CPUMax = ptr(int32(70_000))
			case 1:
				r.CPUMax = ptr(int32(-1))
			}
			out = append(out, r)
			c.row.Start += int64(r.Seconds)
		}
	}
	return out
}

// addAll adds rows in records of the given length.
func addAll(t require.TestingT, a *analyzer.Accumulator, charged []usage.ChargeRow, measured []usage.SampleRow, length int) {
	add := func(rec arrow.Record) {
		require.NoError(t, a.Add(rec))
		rec.Release()
	}
	for part := range slices.Chunk(charged, length) {
		add(charges(part...))
	}
	for part := range slices.Chunk(measured, length) {
		add(metrics(part...))
	}
}

// result returns everything that an accumulator says, as bytes and as text.
func result(t require.TestingT, a *analyzer.Accumulator) (code []byte, text string) {
	code, err := a.MarshalBinary()
	require.NoError(t, err)
	out, err := a.Analysis()
	require.NoError(t, err)
	again, err := a.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, code, again, "an analysis changes nothing")
	return code, dump(out)
}

// dump prints an analysis with what its pointers point to.
func dump(out *analyzer.Analysis) string {
	text := fmt.Sprintf("%+v", *out)
	for _, vm := range out.VMs {
		if vm.Overload != nil {
			text += fmt.Sprintf("%+v", *vm.Overload)
		}
		for _, d := range []analyzer.Distribution{vm.CPUAvg, vm.CPUMax, vm.Memory} {
			if d.Type7 != nil {
				text += fmt.Sprintf("%+v", *d.Type7)
			}
		}
	}
	return pointers.ReplaceAllString(text, "$1:")
}

// TestOrderChangesNothing shuffles rows, cuts them into records and parts, merges the parts in any order, sends them
// through their encoding, and analyses on one and on two processors.
func TestOrderChangesNothing(t *testing.T) {
	opts := analyzer.Options{}
	rapid.Check(t, func(t *rapid.T) {
		d := dice(rapid.Uint32().Draw(t, "seed"))
		charged, measured := drawCharges(&d, d.n(120)), append(drawRuns(&d, d.n(600)), drawSamples(&d, d.n(200))...)
		whole := analyzer.New(opts)
		addAll(t, whole, charged, measured, 100)
		code, text := result(t, whole)

		for i := range charged {
			j := d.n(i + 1)
			charged[i], charged[j] = charged[j], charged[i]
		}
		for i := range measured {
			j := d.n(i + 1)
			measured[i], measured[j] = measured[j], measured[i]
		}
		parts := make([]*analyzer.Accumulator, 1+d.n(4))
		byResource := d.n(3) == 0
		for p := range parts {
			parts[p] = analyzer.New(opts)
			c, m := cut(charged, p, len(parts)), cut(measured, p, len(parts))
			if byResource {
				parts[p].Only(p, len(parts))
				c, m = charged, measured
			}
			addAll(t, parts[p], c, m, 1+d.n(50))
			if d.n(2) == 0 {
				packed, err := parts[p].MarshalBinary()
				require.NoError(t, err)
				parts[p] = analyzer.New(opts)
				require.NoError(t, parts[p].UnmarshalBinary(packed))
			}
		}
		merged := parts[len(parts)-1]
		for p := len(parts) - 2; p >= 0; p-- {
			require.NoError(t, merged.Merge(parts[p]))
		}
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1 + d.n(2)))
		mergedCode, mergedText := result(t, merged)
		require.Equal(t, text, mergedText)
		require.Equal(t, code, mergedCode)
	})
}

func cut[T any](rows []T, part, parts int) []T {
	return rows[len(rows)*part/parts : len(rows)*(part+1)/parts]
}
