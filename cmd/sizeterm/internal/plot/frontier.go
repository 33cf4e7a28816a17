package plot

import (
	"fmt"
	"slices"

	"sizeterm/recommend"
	"sizeterm/recommend/rightsize"
)

// mostOverload is the largest overload that the frontier shows, in percent of the measured time: beyond it nobody chooses.
const mostOverload = 2.0

// Frontier draws what a customer's machines could save a month, in sizes alone and by the hour, against the overload that each may have:
// the upper bound of the measured time in which a new size would have been too small. The mark is what the plan resizes. ok is false
// where nothing could be smaller.
func Frontier(plan *recommend.Plan, t *recommend.Total) (pic Picture, ok bool) {
	machines := frontiersOf(plan, t)
	steps := []float64{0}
	for _, f := range machines {
		for _, point := range f {
			if x := 100 * point.High; x <= mostOverload && point.Saving.Micros > 0 {
				steps = append(steps, x)
			}
		}
	}
	slices.Sort(steps)
	steps = slices.Compact(steps)
	p := newPlot("overload allowed to each machine, at most, % of the measured time", "saving a month by the hour, "+string(t.Currency))
	p.Add(grid{}, zeroLine{})
	var line path
	reach := reach{}
	last := 0.0
	for i, x := range append(steps, mostOverload) {
		sum := 0.0
		for _, f := range machines {
			best := int64(0)
			for _, point := range f {
				if 100*point.High <= x {
					best = max(best, point.Saving.Micros)
				}
			}
			sum += float64(best) / 1e6
		}
		if i > 0 { // a step: the saving is there from the overload on at which a size is allowed
			line.x, line.y = append(line.x, x), append(line.y, last)
		}
		line.x, line.y = append(line.x, x), append(line.y, sum)
		reach.add(x, sum)
		last = sum
	}
	if last == 0 {
		return pic, false
	}
	line.style = solid(blue, 2)
	p.Add(line)
	chosen, most, n := planned(plan, t)
	pic = Picture{
		Name: "sizes", Title: "Sizes: overload against saving", plot: p,
		subtitle: fmt.Sprintf("What %d machines could save if each took its cheapest size within an overload. Of the past; by the hour.", len(machines)),
		Alt:      fmt.Sprintf("Allowing %.3g %% of overload the machines could save %.0f %s a month by the hour; the plan resizes %d of them.", mostOverload, last, t.Currency, n),
	}
	if n > 0 {
		reach.add(most, chosen)
		p.Add(mark{x: most, y: chosen, label: fmt.Sprintf("this plan: %d resized, at most %.2f %%", n, most), color: blue, below: 14})
	}
	reach.set(p)
	p.X.Max = mostOverload
	return pic, true
}

// frontiersOf returns the frontier of each machine of a customer in one currency.
func frontiersOf(plan *recommend.Plan, t *recommend.Total) [][]recommend.FrontierPoint {
	var out [][]recommend.FrontierPoint
	for i := range plan.Sized {
		s := &plan.Sized[i]
		if s.Customer == t.Customer && len(s.Frontier) > 0 && s.Frontier[0].Saving.Currency == t.Currency {
			out = append(out, s.Frontier)
		}
	}
	return out
}

// planned returns what the plan's new sizes save by the hour, the most overload that one of them may have, in percent, and how many they are.
func planned(plan *recommend.Plan, t *recommend.Total) (saving, most float64, n int) {
	for i := range plan.Resizes {
		r := &plan.Resizes[i]
		if r.Customer != t.Customer || r.SavingMonth.Currency != t.Currency || r.Action != string(rightsize.Resize) || !r.OverloadKnown {
			continue
		}
		saving += float64(r.CostMonthBefore.Micros-r.CostMonthAfter.Micros) / 1e6
		most, n = max(most, 100*r.OverloadHigh), n+1
	}
	return saving, most, n
}
