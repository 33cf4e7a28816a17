package plot

import (
	"fmt"
	"image/color"
	"math"
	"sort"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"sizeterm/analyzer"
)

// maxRows is the number of sizes in a picture of utilisation: more cannot be read.
const maxRows = 9

// Utilisation draws the CPU of each size and region: the box from the median to P95 of all measured time, a whisker to P99
// and a mark at the maximum, and a dot for the P95 of each machine. It shows the sizes with the most hours; ok is false
// where nothing was measured.
func Utilisation(profiles []analyzer.Profile, vms []analyzer.VM) (pic Picture, ok bool) {
	var rows []analyzer.Profile
	for i := range profiles {
		if profiles[i].CPUAvg.Samples > 0 {
			rows = append(rows, profiles[i])
		}
	}
	if len(rows) == 0 {
		return Picture{}, false
	}
	sort.SliceStable(rows, func(i, j int) bool { return rows[i].Hours > rows[j].Hours })
	subtitle := "Average CPU of each interval, over all measured time; in brackets the number of machines."
	if len(rows) > maxRows {
		subtitle = fmt.Sprintf("The %d of %d sizes with the most hours. ", maxRows, len(rows)) + subtitle
		rows = rows[:maxRows]
	}
	p := newPlot("CPU, percent of the size", "")
	p.X.Min, p.X.Max = 0, percentRoom
	p.Y.Min, p.Y.Max = -0.6, float64(len(rows))-0.4
	p.X.Tick.Marker = labels{{Value: 0, Label: "0"}, {Value: 20, Label: "20"}, {Value: 40, Label: "40"}, {Value: 60, Label: "60"}, {Value: 80, Label: "80"}, {Value: 100, Label: "100"}}
	var marks labels
	several := customers(rows) > 1
	for i := range rows {
		r := &rows[i]
		place := len(rows) - 1 - i
		marks = append(marks, plot.Tick{Value: float64(place), Label: rowLabel(r, several)})
		p.Add(strip{y: float64(place), d: r.CPUAvg, machines: machinesOf(r, vms)})
	}
	p.Y.Tick.Marker = marks
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width, p.Y.Tick.Length = 0, 0, 0
	return Picture{
		Name: "utilisation", Title: "How busy the machines are, by size and region", subtitle: subtitle, plot: p,
		Alt: "CPU utilisation by size and region: " + stripWords(rows),
		legend: []key{
			{label: "median", color: ink, line: true}, {label: "median to P95", color: sky}, {label: "to P99", color: blue, line: true},
			{label: "maximum", color: red, line: true}, {label: "P95 of each machine", color: dot, round: true},
		},
	}, true
}

// percentRoom is the end of the axis of percent: behind 100 there is room for a figure.
const percentRoom = 112

// dot is the colour of a machine; where several lie on each other it is darker.
var dot = color.NRGBA{0x22, 0x22, 0x22, 0x90}

// customers counts the customers of some profiles.
func customers(rows []analyzer.Profile) int {
	seen := map[string]bool{}
	for i := range rows {
		seen[rows[i].Customer] = true
	}
	return len(seen)
}

// rowLabel names a profile.
func rowLabel(r *analyzer.Profile, several bool) string {
	label := fmt.Sprintf("%s  %s (%d)", short(r.Size), printable(string(r.Region)), r.VMs)
	if several {
		label += "  " + fitted(printable(r.Customer), style(9, ink), 60)
	}
	return label
}

// stripWords says the medians and P95.
func stripWords(rows []analyzer.Profile) string {
	var parts []string
	for i := range rows {
		d := rows[i].CPUAvg
		parts = append(parts, fmt.Sprintf("%s median %s %%, P95 %s %%", rowLabel(&rows[i], false), number(points(d.P50)), number(points(d.P95))))
	}
	return strings.Join(parts, "; ") + "."
}

// machinesOf returns the P95 of the machines of a profile.
func machinesOf(r *analyzer.Profile, vms []analyzer.VM) []float64 {
	var out []float64
	for i := range vms {
		m := &vms[i]
		if m.Customer == r.Customer && m.Region == r.Region && m.Size == r.Size && m.CPUAvg.Samples > 0 {
			out = append(out, points(m.CPUAvg.P95))
		}
	}
	sort.Float64s(out)
	const shown = 200
	if len(out) > shown {
		thinned := make([]float64, 0, shown)
		for i := range shown {
			thinned = append(thinned, out[i*(len(out)-1)/(shown-1)])
		}
		out = thinned
	}
	return out
}

// tenths is a figure with one decimal, none where it is whole.
func tenths(v float64) string {
	return strings.TrimSuffix(decimal(v, 0.1), ".0")
}

// points is a percentage in points.
func points(p analyzer.Percent) float64 { return float64(p) / 100 }

// strip is the distribution of one size on a row.
type strip struct {
	y        float64
	d        analyzer.Distribution
	machines []float64
}

// Plot draws the row.
func (s strip) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	at := func(v analyzer.Percent) vg.Length { return tx(math.Min(points(v), 100)) }
	y := ty(s.y)
	half := min(8, 0.32*(ty(1)-ty(0)))
	c.StrokeLine2(solid(rule, 0.5), c.Min.X, y, tx(100), y)
	c.StrokeLine2(solid(blue, 1.2), at(s.d.P95), y, at(s.d.P99), y)
	c.FillPolygon(sky, rectangle(at(s.d.P50), y-half, at(s.d.P95), y+half))
	c.StrokeLine2(solid(ink, 2), at(s.d.P50), y-half, at(s.d.P50), y+half)
	c.StrokeLine2(solid(blue, 1.2), at(s.d.P99), y-half/2, at(s.d.P99), y+half/2)
	c.StrokeLine2(solid(red, 1.6), at(s.d.Max), y-half/2, at(s.d.Max), y+half/2)
	for _, v := range s.machines {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: dot, Radius: 1.8, Shape: draw.CircleGlyph{}}, vg.Point{X: tx(math.Min(v, 100)), Y: y})
	}
	haloed(c, vg.Point{X: c.Max.X, Y: y}, "P95 "+tenths(points(s.d.P95))+" %", -1, -0.5)
}

// Week draws the mean CPU of the machines of one profile in each hour of the week; ok is false where none was measured.
func Week(profile *analyzer.Profile, vms []analyzer.VM) (pic Picture, ok bool) {
	mean := weekOf(profile, vms)
	high := 0.0
	for _, v := range mean {
		high = max(high, v)
		ok = ok || v >= 0
	}
	if !ok {
		return Picture{}, false
	}
	high = max(10, math.Ceil(high/10)*10)
	p := newPlot("hour of the day, UTC", "")
	p.X.Min, p.X.Max = 0, 24
	p.Y.Min, p.Y.Max = 0, 7
	var hours, days labels
	for h := 0; h <= 24; h += 3 {
		hours = append(hours, plot.Tick{Value: float64(h), Label: fmt.Sprintf("%02d:00", h)})
	}
	for d := range 7 {
		days = append(days, plot.Tick{Value: 6.5 - float64(d), Label: time.Weekday((d + 1) % 7).String()})
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = hours, days
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width, p.Y.Tick.Length = 0, 0, 0
	p.Add(cells{mean, high})
	pic = Picture{
		Name: "week", Title: fmt.Sprintf("The week of %s in %s", short(profile.Size), printable(string(profile.Region))), plot: p,
		subtitle: "Mean CPU of the machines in each hour of the week, percent of the size. White: not measured.",
		Alt:      fmt.Sprintf("Heat map of the mean CPU by hour of the week, highest %s %%.", tenths(maxFloat(mean))),
	}
	for i := range 5 {
		share := float64(i) / 4
		pic.legend = append(pic.legend, key{label: tenths(share*high) + " %", color: heat(share)})
	}
	return pic, true
}

// weekOf is the mean over the machines of a profile of each machine's mean by hour of the week; -1 where none was measured.
func weekOf(profile *analyzer.Profile, vms []analyzer.VM) [168]float64 {
	var mean [168]float64
	for h := range mean {
		sum, n := 0.0, 0
		for i := range vms {
			m := &vms[i]
			if m.Customer == profile.Customer && m.Region == profile.Region && m.Size == profile.Size && m.CPUAvg.Samples > 0 && m.Week[h] >= 0 {
				sum += points(m.Week[h])
				n++
			}
		}
		mean[h] = -1
		if n > 0 {
			mean[h] = sum / float64(n)
		}
	}
	return mean
}

// maxFloat is the highest of some figures.
func maxFloat(list [168]float64) float64 {
	high := list[0]
	for _, v := range list {
		high = max(high, v)
	}
	return high
}

// heat is a colour between pale (0) and dark (1) that gets darker throughout, for those who see no colours too.
func heat(share float64) color.Color {
	stops := []color.NRGBA{
		{0xf7, 0xf4, 0xe3, 0xff}, {0xf3, 0xc9, 0x5b, 0xff}, {0xd9, 0x7a, 0x2b, 0xff}, {0x9c, 0x3b, 0x3c, 0xff}, {0x3c, 0x16, 0x40, 0xff},
	}
	at := min(1, max(0, share)) * float64(len(stops)-1)
	i := min(int(at), len(stops)-2)
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (at-float64(i))*(float64(b)-float64(a)) + 0.5) }
	a, b := stops[i], stops[i+1]
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}

// cells draws a square for each hour of the week, Monday on top.
type cells struct {
	mean [168]float64
	high float64
}

// Plot fills the squares.
func (w cells) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for i, v := range w.mean {
		if v < 0 {
			continue
		}
		hour, row := float64(i%24), float64(6-i/24)
		c.FillPolygon(heat(v/w.high), rectangle(tx(hour)+0.5, ty(row)+0.5, tx(hour+1)-0.5, ty(row+1)-0.5))
	}
}
