package prove

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Exports of two months overlap: what both tell counts once, what one file tells twice counts twice.
func TestTransactionsOfOverlappingFilesCountOnce(t *testing.T) {
	b := &Books{}
	instalment := Transaction{Day: date("2026-11-02"), Event: "purchase", Order: resOrder, Amount: "73", File: "a", Line: 2}
	again := instalment
	again.File, again.Line = "b", 9
	twin := again
	twin.Line = 10
	b.AddTransactions(instalment, again)
	require.Len(t, b.deals, 1)
	b.AddTransactions(twin)
	require.Len(t, b.deals, 2)
	b.AddInvoice(InvoiceLine{Invoice: "G1", Order: "o", Subtotal: "5", File: "a"})
	b.AddInvoice(InvoiceLine{Invoice: "G1", Order: "o", Subtotal: "5", File: "b"})
	require.Len(t, b.lines, 1)
}

// Two machines used 20 and 24 of 48 reserved hours, as details say; the summary says 44 in one row, an earlier export knew only 10
// of the first machine's hours.
func TestUsesOfSeveralFilesCountOnce(t *testing.T) {
	b := &Books{}
	use := func(file, resource string, used int64) Use {
		return Use{Reservation: resID, Order: resOrder, Resource: resource, Day: date("2026-11-05"), Reserved: 48e6, Used: used, File: file}
	}
	b.AddUses(use("early", "vm1", 10e6), use("late", "vm1", 12e6), use("late", "vm1", 8e6), use("late", "vm2", 24e6), use("summary", "", 44e6))
	got := b.dailyUses(func(*Use) bool { return true })
	require.Equal(t, map[reservationDay]dailyUse{{resID, dayOf(date("2026-11-05"))}: {used: 44e6, reserved: 48e6}}, got)
}
