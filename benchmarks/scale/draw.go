package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	drawing "gonum.org/v1/plot/vg/draw"
)

// draw draws time over samples, and memory of a machine over days, both by powers of ten: a line that rises by one where it goes
// one to the right is growth in proportion.
func draw(points []point, processor bool, file string) error {
	clock, memory := plot.New(), plot.New()
	clock.Title.Text, clock.X.Label.Text, clock.Y.Label.Text = "Time of adding and analysing", "millions of samples", "seconds"
	memory.Title.Text, memory.X.Label.Text, memory.Y.Label.Text = "Memory of a machine", "days of five-minute samples", "KB a machine"
	if processor {
		clock.Y.Label.Text = "processor seconds"
	}
	for i, machines := range []int{1000, 10_000, 100_000} {
		var grow plotter.XYs
		for k, workers := range []int{1, 2} {
			var times plotter.XYs
			for _, p := range points {
				if p.workers != workers || p.machines != machines {
					continue
				}
				took := p.wall
				if processor {
					took = p.added + p.analysed
				}
				times = append(times, plotter.XY{X: float64(p.samples()) / 1e6, Y: took.Seconds()})
				if workers == 1 {
					grow = append(grow, plotter.XY{X: float64(p.days), Y: float64(p.bytes) / 1000 / float64(machines)})
				}
			}
			if err := line(clock, times, fmt.Sprintf("%d machines, cores: %d", machines, workers), 2*i+k); err != nil {
				return err
			}
		}
		if err := line(memory, grow, fmt.Sprintf("%d machines", machines), 2*i); err != nil {
			return err
		}
	}
	for _, p := range []*plot.Plot{clock, memory} {
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = p.X.Min/1.5, p.X.Max*1.5, p.Y.Min/1.5, p.Y.Max*3 // room for one point, and for the legend
		p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
		p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
		p.Legend.Left, p.Legend.Top = true, true
		p.Add(plotter.NewGrid())
	}
	return save([]*plot.Plot{clock, memory}, file)
}

// line adds measured points and the line through them.
func line(p *plot.Plot, xys plotter.XYs, name string, number int) error {
	if len(xys) == 0 {
		return nil
	}
	slices.SortFunc(xys, func(a, b plotter.XY) int { return cmp.Compare(a.X, b.X) })
	through, marks, err := plotter.NewLinePoints(xys)
	if err != nil {
		return err
	}
	through.Color, marks.Color, marks.Shape = plotutil.Color(number), plotutil.Color(number), plotutil.Shape(number)
	p.Add(through, marks)
	p.Legend.Add(name, through, marks)
	return nil
}

// save writes plots side by side.
func save(plots []*plot.Plot, file string) (err error) {
	canvas, err := drawing.NewFormattedCanvas(30*vg.Centimeter, 12*vg.Centimeter, strings.TrimPrefix(filepath.Ext(file), "."))
	if err != nil {
		return err
	}
	tiles := drawing.Tiles{Rows: 1, Cols: len(plots), PadX: vg.Centimeter, PadTop: vg.Millimeter, PadRight: vg.Centimeter, PadBottom: vg.Millimeter}
	on := drawing.New(canvas)
	for i, p := range plots {
		p.Draw(tiles.At(on, i, 0))
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
