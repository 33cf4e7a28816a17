package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
)

func TestSettingsOfTheSignIn(t *testing.T) {
	const contoso = "9122040d-6c67-4c5b-b112-36a304b66dad"
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	require.NoError(t, err)
	defer db.Close()
	good := vouching{public: "https://sizing.example/", issuer: "https://login.example/organizations/v2.0", client: "c", directories: []string{"9122040D-6c67-4c5b-b112-36a304b66dad=North"}, roles: []string{"a=b=viewer"}}
	public, err := good.address()
	require.NoError(t, err)
	require.Equal(t, "https://sizing.example", public)
	p, err := good.provider(t.Context(), db, public)
	require.NoError(t, err)
	require.NotNil(t, p)
	_, err = good.provider(t.Context(), db, public)
	require.NoError(t, err, "a second start finds the partner")
	tenants, err := db.Tenants(t.Context())
	require.NoError(t, err)
	require.Equal(t, "north", tenants[1].ID)
	roles, err := good.given()
	require.NoError(t, err)
	require.Equal(t, map[string]web.Role{"a=b": web.Viewer}, roles)
	p, err = (&vouching{}).provider(t.Context(), db, "")
	require.NoError(t, err)
	require.Nil(t, p)

	for name, change := range map[string]func(*vouching){
		"no public address":       func(v *vouching) { v.public = "" },
		"a public path":           func(v *vouching) { v.public = "https://sizing.example/app" },
		"public without a scheme": func(v *vouching) { v.public = "sizing.example" },
		"public without TLS":      func(v *vouching) { v.public = "http://sizing.example" },
		"issuer without TLS":      func(v *vouching) { v.issuer = "http://login.example" },
		"no issuer":               func(v *vouching) { v.issuer = "" },
		"no client":               func(v *vouching) { v.client = "" },
		"no directory":            func(v *vouching) { v.directories = nil },
		"directory by name":       func(v *vouching) { v.directories = []string{"contoso.example"} },
		"a partner with a slash":  func(v *vouching) { v.directories = []string{contoso + "=a/b"} },
		"a directory twice":       func(v *vouching) { v.directories = []string{contoso, contoso + "=b"} },
		"an unknown role":         func(v *vouching) { v.roles = []string{"g=owner"} },
		"a role of nobody":        func(v *vouching) { v.roles = []string{"=admin"} },
	} {
		v := good
		change(&v)
		public, err := v.address()
		if err == nil {
			_, err = v.provider(t.Context(), db, public)
		}
		require.Error(t, err, name)
		require.Equal(t, exitUsage, exitCode(t.Context(), err), name)
	}
}

// TestPeopleOfAProvider keeps people for whom a provider vouches in the database: equal names elsewhere are no conflict.
func TestPeopleOfAProvider(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	require.NoError(t, err)
	defer db.Close()
	a := &accounts{db: db, now: func() time.Time { return time.Unix(1_790_000_000, 0).UTC() }}
	require.NoError(t, a.welcome(t.Context()))
	for _, id := range []string{"one", "two"} {
		p := web.Person{Tenant: store.Local, ID: id, Name: "Admin", Role: web.Viewer, Issuer: "https://login.example", Subject: "s-" + id, Invited: id + "@contoso.example"}
		require.NoError(t, a.Save(t.Context(), p))
		got, err := a.BySubject(t.Context(), p.Issuer, p.Subject)
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	_, err = a.BySubject(t.Context(), "https://login.example", "s-three")
	require.ErrorIs(t, err, web.ErrNone)
}
