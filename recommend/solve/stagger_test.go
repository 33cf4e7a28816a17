package solve

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/bill"
)

func spanOf(t *testing.T, levels ...Level) Span {
	t.Helper()
	d, err := NewDemand(levels)
	require.NoError(t, err)
	return Span{d}
}

// The document's counter-example to deciding layer by layer: D = (1, 2, 1), two spans for 3, pay-as-you-go 2 (reference 1.2).
func TestStaggerIsNotDecidedByLayers(t *testing.T) {
	s := Stagger{Step: 1, Payg: 2, Spans: []Span{spanOf(t, Level{1, 1}), spanOf(t, Level{2, 1}), spanOf(t, Level{1, 1})},
		Starts: []Start{{0, 2, bill.Whole(3)}, {1, 3, bill.Whole(3)}}}
	q, err := s.Best()
	require.NoError(t, err)
	require.Equal(t, []int64{1, 1}, q)
	require.Equal(t, "6", s.Total(q).String())
	c, ok := s.Certify(q)
	require.True(t, ok)
	require.Zero(t, c.Bound.Cmp(c.Cost))
	_, ok = s.Certify([]int64{1, 0})
	require.False(t, ok, "7, the answer by layers, is not optimal")
}

// Of equal costs the smaller commitment: one that saves exactly what it costs is not bought.
func TestStaggerTakesTheSmallerCommitment(t *testing.T) {
	s := Stagger{Step: 1, Payg: 2, Spans: []Span{spanOf(t, Level{3, 2}), spanOf(t, Level{3, 2})},
		Starts: []Start{{0, 1, bill.Whole(4)}, {0, 2, bill.Whole(8)}, {1, 2, bill.Whole(3)}}}
	q, err := s.Best()
	require.NoError(t, err)
	require.Equal(t, []int64{0, 0, 3}, q)
}

// An owned reservation serves 2 of 3 units in the first span. Buying the two when it ends costs 2 x 6; buying them now costs 2 x 9 and
// serves nothing before.
func TestStaggerBuysWhenAnOwnedOneEnds(t *testing.T) {
	s := Stagger{Step: 1, Payg: 1, Spans: []Span{spanOf(t, Level{1, 10}), spanOf(t, Level{3, 20})},
		Starts: []Start{{0, 2, bill.Whole(9)}, {1, 2, bill.Whole(6)}}}
	q, err := s.Best()
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2}, q)
}

// Every quantity of every start, tried one by one, on random problems with fractional demand.
func TestStaggerAgainstEnumeration(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	n := 1500
	if testing.Short() {
		n = 300
	}
	for range n {
		s := randomStagger(t, r)
		q, err := s.Best()
		require.NoError(t, err)
		best, cost := everyQuantity(s, 4)
		require.Zero(t, s.Total(q).Cmp(cost), "%+v: %v at %s, enumeration %v at %s", s, q, s.Total(q), best, cost)
		require.LessOrEqual(t, s.commitment(q).Cmp(s.commitment(best)), 0, "%+v: %v, smaller %v", s, q, best)
		c, ok := s.Certify(q)
		require.True(t, ok)
		require.Zero(t, c.Bound.Cmp(cost))
		require.Zero(t, c.Relaxed.Cmp(cost), "prices %+v of %+v", c, s)
	}
}

func (s Stagger) commitment(q []int64) bill.Exact {
	sum := bill.Exact{}
	for j, start := range s.Starts {
		sum = sum.Add(start.Cost.Mul(bill.Whole(q[j])))
	}
	return sum
}

func randomStagger(t *testing.T, r *rand.Rand) Stagger {
	s := Stagger{Step: 1 + r.Int64N(3), Payg: 1 + r.Int64N(9)}
	for range 1 + r.IntN(4) {
		var levels []Level
		for range 1 + r.IntN(3) {
			levels = append(levels, Level{r.Int64N(1 + 3*s.Step), 1 + r.Int64N(6)})
		}
		span := spanOf(t, levels...)
		var err error
		span.Demand, err = span.Demand.Times(1+r.Int64N(5), 1+r.Int64N(5))
		require.NoError(t, err)
		s.Spans = append(s.Spans, span)
	}
	for range 1 + r.IntN(4) {
		from := r.IntN(len(s.Spans))
		s.Starts = append(s.Starts, Start{from, from + 1 + r.IntN(len(s.Spans)-from), bill.Frac(r.Int64N(120), 1+r.Int64N(4))})
	}
	return s
}

// everyQuantity tries every quantity up to most and returns the cheapest, of equal ones the smallest commitment.
func everyQuantity(s Stagger, most int64) (best []int64, cost bill.Exact) {
	q := make([]int64, len(s.Starts))
	for {
		total := s.Total(q)
		if order := total.Cmp(cost); best == nil || order < 0 || order == 0 && s.commitment(q).Cmp(s.commitment(best)) < 0 {
			best, cost = append([]int64(nil), q...), total
		}
		j := 0
		for ; j < len(q) && q[j] == most; j++ {
			q[j] = 0
		}
		if j == len(q) {
			return best, cost
		}
		q[j]++
	}
}
