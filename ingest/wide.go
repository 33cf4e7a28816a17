package ingest

import (
	"sizeterm/ingest/dialect"
)

// wideMapper turns a table with one column a machine and one row a time into samples of average CPU. Each cell counts as
// a row of the summary, so that one bad cell costs one machine one interval.
type wideMapper struct {
	sampleMapper
	machines []int32
}

func newWideMapper(b base, n notation, grain int64) *wideMapper {
	w := &wideMapper{sampleMapper: *newSampleMapper(b, n, grain)}
	for _, name := range b.plan.names {
		w.machines = append(w.machines, w.cols.ResourceWords.Index(lower([]byte(name))))
	}
	return w
}

// takeCells maps one row of the table.
func (w *wideMapper) takeCells(cells [][]byte, line int64) {
	cells = cells[:min(len(cells), len(w.plan.names))]
	start, err := w.instant(w.clock, cells[0])
	if err == nil && w.latest > 0 && start > w.latest {
		err = errFuture
	}
	if err != nil {
		for _, name := range w.plan.names[1:] {
			if name != "" {
				w.tally.rows++
				w.tally.rejected++
				w.lost([]byte(name), nil).because(line, w.plan.names[0], cells[0], err)
			}
		}
		w.tally.rejected-- // rejectAs counts one
		w.rejectAs(line, w.plan.names[0], cells[0], err)
		return
	}
	for i, cell := range cells[1:] {
		if w.plan.names[i+1] == "" {
			continue // a column that nobody named, behind the last machine
		}
		w.tally.rows++
		if absent(cell) {
			w.tally.setApart("no_value")
			continue
		}
		v, ok := hundredths(cell, w.mark)
		if !ok {
			d, err := dialect.ParseDecimal(cell, w.mark)
			var n int64
			if err == nil {
				n, err = d.HalfUp(2)
			}
			if err != nil || n < 0 || n > 10000 {
				w.rejectCell(i+1, cell, line, orErr(err, errPercent))
				continue
			}
			v = int32(n)
		}
		if v > 10000 {
			w.rejectCell(i+1, cell, line, errPercent)
			continue
		}
		c := &w.cols
		c.Resource = append(c.Resource, w.machines[i+1])
		c.Start = append(c.Start, start)
		c.Seconds = append(c.Seconds, int32(w.grain))
		c.Line = append(c.Line, line)
		c.CPUAvg = append(c.CPUAvg, v)
		w.tally.accepted++
		w.tally.period(start, start+w.grain)
		w.tally.grain = w.grain
	}
}

// rejectCell rejects the cell of a machine's column.
func (w *wideMapper) rejectCell(column int, cell []byte, line int64, why error) {
	name := w.plan.names[column]
	w.lost([]byte(name), nil).because(line, name, cell, why)
	w.rejectAs(line, name, cell, why)
}
