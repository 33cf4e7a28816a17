package recommend_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend"
)

// BenchmarkRecommend is 50 pools of 12 members whose hours are all different, exact and not, over four weeks and a year.
func BenchmarkRecommend(b *testing.B) {
	for _, hours := range []int{672, 8760} {
		for _, exact := range []bool{true, false} {
			b.Run(fmt.Sprintf("hours=%d/exact=%v", hours, exact), func(b *testing.B) {
				in := manyPools(b, 50, hours, exact)
				b.ResetTimer()
				for range b.N {
					_, err := recommend.Recommend(in)
					require.NoError(b, err)
				}
			})
		}
	}
}

func manyPools(b *testing.B, pools, hours int, exact bool) recommend.Input {
	random := rand.New(rand.NewPCG(7, 7))
	tariffs := book(b, d2s, tariff{"Standard_D4s_v5", "0.20", "1051.20", "2102.40"}, tariff{"Standard_D8s_v5", "0.40", "2102.40", "4204.80"})
	var in recommend.Input
	for p := range pools {
		var members []analyzer.Member
		for range 12 {
			size := []catalog.Size{"Standard_D2s_v5", "Standard_D4s_v5", "Standard_D8s_v5"}[random.IntN(3)]
			series := make([]int64, hours)
			for h := range series {
				series[h] = int64(random.IntN(5))
			}
			m := member(size, series)
			if !exact {
				m.Series.Stacked = append([]int64(nil), m.Series.Flat...)
				for h := range m.Series.Flat {
					m.Series.Flat[h] += int64(random.IntN(demand.Full))
				}
			}
			members = append(members, m)
		}
		one := input(b, tariffs, members...)
		one.Analysis.Pools[0].Exact = exact
		one.Analysis.Pools[0].Customer = fmt.Sprintf("c%02d", p)
		if p == 0 {
			in = one
			continue
		}
		in.Analysis.Pools = append(in.Analysis.Pools, one.Analysis.Pools[0])
	}
	return in
}
