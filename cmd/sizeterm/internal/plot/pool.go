package plot

import (
	"fmt"
	"image/color"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend"
)

// maxPoints is the number of places to which a series is thinned.
const maxPoints = 800

// layer is one horizontal slice of a pool's demand: what existing reservations, three years, one year or pay-as-you-go
// serve.
type layer struct {
	units float64 // height; of pay-as-you-go: without end
	label string
	color color.Color
	buy   bool
}

// anatomy is a pool's demand cut into layers.
type anatomy struct {
	gross, net          []int64 // Flat, micro-units, before and after existing reservations
	stacked             []int64 // gross, Stacked; nil where the hours are exact
	owned               float64 // units that existing reservations served at most
	layers              []layer // what is bought, the longest term first
	unit                string  // what one unit is
	boughtTop, grossMax float64
	later               float64   // units that are reserved once what is owned today has ended
	ends                time.Time // when the last of it ends; zero where nothing does
}

// anatomyOf cuts a pool.
func anatomyOf(p *recommend.Pool) anatomy {
	a := anatomy{net: p.Demand.Flat, gross: p.Gross.Flat, unit: short(p.UnitSize)}
	if len(a.gross) != len(a.net) {
		a.gross = a.net
	}
	if !p.Exact && len(p.Gross.Stacked) == len(a.gross) {
		a.stacked = p.Gross.Stacked
	}
	for i := range a.gross {
		a.owned = max(a.owned, float64(a.gross[i]-a.net[i])/demand.Full)
		a.grossMax = max(a.grossMax, float64(a.gross[i])/demand.Full)
	}
	for _, g := range a.stacked {
		a.grossMax = max(a.grossMax, float64(g)/demand.Full)
	}
	a.boughtTop = a.owned
	for _, term := range []pricing.Term{pricing.ThreeYear, pricing.OneYear} {
		units, words := bought(p, term)
		if units == 0 {
			continue
		}
		c := blue
		if term == pricing.OneYear {
			c = sky
		}
		a.layers = append(a.layers, layer{units: units, label: words, color: c, buy: true})
		a.boughtTop += units
	}
	a.lookAhead(p)
	return a
}

// lookAhead finds what stays reserved when what is owned today has ended.
func (a *anatomy) lookAhead(p *recommend.Pool) {
	for i := range p.Existing {
		e := &p.Existing[i]
		if e.AutoRenew {
			a.later += float64(e.Quantity) * weight(p, e.Size)
		} else if e.Until.After(a.ends) {
			a.ends = e.Until
		}
	}
	a.later += a.boughtTop - a.owned
	if a.later >= a.boughtTop || a.owned == 0 {
		a.ends = time.Time{}
	}
}

// bought returns the units of a term that the pool's choice buys, and the purchase in words.
func bought(p *recommend.Pool, term pricing.Term) (units float64, words string) {
	var parts []string
	for i := range p.Compare {
		if p.Compare[i].Choice != p.Chosen || p.Chosen == recommend.PAYG {
			continue
		}
		for _, buy := range p.Compare[i].Buy {
			if buy.Term != term || buy.Quantity == 0 {
				continue
			}
			units += float64(buy.Quantity) * weight(p, buy.Size)
			parts = append(parts, fmt.Sprintf("%d × %s", buy.Quantity, short(buy.Size)))
		}
		break
	}
	return units, years(term) + ": buy " + strings.Join(parts, " + ")
}

// weight returns how many units of the pool one instance of size is.
func weight(p *recommend.Pool, size catalog.Size) float64 {
	if !p.Flexible || p.UnitRatio <= 0 || size == p.UnitSize {
		return 1
	}
	group, ok := size.Group()
	if !ok {
		return 1
	}
	return float64(group.Ratio) / float64(p.UnitRatio)
}

// years is a term in words.
func years(t pricing.Term) string {
	switch t.Years() {
	case 1:
		return "one year"
	case 3:
		return "three years"
	}
	return "pay-as-you-go"
}

// short drops the prefix that all sizes share.
func short(size catalog.Size) string { return strings.TrimPrefix(printable(string(size)), "Standard_") }

// group names what a pool is: its group and region.
func group(p *recommend.Pool) string {
	return short(catalog.Size(p.Group)) + " in " + printable(string(p.Region))
}

// axis is the label of the axis of units.
func (a *anatomy) axis() string {
	if a.unit == "" {
		return "instances at once"
	}
	return a.unit + " at once"
}

// top is the end of the axis of units: some room above the highest demand and the highest level.
func (a *anatomy) top() float64 { return max(1, 1.15*max(a.grossMax, a.boughtTop)) }

// scale says how an hour becomes a place on the horizontal axis.
type scale func(hour float64) float64

// hourly is the scale of a calendar.
func hourly(h float64) float64 { return h }

// cake is the heights of the layers at some places of the horizontal axis, from the bottom up: owned, each purchase, and
// all that was used.
type cake struct {
	x      []float64
	layers [][]float64 // tops; the last is the demand
}

// cut returns how high each layer reaches in one hour, from the bottom up.
func (a *anatomy) cut(gross, net int64) []float64 {
	used := float64(gross) / demand.Full
	tops := []float64{float64(gross-net) / demand.Full}
	for _, l := range a.layers {
		tops = append(tops, min(used, tops[len(tops)-1]+l.units))
	}
	return append(tops, used)
}

// each cuts the given hours; few of them as steps, for demand is level during an hour.
func (a *anatomy) each(gross, net []int64, places []int, x scale) cake {
	line := steps(places, x)
	s := cake{x: line.x, layers: make([][]float64, len(a.layers)+2)}
	for _, h := range line.hours {
		for k, top := range a.cut(gross[h], net[h]) {
			s.layers[k] = append(s.layers[k], top)
		}
	}
	return s
}

// averages cuts every hour and averages over stretches of the given length: what each layer served of them.
func (a *anatomy) averages(gross, net []int64, stretch int) cake {
	s := cake{layers: make([][]float64, len(a.layers)+2)}
	for from := 0; from < len(gross); from += stretch {
		to := min(from+stretch, len(gross))
		sums := make([]float64, len(s.layers))
		for h := from; h < to; h++ {
			for k, top := range a.cut(gross[h], net[h]) {
				sums[k] += top
			}
		}
		s.x = append(s.x, float64(from), float64(to))
		for k, sum := range sums {
			mean := sum / float64(to-from)
			s.layers[k] = append(s.layers[k], mean, mean)
		}
	}
	return s
}

// paint fills the layers, and pale what is bought or owned and not used.
func (a *anatomy) paint(p *plot.Plot, s cake) {
	low := make([]float64, len(s.x))
	if a.boughtTop > 0 {
		p.Add(band{s.x, low, repeat(a.boughtTop, len(s.x)), paleBlue})
	}
	colors := []color.Color{grey}
	for _, l := range a.layers {
		colors = append(colors, l.color)
	}
	colors = append(colors, orange)
	for k, high := range s.layers {
		p.Add(band{s.x, low, high, colors[k]})
		low = high
	}
	p.Add(path{s.x, low, solid(ink, 0.7)})
}

// addLevels draws what is owned and what is bought as lines over the whole width.
func (a *anatomy) addLevels(p *plot.Plot) {
	y := a.owned
	if y > 0 {
		p.Add(level{y: y, style: dashed(muted, 1)})
	}
	for i, l := range a.layers {
		y += l.units
		p.Add(level{y: y, label: l.label, place: 0.32 * float64(i), style: solid(ink, 1.4)})
	}
	if !a.ends.IsZero() && len(a.layers) > 0 {
		words := fmt.Sprintf("level from %s, when %s reserved today end", a.ends.Format("2 Jan 2006"), number(a.boughtTop-a.later))
		p.Add(level{y: a.later, label: words, place: 0.32 * float64(len(a.layers)), style: dashed(ink, 1.2)})
	}
}

// threshold is a share of hours that a term asks of its units.
type threshold struct {
	share float64
	label string
}

// thresholds are the shares of hours from which a unit pays for itself, and where more is asked of what is bought, because
// demand may end, that share too: of the terms that are bought, of every term where none is.
func thresholds(pool *recommend.Pool) []threshold {
	var out []threshold
	add := func(share float64, format string, c recommend.Choice) {
		if share > 0 && share < 1 {
			out = append(out, threshold{share, fmt.Sprintf(format, choice(c), percent(share))})
		}
	}
	for i := range pool.Compare {
		c := &pool.Compare[i]
		if !c.Threshold.Has || !relevant(pool, c.Choice) {
			continue
		}
		add(c.Threshold.Value, "%s: pays from %s", c.Choice)
		for _, m := range pool.Marginal {
			if recommend.Choice(m.Term.String()) == c.Choice && m.Last.Has && m.Required > m.Threshold {
				add(m.Required, "%s: asked for %s, as demand may end", c.Choice)
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].share < out[j].share })
	return out
}

// relevant reports whether a term is bought, or none is.
func relevant(pool *recommend.Pool, c recommend.Choice) bool {
	any := false
	for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
		units, _ := bought(pool, term)
		if units > 0 && recommend.Choice(term.String()) == c {
			return true
		}
		any = any || units > 0
	}
	return !any
}

// legend explains the colours that occur.
func (a *anatomy) legend() []key {
	var keys []key
	if a.owned > 0 {
		keys = append(keys, key{label: "reserved already", color: grey})
	}
	for _, l := range a.layers {
		name, _, _ := strings.Cut(l.label, ":")
		keys = append(keys, key{label: "new: " + name, color: l.color})
	}
	keys = append(keys, key{label: "pay-as-you-go", color: orange})
	if a.boughtTop > 0 {
		keys = append(keys, key{label: "paid for, not used", color: paleBlue})
	}
	return keys
}

// sentence says what is bought.
func (a *anatomy) sentence() string {
	var parts []string
	for _, l := range a.layers {
		parts = append(parts, l.label)
	}
	if len(parts) == 0 {
		return "Nothing is bought."
	}
	return "Chosen: " + strings.Join(parts, "; ") + "."
}

// Demand draws the units that a pool used in each hour of the window and what serves them: existing reservations, what the
// plan buys, and pay-as-you-go. Room that is bought and not used is pale. Where only the hours of a day are known, a thin
// line shows the case in which all partly used machines ran at the same hours. A window of more than 800 hours shows daily
// averages and, as a thin line, the busiest hour of each day.
func Demand(pool *recommend.Pool, window demand.Window) Picture {
	a := anatomyOf(pool)
	p := newPlot("", a.axis())
	p.Y.Tick.Marker = countTicks{whole: true}
	p.X.Min, p.X.Max = 0, float64(max(len(a.gross), 1))
	p.Y.Min, p.Y.Max = 0, a.top()
	p.X.Tick.Marker = calendar{window}
	pic := Picture{Name: "demand", Title: "Demand and what serves it: " + group(pool), plot: p, legend: a.legend()}
	grain := "by the hour"
	p.Add(grid{})
	if len(a.gross) <= maxPoints {
		a.paint(p, a.each(a.gross, a.net, thin(a.gross, maxPoints), hourly))
		if a.stacked != nil {
			line := steps(thin(a.stacked, maxPoints), hourly)
			p.Add(path{line.x, line.values(a.stacked), solid(purple, 0.7)})
			pic.legend = append(pic.legend, key{label: "if all partly used machines ran at once", color: purple, line: true})
		}
	} else {
		days := 1 + len(a.gross)/(24*maxPoints)
		grain = "averages of " + plural(days, "day") + " each"
		a.paint(p, a.averages(a.gross, a.net, 24*days))
		p.Add(a.busiest(24 * days))
		pic.legend = append(pic.legend, key{label: "busiest hour of each day", color: purple, line: true})
	}
	shaded := ""
	if window.Days() <= calendarWeeks {
		p.Add(weekends{window})
		shaded = ", weekends shaded"
	}
	a.addLevels(p)
	pic.subtitle = fmt.Sprintf("%s, %s, UTC%s. %s", span(window), grain, shaded, a.sentence())
	pic.Alt = fmt.Sprintf("Demand of %s, %s, %s: at most %s %s. %s", group(pool), span(window), grain, number(a.grossMax), a.axis(), a.sentence())
	return pic
}

// busiest is the highest demand of each stretch of hours as a line.
func (a *anatomy) busiest(stretch int) path {
	line := path{style: solid(purple, 0.8)}
	for from := 0; from < len(a.gross); from += stretch {
		to := min(from+stretch, len(a.gross))
		high := float64(maxOf(a.gross[from:to])) / demand.Full
		line.x, line.y = append(line.x, float64(from), float64(to)), append(line.y, high, high)
	}
	return line
}

// Sorted draws the same hours from the busiest to the quietest, with the levels that are bought and the share of hours
// from which a unit of each term pays for itself. Where only the hours of a day are known it shows the case on which
// quantities are decided: all partly used machines at the same hours.
func Sorted(pool *recommend.Pool) Picture {
	a := anatomyOf(pool)
	gross, net := a.gross, a.net
	if a.stacked != nil && len(pool.Demand.Stacked) == len(a.stacked) {
		gross, net = a.stacked, pool.Demand.Stacked
	}
	gross, net = descending(gross, net)
	p := newPlot("share of the hours", a.axis())
	p.Y.Tick.Marker = countTicks{whole: true}
	p.X.Min, p.X.Max = 0, 1
	p.Y.Min, p.Y.Max = 0, a.top()
	p.X.Tick.Marker = percentTicks{}
	n := float64(max(len(gross), 1))
	p.Add(grid{})
	a.paint(p, a.each(gross, net, thin(gross, maxPoints), func(h float64) float64 { return h / n }))
	lines := thresholds(pool)
	p.Y.Max *= 1 + 0.06*float64(max(0, len(lines)-1))
	for _, t := range lines {
		p.Add(upright{x: t.share, style: dashed(ink, 1)})
	}
	for row, t := range lines {
		p.Add(upright{x: t.share, row: row, label: t.label})
	}
	a.addLevels(p)
	return Picture{
		Name: "sorted", Title: "The same hours, busiest first: " + group(pool),
		subtitle: "A unit is worth buying while the demand reaches it in more of the hours than its term asks for. " + a.sentence(),
		Alt:      fmt.Sprintf("Hours of %s sorted by demand, with the level that is bought. %s", group(pool), a.sentence()),
		plot:     p, legend: a.legend(),
	}
}

// stairs are the places of a line that stays level during each hour.
type stairs struct {
	x     []float64
	hours []int
}

// steps turns hours into places: two for each hour, or its middle where there are too many to see a difference.
func steps(places []int, x scale) stairs {
	var s stairs
	for _, i := range places {
		if len(places) > maxPoints/2 {
			s.x, s.hours = append(s.x, x(float64(i)+0.5)), append(s.hours, i)
			continue
		}
		s.x = append(s.x, x(float64(i)), x(float64(i)+1))
		s.hours = append(s.hours, i, i)
	}
	return s
}

// values picks the units of a series at the places.
func (s stairs) values(series []int64) []float64 {
	out := make([]float64, len(s.hours))
	for i, h := range s.hours {
		out[i] = float64(series[h]) / demand.Full
	}
	return out
}

// thin picks at most limit places of a series: all, or the lowest and the highest of each of limit/2 stretches.
func thin(series []int64, limit int) []int {
	n := len(series)
	var places []int
	if n <= limit {
		for i := range n {
			places = append(places, i)
		}
		return places
	}
	parts := limit / 2
	for part := range parts {
		from, to := part*n/parts, (part+1)*n/parts
		low, high := from, from
		for i := from; i < to; i++ {
			if series[i] < series[low] {
				low = i
			}
			if series[i] > series[high] {
				high = i
			}
		}
		places = append(places, min(low, high))
		if low != high {
			places = append(places, max(low, high))
		}
	}
	return places
}

// descending sorts hours by gross demand, the highest first, and carries net along; both are copies.
func descending(gross, net []int64) (g, n []int64) {
	order := make([]int, len(gross))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return gross[order[i]] > gross[order[j]] })
	for _, i := range order {
		g, n = append(g, gross[i]), append(n, net[i])
	}
	return g, n
}

// repeat returns n times v.
func repeat(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// maxOf is the highest of some numbers, 0 of none.
func maxOf(list []int64) int64 {
	high := int64(0)
	for _, v := range list {
		high = max(high, v)
	}
	return high
}

// plural is a counted noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "one " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// span is a window in words.
func span(w demand.Window) string {
	if w.Hours() == 0 {
		return "no hours"
	}
	from, to := w.From, w.To.Add(-time.Hour)
	if from.Year() != to.Year() {
		return from.Format("2 Jan 2006") + " to " + to.Format("2 Jan 2006")
	}
	return from.Format("2 Jan") + " to " + to.Format("2 Jan 2006")
}

// number is a figure for people with at most two decimals.
func number(v float64) string {
	step := 1.0
	if v != math.Trunc(v) {
		step = 0.01
	}
	return decimal(v, step)
}

// percent is a share for people.
func percent(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + " %" }

// choice names a row of the comparison.
func choice(c recommend.Choice) string {
	switch c {
	case recommend.P1Y:
		return "one year"
	case recommend.P3Y:
		return "three years"
	}
	return string(c)
}
