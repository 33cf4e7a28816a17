package plot

import (
	"fmt"
	"math/big"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// maxMonths is the number of bars of a cash calendar; five years of payments are more than any term.
const maxMonths = 60

// Cash draws what one customer pays for the plan's reservations in each calendar month; ok is false where nothing is paid.
func Cash(total *recommend.Total) (pic Picture, ok bool) {
	months := monthsOf(total)
	if len(months) == 0 {
		return Picture{}, false
	}
	p := newPlot("", string(total.Currency)+" a month")
	high, sum := 0.0, new(big.Rat)
	var marks labels
	for i, m := range months {
		high = max(high, m.paid())
		sum.Add(sum, m.sum)
		tick := plot.Tick{Value: float64(i)}
		const room = 4 // months that a label takes
		january := m.first.Month() == time.January && i >= room
		if i == 0 || january || i == len(months)-1 && i-lastLabel(marks) >= room {
			tick.Label = m.first.Format("Jan 2006")
		}
		marks = append(marks, tick)
	}
	p.X.Min, p.X.Max = -0.7, float64(len(months))-0.3
	p.Y.Min, p.Y.Max = 0, max(1, high*1.15)
	p.X.Tick.Marker = marks
	p.Add(grid{}, bars{months})
	name := total.CustomerName
	if name == "" {
		name = total.Customer
	}
	all, _ := sum.Float64()
	return Picture{
		Name: "cash", Title: "Cash for reservations: " + printable(name), plot: p,
		subtitle: fmt.Sprintf("Payments that fall due in each month, %s to %s: %s %s in all, %s of it up front.",
			months[0].first.Format("Jan 2006"), months[len(months)-1].first.Format("Jan 2006"), whole(all), total.Currency, whole(units(total.Upfront))),
		Alt: fmt.Sprintf("Bars of the payments a month, at most %s %s, %s %s in all.", whole(high), total.Currency, whole(all), total.Currency),
	}, true
}

// month is what falls due in a calendar month.
type month struct {
	first time.Time
	sum   *big.Rat
}

func (m month) paid() float64 {
	v, _ := m.sum.Float64()
	return v
}

// monthsOf sums payments by calendar month from the first to the last, months without one among them.
func monthsOf(t *recommend.Total) []month {
	var months []month
	for _, c := range t.Cash {
		first := time.Date(c.Date.UTC().Year(), c.Date.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
		if len(months) == 0 {
			months = append(months, month{first, new(big.Rat)})
		}
		for months[len(months)-1].first.Before(first) && len(months) < maxMonths {
			months = append(months, month{months[len(months)-1].first.AddDate(0, 1, 0), new(big.Rat)})
		}
		for i := range months {
			if months[i].first.Equal(first) {
				months[i].sum.Add(months[i].sum, big.NewRat(c.Amount.Micros, 1_000_000))
			}
		}
	}
	return months
}

// lastLabel is the place of the last mark with a label.
func lastLabel(marks labels) int {
	for i := len(marks) - 1; i >= 0; i-- {
		if marks[i].Label != "" {
			return i
		}
	}
	return -1
}

// units is an amount in whole units of its currency, to be drawn.
func units(a money.Amount) float64 { return float64(a.Micros) / 1e6 }

// whole is a figure without decimals.
func whole(v float64) string { return decimal(v, 1) }

// bars draws a bar a month, its amount above it where it differs from the one before.
type bars struct{ months []month }

// Plot fills the bars.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	var said vg.Point // right and upper end of the last words
	for i, m := range b.months {
		v := m.paid()
		x0, x1 := tx(float64(i)-0.4), tx(float64(i)+0.4)
		c.FillPolygon(blue, rectangle(x0, ty(0), x1, ty(v)))
		words := whole(v)
		if i > 0 && words == whole(b.months[i-1].paid()) || v == 0 {
			continue
		}
		at := (x0 + x1) / 2
		half := style(9, ink).Width(words) / 2
		if y := ty(v); at-half < said.X && y > said.Y-26 && y < said.Y+13 {
			continue
		}
		haloed(c, vg.Point{X: max(at, c.Min.X+half), Y: ty(v) + 3}, words, -0.5, 0)
		said = vg.Point{X: at + half + 4, Y: ty(v) + 13}
	}
}
