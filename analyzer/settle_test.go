package analyzer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
)

// told is one machine's hours on one day of January 1970 as a data set tells them.
type told struct {
	vm    string
	day   int64
	hours int64
}

// hoursOf analyses what several data sets tell and returns the micro-hours of each machine.
func hoursOf(t *testing.T, sets map[string][]told) (map[string]int64, *analyzer.Analysis) {
	t.Helper()
	a := analyzer.New(analyzer.Options{})
	for name, rows := range sets {
		var b usage.ChargeBatch
		for i, r := range rows {
			b.Append(usage.ChargeRow{Customer: "c", Subscription: "s", ResourceGroup: "rg", Resource: "/vm/" + r.vm, VM: r.vm,
				Size: "Standard_D2s_v5", Region: "westeurope", OS: "linux", Kind: usage.Compute, Model: usage.OnDemand,
				Start: r.day * 86_400, End: (r.day + 1) * 86_400, Hours: r.hours * usage.MicroHour, HasHours: true,
				Currency: "USD", Export: "actual", Dataset: name, Line: int64(i + 2)})
		}
		rec := b.Record()
		require.NoError(t, a.Add(rec))
		rec.Release()
	}
	out, err := a.Analysis()
	require.NoError(t, err)
	hours := map[string]int64{}
	for _, vm := range out.VMs {
		hours[vm.Name] += vm.Hours / usage.MicroHour
	}
	return hours, out
}

// fleet is ten machines of some hours on each of some days.
func fleet(first, last, hours int64) []told {
	var rows []told
	for day := first; day < last; day++ {
		for vm := range 10 {
			rows = append(rows, told{fmt.Sprintf("vm%d", vm), day, hours})
		}
	}
	return rows
}

// A later export that tells the same days of the same machines replaces them: 14 days of 24 h, the last two of which the
// earlier file knew only in part.
func TestLaterExportReplacesTheSameDays(t *testing.T) {
	early := append(fleet(0, 6, 24), fleet(6, 8, 10)...)
	hours, out := hoursOf(t, map[string][]told{"2026-01-08": early, "2026-01-15": fleet(0, 14, 24)})
	require.EqualValues(t, 14*24, hours["vm3"])
	require.Len(t, hours, 10)
	require.Contains(t, fmt.Sprint(out.Warnings), "superseded_rows")
}

// Two halves of one file complete each other, also on the day that is cut in two.
func TestHalvesOfAFileCompleteEachOther(t *testing.T) {
	rows := fleet(0, 14, 24)
	hours, _ := hoursOf(t, map[string][]told{"a": rows[:73], "b": rows[73:]})
	for vm := range 10 {
		require.EqualValues(t, 14*24, hours[fmt.Sprintf("vm%d", vm)])
	}
	var odd, even []told
	for i, r := range rows {
		if i%2 == 0 {
			even = append(even, r)
		} else {
			odd = append(odd, r)
		}
	}
	hours, _ = hoursOf(t, map[string][]told{"odd": odd, "even": even})
	require.EqualValues(t, 14*24, hours["vm1"])
	require.Len(t, hours, 10)
}

// Of three files, two halves and one that tells all again, the last in order counts alone where it tells the same.
func TestWholeFileAfterItsHalves(t *testing.T) {
	rows := fleet(0, 14, 24)
	hours, _ := hoursOf(t, map[string][]told{"1": rows[:73], "2": rows[73:], "3": fleet(0, 14, 12)})
	require.EqualValues(t, 14*12, hours["vm9"])
}
