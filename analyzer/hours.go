package analyzer

import (
	"cmp"
	"slices"
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

// loadedDay is a day of a machine of the analysis.
type loadedDay struct {
	day   int32
	hours hoursOfDay
}

// loadOf joins the hours of an entry's machines on the days that count.
func loadOf(machines []*machine, accept func(int32) bool) []loadedDay {
	var out []loadedDay
	for _, m := range machines {
		for i := range m.hours {
			d := &m.hours[i]
			if !accept(d.day) || d.hours == (hoursOfDay{}) {
				continue
			}
			at, found := slices.BinarySearchFunc(out, d.day, func(l loadedDay, day int32) int { return cmp.Compare(l.day, day) })
			if !found {
				out = slices.Insert(out, at, loadedDay{day: d.day})
			}
			out[at].hours.plus(&d.hours)
		}
	}
	return out
}

// HourlyCPU returns the hours in which the CPU was measured, in rising order; nothing where it was measured in longer intervals only.
// An hour without a highest value has one above 100 %: nothing bounds it.
func (vm *VM) HourlyCPU() []HourLoad {
	out := make([]HourLoad, 0, 24*len(vm.load))
	for i := range vm.load {
		d := &vm.load[i]
		for h, c := range d.hours {
			if c.quarters == 0 {
				continue
			}
			seconds := int64(c.quarters) * quarter
			out = append(out, HourLoad{Hour: 24*int64(d.day) + int64(h), Seconds: int32(min(3600, seconds)),
				Avg: Percent((int64(c.sum)*cellUnit + seconds - 1) / seconds), High: Percent(c.high) * 50})
		}
	}
	return out
}
