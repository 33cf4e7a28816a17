package ingest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
	"sizeterm/ingest/usage"
)

func ptr[T any](v T) *T { return &v }

func TestLongMetrics(t *testing.T) {
	got := readText(t, "timestamp,resource_id,grain_seconds,vm_size,region,cpu_avg,cpu_max,memory_available_bytes,network_out_bytes\n"+
		"2026-10-05T00:00:00Z,/subscriptions/S/vm/Web01,900,d2s v5,West Europe,12.345,99.995,4294967296,900000\n"+
		"2026-10-05T02:15:00+02:00,/subscriptions/S/vm/web01,900,d2s v5,westeurope,,1,,\n"+
		"2026-10-05T00:30:00Z,/subscriptions/S/vm/web01,900,d2s v5,westeurope,,,,\n", ingest.Options{})
	require.NoError(t, got.err)
	require.Equal(t, []usage.SampleRow{
		{Resource: "/subscriptions/s/vm/web01", Size: "Standard_D2s_v5", Region: "westeurope", Start: day("2026-10-05"), Seconds: 900, CPUAvg: ptr(int32(1235)),
			CPUMax: ptr(int32(10000)), MemoryAvailable: ptr(int64(4 << 30)), NetOut: ptr(int64(1000)), Line: 2},
		{Resource: "/subscriptions/s/vm/web01", Size: "Standard_D2s_v5", Region: "westeurope", Start: day("2026-10-05") + 900, Seconds: 900, CPUMax: ptr(int32(100)), Line: 3},
	}, got.samples, "missing is not zero; half up at two decimals; bytes per grain become bytes a second")
	require.Equal(t, []ingest.SetApart{{Reason: "no_value", Rows: 1}}, got.summary.SetApart)
	require.Equal(t, 15*time.Minute, got.summary.Grain)
}

func TestAzureMonitorNames(t *testing.T) {
	got := readText(t, "TimeGenerated [UTC],Computer,Percentage CPU,Available Memory Bytes,Network Out Total\n"+
		"2026-10-05T00:00:00Z,WEB01,50,1024,6000\n2026-10-05T00:01:00Z,WEB01,51,1024,\n", ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.samples, 2)
	require.EqualValues(t, 60, got.samples[0].Seconds, "the interval is the distance of two samples of a machine")
	require.EqualValues(t, 100, *got.samples[0].NetOut)
	require.Equal(t, "web01", got.samples[0].Resource)
}

func TestWideMetrics(t *testing.T) {
	got := readText(t, "timestamp,web01,Web02\n2026-10-05T00:00:00Z,10,20.5\n2026-10-05T01:00:00Z,,n/a\n2026-10-05T02:00:00Z,101,30\n", ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.samples, 3)
	require.Equal(t, usage.SampleRow{Resource: "web02", Start: day("2026-10-05"), Seconds: 3600, CPUAvg: ptr(int32(2050)), Line: 2}, got.samples[1])
	require.EqualValues(t, 6, got.summary.Rows, "each cell is a row")
	require.Equal(t, `test.csv:4: column "web01": "101": share outside of what can be measured`, got.rejects[0].Error())
}

func TestIntervalMustBeKnown(t *testing.T) {
	got := readText(t, "timestamp,vm,cpu_avg\n2026-10-05T00:00:00Z,a,1\n2026-10-05T00:00:00Z,b,1\n", ingest.Options{})
	require.ErrorIs(t, got.err, ingest.ErrMissingColumn)
	require.ErrorContains(t, got.err, "grain_seconds")
}

func TestReservationList(t *testing.T) {
	got := readText(t, "reservation_id,order_id,customer,scope,region,size,quantity,term,start,end,auto_renew,flexibility,agreement\n"+
		"AAAA0000-0000-0000-0000-000000000001,o1,C1,Shared,West Europe,D2s v5,3,P1Y,2026-01-15,2027-01-15,true,on,csp\n"+
		"b,,,/subscriptions/X,polandcentral,Standard_D4s_v5,1,3 years,,2028-05-01,,off,EA\n"+
		"c,,,,polandcentral,Standard_Nonsense,1,P1Y,,2028-05-01,,,\n"+
		"d,,,,polandcentral,Standard_D4s_v5,1.5,P1Y,,2028-05-01,,,\n"+
		"e,,,,polandcentral,Standard_D4s_v5,1,P1Y,,,,,\n", ingest.Options{})
	require.NoError(t, got.err)
	require.Equal(t, ingest.KindReservations, got.summary.Kind)
	require.Equal(t, []usage.Commitment{
		{ID: "aaaa0000-0000-0000-0000-000000000001", Order: "o1", Customer: "c1", Scope: "shared", Size: "Standard_D2s_v5", Region: "westeurope", Quantity: 3, TermMonths: 12,
			Start: time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC), End: time.Date(2027, 1, 15, 0, 0, 0, 0, time.UTC), AutoRenew: true, Agreement: "csp", File: "test.csv", Line: 2},
		{ID: "b", Scope: "/subscriptions/x", Size: "Standard_D4s_v5", Region: "polandcentral", Quantity: 1, TermMonths: 36, End: time.Date(2028, 5, 1, 0, 0, 0, 0, time.UTC),
			ExactSize: true, Agreement: "ea", File: "test.csv", Line: 3},
	}, got.commitments)
	require.Len(t, got.rejects, 3)
	require.Equal(t, `test.csv:4: column "size": "Standard_Nonsense": no size that the catalog knows`, got.rejects[0].Error())
}
