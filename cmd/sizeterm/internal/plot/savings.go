package plot

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"sizeterm/pricing"
	"sizeterm/recommend"
)

// Savings draws the saving of the window against the quantity bought, for each term, with the best quantity of each and
// what Microsoft's own rule recommends; ok is false where the pool has no curve.
func Savings(pool *recommend.Pool, reference []recommend.Reference) (pic Picture, ok bool) {
	p := newPlot(fmt.Sprintf("quantity, in %s", short(pool.UnitSize)), "saving in these hours, "+string(pool.Currency))
	p.X.Tick.Marker = countTicks{}
	p.Add(grid{}, zeroLine{})
	pic = Picture{
		Name: "savings", Title: "Saving against quantity: " + group(pool), plot: p,
		subtitle: fmt.Sprintf("Saving of the %s hours looked at against pay-as-you-go, one term bought alone.", number(float64(pool.Hours))),
	}
	reach := reach{}
	for _, term := range []pricing.Term{pricing.ThreeYear, pricing.OneYear} {
		points := pool.Curve[term]
		if len(points) < 2 {
			continue
		}
		ok = true
		c := blue
		if term == pricing.OneYear {
			c = sky
		}
		best := drawCurve(p, points, c, &reach)
		p.Add(point{x: float64(best.Quantity), y: major(best), label: fmt.Sprintf("best: %d, saves %s", best.Quantity, whole(major(best))), color: c})
		pic.legend = append(pic.legend, key{label: years(term), color: c, line: true})
		pic.Alt += fmt.Sprintf("%s: best at %d, saving %s %s. ", years(term), best.Quantity, best.Saving.Round(), pool.Currency)
		if q, found := theirs(pool, term, reference); found {
			p.Add(diamond{x: q, y: at(points, q), label: "Microsoft's rule: " + number(q), color: c})
			pic.Alt += fmt.Sprintf("Microsoft's rule buys %s. ", number(q))
		}
	}
	reach.set(p)
	return pic, ok
}

// drawCurve draws one curve and returns its best point: the highest saving, the smaller quantity of equal ones.
func drawCurve(p *plot.Plot, points []recommend.Point, c color.Color, r *reach) recommend.Point {
	best := points[0]
	var line path
	for _, place := range thinPoints(points) {
		line.x, line.y = append(line.x, float64(place.Quantity)), append(line.y, major(place))
		r.add(float64(place.Quantity), major(place))
		if place.Saving.Micros > best.Saving.Micros {
			best = place
		}
	}
	line.style = solid(c, 2)
	p.Add(line)
	return best
}

// thinPoints keeps at most maxPoints of a curve, the best one among them.
func thinPoints(points []recommend.Point) []recommend.Point {
	savings := make([]int64, len(points))
	for i := range points {
		savings[i] = points[i].Saving.Micros
	}
	var out []recommend.Point
	for _, i := range thin(savings, maxPoints) {
		out = append(out, points[i])
	}
	return out
}

// major is the saving of a point in whole units of its currency, to be drawn.
func major(p recommend.Point) float64 { return float64(p.Saving.Micros) / 1e6 }

// at is the saving of a curve at quantity q, between its points on a straight line.
func at(points []recommend.Point, q float64) float64 {
	for i := 1; i < len(points); i++ {
		x0, x1 := float64(points[i-1].Quantity), float64(points[i].Quantity)
		if q <= x1 && x1 > x0 {
			share := max(0, (q-x0)/(x1-x0))
			return major(points[i-1]) + share*(major(points[i])-major(points[i-1]))
		}
	}
	return major(points[len(points)-1])
}

// theirs is the quantity that Microsoft's rule recommends for the pool and term, in units of the pool: of the longest
// lookback, summed over the sizes of the pool.
func theirs(pool *recommend.Pool, term pricing.Term, reference []recommend.Reference) (units float64, found bool) {
	longest := 0
	for i := range reference {
		r := &reference[i]
		if r.Term != term || r.Customer != pool.Customer || r.Region != pool.Region || r.Currency != pool.Currency || !inPool(pool, r) {
			continue
		}
		if r.LookbackDays > longest {
			longest, units = r.LookbackDays, 0
		}
		if r.LookbackDays == longest {
			units += float64(r.Quantity) * weight(pool, r.Size)
			found = true
		}
	}
	return units, found
}

// inPool reports whether a recommendation is about a size of the pool.
func inPool(pool *recommend.Pool, r *recommend.Reference) bool {
	if !pool.Flexible {
		return string(r.Size) == pool.Group || r.Size == pool.UnitSize
	}
	g, ok := r.Size.Group()
	return ok && g.Name == pool.Group
}

// reach gathers how far curves go.
type reach struct {
	x, low, high float64
}

func (r *reach) add(x, y float64) {
	r.x, r.low, r.high = max(r.x, x), min(r.low, y), max(r.high, y)
}

// set gives a plot the room of the curves; a curve that falls far below zero is cut where it has long lost.
func (r *reach) set(p *plot.Plot) {
	high := max(r.high*1.18, 1)
	p.X.Min, p.X.Max = 0, max(r.x, 1)
	p.Y.Min, p.Y.Max = max(r.low*1.05, -0.6*high), high
}

// zeroLine marks the height from which a purchase loses money.
type zeroLine struct{}

// Plot strokes the line.
func (zeroLine) Plot(c draw.Canvas, p *plot.Plot) {
	_, ty := p.Transforms(&c)
	c.StrokeLine2(solid(grey, 1), c.Min.X, ty(0), c.Max.X, ty(0))
}

// diamond marks a place of someone else's choice.
type diamond struct {
	x, y  float64
	label string
	color color.Color
}

// Plot draws the mark if it is on the canvas.
func (d diamond) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	x, y := tx(d.x), ty(d.y)
	if x > c.Max.X+1 || y < c.Min.Y-1 {
		return
	}
	corners := func(r vg.Length) []vg.Point {
		return []vg.Point{{X: x - r, Y: y}, {X: x, Y: y + r}, {X: x + r, Y: y}, {X: x, Y: y - r}}
	}
	c.FillPolygon(ink, corners(6))
	c.FillPolygon(d.color, corners(4))
	align := -0.5
	half := style(9, ink).Width(d.label) / 2
	switch {
	case x+half > c.Max.X:
		align = -1
	case x-half < c.Min.X:
		align = 0
	}
	haloed(c, vg.Point{X: x, Y: y - 9}, d.label, align, -1)
}
