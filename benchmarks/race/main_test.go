package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMedians(t *testing.T) {
	require.InDelta(t, 0, middle(nil), 0)
	require.InDelta(t, 2, middle([]float64{1, 2, 9}), 0)
	require.InDelta(t, 2.5, middle([]float64{1, 2, 3, 9}), 0)
}

// A ratio is the median of the ratios of the rounds: 4/1, 6/2 and 3/3 have the median 3, the medians 4 and 2 would give 2.
func TestTable(t *testing.T) {
	c := contest{title: "A: metrics", bytes: 2e9, racers: []racer{{name: "sizeterm", ours: true}, {name: "peer"}}}
	of := func(seconds ...float64) (out []lap) {
		for _, s := range seconds {
			out = append(out, lap{wall: time.Duration(s * 1e9), cpu: time.Duration(2 * s * 1e9), peak: 50e6})
		}
		return out
	}
	text := c.table([][]lap{of(1, 2, 3), of(4, 6, 3)})
	require.Contains(t, text, "| sizeterm | 2.000 | 4.000 | 50 | 1.00 | 1.00 |")
	require.Contains(t, text, "| peer | 4.000 | 8.000 | 50 | 0.50 | 3.00 |")
	c.racers[0].ours = false
	require.Contains(t, c.table([][]lap{of(2), of(4)}), "| 0.50 | - |")
}

func TestRacersMustAgree(t *testing.T) {
	say := func(name, text string) racer { return racer{name: name, answers: true, args: []string{"echo", text}} }
	ctx, log := context.Background(), &bytes.Buffer{}
	same := contest{racers: []racer{say("a", `{"rows": 1}`), say("b", `{"rows":1}`)}}
	laps, err := same.run(ctx, 2, log)
	require.NoError(t, err)
	require.Len(t, laps[0], 2, "the first run warms up")
	other := contest{racers: []racer{say("a", `{"rows":1,"max":1}`), say("b", `{"rows":1,"max":2}`)}}
	_, err = other.run(ctx, 1, log)
	require.ErrorContains(t, err, `b answers {"rows":1,"max":2}, another {"rows":1,"max":1}`)
	ours := racer{name: "sizeterm", ours: true, args: []string{"echo", `{"rows":1,"profiles":2,"p95":7}`}}
	agree := contest{racers: []racer{ours, say("a", `{"rows":1,"groups":2,"max":1}`)}}
	_, err = agree.run(ctx, 2, log)
	require.NoError(t, err, "what both count is equal")
	disagree := contest{racers: []racer{ours, say("a", `{"rows":2,"groups":2}`)}}
	_, err = disagree.run(ctx, 1, log)
	require.ErrorContains(t, err, "a counts")
	silent := contest{racers: []racer{say("a", "none")}}
	_, err = silent.run(ctx, 1, log)
	require.ErrorContains(t, err, `answer "none`)
	broken := contest{racers: []racer{{name: "none", args: []string{"false"}}}}
	_, err = broken.run(ctx, 1, log)
	require.ErrorContains(t, err, "none")
}

// Goals hold the fastest racer of a name against sizeterm, round by round.
func TestGoals(t *testing.T) {
	of := func(peak int64, seconds ...float64) (out []lap) {
		for _, s := range seconds {
			out = append(out, lap{wall: time.Duration(s * 1e9), cpu: time.Duration((s + 1) * 1e9 / 2), peak: peak})
		}
		return out
	}
	ours := racer{name: "sizeterm", ours: true}
	text := goalTable([]raced{
		{"A", &contest{racers: []racer{ours, {name: "DuckDB, one way"}, {name: "DuckDB, another"}, {name: "wc -l"}}},
			[][]lap{of(50e6, 1, 1, 1), of(0, 9, 9, 9), of(0, 6, 7, 5), of(0, 0.5, 0.5, 0.5)}},
		{"days3", &contest{racers: []racer{ours}}, [][]lap{of(50e6, 1)}}, {"days60", &contest{racers: []racer{ours}}, [][]lap{of(70e6, 9)}},
	})
	require.Contains(t, text, "| A: DuckDB / sizeterm | ≥ 6.0 | 6.00 | 3.50 | yes |")
	require.Contains(t, text, "| A: sizeterm / wc | ≤ 2.5 | 2.00 | 1.33 | yes |")
	require.Contains(t, text, "| A: peak MB | ≤ 101 | 50.00 |  | yes |")
	require.Contains(t, text, "| peak of 60 days / 3 days of the same machines | ≤ 1.25 | 1.40 |  | no |")
	require.NotContains(t, text, "Polars")
}

func TestRefusals(t *testing.T) {
	var out, errs bytes.Buffer
	require.Equal(t, 2, run(context.Background(), []string{"-unknown"}, &out, &errs))
	o := options{dir: t.TempDir(), size: "1kB"}
	_, err := o.contest(context.Background(), "Z", &errs)
	require.ErrorContains(t, err, "not A, shuffled, wide, B, gzip, parquet")
	_, err = o.contest(context.Background(), "A", &errs)
	require.ErrorContains(t, err, filepath.Join(o.dir, "A-1kB.csv"), "no generator was built here")
	o.only = "DuckDB,wc"
	require.True(t, o.chosen("DuckDB, typed"))
	require.False(t, o.chosen("cat"))
}
