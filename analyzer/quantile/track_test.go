package quantile_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/analyzer/quantile"
)

// entry is a value in a segment.
type entry struct{ segment, value uint16 }

func trackOf(entries []entry) *quantile.Track {
	t := &quantile.Track{}
	for _, e := range entries {
		t.Add(e.segment, e.value)
	}
	return t
}

func contents(t *quantile.Track) map[uint16][]uint16 {
	out := map[uint16][]uint16{}
	t.Each(func(segment uint16, values []uint16) { out[segment] = slices.Clone(values) })
	return out
}

func drawEntries(t *rapid.T) []entry {
	out := make([]entry, rapid.SampledFrom([]int{0, 1, 5, 300, 3000}).Draw(t, "n"))
	segments := rapid.SampledFrom([]uint32{1, 3, 40}).Draw(t, "segments")
	top := rapid.SampledFrom([]uint32{1, 2, 700, 65_536}).Draw(t, "top")
	seed, bend := rapid.Uint32().Draw(t, "seed"), rapid.IntRange(0, 2).Draw(t, "bend")
	for i := range out {
		seed = seed*1664525 + 1013904223
		v := uint64(seed>>8) % uint64(top)
		if bend > 0 { // most are low, or high
			v = v * v / uint64(top) * v / uint64(top)
		}
		if bend > 1 {
			v = uint64(top) - 1 - v
		}
		out[i] = entry{uint16(seed >> 20 % segments), uint16(v)}
	}
	if rapid.Bool().Draw(t, "inOrder") {
		slices.SortStableFunc(out, func(a, b entry) int { return int(a.segment) - int(b.segment) })
	}
	return out
}

func TestTrackKeepsEveryValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := drawEntries(t)
		track, want := trackOf(entries), map[uint16][]uint16{}
		for _, e := range entries {
			want[e.segment] = append(want[e.segment], e.value)
		}
		for _, values := range want {
			slices.Sort(values)
		}
		require.Equal(t, len(entries) == 0, track.Empty())
		require.Equal(t, want, contents(track))
		track.Seal()
		require.Equal(t, want, contents(track), "sealing loses nothing")
		track.Add(2, 9)
		require.Contains(t, contents(track)[2], uint16(9), "adding after sealing")
	})
}

func code(t require.TestingT, track *quantile.Track) []byte {
	out, err := track.MarshalBinary()
	require.NoError(t, err)
	return out
}

func TestTrackBytesDoNotDependOnOrderOrMerges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := drawEntries(t)
		want := code(t, trackOf(entries))
		cut := rapid.IntRange(0, len(entries)).Draw(t, "cut")
		segments := make([]uint16, 64)
		for i := range segments {
			segments[i] = uint16(i)
		}
		merged := trackOf(entries[cut:])
		merged.Merge(trackOf(entries[:cut]), segments)
		require.Equal(t, want, code(t, merged))
		slices.Reverse(entries)
		require.Equal(t, want, code(t, trackOf(entries)))
		var back quantile.Track
		require.NoError(t, back.UnmarshalBinary(want))
		require.Equal(t, want, code(t, &back))
	})
}

func TestTrackMergeRenamesSegments(t *testing.T) {
	a, b := trackOf([]entry{{0, 5}}), trackOf([]entry{{0, 6}, {1, 7}})
	a.Merge(b, []uint16{1, 0})
	require.Equal(t, map[uint16][]uint16{0: {5, 7}, 1: {6}}, contents(a))
	require.Equal(t, map[uint16][]uint16{0: {6}, 1: {7}}, contents(b), "the other stays as it was")
}

// A day of 5-minute values between 0 and 10 % takes about 130 bytes, a quarter of two bytes a value.
func TestTrackIsSmall(t *testing.T) {
	var track quantile.Track
	seed := uint32(1)
	for day := range uint16(30) {
		for range 288 {
			seed = seed*1664525 + 1013904223
			track.Add(day, uint16((seed>>8)%1000))
		}
	}
	track.Seal()
	require.LessOrEqual(t, track.Bytes(), 30*145)
	require.Greater(t, track.Bytes(), 30*100)
}

// By hand: 276 values between 0 and 15 and 12 of 9000. In one zone 4 bits of each are kept apart and 563 buckets are left (107 + 144 bytes);
// in two the lower has 16 buckets and no more bits (37), the upper, from 16 on, 18 buckets and 9 bits each (4 + 14), and they say of
// themselves what takes 8 bytes. The other way round the lower zone ends at 8984, and the head takes 9.
func TestTrackOfFewFarAway(t *testing.T) {
	for _, turned := range []bool{false, true} {
		var track quantile.Track
		var want []uint16
		for i := range 288 {
			v, far := uint16(i%16), i%24 == 23
			if far {
				v = 9000
			}
			if turned {
				v = 9000 - v
			}
			want = append(want, v)
		}
		track.Put(0, want)
		track.Seal()
		slices.Sort(want)
		require.Equal(t, map[uint16][]uint16{0: want}, contents(&track))
		require.Equal(t, map[bool]int{false: 8 + 37 + 18, true: 9 + 37 + 18}[turned], track.Bytes())
	}
}

func FuzzTrack(f *testing.F) {
	f.Add([]byte{2})
	f.Add(code(f, trackOf([]entry{{0, 1}, {0, 9}, {3, 65_535}})))
	f.Add(code(f, trackOf([]entry{{0, 0}, {0, 65_535}, {0, 65_535}})))
	var far []entry
	for i := range uint16(40) {
		far = append(far, entry{1, i % 4 * (i / 30 * 2000)}, entry{2, 65_535 - i*i*i})
	}
	f.Add(code(f, trackOf(far)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var track quantile.Track
		if err := track.UnmarshalBinary(data); err != nil {
			require.ErrorIs(t, err, quantile.ErrDamaged)
			return
		}
		require.Equal(t, data, code(t, &track), "what is accepted is canonical")
	})
}

// Values that stand on a page of somebody else count as added ones do: beside these, merged into another track while the first goes on,
// and packed.
func TestTrackCountsLentValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := drawEntries(t)
		page, lender, adder := &quantile.Page{}, &quantile.Track{}, &quantile.Track{}
		for at := 0; at < len(entries); {
			n := 1
			for at+n < len(entries) && entries[at+n].segment == entries[at].segment {
				n++
			}
			for i, e := range entries[at : at+n] {
				page[at+i] = e.value
				adder.Add(e.segment, e.value)
			}
			if segment := entries[at].segment; n%3 == 1 {
				lender.Put(segment, page[at:at+n])
			} else {
				lender.Lend(segment, page, uint16(at), uint16(n))
			}
			at += n
		}
		before, same := *page, make([]uint16, 40)
		for i := range same {
			same[i] = uint16(i)
		}
		merged := &quantile.Track{}
		for range 2 {
			merged.Merge(lender, same)
		}
		require.Equal(t, adder.Empty(), lender.Empty())
		count := map[uint16]int{}
		lender.Parts(func(segment uint16, values []uint16) { count[segment] += len(values) })
		want := contents(adder)
		for segment, values := range want {
			require.Equal(t, len(values), count[segment])
		}
		require.Len(t, count, len(want))
		require.Equal(t, want, contents(lender))
		lender.Add(1, 7)
		twice := contents(merged)
		require.Len(t, twice, len(want))
		for segment, values := range want {
			require.Equal(t, slices.Sorted(slices.Values(append(slices.Clone(values), values...))), twice[segment])
		}
		require.Equal(t, before, *page, "nobody writes on the page")
	})
}
