package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// cellsOf returns the cells of a column of a row group, read some rows at a time, null as one letter.
func cellsOf(t *testing.T, p columnPages, rows int, rng *rand.Rand) (out []string) {
	t.Helper()
	defer p.close()
	for len(out) < rows {
		left, err := p.ready()
		require.NoError(t, err)
		n := 1 + rng.IntN(min(left, blockRows))
		c, err := p.take(n)
		require.NoError(t, err)
		b := &block{rows: n, columns: []*blockColumn{c}}
		for row := range n {
			if c.null(row) {
				out = append(out, "N")
				continue
			}
			out = append(out, "="+string(b.cell(row, 0)))
		}
		b.free()
	}
	return out
}

// Every column that rawPages reads has the cells that parquet-go finds in it: both versions of pages, dictionaries and plain
// values, packed by several codecs and not at all, nulls, pages and row groups of odd sizes.
func TestRawPagesEqualDecoded(t *testing.T) {
	codecs := []parquet.WriterOption{parquet.Compression(&parquet.Uncompressed), parquet.Compression(&parquet.Snappy), parquet.Compression(&parquet.Gzip), parquet.Compression(&parquet.Zstd)}
	raw := 0
	for seed := range uint64(24) {
		rng := rand.New(rand.NewPCG(seed, 11))
		var b bytes.Buffer
		opts := []parquet.WriterOption{codecs[seed%4], parquet.DataPageVersion(1 + int(seed/4%2)), parquet.PageBufferSize(300 + rng.IntN(90_000)), parquet.MaxRowsPerRowGroup(int64(500 + rng.IntN(9000)))}
		n := 1 + rng.IntN(6000)
		if seed%3 == 0 {
			w := parquet.NewGenericWriter[typedCost](&b, opts...)
			for i := range n {
				_, err := w.Write([]typedCost{oddCost(rng, i, 10)})
				require.NoError(t, err)
			}
			require.NoError(t, w.Close())
		} else {
			w := parquet.NewGenericWriter[typedSample](&b, opts...)
			for i := range n {
				_, err := w.Write([]typedSample{oddSample(rng, i, 10)})
				require.NoError(t, err)
			}
			require.NoError(t, w.Close())
		}
		table, err := newParquetTable(bytes.NewReader(b.Bytes()), int64(b.Len()), Limits{}.filled())
		require.NoError(t, err)
		for k := range table.groups {
			g := &groupBlocks{table: table, group: table.groups[k], meta: &table.metas[k]}
			for i := range table.leaf {
				p := g.column(i)
				if _, ok := p.(*rawPages); ok {
					raw++
					rows := int(g.group.NumRows())
					require.Equal(t, cellsOf(t, g.decoded(i), rows, rng), cellsOf(t, p, rows, rng), "seed %d, column %s", seed, table.leaf[i].Name)
				}
			}
		}
		require.NoError(t, table.Close())
	}
	require.Greater(t, raw, 300)
}

// packedBy writes numbers as the format wants them, in runs of random lengths of both kinds.
func packedBy(rng *rand.Rand, numbers []int32, width int) (out []byte) {
	for len(numbers) > 0 {
		n := min(len(numbers), 1+rng.IntN(40))
		if equal := 1; rng.IntN(2) == 0 {
			for equal < n && numbers[equal] == numbers[0] {
				equal++
			}
			out = binary.AppendUvarint(out, uint64(equal)<<1)
			for at := 0; at < width; at += 8 {
				out = append(out, byte(numbers[0]>>at))
			}
			numbers = numbers[equal:]
			continue
		}
		if n = n &^ 7; n == 0 {
			if n = 8; len(numbers) < 8 { // the last run is filled up
				numbers = append(numbers, make([]int32, 8-len(numbers))...)
			}
		}
		out = binary.AppendUvarint(out, uint64(n/8)<<1|1)
		bits := make([]byte, n/8*width)
		for i, v := range numbers[:n] {
			for bit := range width {
				if at := i*width + bit; v>>bit&1 != 0 {
					bits[at/8] |= 1 << (at % 8)
				}
			}
		}
		out, numbers = append(out, bits...), numbers[n:]
	}
	return out
}

func TestHybrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		width := 1 + rng.IntN(31)
		want := make([]int32, 1+rng.IntN(500))
		for i := range want {
			if i == 0 || rng.IntN(3) == 0 {
				want[i] = int32(rng.Uint32() & (1<<width - 1))
			} else {
				want[i] = want[i-1]
			}
		}
		h := newHybrid(packedBy(rng, append([]int32(nil), want...), width), width)
		got := make([]int32, 0, len(want))
		for len(got) < len(want) {
			n := min(len(want)-len(got), 1+rng.IntN(60))
			part := make([]int32, n)
			if number, same := h.same(n); same {
				fill(part, number)
			} else {
				require.True(t, h.next(part))
			}
			got = append(got, part...)
		}
		require.Equal(t, want, got, "%d bits", width)
	}
	// 8 numbers of 3 bits: the example of the format's documentation, 0 to 7 in 0x88 0xC6 0xFA.
	h, out := newHybrid([]byte{1<<1 | 1, 0x88, 0xC6, 0xFA}, 3), make([]int32, 8)
	require.True(t, h.next(out))
	require.Equal(t, []int32{0, 1, 2, 3, 4, 5, 6, 7}, out)
	require.False(t, h.next(out), "there are no more")
}

func FuzzHybrid(f *testing.F) {
	f.Add([]byte{3, 0x88, 0xC6, 0xFA}, uint8(3), uint16(9))
	f.Add([]byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 1}, uint8(32), uint16(3))
	f.Fuzz(func(t *testing.T, data []byte, width uint8, n uint16) {
		h := newHybrid(data, int(width%33))
		out := make([]int32, n%5000)
		for range 4 {
			if !h.next(out) {
				return
			}
		}
	})
}

// A file that ends in the middle, or says what cannot be, is refused and nothing worse.
func TestRawPagesDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	whole := written(t, rng, 900, func(i int) typedCost { return oddCost(rng, i, 0) })
	for range 400 {
		data := bytes.Clone(whole)
		for range 1 + rng.IntN(4) {
			data[4+rng.IntN(len(data)*3/4)] = byte(rng.Uint32())
		}
		table, err := newParquetTable(bytes.NewReader(data), int64(len(data)), Limits{}.filled())
		if err != nil {
			continue
		}
		for {
			b, err := table.next()
			if err != nil {
				require.True(t, errors.Is(err, io.EOF) || errors.Is(err, ErrDamaged), "%v", err)
				break
			}
			b.free()
		}
		require.NoError(t, table.Close())
	}
}
