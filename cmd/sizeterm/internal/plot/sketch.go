package plot

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"strconv"

	"sizeterm/analyzer/demand"
	"sizeterm/recommend"
)

// Sketch is a pool's demand as a small drawing for a page: the same layers as Demand, without fonts and colours of its own,
// so that the page's style sheet gives it those of a light or a dark page.
type Sketch struct {
	// SVG is the drawing. Its classes are those of Keys, "axis", "grid", "level", "busiest" and "trial".
	SVG []byte
	// Alt is the drawing in words.
	Alt string
	// Keys are the colours that occur, by class.
	Keys []SketchKey
	// Grain says what one step of the line is.
	Grain string
	// Top is the end of the axis of units, Chosen the height of what is owned and bought, both in units of the pool.
	Top, Chosen float64
}

// SketchKey is a row of the legend.
type SketchKey struct{ Class, Label string }

// The drawing's own units.
const (
	sketchWidth, sketchHeight  = 960, 260
	sketchLeft, sketchBottom   = 44, 24
	sketchTop, sketchRightEdge = 8, 952
)

// DrawSketch draws the pool. trial, where it is not negative, is a level in units that somebody tries out; it is drawn beside
// the plan's own.
func DrawSketch(pool *recommend.Pool, window demand.Window, trial float64) Sketch {
	a := anatomyOf(pool)
	stretch := 1
	s := Sketch{Grain: "by the hour", Top: a.top(), Chosen: a.boughtTop}
	if len(a.gross) > maxPoints {
		stretch = 24 * (1 + len(a.gross)/(24*maxPoints))
		s.Grain = "averages of " + plural(stretch/24, "day") + " each"
	}
	s.Top = max(s.Top, 1.1*trial)
	d := sketching{hours: max(len(a.gross), 1), top: s.Top}
	s.Alt = fmt.Sprintf("Demand of %s, %s, %s: at most %s %s. %s", group(pool), span(window), s.Grain, number(a.grossMax), a.axis(), a.sentence())
	d.open(window, s.Alt)
	d.layers(&a, stretch, pool)
	d.levels(&a, trial)
	d.WriteString("</svg>")
	s.SVG = d.Bytes()
	s.Keys = a.sketchKeys()
	return s
}

// sketchKeys explains the classes.
func (a *anatomy) sketchKeys() []SketchKey {
	var keys []SketchKey
	if a.owned > 0 {
		keys = append(keys, SketchKey{"owned", "reserved already"})
	}
	for i, l := range a.layers {
		keys = append(keys, SketchKey{layerClass(a, i), l.label})
	}
	keys = append(keys, SketchKey{"payg", "pay-as-you-go"})
	if a.boughtTop > 0 {
		keys = append(keys, SketchKey{"idle", "paid for, not used"})
	}
	return keys
}

// layerClass names a layer of what is bought by its term.
func layerClass(a *anatomy, i int) string {
	if a.layers[i].color == sky {
		return "one"
	}
	return "three"
}

// sketching is a drawing under way.
type sketching struct {
	bytes.Buffer
	hours int
	top   float64
}

func (d *sketching) x(hour float64) string {
	return tenth(sketchLeft + hour*(sketchRightEdge-sketchLeft)/float64(d.hours))
}

func (d *sketching) y(units float64) float64 {
	return sketchHeight - sketchBottom - units/d.top*(sketchHeight-sketchBottom-sketchTop)
}

// tenth is a coordinate with one decimal at most.
func tenth(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// open draws the axes.
func (d *sketching) open(window demand.Window, alt string) {
	fmt.Fprintf(d, `<svg class="sketch" viewBox="0 0 %d %d" role="img" aria-label="%s">`, sketchWidth, sketchHeight, html.EscapeString(alt))
	for _, t := range (countTicks{whole: true}).Ticks(0, d.top) {
		if y := d.y(t.Value); y >= sketchTop {
			fmt.Fprintf(d, `<path class="grid" d="M%d %sH%d"/><text class="axis" x="%d" y="%s" text-anchor="end">%s</text>`,
				sketchLeft, tenth(y), sketchRightEdge, sketchLeft-6, tenth(y+4), html.EscapeString(t.Label))
		}
	}
	for _, t := range (calendar{window}).Ticks(0, float64(d.hours)) {
		if t.Label == "" || t.Value > 0.97*float64(d.hours) {
			continue
		}
		fmt.Fprintf(d, `<text class="axis" x="%s" y="%d">%s</text>`, d.x(t.Value), sketchHeight-6, html.EscapeString(t.Label))
	}
}

// layers fills from the whole demand down to what is owned, so that each layer shows only its own part.
func (d *sketching) layers(a *anatomy, stretch int, pool *recommend.Pool) {
	s := a.averages(a.gross, a.net, stretch)
	if a.boughtTop > 0 {
		fmt.Fprintf(d, `<path class="idle" d="M%d %sH%dV%sH%dz"/>`, sketchLeft, tenth(d.y(a.boughtTop)), sketchRightEdge, tenth(d.y(0)), sketchLeft)
	}
	classes := []string{"owned"}
	for i := range a.layers {
		classes = append(classes, layerClass(a, i))
	}
	classes = append(classes, "payg")
	for k := len(s.layers) - 1; k >= 0; k-- {
		if maxOfFloats(s.layers[k]) > 0 {
			fmt.Fprintf(d, `<path class="%s" d="%s"/>`, classes[k], d.area(s.x, s.layers[k]))
		}
	}
	if a.stacked != nil && stretch == 1 && len(pool.Demand.Stacked) == len(a.stacked) {
		line := a.averages(a.stacked, pool.Demand.Stacked, stretch)
		top := line.layers[len(line.layers)-1]
		fmt.Fprintf(d, `<path class="busiest" d="%s"/>`, d.stairs(line.x, top))
	}
}

// stairs is a line of steps in short relative moves; heights that draw alike are one step.
func (d *sketching) stairs(x, units []float64) string {
	var b bytes.Buffer
	last := math.NaN()
	for i := 0; i+1 < len(x); i += 2 {
		y := math.Round(d.y(units[i])*2) / 2
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%s %s", d.x(x[0]), tenth(y))
		case y != last:
			fmt.Fprintf(&b, "H%sV%s", d.x(x[i]), tenth(y))
		}
		last = y
	}
	fmt.Fprintf(&b, "H%d", sketchRightEdge)
	return b.String()
}

// area is the ground under a line of steps.
func (d *sketching) area(x, units []float64) string {
	return fmt.Sprintf("%sV%sH%dz", d.stairs(x, units), tenth(d.y(0)), sketchLeft)
}

// levels draws what is chosen, and what is tried.
func (d *sketching) levels(a *anatomy, trial float64) {
	if a.boughtTop > 0 {
		fmt.Fprintf(d, `<path class="level" d="M%d %sH%d"/>`, sketchLeft, tenth(d.y(a.boughtTop)), sketchRightEdge)
	}
	if trial >= 0 {
		fmt.Fprintf(d, `<path class="trial" d="M%d %sH%d"/>`, sketchLeft, tenth(d.y(trial)), sketchRightEdge)
	}
	fmt.Fprintf(d, `<path class="base" d="M%d %sH%d"/>`, sketchLeft, tenth(d.y(0)), sketchRightEdge)
}

func maxOfFloats(values []float64) float64 {
	high := 0.0
	for _, v := range values {
		high = max(high, v)
	}
	return high
}

// ChosenLevel returns the height of what is owned and bought in the pool, in its units.
func ChosenLevel(pool *recommend.Pool) float64 {
	a := anatomyOf(pool)
	return a.boughtTop
}
