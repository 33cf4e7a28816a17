// Package plot draws the pictures of a plan: the demand of a pool with what is to be bought, the same hours sorted, the
// saving against the quantity, the cash calendar, the utilisation of the sizes, and the week of a size by the hour.
//
// A Picture is drawn once and written as SVG and as PNG, 960 by 420 points of a screen, in colours that people with
// colour-blindness tell apart, with units on the axes. The same plan gives the same bytes. Long series are thinned to at
// most 800 points that keep the lowest and highest value of every step.
//
// The package shows what the plan holds and computes no money. Names from files are drawn as text and nothing else.
package plot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The size of a picture: 960 by 420 pixels of 1/96 inch.
const (
	width  = 720 * vg.Length(1)
	height = 315 * vg.Length(1)
	// dpi of a PNG: two dots a pixel, so that it stays sharp in a printed proposal.
	dpi = 192
)

// Picture is one finished drawing.
type Picture struct {
	// Name is a file name without extension: lower case letters, digits and dashes.
	Name string
	// Title says in words what is to be seen; Alt says it for those who cannot see the picture.
	Title, Alt string

	customer string // whose picture it is
	detail   bool   // not for a page
	subtitle string
	legend   []key
	plot     *plot.Plot
}

// key is an entry of the legend: a filled square, a line or a dot.
type key struct {
	label string
	color color.Color
	line  bool
	dash  []vg.Length
	round bool
}

// The palette of Okabe and Ito, which people with any common colour-blindness tell apart, and greys.
var (
	ink      = color.NRGBA{0x22, 0x22, 0x22, 0xff}
	muted    = color.NRGBA{0x5f, 0x63, 0x68, 0xff}
	rule     = color.NRGBA{0xd9, 0xdb, 0xde, 0xff}
	weekend  = color.NRGBA{0x00, 0x00, 0x00, 0x12}
	grey     = color.NRGBA{0x9a, 0x9f, 0xa5, 0xff}
	blue     = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	sky      = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	orange   = color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
	red      = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	purple   = color.NRGBA{0x9c, 0x3d, 0x78, 0xff}
	paleBlue = color.NRGBA{0xe6, 0xf0, 0xf7, 0xff}
)

// sans is the typeface of all texts. weightBold is x/image/font.WeightBold, without importing it for one number.
const weightBold = 3

func sans(size vg.Length) font.Font {
	return font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size)
}

// style is a text style of the given size and colour.
func style(size vg.Length, c color.Color) text.Style {
	return text.Style{Color: c, Font: sans(size), XAlign: text.XLeft, YAlign: text.YTop, Handler: plot.DefaultTextHandler}
}

// newPlot returns an empty plot in our type and colours.
func newPlot(xLabel, yLabel string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil // the page is white before anything is drawn
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sans(9.5)
		axis.Label.TextStyle.Color = muted
		axis.Label.Padding = 4
		axis.Tick.Label.Font = sans(9)
		axis.Tick.Label.Color = ink
		axis.LineStyle.Color = grey
		axis.Tick.LineStyle.Color = grey
		axis.Padding = 0
	}
	p.X.Label.Text, p.Y.Label.Text = xLabel, yLabel
	p.Y.Tick.Marker = countTicks{}
	return p
}

// draw lays title, subtitle, legend and plot out on a canvas.
func (p *Picture) draw(c draw.Canvas) {
	const margin = 12
	c = draw.Crop(c, margin, -margin, margin-4, -margin)
	title, small := style(13, ink), style(9.5, muted)
	title.Font.Weight = weightBold
	top := c.Max.Y
	c.FillText(title, vg.Point{X: c.Min.X, Y: top}, fitted(printable(p.Title), title, c.Size().X))
	top -= 18
	if p.subtitle != "" {
		c.FillText(small, vg.Point{X: c.Min.X, Y: top}, fitted(printable(p.subtitle), small, c.Size().X))
		top -= 14
	}
	top = p.drawLegend(c, top-3) - 6
	p.plot.Draw(draw.Crop(c, 0, -4, 0, top-c.Max.Y))
}

// drawLegend draws the keys in rows from top down and returns where the rows end.
func (p *Picture) drawLegend(c draw.Canvas, top vg.Length) vg.Length {
	const box, space, row = 9, 16, 14
	if len(p.legend) == 0 {
		return top
	}
	label := style(9.5, ink)
	x := c.Min.X
	for _, k := range p.legend {
		need := box + 5 + label.Width(k.label)
		if x > c.Min.X && x+need > c.Max.X {
			x, top = c.Min.X, top-row
		}
		switch {
		case k.line:
			c.StrokeLine2(draw.LineStyle{Color: k.color, Width: 2, Dashes: k.dash}, x, top-box/2-1, x+box, top-box/2-1)
		case k.round:
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: k.color, Radius: 2.2, Shape: draw.CircleGlyph{}}, vg.Point{X: x + box/2, Y: top - box/2 - 1})
		default:
			c.FillPolygon(k.color, rectangle(x, top-box-1, x+box, top-1))
		}
		c.FillText(label, vg.Point{X: x + box + 5, Y: top}, k.label)
		x += need + space
	}
	return top - row
}

// rectangle returns the corners of a rectangle.
func rectangle(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

// fitted shortens s in the middle until it is at most room wide.
func fitted(s string, sty text.Style, room vg.Length) string {
	runes := []rune(s)
	for n := len(runes); n > 8 && sty.Width(s) > room; n-- {
		s = string(runes[:n/2]) + "…" + string(runes[len(runes)-n+n/2:])
	}
	return s
}

// SVG writes the picture as a scalable drawing.
func (p Picture) SVG(w io.Writer) error {
	canvas := vgsvg.NewWith(vgsvg.UseWH(width, height))
	page := draw.New(canvas)
	page.SetColor(color.White)
	page.Fill(page.Rectangle.Path())
	p.draw(page)
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("draw %s: %w", p.Name, err)
	}
	if _, err := w.Write(finishSVG(b.Bytes(), p.Title, p.Alt)); err != nil {
		return fmt.Errorf("write %s.svg: %w", p.Name, err)
	}
	return nil
}

// finishSVG gives a drawing fonts that every reader has in the same widths, and its words for those who cannot see it.
func finishSVG(svg []byte, title, alt string) []byte {
	svg = bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	open := bytes.Index(svg, []byte("<svg"))
	if open < 0 {
		return svg
	}
	end := open + bytes.IndexByte(svg[open:], '>') + 1
	var b bytes.Buffer
	b.Write(svg[:end])
	b.WriteString("\n<title>")
	_ = xml.EscapeText(&b, []byte(printable(title))) // a bytes.Buffer never fails
	b.WriteString("</title><desc>")
	_ = xml.EscapeText(&b, []byte(printable(alt)))
	b.WriteString("</desc>")
	b.Write(svg[end:])
	return b.Bytes()
}

// PNG writes the picture as 1920 by 840 dots.
func (p Picture) PNG(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	p.draw(draw.New(canvas))
	encoder := png.Encoder{CompressionLevel: png.BestSpeed} // half of the time is spent here
	if err := encoder.Encode(w, canvas.Image()); err != nil {
		return fmt.Errorf("write %s.png: %w", p.Name, err)
	}
	return nil
}

// printable replaces characters that a drawing cannot show by a question mark.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == 0xfffd {
			return '?'
		}
		return r
	}, s)
}
