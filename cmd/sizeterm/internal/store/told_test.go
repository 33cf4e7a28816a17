package store

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTold(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, two := partners(t, s)
		require.NoError(t, one.SetTold(ctx, "mail", "plan c", "p1", start))
		require.NoError(t, one.SetTold(ctx, "mail", "plan c", "p2", start))
		require.NoError(t, one.SetTold(ctx, "hook", "plan c", "p1", start))
		told, err := one.Told(ctx, "mail")
		require.NoError(t, err)
		require.Equal(t, map[string]string{"plan c": "p2"}, told)
		told, err = two.Told(ctx, "mail")
		require.NoError(t, err)
		require.Empty(t, told)
		require.ErrorIs(t, s.Partner("nobody").SetTold(ctx, "mail", "x", "y", start), ErrNotFound)
	})
}
