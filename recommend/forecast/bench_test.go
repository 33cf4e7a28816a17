package forecast_test

import (
	"testing"

	"sizeterm/recommend/forecast"
)

func bench(b *testing.B) ([]forecast.Pool, *forecast.Portfolio) {
	var pools []forecast.Pool
	for i := range 200 {
		pools = append(pools, fleet(kinds[i%len(kinds)], uint64(i), 91))
	}
	pf, err := forecast.NewPortfolio(pools, forecast.DefaultPolicy())
	if err != nil {
		b.Fatal(err)
	}
	return pools, pf
}

// BenchmarkFan draws 200 paths of 36 months for 200 pools; the target is 2 s.
func BenchmarkFan(b *testing.B) {
	pools, pf := bench(b)
	for b.Loop() {
		for i := range pools {
			if _, err := pf.Fan(&pools[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkDecide draws and decides.
func BenchmarkDecide(b *testing.B) {
	pools, pf := bench(b)
	for b.Loop() {
		for i := range pools {
			f, err := pf.Fan(&pools[i])
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.Decide(forecast.Terms{OneYear: true, ThreeYear: true}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
