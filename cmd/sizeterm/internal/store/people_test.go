package store

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/stretchr/testify/require"
)

func TestPeople(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, two := partners(t, s)
		anna := User{Tenant: "one", ID: "a", Email: "anna@one.example", Name: "Anna", Role: Approver, Issuer: "https://issuer", Subject: "s1", Invited: "anna@one.example", Created: start}
		require.NoError(t, one.AddUser(ctx, anna))
		require.ErrorIs(t, one.AddUser(ctx, User{ID: "b", Email: anna.Email, Role: Viewer}), ErrConflict)
		require.ErrorIs(t, two.AddUser(ctx, User{ID: "b", Email: "b@two.example", Role: Viewer, Issuer: anna.Issuer, Subject: anna.Subject}), ErrConflict)
		require.NoError(t, two.AddUser(ctx, User{ID: "a", Email: anna.Email, Role: Viewer}), "another tenant may know the same address")
		require.Error(t, one.AddUser(ctx, User{ID: "c", Email: "c@one.example", Role: "owner"}))
		require.NoError(t, one.AddUser(ctx, User{ID: "l", Email: "l@one.example", Role: Viewer}), "local people have no subject")
		require.NoError(t, one.AddUser(ctx, User{ID: "m", Email: "m@one.example", Role: Viewer}))

		require.ErrorIs(t, one.AddUser(ctx, User{ID: "i", Email: "i", Role: Viewer, Invited: anna.Invited}), ErrConflict, "invited twice")

		got, err := s.UserBySubject(ctx, anna.Issuer, anna.Subject)
		require.NoError(t, err)
		require.Equal(t, anna, got)
		_, err = s.UserBySubject(ctx, "", "")
		require.Equal(t, ErrNotFound, err)
		anna.Role, anna.Disabled = Admin, start
		require.NoError(t, one.SetUser(ctx, anna))
		got, err = one.UserByEmail(ctx, anna.Email)
		require.NoError(t, err)
		require.Equal(t, anna, got)

		require.ErrorIs(t, s.AddTenant(ctx, Tenant{ID: "two"}), ErrConflict)
		require.NoError(t, s.SetTenant(ctx, Tenant{ID: "two", Name: "Two"}))
		require.Equal(t, ErrNotFound, s.SetTenant(ctx, Tenant{ID: "nobody"}))
		all, err := s.Tenants(ctx)
		require.NoError(t, err)
		require.Len(t, all, 3)
	})
}

func TestALinkWorksOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, _ := partners(t, s)
		require.NoError(t, one.AddUser(ctx, User{ID: "a", Email: "a", Role: Admin}))
		require.NoError(t, one.AddUser(ctx, User{ID: "gone", Email: "gone", Role: Admin, Disabled: start}))
		require.NoError(t, one.AddLink(ctx, "m1", "a", start.Add(time.Hour)))
		require.NoError(t, one.AddLink(ctx, "m2", "a", start.Add(time.Hour)))
		require.NoError(t, one.AddLink(ctx, "m3", "gone", start.Add(time.Hour)))
		var used atomic.Int32
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() {
				if u, err := s.UseLink(ctx, "m1", start); err == nil && u.ID == "a" && u.Tenant == "one" {
					used.Add(1)
				}
			})
		}
		wait.Wait()
		require.EqualValues(t, 1, used.Load())
		for name, at := range map[string]time.Time{"m1": start, "m2": start.Add(time.Hour), "m3": start, "unknown": start} {
			_, err := s.UseLink(ctx, name, at)
			require.Equal(t, ErrNotFound, err, name)
		}
	})
}

func TestKeys(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, _ := partners(t, s)
		k := Key{Tenant: "one", ID: "k1", Name: "nightly", MAC: "mac1", Scopes: []string{"uploads:write", "plans:read"}, Author: "a", Created: start, Expires: start.Add(time.Hour)}
		require.NoError(t, one.AddKey(ctx, k))
		got, err := s.KeyByMAC(ctx, "mac1", start.Add(time.Minute))
		require.NoError(t, err)
		require.Equal(t, k, got)
		keys, err := one.Keys(ctx)
		require.NoError(t, err)
		require.Equal(t, start.Add(time.Minute), keys[0].Used)
		require.True(t, got.Live(start))
		require.False(t, got.Live(start.Add(time.Hour)))
		require.NoError(t, one.RevokeKey(ctx, "k1", start))
		require.Equal(t, ErrNotFound, one.RevokeKey(ctx, "k1", start))
		got, err = s.KeyByMAC(ctx, "mac1", start)
		require.NoError(t, err)
		require.False(t, got.Live(start))
		_, err = s.KeyByMAC(ctx, "mac2", start)
		require.Equal(t, ErrNotFound, err)
	})
}

func TestSessions(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		now := start
		x := s.Sessions(func() time.Time { return now })
		require.NoError(t, x.Commit("token", []byte{1, 0, 2}, start.Add(time.Hour)))
		require.NoError(t, x.Commit("token", []byte{3}, start.Add(time.Hour)))
		data, found, err := x.Find("token")
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, []byte{3}, data)
		all, err := x.All()
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.NotContains(t, all, "token", "the database does not hold the token")
		now = start.Add(time.Hour)
		_, found, err = x.Find("token")
		require.NoError(t, err)
		require.False(t, found)
		require.NoError(t, s.Sweep(context.Background(), now))
		now = start
		_, found, err = x.Find("token")
		require.NoError(t, err)
		require.False(t, found)
		require.NoError(t, x.Delete("token"))
	})
}

// TestSessionsMoveWithoutWriting: the request of a page moves the end of its session a little, and must not wait for who writes.
func TestSessionsMoveWithoutWriting(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		x := s.Sessions(func() time.Time { return start })
		encode := func(values map[string]any) []byte {
			data, err := scs.GobCodec{}.Encode(start.Add(12*time.Hour), values)
			require.NoError(t, err)
			return data
		}
		values := map[string]any{"a": 1, "b": "x", "c": true, "d": int64(4)}
		require.NoError(t, x.Commit("token", encode(values), start.Add(time.Hour)))
		end := func() (until int64) {
			require.NoError(t, s.read.QueryRow("SELECT expires FROM sessions").Scan(&until))
			return until
		}
		tx, err := s.write.Begin() // the only connection that writes, where the database is a file
		require.NoError(t, err)
		for range 20 { // the encoding orders values by chance
			require.NoError(t, x.Commit("token", encode(values), start.Add(time.Hour+3*time.Minute)))
		}
		require.NoError(t, tx.Rollback())
		require.Equal(t, micros(start.Add(time.Hour)), end())
		require.NoError(t, x.Commit("token", encode(values), start.Add(time.Hour+5*time.Minute)))
		require.Equal(t, micros(start.Add(time.Hour+5*time.Minute)), end())
		values["a"] = 2
		require.NoError(t, x.Commit("token", encode(values), start.Add(time.Hour+5*time.Minute)))
		data, _, err := x.Find("token")
		require.NoError(t, err)
		_, found, err := scs.GobCodec{}.Decode(data)
		require.NoError(t, err)
		require.Equal(t, 2, found["a"])
		require.NoError(t, x.Commit("token", encode(values), start.Add(time.Minute)), "a nearer end counts")
		require.Equal(t, micros(start.Add(time.Minute)), end())
	})
}

func TestIdempotencyKeys(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, two := partners(t, s)
		claim := func(p *Partner, request string) (*Answer, error) {
			return p.Claim(ctx, Claim{"POST /orders", "key", request}, start, time.Hour)
		}
		a, err := claim(one, "r1")
		require.NoError(t, err)
		require.Nil(t, a)
		_, err = claim(one, "r1")
		require.ErrorIs(t, err, ErrRunning)
		a, err = claim(two, "r2")
		require.NoError(t, err)
		require.Nil(t, a, "the key of another tenant is another key")
		require.NoError(t, one.Answered(ctx, "POST /orders", "key", Answer{Status: 201, Header: "{}", Body: []byte("made")}))
		a, err = claim(one, "r1")
		require.NoError(t, err)
		require.Equal(t, &Answer{201, "{}", []byte("made")}, a)
		_, err = claim(one, "r2")
		require.ErrorIs(t, err, ErrReused)
		require.NoError(t, two.Answered(ctx, "POST /orders", "key", Answer{}))
		a, err = claim(two, "r3")
		require.NoError(t, err)
		require.Nil(t, a, "a key that was given back is new")
		a, err = one.Claim(ctx, Claim{"POST /orders", "key", "r2"}, start.Add(2*time.Hour), time.Hour)
		require.NoError(t, err)
		require.Nil(t, a, "old keys are forgotten")
	})
}

func TestALeaseHasOneHolder(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		var got atomic.Int32
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				if ok, err := s.Lease(ctx, "batch", NewID(), start, time.Minute); err == nil && ok {
					got.Add(1)
				}
			})
		}
		wait.Wait()
		require.EqualValues(t, 1, got.Load())
		holder, until, err := s.LeaseHolder(ctx, "batch", start)
		require.NoError(t, err)
		require.Equal(t, start.Add(time.Minute), until)
		take := func(holder string, now time.Time) bool {
			ok, err := s.Lease(ctx, "batch", holder, now, time.Minute)
			require.NoError(t, err)
			return ok
		}
		require.False(t, take("other", start.Add(59*time.Second)))
		require.True(t, take(holder, start.Add(59*time.Second)), "its holder may renew it")
		require.False(t, take("other", start.Add(time.Minute)))
		require.True(t, take("other", start.Add(2*time.Minute)), "it ran out")
		require.NoError(t, s.Release(ctx, "batch", holder), "what another has taken is not given back")
		require.False(t, take(holder, start.Add(2*time.Minute)))
		require.NoError(t, s.Release(ctx, "batch", "other"))
		_, _, err = s.LeaseHolder(ctx, "batch", start)
		require.Equal(t, ErrNotFound, err)
	})
}

func TestReady(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		require.NoError(t, s.Ready(context.Background()))
		require.NoError(t, s.Check(context.Background()))
		require.NoError(t, s.Close())
		require.Error(t, s.Ready(context.Background()))
	})
}
