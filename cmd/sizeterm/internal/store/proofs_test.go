package store

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing/money"
	"sizeterm/recommend/order/prove"
)

// Proofs on each engine: what is found of a month replaces what was found of it before, and another tenant sees nothing of it.
func TestProofs(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, two := partners(t, s)
		month := func(name, realised string, at time.Time) prove.Month {
			sum := prove.Sum{}
			require.NoError(t, sum.UnmarshalText([]byte(realised)))
			sum.Currency = "USD"
			zero := prove.Sum{Amount: money.New(0, "USD")}
			split := prove.Split{LateStart: zero, Price: zero, OtherReservation: zero, Scope: zero, Demand: zero}
			return prove.Month{Customer: "contoso", Month: name, At: at, Findings: []prove.Finding{}, UnmatchedCharge: []prove.Unmatched{}, UnmatchedOrder: []prove.Unmatched{},
				Sums: []prove.CustomerMonth{{Customer: "contoso", Month: name, Currency: "USD", Orders: 1, Promised: zero, Realised: sum, Difference: zero, Charged: zero, Fee: zero, Split: split}}}
		}
		mark, err := one.ProofMark(ctx, "contoso")
		require.NoError(t, err)
		require.Empty(t, mark)
		require.NoError(t, one.PutProofs(ctx, "a", []prove.Month{month("2026-11", "1.50", start), month("2026-12", "2", start)}))
		require.NoError(t, one.PutProofs(ctx, "b", []prove.Month{month("2026-11", "1.75", start.Add(time.Hour))}))
		all, err := one.Proofs(ctx)
		require.NoError(t, err)
		require.Equal(t, []prove.Month{month("2026-11", "1.75", start.Add(time.Hour)), month("2026-12", "2", start)}, all)
		mark, err = one.ProofMark(ctx, "contoso")
		require.NoError(t, err)
		require.Equal(t, "b", mark)
		all, err = two.Proofs(ctx)
		require.NoError(t, err)
		require.Empty(t, all)
		require.ErrorIs(t, s.Partner("nobody").PutProofs(ctx, "", []prove.Month{month("2026-11", "1", start)}), ErrNotFound)
	})
}
