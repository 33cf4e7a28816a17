package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
)

// A machine whose measurements were refused is told from one that was never measured, in every form of measurements.
func TestRefusedMeasurementsNameTheirMachine(t *testing.T) {
	const percent = "share outside of what can be measured"
	for name, c := range map[string]struct {
		text string
		want []ingest.Refused
	}{
		"long": {"timestamp,resource_id,grain_seconds,cpu_avg\n2026-10-05T00:00:00Z,VM-1,3600,130\n2026-10-05T01:00:00Z,vm-1,3600,140\n2026-10-05T00:00:00Z,vm-2,3600,x\n2026-10-05T00:00:00Z,vm-3,3600,20\n",
			[]ingest.Refused{{Resource: "vm-1", Rows: 2, Line: 2, Column: "cpu_avg", Value: "130", Reason: percent}, {Resource: "vm-2", Rows: 1, Line: 4, Column: "cpu_avg", Value: "x", Reason: "not a number"}}},
		"no place for the CPU": {"timestamp,resource_id,grain_seconds,memory_used_percent\n2026-10-05T00:00:00Z,vm-1,3600,130\n2026-10-05T00:00:00Z,vm-3,3600,20\n", nil},
		"wide": {"timestamp;web01;Web02\n25.10.2026 00:00;15,5;200\n25.10.2026 01:00;-1;20,25\nx;1;2\n",
			[]ingest.Refused{{Resource: "web02", Rows: 2, Line: 2, Column: "Web02", Value: "200", Reason: percent}, {Resource: "web01", Rows: 2, Line: 3, Column: "web01", Value: "-1", Reason: percent}}},
		"one metric a row": {"TenantId,TimeGenerated [UTC],Computer,Namespace,Name,Val,Tags,Type,_ResourceId\n" +
			"t,2026-10-05T00:00:00Z,WEB01,Processor,UtilizationPercentage,130,,InsightsMetrics,\nt,2026-10-05T00:01:00Z,WEB01,Processor,UtilizationPercentage,13,,InsightsMetrics,\nt,2026-10-05T00:00:00Z,WEB02,Network,WriteBytesPerSecond,-5,,InsightsMetrics,\n",
			[]ingest.Refused{{Resource: "web01", Rows: 1, Line: 2, Column: "Val", Value: "130", Reason: percent}}},
	} {
		got := readText(t, c.text, ingest.Options{})
		require.NoError(t, got.err, name)
		require.Equal(t, c.want, got.summary.Refused, name)
	}
}

// The machines are the first of the file, whatever the workers and chunks: 3 000 of them, of whose rows each third is refused.
func TestRefusedMeasurementsWithWorkers(t *testing.T) {
	var b strings.Builder
	b.WriteString("timestamp,resource_id,grain_seconds,cpu_avg\n")
	for i := range 30_000 {
		fmt.Fprintf(&b, "2026-10-05T%02d:00:00Z,/subscriptions/s/vm/m%d,3600,%d\n", i/3000, i%3000, 50+60*(i%3/2))
	}
	for _, keep := range []int{0, 100} {
		opts := ingest.Options{Workers: 1, Limits: ingest.Limits{Rejects: keep}}
		one := readText(t, b.String(), opts).summary
		opts.Workers = 4
		require.Equal(t, one, readText(t, b.String(), opts).summary)
		require.Len(t, one.Refused, map[int]int{0: 1000, 100: 100}[keep])
		require.Equal(t, "10 rows with its measurements were refused, the first: a.csv:4: column \"cpu_avg\": \"110\": share outside of what can be measured", one.Refused[0].Say("a.csv"))
	}
}
