package plot

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"os"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend"
	"sizeterm/recommend/forecast"
)

// WritePast writes the pictures of a backtest into dir, which it makes: for each currency what each rule saved, the ranges of the
// forecasts beside what came, and where in its range each outcome lay. It returns the names of the pictures.
func WritePast(dir string, p *report.Past) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write pictures: %w", err)
	}
	var pics []Picture
	var names []string
	for i := range p.Results {
		r := &p.Results[i]
		for _, draw := range []func(*report.Past, *recommend.Past) (Picture, bool){Rules, Ranges, Ranks} {
			pic, ok := draw(p, r)
			if !ok {
				continue
			}
			pic.Name = slug("backtest", string(r.Currency), pic.Name)
			pics, names = append(pics, pic), append(names, pic.Name)
		}
	}
	if err := eachPicture(pics, func(pic Picture) error { return pic.writeTo(dir) }); err != nil {
		return nil, fmt.Errorf("write pictures: %w", err)
	}
	return names, nil
}

// Rules draws what each rule saved of the best that was possible, in the months in which it decided; ok is false without trials.
func Rules(p *report.Past, r *recommend.Past) (pic Picture, ok bool) {
	all, err := r.Result.Summarize(nil)
	if err != nil || all.Trials == 0 || all.Clairvoyant.Micros <= 0 {
		return pic, false
	}
	colors := map[forecast.Rule]color.Color{forecast.ByPlan: blue, forecast.ByVendor: orange, forecast.ByLookback: sky, forecast.ByFloor: purple, forecast.ByFan: grey}
	pt := newPlot("", "share of the best possible saving")
	pt.Y.Tick.Marker = percentTicks{}
	origins := originsOf(r.Result)
	pt.X.Tick.Marker = daysAs(p.Window.From, origins)
	pic = Picture{Name: "rules", Title: "What past advice saved, " + string(r.Currency), plot: pt,
		subtitle: fmt.Sprintf("Of each day's decisions, followed for up to %d days; 100 %% is the saving of who knew the future.", p.Spec.ReplayDays)}
	pt.Add(grid{}, zeroLine{})
	low := 0.0
	for k, rule := range forecast.Rules() {
		if rule == forecast.ByNothing {
			continue
		}
		line := path{style: solid(colors[rule], 1.6)}
		if rule == forecast.ByPlan {
			line.style.Width = 3
		}
		for _, origin := range origins {
			s, err := r.Result.Summarize(func(t *forecast.Trial) bool { return t.Origin == origin })
			if err == nil && s.Clairvoyant.Micros > 0 {
				line.x, line.y = append(line.x, float64(origin)), append(line.y, s.Scores[k].Capture)
				low = min(low, s.Scores[k].Capture)
			}
		}
		if len(line.x) == 1 {
			line.x, line.y = append(line.x, line.x[0]+1), append(line.y, line.y[0])
		}
		pt.Add(line)
		pic.legend = append(pic.legend, key{label: fmt.Sprintf("%s: %s", report.RuleWords(rule), percent(all.Scores[k].Capture)), color: colors[rule], line: true})
		pic.Alt += fmt.Sprintf("%s saved %s of the best. ", report.RuleWords(rule), percent(all.Scores[k].Capture))
	}
	pt.X.Min, pt.X.Max = float64(origins[0])-1, float64(origins[len(origins)-1])+1
	pt.Y.Min, pt.Y.Max = max(-1, 1.05*low), 1.03
	return pic, true
}

// originsOf lists the days of decisions.
func originsOf(b *forecast.Backtest) []int {
	var days []int
	for i := range b.Trials {
		if n := len(days); n == 0 || days[n-1] != b.Trials[i].Origin {
			days = append(days, b.Trials[i].Origin)
		}
	}
	return days
}

// daysAs labels days counted from a start, seven at most.
func daysAs(from time.Time, days []int) labels {
	var out labels
	every := (len(days) + 6) / 7
	for i, d := range days {
		tick := plot.Tick{Value: float64(d)}
		if i%every == 0 {
			tick.Label = from.AddDate(0, 0, d).Format("2 Jan 2006")
		}
		out = append(out, tick)
	}
	return out
}

// maxRanges is how many purchases are drawn: the others are counted.
const maxRanges = 120

// Ranges draws for each purchase the range that was forecast and a dot for what came, each as a share of what pay-as-you-go cost, from
// the lowest outcome to the highest; ok is false where nothing was bought.
func Ranges(p *report.Past, r *recommend.Past) (pic Picture, ok bool) {
	var list []forecast.Trial
	inside := 0
	for _, t := range r.Result.Trials {
		if t.Has && t.Before.Micros > 0 {
			list = append(list, t)
			if t.Inside() {
				inside++
			}
		}
	}
	if len(list) == 0 {
		return pic, false
	}
	n := len(list)
	slices.SortStableFunc(list, func(a, b forecast.Trial) int {
		return cmp.Compare(shareBefore(&a, a.Realised.Micros), shareBefore(&b, b.Realised.Micros))
	})
	if n > maxRanges {
		var some []forecast.Trial
		for i := range maxRanges {
			some = append(some, list[i*(n-1)/(maxRanges-1)])
		}
		list = some
	}
	pt := newPlot("purchases, by what came", "saving, share of the cost before")
	pt.Y.Tick.Marker = percentTicks{}
	pt.X.Tick.Marker = labels{}
	ranges := ranges{list}
	pt.Add(grid{}, zeroLine{}, ranges)
	pt.X.Min, pt.X.Max = -1, float64(len(list))
	pt.Y.Min, pt.Y.Max = ranges.bounds()
	subtitle := fmt.Sprintf("%d of %d purchases (%s) lay inside the range from the 5th to the 95th percentile; nominal 90 %%.", inside, n, percent(float64(inside)/float64(n)))
	if n > len(list) {
		subtitle += fmt.Sprintf(" Shown: %d, evenly chosen.", len(list))
	}
	return Picture{Name: "ranges", Title: "What was forecast and what came, " + string(r.Currency), plot: pt, subtitle: subtitle, Alt: subtitle,
		legend: []key{{label: "forecast, 5th to 95th percentile", color: sky, line: true}, {label: "came, inside", color: blue, round: true}, {label: "came, outside", color: red, round: true}}}, true
}

// shareBefore is an amount as a share of what the pool cost before.
func shareBefore(t *forecast.Trial, micros int64) float64 {
	return float64(micros) / float64(t.Before.Micros)
}

// ranges draws a bar and a dot for each purchase.
type ranges struct{ trials []forecast.Trial }

// bounds returns the room that the bars and dots need, cut at a loss or a saving of all that was paid.
func (r ranges) bounds() (low, high float64) {
	for i := range r.trials {
		t := &r.trials[i]
		for _, m := range []int64{t.Predicted.P5.Micros, t.Predicted.P95.Micros, t.Realised.Micros} {
			low, high = min(low, shareBefore(t, m)), max(high, shareBefore(t, m))
		}
	}
	return max(-1, low-0.03), min(1, high+0.03)
}

// Plot strokes bars and dots.
func (r ranges) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for i := range r.trials {
		t := &r.trials[i]
		x := tx(float64(i))
		y0, y1 := ty(shareBefore(t, t.Predicted.P5.Micros)), ty(shareBefore(t, t.Predicted.P95.Micros))
		c.StrokeLine2(solid(sky, min(5, 0.6*c.Size().X/vg.Length(len(r.trials)+1))), x, max(y0, c.Min.Y), x, min(y1, c.Max.Y))
		dot := color.Color(blue)
		if !t.Inside() {
			dot = red
		}
		y := vg.Length(math.Max(float64(c.Min.Y), math.Min(float64(c.Max.Y), float64(ty(shareBefore(t, t.Realised.Micros))))))
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: dot, Radius: 2.2, Shape: draw.CircleGlyph{}}, vg.Point{X: x, Y: y})
	}
}

// Ranks draws how often the demand that came lay in each tenth of the forecast's futures; flat is calibrated. ok is false without trials.
func Ranks(_ *report.Past, r *recommend.Past) (pic Picture, ok bool) {
	var tenths [10]float64
	n := 0.0
	for i := range r.Result.Trials {
		t := &r.Result.Trials[i]
		if t.DemandRank == [2]float64{} && !t.Has {
			continue
		}
		n++
		low, high := t.DemandRank[0], max(t.DemandRank[1], t.DemandRank[0]+1e-9)
		for k := range tenths {
			from, to := float64(k)/10, float64(k+1)/10
			if k == 9 {
				to = 1.1
			}
			tenths[k] += max(0, min(high, to)-max(low, from)) / (high - low)
		}
	}
	if n == 0 {
		return pic, false
	}
	pt := newPlot("where among the futures the demand that came lay: lowest tenth to highest", "share of decisions")
	pt.Y.Tick.Marker = percentTicks{}
	most := 0.0
	for k := range tenths {
		tenths[k] /= n
		most = max(most, tenths[k])
	}
	pt.X.Tick.Marker = labels{}
	pt.X.Min, pt.X.Max, pt.Y.Min, pt.Y.Max = -0.6, 9.6, 0, max(0.25, 1.15*most)
	pt.Add(grid{}, tenthBars(tenths), level{y: 0.1, label: "calibrated: 10.0 % each", style: dashed(ink, 1)})
	words := fmt.Sprintf("%s of %.0f decisions saw less demand than 9 of 10 futures, %s more; each tenth should hold 10.0 %%.", percent(tenths[0]), n, percent(tenths[9]))
	return Picture{Name: "ranks", Title: "Is the forecast calibrated? Demand that came among its futures, " + string(r.Currency), plot: pt, subtitle: words, Alt: words}, true
}

// tenthBars draws ten bars.
type tenthBars [10]float64

// Plot fills the bars.
func (b tenthBars) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for k, v := range b {
		c.FillPolygon(blue, rectangle(tx(float64(k)-0.42), ty(0), tx(float64(k)+0.42), ty(v)))
	}
}
