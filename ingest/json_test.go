package ingest_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"sizeterm/ingest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sampleObject = `{"timestamp":"2026-10-05T00:00:00Z","vm":"a","grain_seconds":300,"cpu_avg":1.5}`

func TestJSONShapes(t *testing.T) {
	for name, doc := range map[string]string{
		"array": "[" + sampleObject + "]", "lines": sampleObject + "\n" + sampleObject + "\n", "value": `{"value":[` + sampleObject + `],"nextLink":null}`,
		"items": `{"totalCount":1,"items":[` + sampleObject + `],"attributes":{}}`, "answer": `{"parameters":{},"responses":{"200":{"body":{"value":[` + sampleObject + `]}}}}`,
		"mark": "\ufeff[" + sampleObject + "]", "blanks": " \n\t[" + sampleObject + "]",
	} {
		got := readText(t, doc, ingest.Options{})
		require.NoError(t, got.err, name)
		require.NotEmpty(t, got.samples, name)
		require.EqualValues(t, 150, *got.samples[0].CPUAvg)
	}
}

func TestJSONRowsHaveTheLineOfTheirObject(t *testing.T) {
	doc := "[\n" + sampleObject + ",\n\n\n" + strings.Replace(sampleObject, "1.5", `"no number"`, 1) + ",\n{\n \"timestamp\":\"2026-10-05T00:05:00Z\",\n\"vm\":\"b\",\"grain_seconds\":300,\n\"cpu_avg\":2}\n]"
	got := readText(t, doc, ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.samples, 2)
	require.EqualValues(t, 2, got.samples[0].Line)
	require.Equal(t, `test.csv:5: column "cpu_avg": "no number": not a number`, got.rejects[0].Error())
	require.EqualValues(t, 6, got.samples[1].Line)
}

func TestJSONThatIsRefused(t *testing.T) {
	check := func(doc string, want error) {
		t.Helper()
		require.ErrorIs(t, readText(t, doc, ingest.Options{}).err, want, doc)
	}
	check("["+sampleObject, ingest.ErrDamaged)
	check("["+sampleObject+",{", ingest.ErrDamaged)
	check("["+sampleObject+",]", ingest.ErrDamaged)
	check(sampleObject+"\n{broken", ingest.ErrDamaged)
	check("[1,2]", ingest.ErrUnknownKind)
	check("[]", ingest.ErrUnknownKind)
	check("{}", ingest.ErrUnknownKind)
	check(strings.Repeat("[", 100), ingest.ErrDamaged)
	check(`[{"timestamp":"`+strings.Repeat("x", 3<<20)+`"}]`, ingest.ErrTooLarge)
}

func TestJSONValuesThatNeedQuotes(t *testing.T) {
	doc := `[{"timestamp":"2026-10-05T00:00:00Z","vm":"a \"quoted\", odd\nname","grain_seconds":300,"cpu_avg":null,"cpu_max":7}]`
	got := readText(t, doc, ingest.Options{})
	require.NoError(t, got.err)
	require.Equal(t, "a \"quoted\", odd\nname", got.samples[0].Resource)
	require.Nil(t, got.samples[0].CPUAvg)
}

func TestPartnerLineItems(t *testing.T) {
	path, ok := sharedFile(t, "api_examples/partner_center_daily_rated_usage_lineitems.json")
	if !ok {
		return
	}
	got := readFile(t, path)
	require.Len(t, got.charges, 2)
	c := got.charges[0]
	require.Equal(t, "software", c.Kind.String(), "licence lines of Partner Center are no compute")
	require.EqualValues(t, 23_200_004, c.Hours)
	require.EqualValues(t, 486_032, c.Cost)
	require.Equal(t, "12345678-9d62-4a85-8fd0-91a87c261bc4", c.Subscription, "of the resource, where the line has no entitlement")
	require.Equal(t, "eastus2", c.Region)
}

// What becomes of every collected file, and how many rows it holds, is recorded in testdata/collected.txt; no row of a real
// file is rejected. Files of one kind in one folder share a line.
func TestEveryCollectedFile(t *testing.T) {
	if _, ok := sharedFile(t, "exports"); !ok {
		return
	}
	inputs, err := ingest.Discover([]string{shared + "/exports", shared + "/api_examples", shared + "/traces"}, nil)
	require.NoError(t, err)
	type sums struct{ files, rows, accepted, apart int64 }
	all := map[string]*sums{}
	for _, in := range inputs {
		got := skim(in, ingest.Options{})
		what := got.summary.Dialect
		switch {
		case got.err == nil:
			require.Zero(t, got.summary.Rejected, "%s: %v", in.Name, got.rejects)
		case errors.Is(got.err, ingest.ErrUnknownKind), errors.Is(got.err, ingest.ErrMissingColumn):
			what = "refused, no file of a known kind"
		case errors.Is(got.err, ingest.ErrNoRows):
			what = "refused, no rows"
		default:
			t.Errorf("%s: %v", in.Name, got.err)
		}
		name := strings.TrimPrefix(path.Dir(in.Name), path.Clean(shared)+"/") + ": " + what
		if all[name] == nil {
			all[name] = &sums{}
		}
		s := all[name]
		s.files, s.rows, s.accepted, s.apart = s.files+1, s.rows+got.summary.Rows, s.accepted+got.summary.Accepted, s.apart+got.summary.Rows-got.summary.Accepted
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s := all[name]
		fmt.Fprintf(&b, "%s: %d files, %d rows, %d accepted, %d set apart\n", name, s.files, s.rows, s.accepted, s.apart)
	}
	if *update {
		require.NoError(t, os.WriteFile("testdata/collected.txt", []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile("testdata/collected.txt")
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

var update = flag.Bool("update", false, "write what this version makes of the collected files to testdata")

func TestRejectsRunNoFormulas(t *testing.T) {
	var b bytes.Buffer
	rejects := []ingest.RowError{
		{File: "../a.csv", Line: 3, Column: "vm", Value: "=cmd|'/c calc'!A1", Err: ingest.ErrDamaged}, {File: "a.csv", Line: 4, Value: "-12.5", Err: ingest.ErrDamaged},
		{File: "a.csv", Line: 5, Value: "+1+2", Err: ingest.ErrDamaged}, {File: "a.csv", Line: 6, Value: "@x", Err: ingest.ErrDamaged}, {File: "a.csv", Line: 7, Value: "\t=1\x1b[31m\"q\"", Err: ingest.ErrDamaged},
	}
	require.NoError(t, ingest.WriteRejects(&b, rejects))
	rows, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"file", "line", "column", "value", "reason"}, rows[0])
	var values []string
	for _, r := range rows[1:] {
		values = append(values, r[3])
	}
	require.Equal(t, []string{"'=cmd|'/c calc'!A1", "-12.5", "'+1+2", "'@x", `'\t=1\x1b[31m"q"`}, values)
	require.NotContains(t, rejects[4].Error(), "\x1b", "nothing is echoed raw")
}

// The command line spells the provider in lower case, PowerShell gives one metric with its data and a name that is a text, Windows
// PowerShell writes times as /Date(ms)/ (1791158400000 is 2026-10-05T00:00:00Z), and ids end in a slash: all are one machine.
func TestMetricsOfEveryClientNameTheMachine(t *testing.T) {
	id, lowered := "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web", "/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/virtualmachines/web"
	for name, text := range map[string]string{
		"REST":               `{"interval":"PT5M","value":[{"id":"` + id + `/providers/Microsoft.Insights/metrics/Percentage CPU","name":{"value":"Percentage CPU"},"timeseries":[{"metadatavalues":[],"data":[{"timeStamp":"2026-10-05T00:00:00Z","average":12.5},{"timeStamp":"2026-10-05T00:05:00Z","average":13}]}]}]}`,
		"command line":       `{"interval":"PT5M","value":[{"id":"` + id + `/providers/microsoft.insights/metrics/Percentage CPU","name":{"localizedValue":"x","value":"Percentage CPU"},"timeseries":[{"data":[{"average":12.5,"total":null,"timeStamp":"2026-10-05T00:00:00+00:00"},{"average":13,"timeStamp":"2026-10-05T00:05:00+00:00"}],"metadatavalues":[]}]}]}`,
		"PowerShell":         `{"Unit":"Percent","Id":"` + id + `/providers/Microsoft.Insights/metrics/Percentage CPU","Name":"Percentage CPU","Data":[{"TimeStamp":"2026-10-05T00:00:00Z","Average":12.5,"Total":null},{"TimeStamp":"2026-10-05T00:05:00Z","Average":13}]}`,
		"Windows PowerShell": `[{"Id":"` + id + `/providers/Microsoft.Insights/metrics/Percentage CPU","Name":{"Value":"Percentage CPU"},"Data":[{"TimeStamp":"\/Date(1791158400000)\/","Average":12.5},{"TimeStamp":"\/Date(1791158700000)\/","Average":13}]}]`,
		"table":              "TimeGenerated,ResourceId,MetricName,Average,TimeGrain\n2026-10-05T00:00:00Z," + id + "/,Percentage CPU,12.5,PT5M\n2026-10-05T00:05:00Z," + id + ",Percentage CPU,13,PT5M\n",
	} {
		got := readText(t, text, ingest.Options{})
		require.NoError(t, got.err, name)
		require.Len(t, got.samples, 2, name)
		require.Equal(t, []any{lowered, int64(1791158400), int32(300), int32(1250)}, []any{got.samples[0].Resource, got.samples[0].Start, got.samples[0].Seconds, *got.samples[0].CPUAvg}, name)
		require.Equal(t, lowered, got.samples[1].Resource, name)
	}
}

// A metric by dimension has a series a value: instances of a scale set are machines, other dimensions are parts of one flow, here
// 3000 + 6000 bytes of 300 s, which are 30 a second. The whole of another answer is no third part.
func TestDimensionsOfMetrics(t *testing.T) {
	set := "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/ss"
	series := func(dimension, value, data string) string {
		return `{"metadatavalues":[{"name":{"value":"` + dimension + `"},"value":"` + value + `"}],"data":[{"timeStamp":"2026-10-05T00:00:00Z",` + data + `}]}`
	}
	metric := func(id, name string, all ...string) string {
		return `{"id":"` + id + `/providers/Microsoft.Insights/metrics/` + name + `","name":{"value":"` + name + `"},"timeseries":[` + strings.Join(all, ",") + `]}`
	}
	got := readText(t, `{"interval":"PT5M","value":[`+metric(set, "Percentage CPU", series("VMName", "ss_0", `"average":10`), series("vmname", "ss_7", `"average":70`))+`]}`, ingest.Options{})
	require.NoError(t, got.err)
	require.Equal(t, []string{strings.ToLower(set) + "/virtualmachines/0", strings.ToLower(set) + "/virtualmachines/7"}, []string{got.samples[0].Resource, got.samples[1].Resource})
	vm := "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web"
	parts := metric(vm, "Network Out Total", series("nic", "a", `"total":3000`), series("nic", "b", `"total":6000`))
	whole := metric(vm, "Network Out Total", `{"metadatavalues":[],"data":[{"timeStamp":"2026-10-05T00:00:00Z","total":9000}]}`)
	for _, text := range []string{parts, parts + "," + whole, whole, whole + "," + whole} {
		got = readText(t, `{"interval":"PT5M","value":[`+text+`]}`, ingest.Options{})
		require.NoError(t, got.err)
		require.Len(t, got.samples, 1)
		require.EqualValues(t, 30, *got.samples[0].NetOut)
	}
}
