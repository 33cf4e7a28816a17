package ingest

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// typedSample is a row of metrics as programs write them: numbers, times and dictionaries.
type typedSample struct {
	Timestamp *time.Time `parquet:"timestamp,optional,timestamp(microsecond)"`
	Resource  *string    `parquet:"resource_id,optional,dict"`
	Size      *string    `parquet:"vm_size,optional,dict"`
	Region    string     `parquet:"region,dict"`
	Seconds   *int32     `parquet:"grain_seconds,optional,dict"`
	CPU       *float64   `parquet:"cpu_percent,optional"`
	Max       float64    `parquet:"cpu_max,dict"`
	Used      *int32     `parquet:"memory_used_percent,optional"`
	Free      *int64     `parquet:"available_memory_bytes,optional"`
	In        *float64   `parquet:"network_in_bytes,optional"`
	Read      int64      `parquet:"disk_read_bytes,dict"`
	Note      string     `parquet:"note"`
}

// textSample is a row of metrics as tables of text become Parquet.
type textSample struct {
	Timestamp string  `parquet:"timestamp,dict"`
	Resource  string  `parquet:"resource_id"`
	Size      string  `parquet:"vm_size"`
	CPU       string  `parquet:"cpu_percent"`
	Max       float32 `parquet:"cpu_max"`
	Free      *int64  `parquet:"available_memory_bytes,optional,decimal(2:18)"`
}

// typedCost is a row of a cost export.
type typedCost struct {
	Date     *time.Time `parquet:"Date,optional,timestamp(millisecond)"`
	Sub      string     `parquet:"SubscriptionId,dict"`
	Category string     `parquet:"MeterCategory,dict"`
	Resource *string    `parquet:"ResourceId,optional"`
	Location string     `parquet:"ResourceLocation,dict"`
	Quantity *float64   `parquet:"Quantity,optional"`
	Unit     string     `parquet:"UnitOfMeasure,dict"`
	Cost     float64    `parquet:"Cost"`
	Price    int64      `parquet:"UnitPrice,decimal(4:18)"`
	Currency string     `parquet:"BillingCurrency,dict"`
	Info     *string    `parquet:"AdditionalInfo,optional,dict"`
	Tags     string     `parquet:"Tags,dict"`
	Account  *string    `parquet:"BillingAccountId,optional,dict"`
}

// written writes rows in pages and row groups of odd sizes.
func written[T any](t *testing.T, rng *rand.Rand, rows int, row func(i int) T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, parquet.Compression(&parquet.Snappy), parquet.PageBufferSize(200+rng.IntN(20_000)), parquet.MaxRowsPerRowGroup(int64(50+rng.IntN(3000))))
	for i := range rows {
		_, err := w.Write([]T{row(i)})
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// readTable reads a Parquet file by blocks or through text, and returns all that came of it.
func readTable(t *testing.T, data []byte, byBlocks bool, limits Limits) (out []string) {
	t.Helper()
	in := Input{Name: "t.parquet", Size: int64(len(data)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
	opts := Options{Workers: 2, Limits: limits, Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	text, err := openText(in, opts)
	require.NoError(t, err)
	r := &Reader{in: in, opts: opts, limits: opts.Limits.filled(), text: text, stop: make(chan struct{})}
	if err := r.prepare(); err != nil {
		return []string{err.Error()}
	}
	text.table.passed = text.table.passed || !byBlocks
	if r.start(); byBlocks {
		require.NotNil(t, r.blocks)
	}
	for r.Next() {
		json, err := r.Record().MarshalJSON()
		require.NoError(t, err)
		out = append(out, string(json))
	}
	for _, e := range r.Rejects() {
		out = append(out, e.Error())
	}
	return append(out, fmt.Sprintf("%v %+v", r.Err(), r.Summary()))
}

func TestParquetBlocksEqualText(t *testing.T) {
	accepted := 0
	for seed := range uint64(36) {
		rng := rand.New(rand.NewPCG(seed, 7))
		odd, rows := []int{0, 3, 40}[seed%3], 1+rng.IntN(2500)
		var data []byte
		switch seed / 3 % 3 {
		case 0:
			data = written(t, rng, rows, func(i int) typedSample { return oddSample(rng, i, odd) })
		case 1:
			data = written(t, rng, rows, func(i int) textSample { return oddText(rng, i, odd) })
		default:
			data = written(t, rng, rows, func(i int) typedCost { return oddCost(rng, i, odd) })
		}
		limits := Limits{Field: []int{0, 30}[seed%2]}
		want, got := readTable(t, data, false, limits), readTable(t, data, true, limits)
		require.Equal(t, want, got, "seed %d", seed)
		if strings.HasPrefix(got[0], "[{") {
			accepted++
		}
	}
	require.Greater(t, accepted, 25)
}

func pick[T any](rng *rand.Rand, values ...T) T { return values[rng.IntN(len(values))] }

func oddSample(rng *rand.Rand, i, odd int) typedSample {
	strange := func() bool { return rng.IntN(1000) < odd }
	at := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC).Add(time.Duration(i/7) * 5 * time.Minute)
	resource, size, seconds := fmt.Sprintf("/subscriptions/s/vm/Web%d", i%7), pick(rng, "Standard_D2s_v5", "Standard_D2s_v5", "standard_e4s_v5"), pick(rng, int32(300), 300, 300, 600)
	cpu, used, free := rng.Float64()*100, int32(rng.IntN(101)), rng.Int64N(1<<rng.IntN(54)+1)
	if rng.IntN(2) == 0 {
		cpu = math.Round(cpu*1e4) / 1e4
	}
	in := math.Round(rng.Float64() * 1e9)
	s := typedSample{&at, &resource, &size, "westeurope", &seconds, &cpu, pick(rng, 7, 12.345, 12.335, 99.995, 0), &used, &free, &in, rng.Int64N(1e9), "n"}
	for _, p := range []**float64{&s.CPU, &s.In} {
		if strange() {
			v := pick(rng, math.NaN(), -1, math.Inf(1), 1e300, 100.001, 100, 0.005, 1e-7, 12.5, 1234567.5, 2.5)
			*p = pick(rng, nil, &v)
		}
	}
	if strange() {
		v := pick(rng, int64(math.MinInt64), -1, 1e16, math.MaxInt64)
		s.Free = pick(rng, nil, &v)
	}
	if strange() {
		v := pick(rng, int32(math.MinInt32), -1, 101)
		s.Used = pick(rng, nil, &v)
	}
	if strange() {
		v := pick(rng, int32(0), -5, math.MaxInt32)
		s.Seconds = pick(rng, nil, &v)
	}
	if strange() {
		v := pick(rng, "", "n/a", "a\x00b", "b\xff", `say "x"`, "a,b", " padded ", strings.Repeat("long", 20))
		s.Resource = pick(rng, nil, &v)
	}
	if strange() {
		s.Region, s.Size = pick(rng, "", "Atlantis", "a\x7f"), nil
	}
	if strange() {
		v := pick(rng, time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC), at.Add(999*time.Millisecond))
		s.Timestamp = pick(rng, nil, &v)
	}
	return s
}

func oddText(rng *rand.Rand, i, odd int) textSample {
	strange := func() bool { return rng.IntN(1000) < odd }
	free := rng.Int64N(1e12) * 100
	s := textSample{fmt.Sprintf("2026-10-%02dT%02d:%02d:00Z", 5+i/2880, i/120%24, i/10%12*5), fmt.Sprintf("vm-%d", rng.IntN(9)), pick(rng, "Standard_D2s_v5", ""),
		fmt.Sprintf("%.*f", rng.IntN(6), rng.Float64()*100), pick(rng, float32(1.5), 33.25, 0), &free}
	if strange() {
		s.CPU = pick(rng, "", "x", "101", "1e1", "n/a", "12,5", `"1"`)
	}
	if strange() {
		s.Timestamp = pick(rng, "", "yesterday", "2026-10-05 00:05:00", "2026-10-05T25:00:00Z")
	}
	if strange() {
		s.Free = nil
	}
	return s
}

func oddCost(rng *rand.Rand, i, odd int) typedCost {
	strange := func() bool { return rng.IntN(1000) < odd }
	date := time.Date(2026, 10, 1+i%28, 0, 0, 0, 0, time.UTC)
	resource := fmt.Sprintf("/subscriptions/s/resourceGroups/RG%d/vm/VM%d", i%3, i%11)
	quantity, info := pick(rng, 24, 23.200004, 1.5), fmt.Sprintf(`{"ServiceType":"Standard_D2s_v5","VMName":"vm%d"}`, i%11)
	c := typedCost{&date, "S", pick(rng, "Virtual Machines", "Storage"), &resource, "westeurope", &quantity, "1 Hour", rng.Float64() * 10, 960, "EUR", &info, `"a": "b"`, new("B")}
	if strange() {
		c.Cost = pick(rng, math.NaN(), -1, 1e40, 1e-9)
	}
	if strange() {
		c.Info = pick(rng, nil, new("{"), new(`{"ServiceType":"Z9"}`), new("a\x01"))
	}
	if strange() {
		c.Account = nil
	}
	if strange() {
		c.Date, c.Resource = nil, pick(rng, nil, new("é\xc3"))
	}
	if strange() {
		c.Quantity, c.Currency = pick(rng, nil, new(-1.0)), pick(rng, "EUR", "", "usd")
	}
	return c
}

// A cell of a dictionary that is no text is rejected by the name of its column, wherever the fault is.
func TestParquetCellsThatAreNoText(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	data := written(t, rng, 3, func(i int) typedSample {
		s := oddSample(rng, i, 0)
		s.Resource = new([]string{"vm", "vm\r", "v\x00m"}[i])
		return s
	})
	got := readTable(t, data, true, Limits{})
	require.Contains(t, got[1], `t.parquet:2: column "resource_id": "vm\r": control character`)
	require.Contains(t, got[2], `t.parquet:3: column "resource_id": "v\x00m": control character`)
	long := readTable(t, data, true, Limits{Record: 100})
	require.Contains(t, long[0], "is longer than 100 bytes")
}
