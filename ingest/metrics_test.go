package ingest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
	"sizeterm/ingest/usage"
)

// Every form of measurements, with an invented row or two.

const webServerID = "/subscriptions/1caaa5a3-2b66-438e-8ab4-bce37d518c5d/resourcegroups/rg-web/providers/microsoft.compute/virtualmachines/web01"

// sampleAt is a sample of the invented machine on 2026-10-05 with its measures.
func sampleAt(line int64, minute, seconds int, change func(*usage.SampleRow)) usage.SampleRow {
	s := usage.SampleRow{Resource: webServerID, Start: day("2026-10-05") + int64(60*minute), Seconds: int32(seconds), Line: line}
	change(&s)
	return s
}

func cpu(avg, top int32) func(*usage.SampleRow) {
	return func(s *usage.SampleRow) { s.CPUAvg, s.CPUMax = ptr(avg), ptr(top) }
}

func TestAzureMetricsTable(t *testing.T) {
	header := "TenantId,TimeGenerated [UTC],ResourceId,OperationName,MetricName,Total,Count,Maximum,Minimum,Average,TimeGrain,UnitName,Type,_ResourceId"
	times := map[string][2]string{"ISO": {"2026-10-05T00:00:00Z", "2026-10-05T00:01:00Z"}, "portal": {"10/5/2026, 12:00:00.000 AM", "10/5/2026, 12:01:00.000 AM"},
		"long ISO": {"2026-10-05T00:00:00.0000000Z", "2026-10-05T00:01:00.0000000Z"}}
	for name, at := range times {
		q := `"` + at[0] + `"`
		id := strings.ToUpper(webServerID)
		rows := []string{header,
			"t," + q + "," + id + ",,Percentage CPU,90,6,40,5,15.5,PT1M,Percent,AzureMetrics," + webServerID,
			"t," + q + "," + id + ",,Available Memory Bytes,,6,3221225472,1073741824,2147483648,PT1M,Bytes,AzureMetrics," + webServerID,
			"t," + q + "," + id + ",,Network Out Total,6000,1,6000,6000,6000,PT1M,Bytes,AzureMetrics," + webServerID,
			"t," + q + "," + id + ",,Disk Read Operations/Sec,1,1,1,1,1.5,PT1M,CountPerSecond,AzureMetrics," + webServerID,
			"t," + q + "," + id + ",,Data Disk IOPS Consumed Percentage,1,1,1,1,99,PT1M,Percent,AzureMetrics," + webServerID,
			"t,\"" + at[1] + "\"," + id + ",,Percentage CPU,,,,,,PT1M,Percent,AzureMetrics," + webServerID}
		got := readText(t, strings.Join(rows, "\r\n")+"\r\n", ingest.Options{})
		require.NoError(t, got.err, name)
		require.Empty(t, got.rejects, name)
		require.Equal(t, "azure-metrics", got.summary.Dialect)
		require.Equal(t, []usage.SampleRow{
			sampleAt(2, 0, 60, func(s *usage.SampleRow) { cpu(1550, 4000)(s); s.CPUMin = ptr(int32(500)) }),
			sampleAt(3, 0, 60, func(s *usage.SampleRow) { s.MemoryAvailable = ptr(int64(1 << 30)) }),
			sampleAt(4, 0, 60, func(s *usage.SampleRow) { s.NetOut, s.DiskOps = ptr(int64(100)), ptr(int64(1500)) }),
		}, got.samples, "the least free memory; bytes of a minute become bytes a second")
		require.Equal(t, []ingest.SetApart{{Reason: "no_value", Rows: 1}, {Reason: "other_metric", Rows: 1}}, got.summary.SetApart)
	}
}

func TestInsightsMetricsTable(t *testing.T) {
	text := "TenantId,SourceSystem,TimeGenerated [UTC],Computer,Origin,Namespace,Name,Val,Tags,AgentId,Type,_ResourceId\r\n" +
		"t,Insights,\"10/5/2026, 12:00:00.000 AM\",WEB01,vm.azm.ms,Processor,UtilizationPercentage,15.5,\"{\"\"vm.azm.ms/totalCpus\"\":\"\"2\"\"}\",a,InsightsMetrics," + webServerID + "\r\n" +
		"t,Insights,\"10/5/2026, 12:00:00.000 AM\",WEB01,vm.azm.ms,Memory,AvailableMB,2048,\"{\"\"vm.azm.ms/memorySizeMB\"\":8192}\",a,InsightsMetrics," + webServerID + "\r\n" +
		"t,Insights,\"10/5/2026, 12:00:00.000 AM\",WEB01,vm.azm.ms,Network,WriteBytesPerSecond,100,\"{\"\"vm.azm.ms/networkDeviceId\"\":\"\"eth0\"\"}\",a,InsightsMetrics," + webServerID + "\r\n" +
		"t,Insights,\"10/5/2026, 12:01:00.000 AM\",WEB01,vm.azm.ms,Processor,UtilizationPercentage,20,,a,InsightsMetrics," + webServerID + "\r\n" +
		"t,Insights,\"10/5/2026, 12:01:00.000 AM\",WEB01,vm.azm.ms,Computer,Heartbeat,1,,a,InsightsMetrics," + webServerID + "\r\n"
	got := readText(t, text, ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	require.Equal(t, "insights-metrics", got.summary.Dialect)
	require.Equal(t, []usage.SampleRow{
		sampleAt(2, 0, 60, func(s *usage.SampleRow) { s.CPUAvg = ptr(int32(1550)) }),
		sampleAt(3, 0, 60, func(s *usage.SampleRow) { s.MemoryAvailable, s.MemoryUsed = ptr(int64(2<<30)), ptr(int32(7500)) }),
		sampleAt(4, 0, 60, func(s *usage.SampleRow) { s.NetOut = ptr(int64(100)) }),
		sampleAt(5, 1, 60, func(s *usage.SampleRow) { s.CPUAvg = ptr(int32(2000)) }),
	}, got.samples, "2 of 8 GiB free are three quarters used; a rate is a rate")
}

func TestPerfTable(t *testing.T) {
	row := func(at, object, counter, instance, value string) string {
		return strings.Join([]string{at, "WEB01", object, counter, instance, value, webServerID}, ",") + "\n"
	}
	text := "TimeGenerated,Computer,ObjectName,CounterName,InstanceName,CounterValue,_ResourceId\n" +
		row("2026-10-05T00:00:00Z", "Processor", "% Processor Time", "_Total", "15.5") + row("2026-10-05T00:00:00Z", "Processor", "% Processor Time", "0", "99") +
		row("2026-10-05T00:00:00Z", "Memory", "Available MBytes", "", "2048") + row("2026-10-05T00:00:00Z", "Memory", "% Used Memory", "Memory", "75") +
		row("2026-10-05T00:00:00Z", "Network Adapter", "Bytes Sent/sec", "eth0", "100") + row("2026-10-05T00:00:00Z", "LogicalDisk", "% Free Space", "C:", "40") +
		row("2026-10-05T00:05:00Z", "Processor", "% Processor Time", "_Total", "20")
	got := readText(t, text, ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	require.Equal(t, "perf", got.summary.Dialect)
	require.Equal(t, []usage.SampleRow{
		sampleAt(2, 0, 300, func(s *usage.SampleRow) { s.CPUAvg = ptr(int32(1550)) }),
		sampleAt(4, 0, 300, func(s *usage.SampleRow) { s.MemoryAvailable = ptr(int64(2 << 30)) }),
		sampleAt(5, 0, 300, func(s *usage.SampleRow) { s.MemoryUsed = ptr(int32(7500)) }),
		sampleAt(6, 0, 300, func(s *usage.SampleRow) { s.NetOut = ptr(int64(100)) }),
		sampleAt(8, 5, 300, func(s *usage.SampleRow) { s.CPUAvg = ptr(int32(2000)) }),
	}, got.samples, "Windows counts free, Linux counts used; one processor is not the machine")
	require.Equal(t, []ingest.SetApart{{Reason: "one_of_several_processors", Rows: 1}, {Reason: "other_metric", Rows: 1}}, got.summary.SetApart)
}

func TestAzureMonitorAnswers(t *testing.T) {
	metric := func(name, unit, data string) string {
		return `{"id":"` + webServerID + `/providers/Microsoft.Insights/metrics/` + name + `","type":"Microsoft.Insights/metrics","name":{"value":"` + name + `","localizedValue":"` + name +
			`"},"unit":"` + unit + `","timeseries":[{"metadatavalues":[],"data":[` + data + `]}],"errorCode":"Success"}`
	}
	values := metric("Percentage CPU", "Percent", `{"timeStamp":"2026-10-05T00:00:00Z","average":15.5,"maximum":40},{"timeStamp":"2026-10-05T00:05:00Z"}`) + "," +
		metric("Available Memory Bytes", "Bytes", `{"timeStamp":"2026-10-05T00:00:00Z","average":2147483648.0,"minimum":1073741824.0}`) + "," +
		metric("Network Out Total", "Bytes", `{"timeStamp":"2026-10-05T00:00:00Z","total":30000.0}`)
	answer := `{"cost":10,"timespan":"2026-10-05T00:00:00Z/2026-10-06T00:00:00Z","interval":"PT5M","value":[` + values + `],"namespace":"Microsoft.Compute/virtualMachines","resourceregion":"westeurope"}`
	batch := `{"values":[{"starttime":"2026-10-05T00:00:00Z","endtime":"2026-10-06T00:00:00Z","interval":"PT5M","namespace":"Microsoft.Compute/virtualMachines","resourceregion":"westeurope","resourceid":"` +
		webServerID + `","value":[` + values + `]}]}`
	for name, doc := range map[string]string{"one resource": answer, "batch": batch, "lines": answer + "\n" + strings.ReplaceAll(answer, "web01", "web02") + "\n"} {
		got := readText(t, doc, ingest.Options{})
		require.NoError(t, got.err, name)
		require.Empty(t, got.rejects, name)
		require.Equal(t, "azure-metrics", got.summary.Dialect, name)
		require.GreaterOrEqual(t, len(got.samples), 3, name)
		for i := range got.samples {
			got.samples[i].Line = 1 // the samples of one answer are numbered on from its line
		}
		require.Equal(t, []usage.SampleRow{
			sampleAt(1, 0, 300, cpu(1550, 4000)), sampleAt(1, 0, 300, func(s *usage.SampleRow) { s.MemoryAvailable = ptr(int64(1 << 30)) }),
			sampleAt(1, 0, 300, func(s *usage.SampleRow) { s.NetOut = ptr(int64(100)) }),
		}, got.samples[:3], name)
		require.Equal(t, "no_value", got.summary.SetApart[0].Reason, "a sample without value is missing, not zero")
	}
}

func TestOwnMetricsResaved(t *testing.T) {
	long := [][]string{strings.Split("timestamp,resource_id,grain_seconds,vm_size,region,cpu_avg,cpu_max,memory_available_bytes,network_out_bytes", ","),
		{"2026-10-05T00:00:00Z", webServerID, "300", "Standard_D4s_v5", "westeurope", "15.5", "40", "1073741824", "30000"},
		{"2026-10-25T00:00:00Z", webServerID, "300", "Standard_D4s_v5", "westeurope", "20.25", "41", "1073741824", ""}}
	want := []usage.SampleRow{sampleAt(2, 0, 300, func(s *usage.SampleRow) {
		cpu(1550, 4000)(s)
		s.Size, s.Region, s.MemoryAvailable, s.NetOut = "Standard_D4s_v5", "westeurope", ptr(int64(1<<30)), ptr(int64(100))
	}), sampleAt(3, 20*24*60, 300, func(s *usage.SampleRow) {
		cpu(2025, 4100)(s)
		s.Size, s.Region, s.MemoryAvailable = "Standard_D4s_v5", "westeurope", ptr(int64(1<<30))
	})}
	resave := func(date string) [][]string {
		return everyRow(long, func(row []string) []string {
			row[0] = strings.NewReplacer("2026-10-05T00:00:00Z", strings.ReplaceAll(date, "25", "05"), "2026-10-25T00:00:00Z", date).Replace(row[0])
			row[5] = comma(row[5])
			return row
		})
	}
	german, french, portal := resave("25.10.2026 00:00"), resave("25/10/2026 00:00:00"), resave("10/25/2026 12:00:00 AM")
	for name, data := range map[string]string{"as documented": csvOf(long, ',', false), "German": csvOf(german, ';', true), "French": csvOf(french, ';', true), "American": csvOf(portal, '\t', true)} {
		got := readText(t, data, ingest.Options{})
		require.NoError(t, got.err, name)
		require.Empty(t, got.rejects, name)
		require.Equal(t, want, got.samples, name)
	}
	wide := "timestamp;web01;Web02;;\r\n25.10.2026 00:00;15,5;20;;\r\n25.10.2026 01:00;;20,25;;\r\n;;;;\r\n"
	got := readText(t, wide, ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	require.Equal(t, "metrics-wide", got.summary.Dialect)
	require.Len(t, got.samples, 3)
	require.EqualValues(t, 2025, *got.samples[2].CPUAvg)
	require.EqualValues(t, 4, got.summary.Rows, "columns that nobody named hold no machines")
	require.Equal(t, time.Hour, got.summary.Grain)
}

func TestPublishedTraces(t *testing.T) {
	id := strings.Repeat("Ab/+", 16)
	v1 := "0," + id + ",1.5,30,15.5\n300," + id + ",1,31,16\n"
	v2 := id + ",sub" + id + ",dep" + id + ",0,2591700,99.5,10.25,50,Interactive,>24,>64\n"
	for name, c := range map[string]struct {
		text, dialect string
		rows          int
	}{
		"readings": {v1, "metrics-long", 2}, "machines V2": {v2, "azure-public-dataset-vmtable", 1}, "machines V1": {strings.Replace(v2, ">24,>64", "4,32", 1), "azure-public-dataset-vmtable", 1},
		"bitbrains": {"Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\tDisk read throughput [KB/s];" +
			"\tDisk write throughput [KB/s];\tNetwork received throughput [KB/s];\tNetwork transmitted throughput [KB/s]\n1372629804;\t2;\t5852;\t88;\t15.5;\t8388608.0;\t6291456.0;\t1;\t2;\t3;\t4\n" +
			"1372630104;\t2;\t5852;\t88;\t115.5;\t0;\t6291456.0;\t1;\t2;\t3;\t4\n", "bitbrains", 2},
	} {
		got := readText(t, c.text, ingest.Options{})
		require.NoError(t, got.err, name)
		require.Empty(t, got.rejects, name)
		require.Equal(t, c.dialect, got.summary.Dialect, name)
		require.Len(t, got.samples, c.rows, name)
		if name == "bitbrains" {
			require.EqualValues(t, 7500, *got.samples[0].MemoryUsed)
			require.Nil(t, got.samples[1].MemoryUsed, "a capacity of nothing tells nothing")
			require.EqualValues(t, 11550, *got.samples[1].CPUAvg, "this source exceeds all at times")
			require.EqualValues(t, 4096, *got.samples[0].NetOut)
			require.EqualValues(t, 300, got.samples[0].Seconds)
		}
	}
}

// A row with an empty interval once divided by zero and ended the program.
func TestEmptyIntervals(t *testing.T) {
	head := "timestamp,vm,grain_seconds,cpu_avg,network_out_bytes\n"
	got := readText(t, head+"2026-10-05T00:00:00Z,a,,1,30000\n2026-10-05T00:05:00Z,a,,1,\n", ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.samples, 2)
	require.EqualValues(t, 300, got.samples[0].Seconds, "the distance of two samples, where the column is empty")
	require.EqualValues(t, 100, *got.samples[0].NetOut)
	got = readText(t, head+"2026-10-05T00:00:00Z,a,,1,30000\n2026-10-05T00:05:00Z,b,300,1,\n", ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.samples, 1)
	require.Equal(t, `test.csv:2: column "grain_seconds": "": empty, and a row needs it`, got.rejects[0].Error())
	doc := `{"value":[{"id":"/x/vm/providers/Microsoft.Insights/metrics/Network Out Total","name":{"value":"Network Out Total"},"timeseries":[{"data":[{"timeStamp":"2026-10-05T00:00:00Z","total":1}]}]}],"interval":"PT1M"}`
	got = readText(t, doc, ingest.Options{})
	require.NoError(t, got.err, "an answer whose interval stands behind its values")
	require.Len(t, got.rejects, 1)
}

// A month by the minute is 43 200 samples in one JSON value.
func TestMonthOfMinutesInOneAnswer(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"interval":"PT1M","value":[{"id":"` + webServerID + `/providers/Microsoft.Insights/metrics/Percentage CPU","name":{"value":"Percentage CPU"},"unit":"Percent","timeseries":[{"data":[`)
	const samples = 30 * 24 * 60
	for i := range samples {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"timeStamp":"` + time.Unix(day("2026-09-01")+60*int64(i), 0).UTC().Format(time.RFC3339) + `","average":15.123456789,"maximum":40.25}`)
	}
	b.WriteString("]}]}]}")
	got := readText(t, b.String(), ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.samples, samples)
}
