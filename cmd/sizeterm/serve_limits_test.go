package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/ingest/upload"
)

// TestTheQuota keeps files up to the last byte that a partner may, and no byte more, whoever looks at the room first.
func TestTheQuota(t *testing.T) {
	p, err := openPipeline(t.Context(), &common{}, house{dataDir: t.TempDir()}, recommending{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.close()) }()
	p.quota = 10
	send := func(tenant, body string) error {
		_, err := p.take(t.Context(), upload.Owner{Tenant: tenant, Author: "a"}, "x.csv", strings.NewReader(body))
		return err
	}
	room := func(want int64) {
		left, err := p.room(t.Context(), store.Local)
		require.NoError(t, err)
		require.Equal(t, want, left)
	}
	room(10)
	require.NoError(t, send(store.Local, "1234567"))
	room(3)
	var refusal *upload.Problem
	require.ErrorAs(t, send(store.Local, "abcd"), &refusal)
	require.Equal(t, http.StatusInsufficientStorage, refusal.Status)
	room(3)
	require.NoError(t, send(store.Local, "abc"))
	room(0)
	require.NoError(t, send(store.Local, "1234567"), "the same bytes take no room")
	require.NoError(t, p.db.AddTenant(t.Context(), store.Tenant{ID: "other"}))
	require.NoError(t, send("other", "abcdefghij"), "each partner has room of its own")
	p.quota = 0
	require.NoError(t, send(store.Local, strings.Repeat("x", 1000)))

	door, err := upload.New(upload.Options{Dir: t.TempDir(), Archive: p.archive, Owner: doorOwner, Record: p.record, Room: p.room, Now: now, Limits: upload.Limits{Reserve: 1 << 62}})
	require.NoError(t, err)
	require.ErrorAs(t, door.Err(), &refusal, "a full disk is not ready")
	_, err = door.Take(context.Background(), upload.File{Owner: upload.Owner{Tenant: store.Local}, Name: "y.csv", Size: 1}, strings.NewReader("y"))
	require.True(t, errors.As(err, &refusal))
	require.Equal(t, http.StatusInsufficientStorage, refusal.Status)
}

// TestServeForgetsWhatHasExpired finds no session and no link of yesterday after a start.
func TestServeForgetsWhatHasExpired(t *testing.T) {
	dir := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(dir, "sizeterm.db"))
	require.NoError(t, err)
	defer db.Close()
	sessions := func() (n int) {
		require.NoError(t, db.DB().QueryRow("SELECT count(*) FROM sessions").Scan(&n))
		return n
	}
	require.NoError(t, db.Sessions(now).CommitCtx(t.Context(), "old", []byte("x"), now().Add(-time.Hour)))
	require.Equal(t, 1, sessions())
	s, _ := startIt(t, "serve", "--data-dir", dir, "--nightly", "0")
	require.Zero(t, sessions())
	require.Zero(t, s.stop())
}
