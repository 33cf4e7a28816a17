package rightsize

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the picture of the backtest")

// backtestPicture is where the method note shows the result.
const backtestPicture = "../../docs/pictures/backtest-sizes.svg"

// tested is what the rules did to the machines of one trace.
type tested struct {
	trace    string
	machines int
	rules    []string
	results  map[string]scored
}

// row is a line of the table of the method note.
func (b *tested) row(rule string) string {
	r := b.results[rule]
	return fmt.Sprintf("| %.1f %% | %d of %d | %d |", 100*r.saved/r.all, r.over, b.machines, r.shifts)
}

// pinned compares the table and the picture of the method note with what was measured.
func pinned(t *testing.T, all []tested) {
	note, err := os.ReadFile("../../docs/METHOD.md")
	require.NoError(t, err)
	for i := range all {
		for _, rule := range all[i].rules {
			require.Contains(t, string(note), "| "+rule+" | "+all[i].trace+" "+all[i].row(rule), "the table of the method note")
		}
	}
	drawn := drawBacktest(all)
	if *update {
		require.NoError(t, os.WriteFile(backtestPicture, []byte(drawn), 0o644))
	}
	want, err := os.ReadFile(backtestPicture)
	require.NoError(t, err)
	require.Equal(t, string(want), drawn, "%s; -update writes it", backtestPicture)
}

// drawBacktest draws a panel for each trace: to the right the vCPUs given back, upwards the share of the machines that were above their
// size for more than 1 % of the time, of these dark those whose level did not shift.
func drawBacktest(all []tested) string {
	const wide, tall, left, bottom = 480, 300, 60, 250
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="Liberation Sans,Arial,Helvetica,sans-serif" font-size="11" fill="#222">`, wide*len(all), tall)
	b.WriteString("\n<title>Rules of sizes on the second half of traces</title><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n")
	text := func(x, y float64, anchor, colour, words string) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, colour, strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(words))
	}
	for i := range all {
		p := &all[i]
		from, most := float64(wide*i), 0.0
		for _, r := range p.results {
			most = max(most, 1.15*float64(r.over)/float64(p.machines))
		}
		step := 0.1
		if most < 0.2 {
			step = 0.02
		}
		x := func(saved float64) float64 { return from + left + saved/0.7*(wide-left-40) }
		y := func(share float64) float64 { return bottom - share/most*(bottom-50) }
		text(from+left, 24, "start", "#222", fmt.Sprintf("%s: %d machines", p.trace, p.machines))
		for tick := 0.0; tick <= most; tick += step {
			fmt.Fprintf(&b, `<path d="M%.1f %.1fH%.1f" stroke="#ddd"/>`+"\n", from+left, y(tick), from+wide-40)
			text(from+left-6, y(tick)+4, "end", "#555", fmt.Sprintf("%.0f %%", 100*tick))
		}
		for tick := 0.0; tick < 0.75; tick += 0.1 {
			text(x(tick), bottom+16, "middle", "#555", fmt.Sprintf("%.0f %%", 100*tick))
		}
		text(from+left, 42, "start", "#555", "machines above their size over 1 % of the time; light: their level shifted")
		text(x(0.35), bottom+34, "middle", "#555", "vCPUs given back")
		numbers, places := map[string]string{}, [][2]float64{}
		for k, rule := range p.rules {
			r := p.results[rule]
			at, all, calm := x(r.saved/r.all), y(float64(r.over)/float64(p.machines)), y(float64(r.over-r.shifts)/float64(p.machines))
			colour := "#9a9fa5"
			if strings.HasPrefix(rule, "ours") {
				colour = "#0072b2"
			}
			fmt.Fprintf(&b, `<path d="M%.1f %dV%.1f" stroke="%s" stroke-width="9" stroke-opacity="0.35"/><path d="M%.1f %dV%.1f" stroke="%s" stroke-width="9"/><circle cx="%.1f" cy="%.1f" r="5" fill="%s"/>`+"\n",
				at, bottom, all, colour, at, bottom, calm, colour, at, all, colour)
			text(from+left+8, 70+15*float64(k), "start", colour, fmt.Sprintf("%d  %s", k+1, rule))
			key := fmt.Sprintf("%.1f %.1f", at, all)
			if numbers[key] == "" {
				places = append(places, [2]float64{at, all})
			}
			numbers[key] += fmt.Sprintf(" %d", k+1)
		}
		for _, at := range places {
			text(at[0], at[1]-9, "middle", "#222", numbers[fmt.Sprintf("%.1f %.1f", at[0], at[1])])
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}
