package recommend

import (
	"encoding/binary"
	"math"
	"slices"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend/rightsize"
)

// atMargin values the hours of a machine in a pool, in micro-units a month: uncovered hours at the price by the hour, hours under
// reservations that are bought at what the last unit of them costs, and hours under idle ones at nothing (reference 1.8).
func (d *decision) atMargin(series []int64, rate float64, ratio int64) float64 {
	y, p := d.unitPrices()
	sum := 0.0
	for h, v := range y {
		value := v / float64(d.result.UnitRatio) * float64(ratio)
		if v == p {
			value = rate
		}
		sum += float64(series[h]) / demand.Full * value
	}
	return sum / 1e4 * float64(monthHours) / float64(max(1, d.result.Hours))
}

// unitPrices returns what one more unit costs in each hour of the window, in 1e-10, and the price by the hour. The last unit bought
// pays for itself in the hours in which it is used: they share its price, and no hour is worth more than by the hour.
func (d *decision) unitPrices() (y []float64, p float64) {
	if d.hourly != nil {
		return d.hourly, d.byHour
	}
	unit := float64(d.result.UnitRatio)
	row, _ := d.chosenRow()
	bought, cost := 0.0, 0.0
	for _, b := range row.Buy {
		bought += float64(b.Quantity) * float64(d.market.ratios[b.Size]) / unit
		cost += float64(d.totalOf(b).Micros) * 1e4 / float64(b.Term.Hours()) * float64(b.Quantity)
	}
	net := d.result.Demand.Stacked
	y, p = make([]float64, len(net)), d.unitPrice()*unit
	left, last := 0.0, []int{}
	if bought > 0 {
		left = cost / bought * float64(d.result.Hours)
	}
	for h, v := range net {
		switch used := float64(v) / demand.Full; {
		case slices.Contains(d.pool.Gaps, h/24):
		case used > bought:
			y[h] = p
			left -= p
		case bought > 0 && used > bought-1:
			last = append(last, h)
		}
	}
	for _, h := range last {
		y[h] = max(0, min(p, left/float64(len(last))))
	}
	d.hourly, d.byHour = y, p
	return y, p
}

// hoursOf returns the hours of a subject, asked for again and again; machines that run alike share them.
func (s *sizing) hoursOf(one *subject) []int64 {
	if s.hours == nil {
		s.hours, s.alike = map[*subject][]int64{}, map[string][]int64{}
	}
	series, ok := s.hours[one]
	if !ok {
		series = one.series(s.in.Analysis)
		key := []byte{}
		for _, v := range series {
			key = binary.AppendVarint(key, v)
		}
		if known := s.alike[string(key)]; known != nil {
			series = known
		} else {
			s.alike[string(key)] = series
		}
		s.hours[one] = series
	}
	return series
}

// worth is what the change of a machine frees at the margin of the pools that it leaves and enters, half way between both plans.
func (s *sizing) worth(one *subject, action rightsize.Action, to catalog.Size, before, after *trial) float64 {
	at := one.place()
	series := s.hoursOf(one)
	if series == nil {
		return 0
	}
	if action != rightsize.Resize {
		series = one.freed(action, s.in)
	}
	value := func(size catalog.Size) float64 {
		pool := poolAt{totalKey{at.customer, at.currency}, poolName(at.region, size)}
		p, _ := s.tariff.compute(place{at.customer, at.currency, at.region, size})
		ratio := int64(100)
		if group, ok := size.Group(); ok {
			ratio = group.Ratio
		}
		sum, n := 0.0, 0.0
		for _, t := range []*trial{before, after} {
			if d := t.pools[pool]; d != nil && d.low != nil {
				sum, n = sum+d.atMargin(series, float64(p.rate), ratio), n+1
			}
		}
		return sum / max(1, n)
	}
	freed := value(one.first.Size)
	if to != "" {
		freed -= value(to)
	}
	return freed
}

// spread makes parts that are near estimates and add up to a total exactly. Where no part and not the total is negative, all are scaled
// alike, so that none becomes negative; else what the estimates lack is shared out by their size.
func spread(total int64, estimates []float64) []int64 {
	sum, all := 0.0, 0.0
	for _, e := range estimates {
		sum, all = sum+e, all+math.Abs(e)
	}
	scale, lack := 1.0, 0.0
	switch {
	case total >= 0 && sum > 0 && sum == all:
		scale = float64(total) / sum
	case all > 0:
		lack = (float64(total) - sum) / all
	default:
		lack = float64(total) / float64(max(1, len(estimates)))
	}
	parts := make([]int64, len(estimates))
	exact, done := 0.0, int64(0)
	for i, e := range estimates {
		if all > 0 {
			exact += e*scale + math.Abs(e)*lack
		} else {
			exact += lack
		}
		upTo := int64(math.Round(exact))
		if i == len(parts)-1 {
			upTo = total
		}
		parts[i], done = upTo-done, upTo
	}
	return parts
}
