package metrics

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
)

// plan is a plan of one customer with one pool, one line and one owned reservation that ends on 2026-12-20.
const plan = `{"schema": "sizeterm.plan/1",
 "prices": [{"source": "embedded: list", "as_of": "2026-01-26T00:00:00Z"}, {"source": "sheet.csv", "as_of": "2026-07-01T00:00:00Z"}],
 "pools": [{"id": "pool-1", "currency": "EUR", "payg_cost": "75.00", "gross_cost": "100.00", "chosen": "MIX",
  "compare": [{"term": "PAYG", "utilization": null}, {"term": "MIX", "utilization": 0.9}],
  "existing": [{"id": "r-1", "until": "2026-12-20T00:00:00Z"}]}],
 "lines": [{"action": "reserve", "pool": "pool-1", "currency": "EUR", "term": "P3Y", "total_price": "1118.00", "saving_month": "12.50", "price_source": "sheet.csv (line 4)"}],
 "resizes": [{"action": "resize"}, {"action": "shutdown"}],
 "not_recommended": [{}, {}, {}],
 "totals": [{"currency": "EUR", "payg_month": "200.00", "software_month": "5.00", "plan_month": "140.00",
  "saving_month": {"resize_only": "10.00", "reserve_only": "40.00", "joint": "60.00"}}]}`

var day = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// The figures of one plan, and of two: amounts and counts add up, ratios stay.
func TestPortfolioOfPlans(t *testing.T) {
	for n := 1; n <= 2; n++ {
		m := New("1.0")
		p, err := NewPortfolio(repeat(plan, n), day)
		require.NoError(t, err)
		m.Show(p)
		want := fmt.Sprintf(`
# HELP sizeterm_commitment_amount Total of the lines to buy over their whole term.
# TYPE sizeterm_commitment_amount gauge
sizeterm_commitment_amount{currency="EUR",term="P3Y"} %d
# HELP sizeterm_commitments_expiring Owned reservations that end within so many days.
# TYPE sizeterm_commitments_expiring gauge
sizeterm_commitments_expiring{days="30"} %d
sizeterm_commitments_expiring{days="90"} %d
# HELP sizeterm_planned_utilization_ratio Expected utilisation of the lines to buy, weighted by price.
# TYPE sizeterm_planned_utilization_ratio gauge
sizeterm_planned_utilization_ratio{currency="EUR",term="P3Y"} 0.9
# HELP sizeterm_reservation_coverage_ratio Share of compute, at pay-as-you-go prices, that owned reservations cover.
# TYPE sizeterm_reservation_coverage_ratio gauge
sizeterm_reservation_coverage_ratio{currency="EUR"} 0.25
# HELP sizeterm_saving_month_amount Saving a month by part: resize_only, reserve_only or joint; the parts do not add up.
# TYPE sizeterm_saving_month_amount gauge
sizeterm_saving_month_amount{currency="EUR",part="joint"} %d
sizeterm_saving_month_amount{currency="EUR",part="reserve_only"} %d
sizeterm_saving_month_amount{currency="EUR",part="resize_only"} %d
# HELP sizeterm_recommendations Recommendations of the plans by action.
# TYPE sizeterm_recommendations gauge
sizeterm_recommendations{action="not_recommended"} %d
sizeterm_recommendations{action="reserve"} %d
sizeterm_recommendations{action="resize"} %d
sizeterm_recommendations{action="shutdown"} %d
`, 1118*n, n, n, 60*n, 40*n, 10*n, 3*n, n, n, n)
		require.NoError(t, testutil.GatherAndCompare(m.registry, strings.NewReader(want), "sizeterm_commitment_amount", "sizeterm_commitments_expiring",
			"sizeterm_planned_utilization_ratio", "sizeterm_reservation_coverage_ratio", "sizeterm_saving_month_amount", "sizeterm_recommendations"))
		require.Equal(t, float64(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC).Unix()), testutil.ToFloat64(m.priceBook), "the source that the line names, not the oldest of the book")
	}
}

func repeat(text string, n int) (all [][]byte) {
	for range n {
		all = append(all, []byte(text))
	}
	return all
}

func TestPortfolioRefusesWhatIsNoPlan(t *testing.T) {
	for text, want := range map[string]string{
		`{`: "plan 1 of 1: unexpected end", `{"schema": "sizeterm.plan/9"}`: `schema "sizeterm.plan/9": want sizeterm.plan/1`,
		`{"schema": "sizeterm.plan/1", "totals": [{"currency": "EUR", "payg_month": "12,5"}]}`: `"12,5": not an amount`,
	} {
		_, err := NewPortfolio([][]byte{[]byte(text)}, day)
		require.ErrorContains(t, err, want)
	}
}

// What nobody knows is absent, not zero: no plan, no verification, no batch.
func TestUnknownIsAbsent(t *testing.T) {
	m := New("1.0")
	text := exposition(t, m)
	for _, name := range []string{"payg_month_amount", "realised_ratio", "batch_customers_failed", "price_book_timestamp_seconds", "last_success", "queue_jobs"} {
		require.NotContains(t, text, "sizeterm_"+name)
	}
	require.Contains(t, text, `sizeterm_rejected_rows_total{reason="number"} 0`)
	m.Batch(3, 0)
	require.Contains(t, exposition(t, m), "sizeterm_batch_customers_failed 0")
}

// A portfolio that lost a currency leaves no series of it behind.
func TestGoneIsGone(t *testing.T) {
	m := New("1.0")
	p, err := NewPortfolio(repeat(plan, 1), day)
	require.NoError(t, err)
	m.Show(p)
	require.Contains(t, exposition(t, m), `sizeterm_payg_month_amount{currency="EUR"} 200`)
	m.Show(&Portfolio{})
	require.NotContains(t, exposition(t, m), "EUR")
}

// All that a busy process shows is clean to the linter and bounded: the number of customers adds no series.
func TestSeriesAreCleanAndBounded(t *testing.T) {
	few, many := busy(t, 1), busy(t, 400)
	problems, err := testutil.GatherAndLint(many.registry)
	require.NoError(t, err)
	require.Empty(t, problems)
	a, err := testutil.GatherAndCount(few.registry)
	require.NoError(t, err)
	b, err := testutil.GatherAndCount(many.registry)
	require.NoError(t, err)
	require.Equal(t, a, b)
	lines := strings.Count(exposition(t, many), "\n")
	require.Less(t, lines, 2000)
}

// busy is a process in which everything happened.
func busy(t *testing.T, customers int) *Metrics {
	m := New("1.0")
	m.Upload(Accepted, 1000)
	m.Rows(10, 2, []ingest.RowError{{File: "customer.csv", Value: "secret", Err: fmt.Errorf("no")}})
	for _, s := range []Stage{Ingest, Analyze, Recommend, Report} {
		m.Took(s, time.Second)
	}
	for i := range 60 {
		m.Answered(fmt.Sprintf("GET /route/%d", i), 200, time.Millisecond)
	}
	for _, state := range []string{"waiting", "running", "retrying", "set_aside"} {
		m.Queue(state, 2, time.Minute)
	}
	m.Job("ingest", Done)
	m.Succeeded("batch", day)
	m.Batch(2, 1)
	p, err := NewPortfolio(repeat(plan, customers), day)
	require.NoError(t, err)
	p.Orders = map[string]int{"draft": 1, "approved": 2}
	p.Verified = map[string]Verification{"EUR": {Promised: 100, Realised: 93}}
	m.Show(p)
	return m
}

// The text file holds our series only, and no word of a file.
func TestTextfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sizeterm.prom")
	require.NoError(t, busy(t, 3).WriteTextfile(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		require.True(t, strings.HasPrefix(line, "sizeterm_") || strings.HasPrefix(line, "# HELP sizeterm_") || strings.HasPrefix(line, "# TYPE sizeterm_"), line)
	}
	require.NotContains(t, string(text), "secret")
	require.Contains(t, string(text), `sizeterm_realised_ratio{currency="EUR"} 0.93`)
	require.Contains(t, string(text), `sizeterm_rejected_rows_total{reason="other"} 2`)
}

func exposition(t *testing.T, m *Metrics) string {
	var out bytes.Buffer
	families, err := prometheus.Gatherer(m.registry).Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			labels := []string{}
			for _, l := range metric.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := f.GetName()
			if len(labels) > 0 {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			switch {
			case metric.GetGauge() != nil:
				fmt.Fprintf(&out, "%s %v\n", name, metric.GetGauge().GetValue())
			case metric.GetCounter() != nil:
				fmt.Fprintf(&out, "%s %v\n", name, metric.GetCounter().GetValue())
			default:
				for range len(metric.GetHistogram().GetBucket()) + 3 {
					fmt.Fprintf(&out, "%s\n", name)
				}
			}
		}
	}
	return out.String()
}
