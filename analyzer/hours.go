package analyzer

import (
	"cmp"
	"slices"

	"sizeterm/analyzer/quantile"
)

// HourLoad is the CPU of a machine in one hour that was measured, in the order of time: what a replay of credits needs. Its figures
// are rounded up, so that they are never less than what was measured: the average by at most 0.1 points where samples take a minute or
// longer, the highest value by half a point.
type HourLoad struct {
	Hour      int64 // since 1970-01-01 00:00 UTC
	Seconds   int32 // measured
	Avg, High Percent
}

// hourCell is the samples of one hour of a machine in four bytes. Sums are sums of rows whatever their order, and stay at the top once
// they are there.
type hourCell struct {
	sum      uint16 // averages x seconds, in units of cellUnit, each row rounded up
	high     uint8  // highest value in half points, rounded up; noMaximum where a row has none
	quarters uint8  // of minutes that were measured
}

const (
	cellUnit  = 600 // hundredths of a point x seconds: an hour at 109 % is the top
	noMaximum = 255
	quarter   = 15 // seconds
)

// hoursOfDay is the cells of a day.
type hoursOfDay [24]hourCell

// add counts a row that begins at a second of the day.
func (d *hoursOfDay) add(second int, s *staged) {
	c, row := &d[second/3600], hourCell{}
	avg, high := int64(s.values[cpuAvg]), int64(s.values[cpuMax])
	switch {
	case s.has&(1<<cpuAvg|1<<cpuMax) == 0:
		return
	case s.has&(1<<cpuMax) == 0:
		row.high = noMaximum
	case s.has&(1<<cpuAvg) == 0:
		avg = high
		fallthrough
	default:
		row.high = uint8(min(noMaximum-1, (max(high, avg)+49)/50))
	}
	row.sum = uint16(min(1<<16-1, (avg*int64(s.seconds)+cellUnit-1)/cellUnit))
	row.quarters = uint8(min(255, s.seconds/quarter))
	c.plus(row)
}

// addRun counts a run that begins at a second of the day, as add counts its samples.
func (d *hoursOfDay) addRun(second int, run *stretch) {
	avg, high, seconds := run.values[cpuAvg], run.values[cpuMax], int(run.seconds)
	if avg == nil {
		avg = high
	}
	for i := 0; i < len(avg); {
		hour := second / 3600
		n := min(len(avg)-i, (3600*(hour+1)-second+seconds-1)/seconds)
		sum, top := cellSum(avg[i:i+n], seconds), uint16(0)
		if high != nil {
			top = max(slices.Max(avg[i:i+n]), slices.Max(high[i:i+n]))
		}
		row := hourCell{sum: uint16(min(1<<16-1, sum)), high: noMaximum, quarters: uint8(min(255, n*(seconds/quarter)))}
		if high != nil {
			row.high = uint8(min(noMaximum-1, (int(top)+49)/50))
		}
		d[hour].plus(row)
		i, second = i+n, second+n*seconds
	}
}

// cellSum adds up averages of so many seconds, in units of cellUnit, each rounded up.
func cellSum(values []uint16, seconds int) (sum uint64) {
	if seconds == cellUnit/2 { // five minutes
		for _, v := range values {
			sum += (uint64(v) + 1) / 2
		}
		return sum
	}
	for _, v := range values {
		sum += (uint64(v)*uint64(seconds) + cellUnit - 1) / cellUnit
	}
	return sum
}

// plus adds what was measured in the same hour.
func (c *hourCell) plus(o hourCell) {
	c.sum = uint16(min(1<<16-1, uint32(c.sum)+uint32(o.sum)))
	c.high = max(c.high, o.high)
	c.quarters = uint8(min(255, uint32(c.quarters)+uint32(o.quarters)))
}

func (d *hoursOfDay) plus(o *hoursOfDay) {
	for h := range d {
		d[h].plus(o[h])
	}
}

// loadedDay is a day of a machine on which CPU was measured.
type loadedDay struct {
	day   int32
	hours hoursOfDay
}

// loads is the hours of all days of a machine. A day is packed once the next begins; what comes for a day that is not after all packed
// ones stands beside them until tidy, because cells of one hour add up whenever they meet.
type loads struct {
	packed packedDays
	open   []loadedDay // sorted
}

// on returns the cells in which more of a day is counted, until the next call.
func (l *loads) on(day int32) *hoursOfDay {
	n := len(l.open)
	if n > 0 && l.open[n-1].day == day {
		return &l.open[n-1].hours
	}
	at, found := slices.BinarySearchFunc(l.open, day, func(d loadedDay, day int32) int { return cmp.Compare(d.day, day) })
	switch {
	case found:
	case at == n && n > 0 && l.packed.follows(l.open[n-1].day): // the day before it is over
		l.packed.append(&l.open[n-1])
		at, l.open[n-1] = n-1, loadedDay{day: day}
	case n == 0:
		l.open = append(make([]loadedDay, 0, 1), loadedDay{day: day}) // most need no more
	default:
		l.open = slices.Insert(l.open, at, loadedDay{day: day})
	}
	return &l.open[at].hours
}

// each calls yield for the days in rising order.
func (l *loads) each(yield func(*loadedDay)) {
	open := l.open
	l.packed.each(func(d *loadedDay) {
		for len(open) > 0 && open[0].day < d.day {
			yield(&open[0])
			open = open[1:]
		}
		if len(open) > 0 && open[0].day == d.day {
			d.hours.plus(&open[0].hours)
			open = open[1:]
		}
		yield(d)
	})
	for i := range open {
		yield(&open[i])
	}
}

// tidy packs all days, for a shelf, which may be nil.
func (l *loads) tidy(shelf *quantile.Shelf) {
	if len(l.open) > 0 {
		if l.packed.follows(l.open[0].day) {
			for i := range l.open {
				l.packed.append(&l.open[i])
			}
		} else {
			var all packedDays
			l.each(all.append)
			l.packed = all
		}
		l.open = nil
	}
	shelf.Take(&l.packed.bytes)
}

// loadOf joins the hours of an entry's machines, which are tidy, on the days that count. It shares memory with a machine where that
// alone has them: packed days are never changed.
func loadOf(machines []*machine, accept func(int32) bool) packedDays {
	if len(machines) == 1 {
		return machines[0].hours.packed.those(accept)
	}
	var sum loads
	for _, m := range machines {
		m.hours.packed.each(func(d *loadedDay) {
			if accept(d.day) {
				sum.on(d.day).plus(&d.hours)
			}
		})
	}
	sum.tidy(nil)
	return sum.packed
}

// HourlyCPU returns the hours in which the CPU was measured, in rising order; nothing where it was measured in longer intervals only.
// An hour without a highest value has one above 100 %: nothing bounds it.
func (vm *VM) HourlyCPU() []HourLoad {
	out := make([]HourLoad, 0, 24*vm.load.count())
	vm.load.each(func(d *loadedDay) {
		for h, c := range d.hours {
			if c.quarters == 0 {
				continue
			}
			seconds := int64(c.quarters) * quarter
			out = append(out, HourLoad{Hour: 24*int64(d.day) + int64(h), Seconds: int32(min(3600, seconds)),
				Avg: Percent((int64(c.sum)*cellUnit + seconds - 1) / seconds), High: Percent(c.high) * 50})
		}
	})
	return out
}
