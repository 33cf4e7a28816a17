// Package solve finds how much to buy, exactly, and proves it.
//
// # Kernels of one pool
//
// The product plans pool by pool. A pool is a Demand (hours at each number of units, already net of existing reservations hour by hour)
// and prices; the kernels answer with whole quantities of one kernel step:
//
//	Pool               one term, equal prices per unit           newsvendor, O(log) after one sort of the hours
//	Horizon            one and three years, renewals as recourse one search over the three-year quantity
//	BestCover          sizes whose prices are not proportional   covering knapsack, every quantity
//	Horizon.BestCover  the same with two terms                   every pair of quantities
//	Blend              prices per unit differ inside the pool    proportional optimum, [best, worst] beside it
//
// Units: the caller chooses what a unit is, and says in Step how many of them quantity 1 covers. For the product a unit is a millionth
// of ratio 1/100, units in an hour = Σ ratio x running micro-hours, and Step = ratio x 1 000 000 of the smallest size that can be
// bought; other sizes become Packs with ratio/smallest as their Ratio. Payg and Cost are the prices of that same quantity 1, in any
// integer money; Cost is for the whole span that the hours of the Demand stand for. So a year decided on a window of four weeks is
//
//	year, err := window.Times(8760, 672)                              // hours count as a year
//	p := solve.Pool{Demand: year, Step: step, Payg: hourly, Cost: total}
//	q, err := p.Best()                                                // p.Marginal(q-1) > threshold >= p.Marginal(q)
//
// and a year in which month m still has its demand with probability s[m] is Sum of window.Times(730 s[m], 672 den) over its months.
// Money and hours are integers, sums are 192 bits wide, nothing is rounded, and a result is an Exact of package bill. Ties buy less.
//
// Certificates: each of these costs is convex (or every quantity was tried), so neighbours prove the optimum and the gap is 0 by
// construction; Relaxed is the value of the dual prices, a bound that holds for fractional quantities and every coverage order.
//
// # Cases
//
// Case solves a whole resopt-case/1 problem, where scopes, staggered ranges, existing commitments, savings plans, sizes and rules are
// tied together; ReadCase and WriteSolution are its files. See Case for what it does and what it promises.
package solve
