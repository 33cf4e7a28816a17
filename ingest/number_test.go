package ingest

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/ingest/dialect"
)

func TestWholeNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 999_999_999_999_999_999).Draw(t, "n")
		v, ok := whole([]byte(strconv.FormatInt(n, 10)))
		if !ok || v != n {
			t.Fatalf("%d: %d %v", n, v, ok)
		}
	})
	for _, bad := range []string{"", "1.5", "12345678x", "x2345678", "1234567:", "1234567/", "-12345678", "1234567890123456789"} {
		_, ok := whole([]byte(bad))
		require.False(t, ok, bad)
	}
}

func TestHundredthsEqualTheExactWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := fmt.Sprintf("%d.%0*d", rapid.IntRange(0, 9999).Draw(t, "whole"), rapid.IntRange(1, 6).Draw(t, "places"), rapid.IntRange(0, 999999).Draw(t, "fraction"))
		got, ok := hundredths([]byte(text), '.')
		d, err := dialect.ParseDecimal([]byte(text), '.')
		if err != nil || !ok {
			t.Fatalf("%s: %v %v", text, err, ok)
		}
		want, err := d.HalfUp(2)
		if err != nil || want != int64(got) {
			t.Fatalf("%s: %d, want %d: %v", text, got, want, err)
		}
	})
}

func TestGrains(t *testing.T) {
	for text, want := range map[string]int64{"300": 300, "PT5M": 300, "PT1H": 3600, "P1D": 86400, "5m": 300, "1h30m": 5400, "00:05:00": 300, "x": 0, "": 0, "1.5": 0, "5 apples": 0} {
		require.Equal(t, want, grainOf([]byte(text)), text)
	}
}

func TestLocales(t *testing.T) {
	for tag, want := range map[string]struct {
		mark  byte
		order dialect.Order
	}{"en-US": {'.', dialect.MonthFirst}, "de_DE": {',', dialect.DayFirst}, "en-GB": {'.', dialect.DayFirst}, "fr-CH": {'.', dialect.DayFirst}, "en-ZA": {',', dialect.DayFirst}, "": {0, 0}} {
		mark, order, err := localeOf(tag)
		require.NoError(t, err)
		require.Equal(t, want.mark, mark, tag)
		require.Equal(t, want.order, order, tag)
	}
	_, _, err := localeOf("german!")
	require.ErrorContains(t, err, "not a language tag")
}
