package plot

import (
	"image/color"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"sizeterm/analyzer/demand"
)

// band fills the room between two lines over the same places.
type band struct {
	x, low, high []float64
	color        color.Color
}

// Plot fills the band.
func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	if len(b.x) == 0 {
		return
	}
	tx, ty := p.Transforms(&c)
	for from := 0; from == 0 || from < len(b.x)-1; from += stretch {
		// One place more than the next stretch begins with, so that no seam shows.
		to := min(from+stretch+2, len(b.x))
		points := make([]vg.Point, 0, 2*stretch+4)
		empty := true
		for i := from; i < to; i++ {
			points = append(points, vg.Point{X: tx(b.x[i]), Y: ty(b.high[i])})
			empty = empty && b.high[i] == b.low[i]
		}
		for i := to - 1; i >= from; i-- {
			points = append(points, vg.Point{X: tx(b.x[i]), Y: ty(b.low[i])})
		}
		if !empty {
			c.FillPolygon(b.color, points)
		}
	}
}

// stretch is the number of places that are drawn at once. The time to draw a path on dots grows with the square of its
// corners in a row: five pictures took 6.1 s with whole paths and 0.8 s in stretches of 40.
const stretch = 40

// path is a line through places.
type path struct {
	x, y  []float64
	style draw.LineStyle
}

// Plot strokes the line.
func (l path) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	points := make([]vg.Point, len(l.x))
	for i := range l.x {
		points[i] = vg.Point{X: tx(l.x[i]), Y: ty(l.y[i])}
	}
	for from := 0; from < len(points)-1; from += stretch {
		c.StrokeLines(l.style, c.ClipLinesXY(points[from:min(from+stretch+2, len(points))])...)
	}
}

// level is a horizontal line with words above it, place of the width from its left end.
type level struct {
	y     float64
	place float64
	label string
	style draw.LineStyle
}

// Plot strokes the line over the whole width.
func (l level) Plot(c draw.Canvas, p *plot.Plot) {
	_, ty := p.Transforms(&c)
	y := ty(l.y)
	c.StrokeLine2(l.style, c.Min.X, y, c.Max.X, y)
	if l.label != "" {
		haloed(c, vg.Point{X: c.Min.X + 6 + vg.Length(l.place)*c.Size().X, Y: y + 2.5}, l.label, 0, 0)
	}
}

// upright is a vertical line, or words beside one, row lines of text below its upper end.
type upright struct {
	x     float64
	row   int
	label string
	style draw.LineStyle
}

// Plot strokes the line over the whole height.
func (l upright) Plot(c draw.Canvas, p *plot.Plot) {
	tx, _ := p.Transforms(&c)
	x := tx(l.x)
	if l.style.Width > 0 {
		c.StrokeLine2(l.style, x, c.Min.Y, x, c.Max.Y)
	}
	if l.label == "" {
		return
	}
	align := 0.0
	at := x + 4
	if x > (c.Min.X+3*c.Max.X)/4 {
		align, at = -1, x-4
	}
	haloed(c, vg.Point{X: at, Y: c.Max.Y - 2 - vg.Length(13*l.row)}, l.label, align, -1)
}

// haloed writes words on white so that they can be read on any colour.
func haloed(c draw.Canvas, at vg.Point, words string, xAlign, yAlign float64) {
	sty := style(9, ink)
	w, h := sty.Width(words), sty.Height(words)
	x, y := at.X+vg.Length(xAlign)*w, at.Y+vg.Length(yAlign)*h
	c.FillPolygon(color.NRGBA{0xff, 0xff, 0xff, 0xd8}, rectangle(x-2, y-0.5, x+w+2, y+h+0.5))
	c.FillText(sty, vg.Point{X: x, Y: y + h}, words)
}

// weekends shades Saturdays and Sundays of a window whose hours are the x axis.
type weekends struct{ window demand.Window }

// Plot fills the shades over the whole height.
func (s weekends) Plot(c draw.Canvas, p *plot.Plot) {
	tx, _ := p.Transforms(&c)
	free := func(d int) bool {
		day := s.window.From.AddDate(0, 0, d).Weekday()
		return day == time.Saturday || day == time.Sunday
	}
	for d := 0; d < s.window.Days(); d++ {
		first := d
		for d < s.window.Days() && free(d) {
			d++
		}
		if d > first {
			c.FillPolygon(weekend, rectangle(tx(float64(24*first)), c.Min.Y, tx(float64(24*d)), c.Max.Y))
		}
	}
}

// grid draws a thin line at each labelled mark of the vertical axis.
type grid struct{}

// Plot strokes the lines.
func (grid) Plot(c draw.Canvas, p *plot.Plot) {
	_, ty := p.Transforms(&c)
	for _, tick := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if tick.Label != "" && tick.Value > p.Y.Min && tick.Value <= p.Y.Max {
			c.StrokeLine2(draw.LineStyle{Color: rule, Width: 0.5}, c.Min.X, ty(tick.Value), c.Max.X, ty(tick.Value))
		}
	}
}

// solid and dashed are line styles.
func solid(c color.Color, w vg.Length) draw.LineStyle { return draw.LineStyle{Color: c, Width: w} }

func dashed(c color.Color, w vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: w, Dashes: []vg.Length{5, 3}}
}
