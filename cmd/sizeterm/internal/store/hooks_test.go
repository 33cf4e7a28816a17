package store

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/order/hook"
)

// The outbox on each engine: what is added stays, what is due is found in order, what is done stays done, and another
// tenant sees nothing of it.
func TestDeliveries(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, two := partners(t, s)
		var box hook.Outbox = one
		const url = "https://shop.example/hook"
		last, err := box.LastDelivery(ctx, url)
		require.NoError(t, err)
		require.Zero(t, last)
		add := []hook.Delivery{{Endpoint: url, Seq: 2, State: hook.Pending, Next: start}, {Endpoint: url, Seq: 1, State: hook.Pending, Next: start}, {Endpoint: url, Seq: 3, State: hook.Pending, Next: start.Add(time.Hour)}}
		require.NoError(t, box.AddDeliveries(ctx, add))
		due, err := box.Deliveries(ctx, url, hook.Pending, start, 10)
		require.NoError(t, err)
		require.Len(t, due, 2)
		require.EqualValues(t, 1, due[0].Seq)
		require.True(t, due[0].Next.Equal(start))

		failed := due[0]
		failed.Attempts, failed.Error, failed.Next = 1, "status 503", start.Add(5*time.Second)
		require.NoError(t, box.SetDelivery(ctx, failed))
		done := due[1]
		done.State = hook.Done
		require.NoError(t, box.SetDelivery(ctx, done))
		done.State = hook.Pending // another process, later
		require.NoError(t, box.SetDelivery(ctx, done))
		require.NoError(t, box.AddDeliveries(ctx, add), "what is there stays")
		due, err = box.Deliveries(ctx, url, hook.Pending, start.Add(10*time.Second), 10)
		require.NoError(t, err)
		require.Equal(t, []hook.Delivery{failed}, due)
		last, err = box.LastDelivery(ctx, url)
		require.NoError(t, err)
		require.EqualValues(t, 3, last)

		none, err := two.Deliveries(ctx, url, hook.Pending, start.Add(time.Hour), 10)
		require.NoError(t, err)
		require.Empty(t, none)
		require.ErrorIs(t, s.Partner("nobody").AddDeliveries(ctx, add), ErrNotFound)
	})
}

// Endpoints on each engine: put twice is one with the newer secrets, and another tenant has none of it.
func TestEndpoints(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, two := partners(t, s)
		e := Endpoint{URL: "https://shop.example/hook", Secrets: "a", Author: "anna", Created: start}
		require.NoError(t, one.PutEndpoint(ctx, e))
		require.NoError(t, one.PutEndpoint(ctx, Endpoint{URL: e.URL, Secrets: "b", Author: "bob", Created: start.Add(time.Hour)}))
		all, err := one.Endpoints(ctx)
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, "b", all[0].Secrets)
		require.Equal(t, "anna", all[0].Author)
		require.True(t, all[0].Created.Equal(start))
		all, err = two.Endpoints(ctx)
		require.NoError(t, err)
		require.Empty(t, all)
		require.ErrorIs(t, two.RemoveEndpoint(ctx, e.URL), ErrNotFound)
		require.NoError(t, one.RemoveEndpoint(ctx, e.URL))
		require.ErrorIs(t, one.RemoveEndpoint(ctx, e.URL), ErrNotFound)
		last, err := one.Entries(ctx)
		require.NoError(t, err)
		require.Zero(t, last)
	})
}
