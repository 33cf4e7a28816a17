package analyzer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
)

// ownedBy analyses two machines of 24 hours on each of 14 days, told once for each customer.
func ownedBy(t *testing.T, kind string, customers ...string) *analyzer.Analysis {
	t.Helper()
	a := analyzer.New(analyzer.Options{})
	for i, customer := range customers {
		var b usage.ChargeBatch
		for day := range int64(14) {
			for vm := range 2 {
				b.Append(usage.ChargeRow{Customer: customer, Subscription: "s", ResourceGroup: "rg", Resource: fmt.Sprint("/vm/", vm), VM: fmt.Sprint("vm", vm),
					Size: "Standard_D2s_v5", Region: "westeurope", OS: "linux", Kind: usage.Compute, Model: usage.OnDemand,
					Start: day * 86_400, End: (day + 1) * 86_400, Hours: 24 * usage.MicroHour, HasHours: true,
					Currency: "USD", Export: kind, Dataset: fmt.Sprint("file", i), Line: day + 2})
			}
		}
		rec := b.Record()
		require.NoError(t, a.Add(rec))
		rec.Release()
	}
	out, err := a.Analysis()
	require.NoError(t, err)
	return out
}

// An export that names no customer and one that does tell the same usage: it counts once, for the customer that has a name.
func TestUnnamedCustomerIsTheOwnerOfTheSubscription(t *testing.T) {
	for _, customers := range [][]string{{"unnamed", "contoso"}, {"contoso", "unnamed"}} {
		out := ownedBy(t, "actual", customers...)
		require.Len(t, out.VMs, 2)
		require.Equal(t, "contoso", out.VMs[0].Customer)
		require.EqualValues(t, 14*24*usage.MicroHour, out.VMs[0].Hours)
	}
	out := ownedBy(t, "actual", "unnamed")
	require.Equal(t, "unnamed", out.VMs[0].Customer)
}

// Nobody can say which of two customers owns a machine that both are billed for: the plan must say so.
func TestMachineOfTwoCustomersIsWarnedAbout(t *testing.T) {
	out := ownedBy(t, "actual", "contoso", "fabrikam", "unnamed")
	require.Contains(t, fmt.Sprint(out.Warnings), "{billed_twice contoso 2 machines are billed to contoso and to fabrikam on the same days")
	require.NotContains(t, fmt.Sprint(ownedBy(t, "actual", "contoso").Warnings), "billed_twice")
}

// Hours of a second customer that were taken back are none, in whichever order the rows come.
func TestHoursTakenBackAreNotBilledTwice(t *testing.T) {
	for _, hours := range [][]int64{{24, -24, 1}, {-24, 1, 24}, {1, 24, -24}} {
		var b usage.ChargeBatch
		for i, h := range append([]int64{23}, hours...) {
			b.Append(usage.ChargeRow{Customer: [...]string{"contoso", "fabrikam"}[min(i, 1)], Subscription: "s", ResourceGroup: "rg", Resource: "/vm/1", VM: "vm1",
				Size: fmt.Sprintf("Standard_D%ds_v5", 2<<i), Region: "westeurope", OS: "linux", Kind: usage.Compute, Model: usage.OnDemand,
				End: 86_400, Hours: h * usage.MicroHour, HasHours: true, Currency: "USD", Export: "actual", Dataset: "file", Line: int64(i)})
		}
		a, rec := analyzer.New(analyzer.Options{}), b.Record()
		require.NoError(t, a.Add(rec))
		rec.Release()
		out, err := a.Analysis()
		require.NoError(t, err)
		require.NotContains(t, fmt.Sprint(out.Warnings), "billed_twice", hours)
	}
}
