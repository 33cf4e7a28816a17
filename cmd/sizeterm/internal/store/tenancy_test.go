package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func upload(n int) Upload {
	return Upload{ID: fmt.Sprintf("u-%02d", n), Name: fmt.Sprintf("exports/%d.csv", n), Size: int64(100 + n), SHA256: strings.Repeat(fmt.Sprintf("%02x", n), 32), Author: "anna", Received: start.Add(time.Duration(n) * time.Minute)}
}

// What one tenant owns is, for another, what does not exist: the same error for each read and each write.
func TestAnotherTenantsThingsDoNotExist(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, two := partners(t, s)
		u, fresh, err := one.Received(ctx, upload(1))
		require.NoError(t, err)
		require.True(t, fresh)
		require.NoError(t, one.PutCustomer(ctx, Customer{ID: "contoso", Name: "Contoso", Created: start}))
		require.NoError(t, one.AddUser(ctx, User{ID: "anna", Email: "anna@one.example", Role: Admin, Created: start}))
		require.NoError(t, one.AddKey(ctx, Key{ID: "k", Name: "ci", MAC: "mac", Author: "anna", Created: start}))
		require.NoError(t, one.AddPlan(ctx, Plan{ID: "p", Customer: "contoso", Created: start, AsOf: start}, []byte("{}")))
		require.NoError(t, one.Record(ctx, Act{At: start, Actor: "anna", Action: "signed_in"}))
		_, err = one.Emit(ctx, Event{At: start, Kind: "upload", Subject: u.ID})
		require.NoError(t, err)

		answers := func(p *Partner, suffix string) []error {
			get := func(_ any, err error) error { return err }
			return []error{
				get(p.Upload(ctx, "u-01"+suffix)), p.SetUpload(ctx, Upload{ID: "u-01" + suffix, State: UploadReading}),
				get(p.UploadBySum(ctx, "", u.SHA256+suffix)), get(p.Uploads(ctx, UploadFilter{Page: Page{After: "u-01" + suffix}})),
				get(p.Customer(ctx, "contoso"+suffix)), p.SetPolicy(ctx, "contoso"+suffix, "x"),
				get(p.User(ctx, "anna"+suffix)), get(p.UserByEmail(ctx, "anna@one.example"+suffix)), p.SetUser(ctx, User{ID: "anna" + suffix, Role: Viewer}),
				p.AddLink(ctx, "m"+suffix, "anna"+suffix, start), p.RevokeKey(ctx, "k"+suffix, start),
				get(p.Plan(ctx, "p"+suffix)), get(p.PlanDocument(ctx, "p"+suffix)), get(p.LatestPlan(ctx, "contoso"+suffix)),
				get(p.Plans(ctx, "", Page{After: "p" + suffix})),
				p.AddPlan(ctx, Plan{ID: "q", Customer: "contoso" + suffix, Created: start}, nil),
			}
		}
		for i, err := range answers(two, "") {
			require.Equal(t, ErrNotFound, err, "%d: another tenant's", i)
		}
		for i, err := range answers(one, "-missing") {
			require.Equal(t, ErrNotFound, err, "%d: missing", i)
		}
		for i, list := range []func(p *Partner) (int, error){
			func(p *Partner) (int, error) { l, err := p.Uploads(ctx, UploadFilter{}); return len(l), err },
			func(p *Partner) (int, error) { l, err := p.Customers(ctx); return len(l), err },
			func(p *Partner) (int, error) { l, err := p.Users(ctx); return len(l), err },
			func(p *Partner) (int, error) { l, err := p.Keys(ctx); return len(l), err },
			func(p *Partner) (int, error) { l, err := p.Plans(ctx, "", Page{}); return len(l), err },
			func(p *Partner) (int, error) { l, err := p.LatestPlans(ctx); return len(l), err },
			func(p *Partner) (int, error) { l, err := p.Acts(ctx, 0, 0); return len(l), err },
			func(p *Partner) (int, error) { l, err := p.Events(ctx, 0, 0); return len(l), err },
		} {
			mine, err := list(one)
			require.NoError(t, err)
			require.Equal(t, 1, mine, "list %d", i)
			theirs, err := list(two)
			require.NoError(t, err)
			require.Zero(t, theirs, "list %d", i)
		}
		stored, err := two.Stored(ctx)
		require.NoError(t, err)
		require.Zero(t, stored)
		_, _, err = s.Partner("nobody").Received(ctx, upload(2))
		require.ErrorIs(t, err, ErrNotFound)
	})
}

func TestAQueryWithoutItsTenantIsAPanic(t *testing.T) {
	require.Panics(t, func() { bound("SELECT 1 FROM uploads WHERE id = $1") })
	require.Panics(t, func() { bound("SELECT tenant FROM uploads") })
}

func TestTheSameBytesAreOneUpload(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, two := partners(t, s)
		first, fresh, err := one.Received(ctx, upload(1))
		require.NoError(t, err)
		require.True(t, fresh)
		require.Equal(t, UploadReceived, first.State)

		again := upload(1)
		again.ID, again.Name = "u-99", "other.csv"
		second, fresh, err := one.Received(ctx, again)
		require.NoError(t, err)
		require.False(t, fresh)
		require.Equal(t, first, second)

		again.Customer = "contoso"
		_, fresh, err = one.Received(ctx, again)
		require.NoError(t, err)
		require.True(t, fresh, "for another customer it is another upload")
		_, fresh, err = two.Received(ctx, upload(1))
		require.NoError(t, err)
		require.True(t, fresh, "for another tenant it is another upload")

		first.State, first.Changed = UploadRemoved, start
		require.NoError(t, one.SetUpload(ctx, first))
		require.ErrorIs(t, one.SetUpload(ctx, first), ErrConflict, "what was removed stays removed")
		third := upload(1)
		third.ID = "u-03"
		_, fresh, err = one.Received(ctx, third)
		require.NoError(t, err)
		require.True(t, fresh, "what was removed can be sent again")
		wanted, err := s.Wanted(ctx, first.SHA256)
		require.NoError(t, err)
		require.True(t, wanted)
		wanted, err = s.Wanted(ctx, strings.Repeat("f", 64))
		require.NoError(t, err)
		require.False(t, wanted)
	})
}

func TestTwentyAtOnceMakeOneUpload(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		one, _ := partners(t, s)
		var wait sync.WaitGroup
		fresh, errs := make([]bool, 20), make([]error, 20)
		for i := range fresh {
			wait.Go(func() {
				u := upload(1)
				u.ID = fmt.Sprintf("u-%d", i)
				_, fresh[i], errs[i] = one.Received(context.Background(), u)
			})
		}
		wait.Wait()
		require.NoError(t, errors.Join(errs...))
		n := 0
		for _, f := range fresh {
			if f {
				n++
			}
		}
		require.Equal(t, 1, n)
	})
}

func TestUploadsAreListedInPages(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, _ := partners(t, s)
		for i := 1; i <= 5; i++ {
			u, _, err := one.Received(ctx, upload(i))
			require.NoError(t, err)
			u.State, u.Kind, u.Dialect, u.Grain, u.Changed = UploadAccepted, "charges", "mpa-2021-10", "day", start
			u.First, u.Last, u.Total, u.Accepted, u.Rejected = start, start.AddDate(0, 0, 2), 10, 9, 1
			u.Days, u.Customers, u.Attempts = []string{"2026-11-24", "2026-11-25", "2026-11-27"}, []string{"contoso", "fabrikam"}[:1+i%2], 2
			u.Parts = []UploadPart{{Name: "a.zip/b.csv", Kind: "charges", First: start, Last: start.AddDate(0, 0, 4), Total: 10, Accepted: 9, Rejected: 1, Days: u.Days, Missing: []string{"memory"}},
				{Name: "a.zip/c.csv", Kind: "unknown", Refused: "not a table"}}
			require.NoError(t, one.SetUpload(ctx, u))
			got, err := one.Upload(ctx, u.ID)
			require.NoError(t, err)
			require.Equal(t, u, got)
		}
		ids := func(f UploadFilter) (ids []string) {
			list, err := one.Uploads(ctx, f)
			require.NoError(t, err)
			for _, u := range list {
				require.NotEmpty(t, u.Customers)
				ids = append(ids, u.ID)
			}
			return ids
		}
		require.Equal(t, []string{"u-05", "u-04", "u-03", "u-02", "u-01"}, ids(UploadFilter{}))
		require.Equal(t, []string{"u-03", "u-02"}, ids(UploadFilter{Page: Page{After: "u-04", Limit: 2}}))
		require.Equal(t, []string{"u-05", "u-03", "u-01"}, ids(UploadFilter{Customer: "fabrikam"}))
		require.Equal(t, []string{"u-01"}, ids(UploadFilter{Customer: "fabrikam", States: []UploadState{UploadAccepted, UploadRefused}, Page: Page{After: "u-03"}}))
		require.Empty(t, ids(UploadFilter{States: []UploadState{UploadRefused}}))
		bytes, err := one.Stored(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 515, bytes) // 101 + 102 + 103 + 104 + 105
	})
}

func TestPlansAreKeptWithTheirBytes(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, _ := partners(t, s)
		for i, customer := range []string{"contoso", "fabrikam", "contoso"} {
			require.NoError(t, one.PutCustomer(ctx, Customer{ID: customer, Name: customer, Created: start}))
			p := Plan{ID: fmt.Sprint("p", i), Customer: customer, Created: start.Add(time.Duration(i) * time.Hour), AsOf: start, Fingerprint: fmt.Sprint("f", i), Lines: i, Author: "batch",
				Totals: []PlanTotal{{Currency: "EUR", Saving: -5, SavingLow: -6, SavingHigh: 7}, {Currency: "USD", PayG: 1 << 60, Software: 2, Planned: 3, Saving: 4, Upfront: 5}}}
			require.NoError(t, one.AddPlan(ctx, p, fmt.Appendf(nil, `{"schema":"sizeterm.plan/1","n":%d}`, i)))
			require.ErrorIs(t, one.AddPlan(ctx, p, nil), ErrConflict)
			got, err := one.LatestPlan(ctx, customer)
			require.NoError(t, err)
			p.SHA256 = got.SHA256
			require.Len(t, got.SHA256, 64)
			require.Equal(t, p, got)
		}
		document, err := one.PlanDocument(ctx, "p2")
		require.NoError(t, err)
		require.JSONEq(t, `{"schema":"sizeterm.plan/1","n":2}`, string(document))
		latest, err := one.LatestPlans(ctx)
		require.NoError(t, err)
		require.Len(t, latest, 2)
		require.Equal(t, []string{"p2", "p1"}, []string{latest[0].ID, latest[1].ID})
		require.Len(t, latest[0].Totals, 2)
		list, err := one.Plans(ctx, "contoso", Page{After: "p2"})
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, "p0", list[0].ID)
		_, err = s.write.Exec("UPDATE plans SET sha256 = 'x' WHERE id = 'p2'")
		require.NoError(t, err)
		_, err = one.PlanDocument(ctx, "p2")
		require.ErrorContains(t, err, "not those that were stored")
	})
}

// A part of a transaction that fails takes all of it with it.
func TestInKeepsAllOrNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, _ := partners(t, s)
		boom := errors.New("boom")
		require.ErrorIs(t, one.In(ctx, func(p *Partner, tx *sql.Tx) error {
			_, _, err := p.Received(ctx, upload(1))
			require.NoError(t, err)
			_, err = p.Upload(ctx, "u-01")
			require.NoError(t, err, "it sees its own writes")
			require.NoError(t, p.Record(ctx, Act{At: start, Actor: "anna", Action: "uploaded"}))
			_, err = p.Emit(ctx, Event{At: start})
			require.NoError(t, err)
			return boom
		}), boom)
		_, err := one.Upload(ctx, "u-01")
		require.Equal(t, ErrNotFound, err)
		n, err := one.VerifyAudit(ctx)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestTheAuditFindsChanges(t *testing.T) {
	for _, c := range []string{
		"UPDATE audit SET act = replace(act, 'anna', 'bob') WHERE seq = 3", "DELETE FROM audit WHERE seq = 3", "DELETE FROM audit WHERE seq = 1",
		"UPDATE audit SET prev = '' WHERE seq = 2",
	} {
		t.Run(c, func(t *testing.T) {
			onEach(t, func(t *testing.T, s *Store) {
				ctx := context.Background()
				one, _ := partners(t, s)
				for i := range 5 {
					require.NoError(t, one.Record(ctx, Act{At: start, Actor: "anna", Action: "looked", Object: fmt.Sprint(i)}))
				}
				acts, err := one.Acts(ctx, 4, 2)
				require.NoError(t, err)
				require.Len(t, acts, 2)
				require.Equal(t, Act{Seq: 3, At: start, Actor: "anna", Action: "looked", Object: "2"}, acts[0])
				n, err := one.VerifyAudit(ctx)
				require.NoError(t, err)
				require.EqualValues(t, 5, n)
				_, err = s.write.Exec(c)
				require.ErrorContains(t, err, "append-only")
				unguarded(t, s)
				_, err = s.write.Exec(c)
				require.NoError(t, err)
				_, err = one.VerifyAudit(ctx)
				require.ErrorIs(t, err, ErrTampered)
			})
		})
	}
}

// Many writers at once: numbers rise without gaps, and a reader that remembers the last one misses none.
func TestEventsAreSeenInTheirOrder(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, _ := partners(t, s)
		const writers, each = 4, 25
		var wait sync.WaitGroup
		errs := make([]error, writers)
		for w := range writers {
			wait.Go(func() {
				for range each {
					if _, err := one.Emit(ctx, Event{At: start, Kind: "upload", Subject: "u", Body: "{}"}); err != nil {
						errs[w] = err
						return
					}
				}
			})
		}
		var last int64
		for last < writers*each {
			events, err := one.Events(ctx, last, 7)
			require.NoError(t, err)
			for _, e := range events {
				require.Equal(t, last+1, e.Seq)
				last = e.Seq
			}
			if len(events) == 0 && errors.Join(errs...) != nil {
				break
			}
		}
		wait.Wait()
		require.NoError(t, errors.Join(errs...))
		seq, err := one.LastEvent(ctx)
		require.NoError(t, err)
		require.EqualValues(t, writers*each, seq)
		require.NoError(t, s.Sweep(ctx, start.Add(25*time.Hour)))
		events, err := one.Events(ctx, 0, 0)
		require.NoError(t, err)
		require.Empty(t, events)
	})
}
