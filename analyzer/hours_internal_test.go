package analyzer

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// anyHours returns the cells of a day: of a machine that never stops, one that was measured for parts of the day, sums and quarters that
// are at their top, hours without a highest value, or anything else.
func anyHours(dice *rand.Rand) (out hoursOfDay) {
	kind, base := dice.IntN(6), dice.IntN(1<<15)
	for h := range out {
		c := hourCell{uint16(base + dice.IntN(900)), uint8(dice.IntN(200)), 240}
		switch {
		case kind == 1:
			c.high = noMaximum
		case kind == 2 && h < 9, kind == 3:
			c = hourCell{}
		case kind == 4:
			c = hourCell{uint16(dice.IntN(1 << 16)), uint8(dice.IntN(256)), uint8(dice.IntN(256))}
		case kind == 5 && h%5 == 0:
			c = hourCell{1<<16 - 1, noMaximum - 1, 255}
		}
		out[h] = c
	}
	return out
}

func daysIn(each func(func(*loadedDay))) (out []loadedDay) {
	each(func(d *loadedDay) { out = append(out, *d) })
	return out
}

// Whatever comes in whatever order, packed in between or not and merged from parts, a day is the sum of its cells; packed bytes depend
// on the days alone.
func TestPackedHoursAreTheCells(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 2026))
	for round := range 500 {
		rows := make([]loadedDay, dice.IntN(40))
		span := [...]int32{3, 9, 300, 80_000}[dice.IntN(4)]
		for i := range rows {
			rows[i] = loadedDay{dice.Int32N(span), anyHours(dice)}
		}
		if round%3 == 0 {
			slices.SortStableFunc(rows, func(x, y loadedDay) int { return int(x.day - y.day) })
		}
		var want []loadedDay
		var parts [2]loads
		cut := dice.IntN(len(rows) + 1)
		for i := range rows {
			row := &rows[i]
			at, found := slices.BinarySearchFunc(want, row.day, func(d loadedDay, day int32) int { return int(d.day - day) })
			if !found {
				want = slices.Insert(want, at, loadedDay{day: row.day})
			}
			want[at].hours.plus(&row.hours)
			part := &parts[0]
			if i >= cut {
				part = &parts[1]
			}
			part.on(row.day).plus(&row.hours)
			if dice.IntN(10) == 0 {
				part.tidy(nil)
			}
		}
		var merged, sorted loads
		for i := range parts {
			parts[i].each(func(d *loadedDay) { merged.on(d.day).plus(&d.hours) })
		}
		for i := range want {
			*sorted.on(want[i].day) = want[i].hours
		}
		require.Equal(t, want, daysIn(merged.each))
		merged.tidy(nil)
		sorted.tidy(nil)
		require.Equal(t, want, daysIn(merged.each))
		require.Equal(t, sorted.packed.bytes, merged.packed.bytes)
		from, without := dice.Int32N(9), dice.Int32N(9)
		checkThose(t, &merged.packed, want, func(day int32) bool { return day >= from && day != without })
	}
}

// checkThose takes some of the days, and more of them, which must not change the machine's own.
func checkThose(t *testing.T, packed *packedDays, days []loadedDay, accept func(int32) bool) {
	some := packed.those(accept)
	want := slices.DeleteFunc(slices.Clone(days), func(d loadedDay) bool { return !accept(d.day) })
	if got := daysIn(some.each); len(got)+len(want) > 0 {
		require.Equal(t, want, got)
	}
	require.Equal(t, len(want), some.count())
	some.append(&loadedDay{day: 99_999})
	require.Equal(t, days, daysIn(packed.each))
}

// A day of a machine that never stops takes half of its cells, by hand: 1 byte from the day before and 6 of head, 10 bits of each sum
// that differ by up to 1000 (30 bytes), 4 of each highest value that differ by up to 15 (12 bytes), none of the quarters.
func TestPackedHoursAreSmall(t *testing.T) {
	var l loads
	for day := range int32(31) {
		hours := l.on(day)
		for h := range hours {
			hours[h] = hourCell{uint16(3000 + 1000*(h%2)), uint8(30 + h%16), 240}
		}
	}
	l.tidy(nil)
	require.Len(t, l.packed.bytes, 31*(1+6+30+12))
}
