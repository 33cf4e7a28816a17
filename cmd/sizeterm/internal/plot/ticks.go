package plot

import (
	"math"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot"

	"sizeterm/analyzer/demand"
)

// countTicks marks an axis of amounts at 1, 2 or 5 times a power of ten, with commas between thousands; of whole things
// at least one apart.
type countTicks struct{ whole bool }

// Ticks returns about five labelled marks from low to high.
func (t countTicks) Ticks(low, high float64) []plot.Tick {
	step := niceStep(high - low)
	if t.whole {
		step = math.Max(1, step)
	}
	var ticks []plot.Tick
	for i := math.Ceil(low / step); i*step <= high+step/1e6; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: decimal(i*step, step)})
	}
	return ticks
}

// niceStep returns a step that cuts span into four to eight parts.
func niceStep(span float64) float64 {
	if span <= 0 || math.IsNaN(span) || math.IsInf(span, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(span)))
	for _, f := range []float64{0.1, 0.2, 0.5} {
		if span/(power*f) <= 7 {
			return power * f
		}
	}
	return power
}

// decimal prints v with the decimals that its step needs.
func decimal(v, step float64) string {
	digits := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	s := strconv.FormatFloat(v, 'f', digits, 64)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, rest, dotted := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dotted {
		whole += "." + rest
	}
	if strings.Trim(whole, "0.,") == "" {
		sign = ""
	}
	return sign + whole
}

// percentTicks marks an axis of shares from 0 to 1 in percent.
type percentTicks struct{}

// Ticks returns a mark each ten percent and a label each twenty.
func (percentTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for i := range 11 {
		if v := float64(i) / 10; v >= low-1e-9 && v <= high+1e-9 {
			tick := plot.Tick{Value: v}
			if i%2 == 0 {
				tick.Label = strconv.Itoa(10*i) + " %"
			}
			ticks = append(ticks, tick)
		}
	}
	return ticks
}

// calendarWeeks is the number of days up to which weeks are told apart.
const calendarWeeks = 70

// calendar marks an axis whose unit is the hour of a window.
type calendar struct{ window demand.Window }

// Ticks labels days in a window of at most ten, Mondays in one of at most ten weeks, and months in a longer one.
func (c calendar) Ticks(low, high float64) []plot.Tick {
	days := c.window.Days()
	var ticks []plot.Tick
	for d := range days + 1 {
		t := c.window.From.AddDate(0, 0, d)
		hour := t.Sub(c.window.From).Hours()
		if hour < low || hour > high {
			continue
		}
		switch {
		case days <= 10:
			ticks = append(ticks, plot.Tick{Value: hour, Label: t.Format("Mon 2 Jan")})
		case days <= calendarWeeks && t.Weekday() == time.Monday:
			ticks = append(ticks, plot.Tick{Value: hour, Label: t.Format("Mon 2 Jan")})
		case days <= calendarWeeks:
			ticks = append(ticks, plot.Tick{Value: hour})
		case t.Day() == 1 && (days <= 400 || int(t.Month())%3 == 1):
			ticks = append(ticks, plot.Tick{Value: hour, Label: t.Format("Jan 2006")})
		}
	}
	return ticks
}

// labels marks given places of an axis.
type labels []plot.Tick

// Ticks returns the given marks.
func (l labels) Ticks(_, _ float64) []plot.Tick { return l }
