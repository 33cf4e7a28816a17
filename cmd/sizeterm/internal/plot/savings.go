package plot

import (
	"fmt"
	"image/color"
	"sort"

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
	p.X.Tick.Marker = countTicks{whole: true}
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
		marks := []mark{{x: float64(best.Quantity), label: "best in hindsight"}}
		if units, _ := bought(pool, term); units > 0 {
			marks = append(marks, mark{x: units, label: "this plan"})
		}
		if units, found := theirs(pool, term, reference); found {
			marks = append(marks, mark{x: units, label: "Microsoft's rule"})
		}
		pic.Alt += fmt.Sprintf("%s: best in hindsight at %d, saving %s %s. ", years(term), best.Quantity, best.Saving.Round(), pool.Currency)
		for _, m := range placed(marks) {
			m.y, m.color = at(points, m.x), c
			p.Add(m)
			pic.Alt += m.label + ". "
		}
		pic.legend = append(pic.legend, key{label: years(term), color: c, line: true})
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
	p.X.Min, p.X.Max = 0, max(1.04*r.x, 1)
	p.Y.Min, p.Y.Max = max(r.low*1.05, -0.6*high), high
}

// zeroLine marks the height from which a purchase loses money.
type zeroLine struct{}

// Plot strokes the line.
func (zeroLine) Plot(c draw.Canvas, p *plot.Plot) {
	_, ty := p.Transforms(&c)
	c.StrokeLine2(solid(grey, 1), c.Min.X, ty(0), c.Max.X, ty(0))
}

// mark is a quantity that someone chose, a dot on a curve with words above or below it.
type mark struct {
	x, y  float64
	label string
	color color.Color
	below vg.Length // 0: above
}

// placed joins marks at the same quantity and places their words so that those of neighbours do not meet.
func placed(marks []mark) []mark {
	sort.SliceStable(marks, func(i, j int) bool { return marks[i].x < marks[j].x })
	var out []mark
	for _, m := range marks {
		if n := len(out); n > 0 && out[n-1].x == m.x {
			out[n-1].label += ", " + m.label
			continue
		}
		out = append(out, m)
	}
	for i := range out {
		out[i].label += ": " + number(out[i].x)
		if i < len(out)-1 {
			out[i].below = vg.Length(9 + 25*i)
		}
	}
	return out
}

// Plot draws the dot and the words, which turn inwards at the edges; a place that is not on the canvas is left out.
func (m mark) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	x, y := tx(m.x), ty(m.y)
	if x > c.Max.X+1 || y < c.Min.Y-1 {
		return
	}
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: color.White, Radius: 5.5, Shape: draw.CircleGlyph{}}, vg.Point{X: x, Y: y})
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: m.color, Radius: 4, Shape: draw.CircleGlyph{}}, vg.Point{X: x, Y: y})
	align, at := -0.5, x
	half := style(9, ink).Width(m.label) / 2
	switch {
	case x+half > c.Max.X:
		align = -1
	case x-half < c.Min.X:
		align, at = 0, max(x, c.Min.X+5) // beside the axis, not on it
	}
	if m.below > 0 {
		c.StrokeLine2(solid(grey, 0.6), x, y-6, x, y-m.below)
		haloed(c, vg.Point{X: at, Y: y - m.below}, m.label, align, -1)
		return
	}
	haloed(c, vg.Point{X: at, Y: y + 8}, m.label, align, 0)
}
