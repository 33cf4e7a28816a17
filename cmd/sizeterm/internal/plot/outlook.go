package plot

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"

	"sizeterm/pricing"
	"sizeterm/recommend"
)

// Fan draws the demand of the weeks behind and the range of the futures ahead, with what is to be bought for as long as it runs; ok is
// false where the pool has no forecast.
func Fan(pool *recommend.Pool) (pic Picture, ok bool) {
	o := pool.Outlook
	if o == nil || len(o.Bands) < 5 || len(o.Bands[0]) == 0 {
		return pic, false
	}
	p := newPlot("months from today", fmt.Sprintf("mean use of a week, in %s", short(pool.UnitSize)))
	behind := min(len(o.History), 52)
	history := o.History[len(o.History)-behind:]
	const month = 730.0 / 168
	x := make([]float64, len(o.Bands[0]))
	high := 1.0
	for w := range x {
		x[w] = (float64(w) + 0.5) / month
		high = max(high, o.Bands[4][w])
	}
	pale, strong := color.NRGBA{0xcf, 0xe6, 0xf5, 0xff}, color.NRGBA{0x9c, 0xcd, 0xed, 0xff}
	p.Add(band{x, o.Bands[0], o.Bands[4], pale}, band{x, o.Bands[1], o.Bands[3], strong}, grid{}, path{x, o.Bands[2], solid(sky, 1.6)})
	for _, run := range runs(history) {
		line := path{style: solid(ink, 1.8)}
		for w := run[0]; w < run[1]; w++ {
			line.x, line.y = append(line.x, (float64(w-behind)+0.5)/month), append(line.y, history[w])
			high = max(high, history[w])
		}
		p.Add(line)
	}
	pic = Picture{Name: "outlook", Title: "How long the demand lasts: " + group(pool), plot: p, subtitle: lastsWords(pool),
		legend: []key{{label: "used", color: ink, line: true}, {label: "middle future", color: sky, line: true}, {label: "half of the futures", color: strong}, {label: "nine of ten", color: pale}}}
	pic.Alt = pic.subtitle
	below := 0.0
	for _, term := range []pricing.Term{pricing.ThreeYear, pricing.OneYear} {
		units, words := bought(pool, term)
		if units <= 0 {
			continue
		}
		below += units
		high = max(high, below)
		c := blue
		if term == pricing.OneYear {
			c = orange
		}
		p.Add(path{[]float64{0, float64(12 * term.Years())}, []float64{below, below}, solid(c, 2.6)})
		pic.legend = append(pic.legend, key{label: words, color: c, line: true})
		pic.Alt += " For " + words + "."
	}
	if owned := ownedUnits(pool); owned > 0 {
		pic.subtitle += fmt.Sprintf(" Purchases come on top of %s owned.", number(owned))
	}
	p.Add(upright{x: 0, style: dashed(grey, 1)})
	var ticks labels
	for m := -60; m <= 36; m += 6 {
		tick := plot.Tick{Value: float64(m)}
		if m%12 == 0 {
			tick.Label = fmt.Sprint(m)
		}
		if tick.Value >= -float64(behind)/month {
			ticks = append(ticks, tick)
		}
	}
	p.X.Tick.Marker = ticks
	p.X.Min, p.X.Max = math.Min(-float64(behind)/month, -1), 36
	p.Y.Min, p.Y.Max = 0, 1.08*high
	return pic, true
}

// ownedUnits is what the reservations owned cover, in units of the pool.
func ownedUnits(pool *recommend.Pool) float64 {
	units := 0.0
	for _, e := range pool.Existing {
		units += float64(e.Quantity) * weight(pool, e.Size)
	}
	return units
}

// runs returns the stretches of known weeks.
func runs(weeks []float64) (out [][2]int) {
	for w := 0; w < len(weeks); w++ {
		if math.IsNaN(weeks[w]) {
			continue
		}
		from := w
		for w < len(weeks) && !math.IsNaN(weeks[w]) {
			w++
		}
		out = append(out, [2]int{from, w})
	}
	return out
}

// lastsWords says how much of today's demand is expected later.
func lastsWords(pool *recommend.Pool) string {
	l := pool.Persistence.Lasts
	return fmt.Sprintf("Of today's use %s, %s and %s are expected after one, two and three years; growth is not counted.", percent(l[0]), percent(l[1]), percent(l[2]))
}

// bins is how many bars a distribution has.
const bins = 40

// Chances draws how often the pool's purchases save how much over the futures, losses in another colour; ok is false where the pool has
// no forecast or nothing is bought.
func Chances(pool *recommend.Pool) (pic Picture, ok bool) {
	if pool.Outlook == nil || len(pool.Outlook.Savings) < 2 {
		return pic, false
	}
	savings := pool.Outlook.Savings
	low, high := units(savings[0]), units(savings[len(savings)-1])
	span := max(high-low, 1e-9)
	p := newPlot("saving a month, "+string(pool.Currency), "share of futures")
	p.Y.Tick.Marker = percentTicks{}
	bars := histogram{from: low, width: span / bins, share: make([]float64, bins)}
	lost, sum := 0, 0.0
	for _, s := range savings {
		v := units(s)
		sum += v
		if v < 0 {
			lost++
		}
		bars.share[min(bins-1, int((v-low)/span*bins))] += 1 / float64(len(savings))
	}
	top := 0.0
	for _, s := range bars.share {
		top = max(top, s)
	}
	n := len(savings)
	p5, p95 := savings[max(0, (n*5+99)/100-1)], savings[max(0, (n*95+99)/100-1)]
	p.Add(grid{}, bars)
	p.Add(upright{x: units(p5), row: 0, label: "5th percentile", style: dashed(muted, 1)}, upright{x: sum / float64(n), row: 1, label: "mean", style: solid(ink, 1.2)},
		upright{x: units(p95), row: 0, label: "95th percentile", style: dashed(muted, 1)})
	p.X.Min, p.X.Max = low-0.02*span, high+0.02*span
	p.Y.Min, p.Y.Max = 0, min(1.02, 1.2*top)
	words := fmt.Sprintf("Saving of this pool's purchases in %d futures: %s %s a month on average, from %s (5th percentile) to %s (95th); %s lose.",
		n, whole(sum/float64(n)), pool.Currency, whole(units(p5)), whole(units(p95)), percent(float64(lost)/float64(n)))
	return Picture{Name: "chances", Title: "What the purchases may save: " + group(pool), plot: p, subtitle: words, Alt: words,
		legend: []key{{label: "saves", color: blue}, {label: "loses", color: red}}}, true
}

// histogram draws bars of equal width; those wholly below zero are losses.
type histogram struct {
	from, width float64
	share       []float64
}

// Plot fills the bars.
func (h histogram) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for i, share := range h.share {
		x0, x1 := h.from+float64(i)*h.width, h.from+float64(i+1)*h.width
		fill := color.Color(blue)
		if (x0+x1)/2 < 0 {
			fill = red
		}
		c.FillPolygon(fill, rectangle(tx(x0), ty(0), tx(x1)-0.8, ty(share)))
	}
}

// Flip draws what a unit in use all the time is expected to save under each term as the assumed loss of demand grows, with the loss that
// was assumed and the one at which the choice turns; ok is false where the terms cannot be compared.
func Flip(pool *recommend.Pool) (pic Picture, ok bool) {
	if pool.Outlook == nil || len(pool.Outlook.Flip) < 2 {
		return pic, false
	}
	p := newPlot("share of the demand that ends each month", "expected saving a month of one "+short(pool.UnitSize)+", "+string(pool.Currency))
	one, three := path{style: solid(sky, 2.2)}, path{style: solid(blue, 2.2)}
	low, high := 0.0, 0.0
	var ticks labels
	for _, f := range pool.Outlook.Flip {
		one.x, one.y = append(one.x, f.MonthlyLoss), append(one.y, units(f.OneYear))
		three.x, three.y = append(three.x, f.MonthlyLoss), append(three.y, units(f.ThreeYear))
		low, high = min(low, units(f.OneYear), units(f.ThreeYear)), max(high, units(f.OneYear), units(f.ThreeYear))
		tick := plot.Tick{Value: f.MonthlyLoss}
		if n := math.Round(f.MonthlyLoss * 1000); math.Mod(n, 20) == 0 {
			tick.Label = fmt.Sprintf("%.0f %%", n/10)
		}
		ticks = append(ticks, tick)
	}
	p.X.Tick.Marker = ticks
	p.X.Min, p.X.Max = 0, one.x[len(one.x)-1]
	p.Y.Min, p.Y.Max = 1.08*low, max(1.12*high, 0.01)
	p.Add(grid{}, zeroLine{}, one, three)
	assumed := pool.Persistence.MonthlyLoss
	p.Add(upright{x: assumed, row: 0, label: "assumed: " + percent(assumed), style: solid(ink, 1.2)})
	words := fmt.Sprintf("At %s a month", percent(assumed))
	if at := pool.Persistence.FlipsAt; at.Has {
		p.Add(upright{x: at.Value, row: 1, label: "turns: " + percent(at.Value), style: dashed(red, 1.4)})
		if assumed < at.Value {
			words += " three years are expected to save more; from " + percent(at.Value) + " on one year, renewed while the demand lasts."
		} else {
			words += " one year, renewed while the demand lasts, is expected to save more; below " + percent(at.Value) + " three years."
		}
	} else {
		words += " one term is the better one whatever ends."
	}
	return Picture{Name: "flip", Title: "One year or three: " + group(pool), plot: p, subtitle: words, Alt: words,
		legend: []key{{label: "three years", color: blue, line: true}, {label: "one year, renewed", color: sky, line: true}}}, true
}
