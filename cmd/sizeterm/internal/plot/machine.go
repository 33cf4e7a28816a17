package plot

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/recommend"
	"sizeterm/recommend/rightsize"
)

// Evidence is one small drawing about a single machine for a page: how busy it was, its week, or the sizes that it could have.
// A page's style sheet colours it, as it does a Sketch; without one it is drawn in the colour of the text.
type Evidence struct {
	// Name is "strip", "week" or "choice".
	Name string
	// Title says what is to be seen, Note how to read it.
	Title, Note string
	// SVG is the drawing; its classes are those of Keys, "axis", "grid" and "base". Alt is the drawing in words.
	SVG  []byte
	Alt  string
	Keys []SketchKey
}

// OfMachine draws what the plan knows of one machine, vm being one of plan.VMs: the strip of its quantiles against what its new size
// has, the heat map of its week, and the sizes of its frontier, overload against saving. What was not measured is left out.
func OfMachine(plan *recommend.Plan, vm *analyzer.VM) []Evidence {
	sized, change := decided(plan, vm)
	var out []Evidence
	for _, draw := range []func() (Evidence, bool){
		func() (Evidence, bool) { return stripOf(vm, change) },
		func() (Evidence, bool) { return weekOfMachine(vm) },
		func() (Evidence, bool) { return choiceOf(sized, change) },
	} {
		if e, ok := draw(); ok {
			out = append(out, e)
		}
	}
	return out
}

// decided returns what the plan found out about the size of a machine, and its change, nil where there is none.
func decided(plan *recommend.Plan, vm *analyzer.VM) (sized *recommend.Sized, change *recommend.Resize) {
	resource := cmp.Or(vm.Resource, vm.Name)
	for i := range plan.Sized {
		s := &plan.Sized[i]
		if s.Customer == vm.Customer && s.VM == resource && s.Size == vm.Size && (s.Name == vm.Name || sized == nil) {
			sized = s
			if s.Name == vm.Name {
				break
			}
		}
	}
	for i := range plan.Resizes {
		r := &plan.Resizes[i]
		if r.Customer == vm.Customer && r.VM == resource && r.From == vm.Size {
			return sized, r
		}
	}
	return sized, nil
}

// The drawings' own units.
const (
	machineWidth, machineLeft, machineRight = 960, 150, 920
	stripRow                                = 34
)

// drawing is an SVG under way.
type drawing struct{ bytes.Buffer }

func (d *drawing) begin(height int, alt string) {
	fmt.Fprintf(d, `<svg class="sketch machine" viewBox="0 0 %d %d" role="img" aria-label="%s">`, machineWidth, height, html.EscapeString(alt))
}

// text writes words; anchor is "start", "middle" or "end".
func (d *drawing) text(x, y float64, anchor, words string) {
	fmt.Fprintf(d, `<text class="axis" x="%s" y="%s" text-anchor="%s">%s</text>`, tenth(x), tenth(y), anchor, html.EscapeString(words))
}

func (d *drawing) line(class string, x0, y0, x1, y1 float64) {
	fmt.Fprintf(d, `<path class="%s" stroke="currentColor" d="M%s %sL%s %s"/>`, class, tenth(x0), tenth(y0), tenth(x1), tenth(y1))
}

// corners of a rectangle, from its upper left to its lower right.
type corners struct{ x0, y0, x1, y1 float64 }

func (d *drawing) box(class string, opacity float64, c corners) {
	fmt.Fprintf(d, `<rect class="%s" fill="currentColor" fill-opacity="%.2f" x="%s" y="%s" width="%s" height="%s"/>`, class, opacity, tenth(c.x0), tenth(c.y0), tenth(c.x1-c.x0), tenth(c.y1-c.y0))
}

// gauge is one measure of a machine in percent of what its size has.
type gauge struct {
	name   string
	values analyzer.Distribution
}

// stripOf draws the quantiles of every measure, and what the new size would have of today's: CPU and memory.
func stripOf(vm *analyzer.VM, change *recommend.Resize) (Evidence, bool) {
	gauges := slices.DeleteFunc([]gauge{{"CPU, highest", vm.CPUMax}, {"CPU, average", vm.CPUAvg}, {"memory", vm.Memory}, {"disk bandwidth", vm.DiskBandwidth}, {"disk operations", vm.DiskOperations}},
		func(g gauge) bool { return g.values.Samples == 0 })
	if len(gauges) == 0 {
		return Evidence{}, false
	}
	top := 100.0
	for _, g := range gauges {
		top = max(top, 10*math.Ceil(points(g.values.Max)/10))
	}
	x := func(percent float64) float64 { return machineLeft + percent/top*(machineRight-machineLeft) }
	e := Evidence{Name: "strip", Title: "How busy it was", Note: "Percent of " + short(vm.Size) + " in each measured interval, weighted with time.",
		Keys: []SketchKey{{"middle", "median to P95"}, {"whisker", "to P99"}, {"most", "highest"}}}
	words := make([]string, 0, len(gauges))
	for _, g := range gauges {
		words = append(words, fmt.Sprintf("%s median %s %%, P95 %s %%, P99 %s %%, highest %s %%", g.name, tenths(points(g.values.P50)), tenths(points(g.values.P95)),
			tenths(points(g.values.P99)), tenths(points(g.values.Max))))
	}
	e.Alt = strings.Join(words, "; ") + "."
	height := stripRow*len(gauges) + 26
	d := drawing{}
	d.begin(height, e.Alt)
	for _, t := range (countTicks{}).Ticks(0, top) {
		d.line("grid", x(t.Value), 4, x(t.Value), float64(height-22))
		d.text(x(t.Value), float64(height-6), "middle", t.Label+" %")
	}
	for i, g := range gauges {
		y, q := float64(stripRow*i+stripRow/2), g.values
		d.text(machineLeft-8, y+4, "end", g.name)
		d.line("whisker", x(points(q.P95)), y, x(points(q.P99)), y)
		d.line("whisker", x(points(q.P99)), y-5, x(points(q.P99)), y+5)
		d.box("middle", 0.45, corners{x(points(q.P50)), y - 8, max(x(points(q.P95)), x(points(q.P50))+1.5), y + 8})
		d.line("most", x(points(q.Max)), y-8, x(points(q.Max)), y+8)
		if share, ok := becomes(g.name, change); ok && share < top {
			d.line("level", x(share), y-14, x(share), y+14)
		}
	}
	if change != nil && change.Chosen > 0 {
		e.Keys = append(e.Keys, SketchKey{"level", "all that " + short(change.To) + " has"})
	}
	d.WriteString("</svg>")
	e.SVG = d.Bytes()
	return e, true
}

// becomes returns what the new size has of a measure, in percent of today's size; false where that is not known.
func becomes(measure string, change *recommend.Resize) (float64, bool) {
	if change == nil || change.Chosen <= 0 || change.Chosen >= len(change.Alternatives) {
		return 0, false
	}
	to := &change.Alternatives[change.Chosen]
	switch {
	case strings.HasPrefix(measure, "CPU"):
		return float64(to.Capacity) / 100, true
	case measure == "memory":
		now, okNow := change.From.Shape()
		then, okThen := change.To.Shape()
		if okNow && okThen && now.MemoryMiB > 0 && then.MemoryMiB > 0 {
			return 100 * float64(then.MemoryMiB) / float64(now.MemoryMiB), true
		}
	}
	return 0, false
}

// weekOfMachine draws the mean CPU of each hour of the week.
func weekOfMachine(vm *analyzer.VM) (Evidence, bool) {
	high := analyzer.Percent(-1)
	for _, v := range vm.Week {
		high = max(high, v)
	}
	if vm.CPUAvg.Samples == 0 || high < 0 {
		return Evidence{}, false
	}
	top := max(10, math.Ceil(points(high)/10)*10)
	e := Evidence{Name: "week", Title: "Its week", Note: fmt.Sprintf("Mean CPU by hour of the week, UTC: the strongest is %s %%; an empty square was not measured.", tenths(top)),
		Alt:  fmt.Sprintf("Heat map of the mean CPU by hour of the week, highest %s %%.", tenths(points(high))),
		Keys: []SketchKey{{"heat", fmt.Sprintf("0 to %s %%, stronger is busier", tenths(top))}}}
	const row, bottom = 18, 7 * 18
	wide := float64(machineRight-machineLeft) / 24
	d := drawing{}
	d.begin(bottom+24, e.Alt)
	for day, name := range []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"} {
		d.text(machineLeft-8, float64(row*day)+13, "end", name)
	}
	for h := 0; h <= 24; h += 3 {
		d.text(machineLeft+wide*float64(h), bottom+16, "middle", fmt.Sprintf("%02d:00", h))
	}
	for h, v := range vm.Week {
		if v >= 0 {
			x, y := machineLeft+wide*float64(h%24), float64(row*(h/24))
			d.box("heat", 0.06+0.94*points(v)/top, corners{x + 0.5, y + 0.5, x + wide - 0.5, y + row - 0.5})
		}
	}
	d.WriteString("</svg>")
	e.SVG = d.Bytes()
	return e, true
}

// choiceOf draws the sizes of a frontier: the overload that each would have had at most against what it saves.
func choiceOf(sized *recommend.Sized, change *recommend.Resize) (Evidence, bool) {
	if sized == nil || len(sized.Frontier) < 2 {
		return Evidence{}, false
	}
	const top, bottom = 10, 200
	most, dear := 0.0, 0.0
	for _, p := range sized.Frontier {
		most, dear = max(most, 100*p.High), max(dear, float64(p.Saving.Micros)/1e6)
	}
	most, dear = max(0.5, 1.15*most), max(1, 1.15*dear)
	x := func(share float64) float64 { return machineLeft + 100*share/most*(machineRight-machineLeft) }
	y := func(money float64) float64 { return bottom - money/dear*(bottom-top) }
	currency := sized.Frontier[0].Saving.Currency
	e := Evidence{Name: "choice", Title: "Sizes to choose from", Keys: []SketchKey{{"fits", "fits"}, {"tight", "above the rule"}},
		Note: fmt.Sprintf("To the right: the measured time in which a size would have been too small, at most. Upwards: %s saved a month by the hour, before reservations.", currency)}
	d := drawing{}
	words := make([]string, 0, len(sized.Frontier))
	for _, p := range sized.Frontier {
		words = append(words, fmt.Sprintf("%s saves %s with at most %s %% overload", short(p.Size), decimal(float64(p.Saving.Micros)/1e6, 1), tenths2(100*p.High)))
	}
	e.Alt = strings.Join(words, "; ") + "."
	d.begin(bottom+40, e.Alt)
	for _, t := range (countTicks{}).Ticks(0, dear) {
		d.line("grid", machineLeft, y(t.Value), machineRight, y(t.Value))
		d.text(machineLeft-8, y(t.Value)+4, "end", t.Label)
	}
	for _, t := range (countTicks{}).Ticks(0, most) {
		d.text(x(t.Value/100), bottom+18, "middle", t.Label+" %")
	}
	d.line("base", machineLeft, bottom, machineRight, bottom)
	d.sizes(sized, change, x, y)
	d.WriteString("</svg>")
	e.SVG = d.Bytes()
	if change != nil && change.Action == string(rightsize.Resize) {
		e.Keys = append(e.Keys, SketchKey{"chosen", "this plan"})
	}
	return e, true
}

// sizes draws the dots of a frontier, each with its name on the side where there is room.
func (d *drawing) sizes(sized *recommend.Sized, change *recommend.Resize, x, y func(float64) float64) {
	row := map[int]float64{} // names of dots that lie close together are written below each other
	for i := len(sized.Frontier) - 1; i >= 0; i-- {
		p := &sized.Frontier[i]
		at, height := x(p.High), y(float64(p.Saving.Micros)/1e6)
		class := "tight"
		if p.Feasible {
			class = "fits"
		}
		if change != nil && change.To == p.Size {
			class = "chosen"
		}
		fmt.Fprintf(d, `<circle class="%s" fill="currentColor" cx="%s" cy="%s" r="5"/>`, class, tenth(at), tenth(height))
		line := height + 4
		if last, ok := row[int(at)/120]; ok && line < last+13 {
			line = last + 13
		}
		row[int(at)/120] = line
		if anchor := "start"; at > machineRight-150 {
			d.text(at-9, line, "end", short(p.Size))
		} else {
			d.text(at+9, line, anchor, short(p.Size))
		}
	}
}

// tenths2 is a small percentage: two decimals where it is below 1.
func tenths2(v float64) string {
	if v > 0 && v < 1 {
		return decimal(v, 0.01)
	}
	return tenths(v)
}
