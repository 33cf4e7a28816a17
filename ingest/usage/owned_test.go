package usage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest/usage"
)

func date(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

// listed is a row of a list, dealt what transactions of a file say of an order: one year from start.
func listed(file, order, id string, quantity int64) usage.Holding {
	return usage.Holding{Commitment: usage.Commitment{File: file, Order: order, ID: id, Size: "Standard_D2s_v5", Region: "westeurope", Scope: "shared", Quantity: quantity, Start: date("2026-01-15"), End: date("2027-01-15")}}
}

func ended(file, order, id string) usage.Holding {
	return usage.Holding{Ended: true, Commitment: usage.Commitment{File: file, Order: order, ID: id}}
}

func dealt(file, order, start string, quantity int64, returns ...usage.Return) usage.Holding {
	h := listed(file, order, order, quantity)
	h.Dealt, h.Returns = true, returns
	if h.Start = (time.Time{}); start != "" {
		h.Start = date(start)
	}
	h.End = h.Start.AddDate(1, 0, 0)
	return h
}

func back(day, event string, quantity int64, amount string) usage.Return {
	return usage.Return{Day: date(day), Event: event, Quantity: quantity, Amount: amount}
}

func TestOwnedCountsEachReservationOnce(t *testing.T) {
	monthly := func(h usage.Holding) usage.Holding { h.Monthly = true; return h }
	later := listed("b", "o1", "r1", 3)
	for _, c := range []struct {
		name   string
		held   []usage.Holding
		want   string // id:quantity@file, of all
		doubts string
	}{
		{"one list", []usage.Holding{listed("a", "o1", "r1", 4), listed("a", "o1", "r2", 1)}, "r1:4@a r2:1@a", ""},
		{"the same in two lists", []usage.Holding{listed("a", "o1", "r1", 4), listed("b", "o1", "r1", 4)}, "r1:4@a", ""},
		{"twice in one list", []usage.Holding{listed("a", "", "r1", 4), listed("a", "", "r1", 4)}, "r1:4@a", ""},
		{"two lists that differ", []usage.Holding{listed("a", "o1", "r1", 4), later}, "r1:4@a", "reservation_twice"},
		{"lists of two customers", []usage.Holding{listed("a", "o1", "r1", 4), listed("b", "o2", "r2", 3)}, "r1:4@a r2:3@b", ""},
		{"split between two lists", []usage.Holding{listed("a", "o1", "r1", 4), listed("b", "o1", "r2", 1), listed("b", "o1", "r3", 3), listed("b", "o9", "r9", 1)}, "r2:1@b r3:3@b r9:1@b", "reservation_lists_differ"},
		{"split, and the newer list says so", []usage.Holding{listed("a", "o1", "r1", 4), ended("b", "o1", "r1"), listed("b", "o1", "r2", 1), listed("b", "o1", "r3", 3)}, "r2:1@b r3:3@b", ""},
		{"cancelled in the newer list", []usage.Holding{listed("b", "o1", "r1", 4), ended("a", "o1", "r1")}, "", ""},
		{"a list and its transactions", []usage.Holding{dealt("t", "o1", "2026-01-15", 4), listed("a", "o1", "r1", 4), dealt("t", "o2", "2026-02-01", 2)}, "r1:4@a o2:2@t", ""},
		{"cancelled in the list, bought in the transactions", []usage.Holding{dealt("t", "o1", "2026-01-15", 4), ended("a", "o1", "r1")}, "", ""},
		{"bought in one file, partly given back in two others", []usage.Holding{dealt("t1", "o1", "2026-01-15", 4), dealt("t2", "o1", "", 0, back("2026-03-01", "refund", 1, "-9")), dealt("t3", "o1", "", 0, back("2026-04-01", "refund", 1, "-8"))}, "o1:2@t1", ""},
		{"files of transactions that overlap", []usage.Holding{dealt("t1", "o1", "2026-01-15", 4, back("2026-03-01", "refund", 1, "-9")), dealt("t2", "o1", "2026-01-15", 4, back("2026-03-01", "refund", 1, "-9"))}, "o1:3@t1", ""},
		{"two returns alike on one day of one file", []usage.Holding{dealt("t1", "o1", "2026-01-15", 4, back("2026-03-01", "refund", 1, "-9"), back("2026-03-01", "refund", 1, "-9"))}, "o1:2@t1", ""},
		{"a cancellation and its refund", []usage.Holding{dealt("t1", "o1", "2026-01-15", 4, back("2026-03-01", "cancel", 1, ""), back("2026-03-01", "refund", 1, "-9"))}, "o1:3@t1", ""},
		{"given back, bought elsewhere", []usage.Holding{dealt("t1", "o1", "", 0, back("2026-03-01", "refund", 1, "-9"))}, "", ""},
		{"instalments of later months begin no second term", []usage.Holding{monthly(dealt("t2", "o1", "2026-02-15", 4)), monthly(dealt("t1", "o1", "2026-01-15", 4)), dealt("t1", "o0", "2025-01-01", 1)}, "o1:4@t1 o0:1@t1", ""},
		{"instalments that begin with the files", []usage.Holding{monthly(dealt("t1", "o1", "2026-01-15", 4))}, "o1:4@t1", "reservation_start_unknown"},
	} {
		for _, held := range [][]usage.Holding{c.held, reversed(c.held)} {
			owned, doubts := usage.Owned(held)
			var got, codes []string
			for _, o := range owned {
				got = append(got, fmt.Sprintf("%s:%d@%s", o.ID, o.Quantity, o.File))
				if o.ID == "o1" {
					require.Equal(t, "2027-01-15", o.End.Format(time.DateOnly), c.name)
				}
			}
			for _, d := range doubts {
				codes = append(codes, d.Code)
			}
			require.ElementsMatch(t, strings.Fields(c.want), got, c.name)
			require.Equal(t, c.doubts, strings.Join(codes, " "), c.name)
		}
	}
}

func reversed(held []usage.Holding) []usage.Holding {
	var out []usage.Holding
	for i := len(held) - 1; i >= 0; i-- {
		out = append(out, held[i])
	}
	return out
}
