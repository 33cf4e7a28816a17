package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
)

// What a machine reads and writes, on all of its disks, is what its size must carry: 10 + 20 + 1 of reading, 5 + 2 of writing.
func TestDisksOfInsightsMetricsAreAddedUp(t *testing.T) {
	row := func(at, name, disk, value string) string {
		return fmt.Sprintf(`2026-10-05T00:00:%sZ,w,LogicalDisk,%s,%s,"{""vm.azm.ms/diskSizeMB"":100,""vm.azm.ms/mountId"":""%s""}"`, at, name, value, disk) + "\n"
	}
	network := func(at, name, card, value string) string {
		return fmt.Sprintf(`2026-10-05T00:00:%sZ,w,Network,%s,%s,"{""vm.azm.ms/networkDeviceId"":""%s"",""vm.azm.ms/bytes"":%s0}"`, at, name, value, card, value) + "\n"
	}
	text := "TimeGenerated,Computer,Namespace,Name,Val,Tags\n" +
		row("10", "ReadBytesPerSecond", "C:", "10") + row("10", "ReadBytesPerSecond", "D:", "20") + row("11", "ReadBytesPerSecond", "E:", "1") +
		row("10", "WriteBytesPerSecond", "C:", "5") + row("10", "WriteBytesPerSecond", "D:", "2") + row("10", "WriteBytesPerSecond", "D:", "2") +
		row("10", "TransfersPerSecond", "C:", "1.5") + row("10", "TransfersPerSecond", "D:", "2") +
		network("10", "WriteBytesPerSecond", "eth0", "7") + network("10", "WriteBytesPerSecond", "eth1", "8") +
		strings.ReplaceAll(row("10", "ReadBytesPerSecond", "C:", "3"), "T00:00", "T00:01")
	got := readText(t, text, ingest.Options{})
	require.NoError(t, got.err)
	require.EqualValues(t, 11, got.summary.Accepted)
	require.Len(t, got.samples, 2)
	first := got.samples[0]
	require.EqualValues(t, 31, *first.DiskRead)
	require.EqualValues(t, 7, *first.DiskWrite, "the same row twice counts once")
	require.EqualValues(t, 3500, *first.DiskOps)
	require.EqualValues(t, 15, *first.NetOut)
	require.EqualValues(t, 3, *got.samples[1].DiskRead)
}

// Perf has the total of all disks beside each of them.
func TestTotalsOfPerfAreNotAddedToTheirParts(t *testing.T) {
	row := func(counter, instance, value string) string {
		return "2026-10-05T00:00:00Z,w,LogicalDisk," + counter + "," + instance + "," + value + "\n2026-10-05T00:01:00Z,w,LogicalDisk," + counter + "," + instance + "," + value + "\n"
	}
	head := "TimeGenerated,Computer,ObjectName,CounterName,InstanceName,CounterValue\n"
	got := readText(t, head+row("Disk Read Bytes/sec", "C:", "10")+row("Disk Read Bytes/sec", "_Total", "30")+row("Disk Read Bytes/sec", "F:", "20"), ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.samples, 2)
	require.EqualValues(t, 30, *got.samples[0].DiskRead)
	got = readText(t, head+row("Disk Read Bytes/sec", "_Total", "30")+row("Disk Write Bytes/sec", "_Total", "4"), ingest.Options{})
	require.EqualValues(t, 30, *got.samples[1].DiskRead)
	require.EqualValues(t, 4, *got.samples[1].DiskWrite)
}

// Azure Monitor answers with one series a metric: the rows of one time lie a whole series apart, and what two names of one
// metric say counts once.
func TestReadsAndWritesOfAzureMonitorAreOneSample(t *testing.T) {
	var b strings.Builder
	b.WriteString("TimeGenerated,_ResourceId,MetricName,Average,Total,TimeGrain\n")
	for _, metric := range []string{"Disk Read Bytes,,6000", "Disk Write Bytes,,3000", "Network Out Total,,600", "Network Out,,500", "Disk Read Operations/Sec,2,", "Disk Write Operations/Sec,0.5,", "Percentage CPU,10,"} {
		for minute := range 600 {
			fmt.Fprintf(&b, "2026-10-05T%02d:%02d:00Z,/x/web,%s,PT1M\n", minute/60, minute%60, metric)
		}
	}
	for _, workers := range []int{1, 4} {
		got := readText(t, b.String(), ingest.Options{Workers: workers})
		require.NoError(t, got.err)
		require.Len(t, got.samples, 1200, "a sample of what flows and one of CPU a minute")
		require.NotContains(t, fmt.Sprint(got.summary.Notices), "parts_apart")
		for _, s := range got.samples[:600] {
			require.EqualValues(t, 100, *s.DiskRead)
			require.EqualValues(t, 50, *s.DiskWrite)
			require.EqualValues(t, 10, *s.NetOut)
			require.EqualValues(t, 2500, *s.DiskOps)
		}
	}
}

// Collectors stamp the counters of one minute some seconds apart, and name computers instead of resources: what follows a
// sample is the next one of the same counter of the same computer.
func TestIntervalOfCountersThatAreStampedApart(t *testing.T) {
	var b strings.Builder
	b.WriteString("TimeGenerated,Computer,ObjectName,CounterName,InstanceName,CounterValue\n")
	for minute := range 20 {
		for second := range 6 {
			fmt.Fprintf(&b, "2026-10-05T00:%02d:%02dZ,web%d,Processor,%% Processor Time,_Total,5\n", minute, second, second/2)
			fmt.Fprintf(&b, "2026-10-05T00:%02d:%02dZ,web%d,LogicalDisk,Disk Transfers/sec,disk%d,5\n", minute, second, second/2, second%2)
		}
	}
	got := readText(t, b.String(), ingest.Options{})
	require.NoError(t, got.err)
	for _, s := range got.samples {
		require.EqualValues(t, 60, s.Seconds)
	}
}
