package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// raced is a contest that was run.
type raced struct {
	name    string
	contest *contest
	laps    [][]lap
}

// goal is what a racer's time should be at least, or at most, as a multiple of sizeterm's.
type goal struct {
	contest, racer string
	least, most    float64
}

// goals are those of 1 GB files on two quiet cores. Of several racers of one name the fastest counts.
var goals = []goal{
	{contest: "A", racer: "DuckDB", least: 6}, {contest: "shuffled", racer: "DuckDB", least: 4}, {contest: "wide", racer: "DuckDB", least: 3.5},
	{contest: "B", racer: "DuckDB", least: 4}, {contest: "B", racer: "Polars", least: 2.5},
	{contest: "A", racer: "wc", most: 2.5}, {contest: "B", racer: "wc", most: 2.5}, {contest: "gzip", racer: "klauspost", most: 1.2},
	{contest: "parquet", racer: "DuckDB", least: 2}, {contest: "parquetB", racer: "DuckDB", least: 2},
}

// The goals of memory: the peak at 1 GB, and that of twenty times the input of the same machines as a multiple.
const (
	mostMB     = 96 * 1.048576
	mostGrowth = 1.25
)

// goalTable says which goals were reached.
func goalTable(all []raced) string {
	var b strings.Builder
	b.WriteString("\n## Goals\n\n| goal | wanted | measured | by processor time | |\n|---|---:|---:|---:|---|\n")
	line := func(what, wanted string, measured float64, cpu string, reached bool) {
		word := "no"
		if reached {
			word = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %.2f | %s | %s |\n", what, wanted, measured, cpu, word)
	}
	peaks := map[string]float64{}
	for _, r := range all {
		if ours := slices.IndexFunc(r.contest.racers, func(x racer) bool { return x.ours }); ours >= 0 {
			peaks[r.name] = median(r.laps[ours], func(l lap) float64 { return float64(l.peak) / 1e6 })
		}
		for _, g := range goals {
			ratio, cpu := r.ratio(g.racer, wall), r.ratio(g.racer, cpu)
			switch {
			case g.contest != r.name || math.IsInf(ratio, 0):
			case g.least > 0:
				line(fmt.Sprintf("%s: %s / sizeterm", r.name, g.racer), fmt.Sprintf("≥ %.1f", g.least), ratio, fmt.Sprintf("%.2f", cpu), ratio >= g.least)
			default:
				line(fmt.Sprintf("%s: sizeterm / %s", r.name, g.racer), fmt.Sprintf("≤ %.1f", g.most), 1/ratio, fmt.Sprintf("%.2f", 1/cpu), 1/ratio <= g.most)
			}
		}
	}
	for _, name := range []string{"A", "B"} {
		if peak, ok := peaks[name]; ok {
			line(name+": peak MB", fmt.Sprintf("≤ %.0f", mostMB), peak, "", peak <= mostMB)
		}
	}
	if few, many := peaks["days3"], peaks["days60"]; few > 0 && many > 0 {
		line("peak of 60 days / 3 days of the same machines", fmt.Sprintf("≤ %.2f", mostGrowth), many/few, "", many/few <= mostGrowth)
	}
	return b.String()
}

// wall and cpu are the times of a lap.
func wall(l lap) float64 { return l.wall.Seconds() }
func cpu(l lap) float64  { return l.cpu.Seconds() }

// ratio returns the least median ratio of the racers whose names begin so to ours; infinite where there is none.
func (r *raced) ratio(name string, of func(lap) float64) float64 {
	ours := slices.IndexFunc(r.contest.racers, func(x racer) bool { return x.ours })
	least := math.Inf(1)
	for i, x := range r.contest.racers {
		if ours >= 0 && strings.HasPrefix(x.name, name) {
			least = min(least, middle(ratios(r.laps[i], r.laps[ours], of)))
		}
	}
	return least
}

// ratios returns the ratios of the times of two racers in each round that both ran in, sorted.
func ratios(laps, ours []lap, of func(lap) float64) []float64 {
	out := make([]float64, min(len(laps), len(ours)))
	for k := range out {
		out[k] = of(laps[k]) / of(ours[k])
	}
	slices.Sort(out)
	return out
}
