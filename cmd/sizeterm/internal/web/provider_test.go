package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// vouchedService is a service at whose provider people sign in: those of Contoso are of home, those of Fabrikam of away.
func vouchedService(t *testing.T, change ...func(*ProviderOptions)) (*service, *issuer) {
	c := &clock{at: testDay}
	i := newIssuer(t, c.now)
	s := newService(t, func(o *Options) {
		o.Now, o.Home, o.Public = c.now, "home", "http://localhost:1"
		p := ProviderOptions{Issuer: i.URL + "/organizations/v2.0", Client: clientID, Secret: clientWord, Redirect: o.Public + callbackPath, Home: "home", Directories: map[string]string{contoso: "home", fabrikam: "away"}, Now: c.now}
		for _, f := range change {
			f(&p)
		}
		var err error
		o.Provider, err = NewProvider(p)
		require.NoError(t, err)
	})
	s.clock = c
	return s, i
}

// out follows the button of the sign-in page to the provider.
func (b *browser) out(next string) string {
	status, header, body := b.get("/sign-in/provider?next=" + url.QueryEscape(next))
	require.Equal(b.t, http.StatusSeeOther, status, body)
	return header.Get("Location")
}

// back is the way back from the provider.
func (b *browser) back(address string) (int, http.Header, string) {
	return b.get(strings.TrimPrefix(address, "http://localhost:1"))
}

func TestSignInAtTheProvider(t *testing.T) {
	s, i := vouchedService(t)
	b := s.visitor()
	require.Contains(t, b.page("/sign-in?next=/orders"), `href="/sign-in/provider?next=%2forders"`)
	status, header, body := b.back(i.consent(b.out("/people"), contoso, map[string]any{"roles": []string{"viewer", "admin", "other"}}))
	require.Equal(t, http.StatusSeeOther, status, body)
	require.Equal(t, "/people", header.Get("Location"))
	require.Contains(t, b.page("/people"), "Ann Archer")
	require.Contains(t, b.page("/account"), "there is no password here")
	status, _, _ = b.post("/account/password", url.Values{"password": {"a long enough password"}})
	require.Equal(t, http.StatusConflict, status)

	people, err := s.memory.People(t.Context(), "home")
	require.NoError(t, err)
	require.Len(t, people, 1)
	require.Equal(t, Person{Tenant: "home", ID: people[0].ID, Name: "Ann Archer", Role: Admin, Issuer: i.URL + "/" + contoso + "/v2.0", Subject: "s-ann"}, people[0])

	require.Contains(t, b.out("/"), "prompt=login", "who is signed in and comes again proves to be there")
	status, header, _ = b.post("/sign-out", nil)
	require.Equal(t, http.StatusSeeOther, status)
	page := b.page(header.Get("Location"))
	require.Contains(t, page, i.URL+"/out?client_id="+clientID)
	require.NotContains(t, b.page("/sign-in"), "/out?client_id")

	c := s.visitor()
	status, _, _ = c.back(i.consent(c.out("https://evil.example/"), contoso, map[string]any{"roles": "viewer", "name": "Ann \x01 Archer-Brown"}))
	require.Equal(t, http.StatusSeeOther, status)
	people, err = s.memory.People(t.Context(), "home")
	require.NoError(t, err)
	require.Len(t, people, 1, "she is the same")
	require.Equal(t, Viewer, people[0].Role, "the provider's role of today")
	require.Equal(t, "Ann  Archer-Brown", people[0].Name)
	require.Zero(t, s.log.Len()-len(strings.ReplaceAll(s.log.String(), "Ann", "")), "no name in the log")
}

// TestTokensThatProveNothing changes one thing of a good sign-in at a time.
func TestTokensThatProveNothing(t *testing.T) {
	s, i := vouchedService(t)
	other := newIssuer(t, s.clock.now)
	at := func(d time.Duration) int64 { return testDay.Add(d).Unix() }
	sign := func(alg jose.SignatureAlgorithm, key func() any) func(map[string]any, string) string {
		return func(c map[string]any, _ string) string { return i.signed(c, alg, key()) }
	}
	for name, c := range map[string]struct {
		directory string
		claims    map[string]any
		forge     func(map[string]any, string) string
		want      int
		kind      string
	}{
		"as it should be":                {want: http.StatusSeeOther},
		"clocks differ a little":         {claims: map[string]any{"iat": at(time.Minute), "nbf": at(time.Minute), "exp": at(-time.Minute)}, want: http.StatusSeeOther},
		"several audiences, our party":   {claims: map[string]any{"aud": []string{"other", clientID}, "azp": clientID}, want: http.StatusSeeOther},
		"another audience":               {claims: map[string]any{"aud": "other"}, kind: "sign-in-refused"},
		"no audience":                    {claims: map[string]any{"aud": nil}, kind: "sign-in-refused"},
		"several audiences, other party": {claims: map[string]any{"aud": []string{clientID, "other"}, "azp": "other"}, kind: "sign-in-refused"},
		"several audiences, no party":    {claims: map[string]any{"aud": []string{clientID, "other"}}, kind: "sign-in-refused"},
		"expired":                        {claims: map[string]any{"exp": at(-3 * time.Minute)}, kind: "sign-in-refused"},
		"without an end":                 {claims: map[string]any{"exp": nil}, kind: "sign-in-refused"},
		"not valid yet":                  {claims: map[string]any{"nbf": at(3 * time.Minute)}, kind: "sign-in-refused"},
		"issued tomorrow":                {claims: map[string]any{"iat": at(24 * time.Hour)}, kind: "sign-in-refused"},
		"another nonce":                  {claims: map[string]any{"nonce": "other"}, kind: "sign-in-refused"},
		"no nonce":                       {claims: map[string]any{"nonce": nil}, kind: "sign-in-refused"},
		"no subject":                     {claims: map[string]any{"sub": nil}, kind: "sign-in-refused"},
		"another issuer":                 {claims: map[string]any{"iss": "https://evil.example/" + contoso + "/v2.0"}, kind: "sign-in-refused"},
		"issuer of another directory":    {claims: map[string]any{"iss": i.URL + "/" + fabrikam + "/v2.0"}, kind: "sign-in-refused"},
		"directory of another issuer":    {claims: map[string]any{"tid": fabrikam}, kind: "sign-in-refused"},
		"the template as issuer":         {claims: map[string]any{"iss": i.URL + "/{tenantid}/v2.0", "tid": "{tenantid}"}, kind: "organisation"},
		"no directory":                   {claims: map[string]any{"tid": nil}, kind: "sign-in-refused"},
		"a directory that is not listed": {directory: "12345678-0000-0000-0000-000000000000", kind: "organisation"},
		"private accounts":               {directory: "9188040d-6c67-4c5b-b112-36a304b66dad", kind: "organisation"},
		"signed by another key":          {forge: sign(jose.ES256, func() any { return other.key }), kind: "sign-in-refused"},
		"signed with the public key":     {forge: sign(jose.HS256, func() any { return hmacOf(i.key.Public()) }), kind: "sign-in-refused"},
		"not signed":                     {forge: func(c map[string]any, _ string) string { return unsigned(c) }, kind: "sign-in-refused"},
		"changed after it was signed": {forge: func(c map[string]any, text string) string {
			parts := strings.Split(text, ".")
			return parts[0] + "." + strings.Split(unsigned(map[string]any{"sub": "x"}), ".")[1] + "." + parts[2]
		}, kind: "sign-in-refused"},
		"no token":          {forge: func(map[string]any, string) string { return "" }, kind: "sign-in-refused"},
		"no role":           {claims: map[string]any{"roles": nil}, kind: "unknown-person"},
		"a role of others":  {claims: map[string]any{"roles": []string{"Global Administrator"}}, kind: "unknown-person"},
		"groups but no map": {claims: map[string]any{"roles": nil, "groups": []string{"admin"}}, kind: "unknown-person"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.directory == "" {
				c.directory = contoso
			}
			claims := map[string]any{"roles": []string{"viewer"}, "sub": "s-" + name}
			for k, v := range c.claims {
				claims[k] = v
			}
			i.forge = c.forge
			s.server.buckets.kept = nil // the rate of callers is not what is tested
			b := s.visitor()
			status, _, body := b.back(i.consent(b.out("/"), c.directory, claims))
			if c.want != 0 {
				require.Equal(t, c.want, status, body)
				return
			}
			require.Equal(t, http.StatusForbidden, status, body)
			status, _, _ = b.get("/")
			require.Equal(t, http.StatusSeeOther, status, "nobody is signed in")
			require.Contains(t, s.log.String(), "sign-in refused")
			problem := s.lastKind(t, i, c.directory, claims)
			require.Equal(t, problemOf+c.kind, problem)
		})
	}
}

// lastKind tries the same again as a program would see it, for the kind of the refusal.
func (s *service) lastKind(t *testing.T, i *issuer, directory string, claims map[string]any) string {
	b := s.visitor()
	at := i.consent(b.out("/"), directory, claims)
	r, err := http.NewRequest("GET", s.URL+strings.TrimPrefix(at, "http://localhost:1"), nil)
	require.NoError(t, err)
	r.Header.Set("Accept", "application/json")
	resp, err := b.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	var p Problem
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&p))
	return p.Type
}

func TestASignInIsFinishedOnceAndWhereItBegan(t *testing.T) {
	s, i := vouchedService(t)
	viewer := map[string]any{"roles": []string{"viewer"}}
	b := s.visitor()
	way := i.consent(b.out("/"), contoso, viewer)
	status, _, _ := s.visitor().back(way)
	require.Equal(t, http.StatusBadRequest, status, "another browser")
	tokens := i.tokens
	require.Zero(t, tokens, "the code was not even shown to the provider")
	status, _, _ = b.back(way)
	require.Equal(t, http.StatusSeeOther, status)
	status, _, _ = b.back(way)
	require.Equal(t, http.StatusBadRequest, status, "the same state again")

	c := s.visitor()
	first, second := c.out("/uploads"), c.out("/orders")
	status, header, _ := c.back(i.consent(second, contoso, viewer))
	require.Equal(t, "/orders", header.Get("Location"), status)
	status, _, _ = c.back(i.consent(first, contoso, viewer))
	require.Equal(t, http.StatusBadRequest, status, "the sign-in ended the others")

	d := s.visitor()
	way = i.consent(d.out("/"), contoso, viewer)
	s.clock.turn(pendingLife)
	status, _, _ = d.back(way)
	require.Equal(t, http.StatusBadRequest, status, "too late")
	for _, query := range []string{"", "?state=", "?code=x", "?state=guessed&code=x", "?error=access_denied"} {
		status, _, _ = d.get(callbackPath + query)
		require.Equal(t, http.StatusBadRequest, status, query)
	}
	way = d.out("/")
	u, err := url.Parse(way)
	require.NoError(t, err)
	status, _, body := d.get(callbackPath + "?error=access_denied&error_description=%3Cb%3E&state=" + u.Query().Get("state"))
	require.Equal(t, http.StatusForbidden, status)
	require.NotContains(t, body, "<b>")
	status, _, _ = d.get(callbackPath + "?code=stolen&state=" + u.Query().Get("state"))
	require.Equal(t, http.StatusBadRequest, status, "what was refused is over")
	e := s.visitor()
	way = i.consent(e.out("/"), contoso, viewer)
	status, _, _ = e.back(strings.Replace(way, "code=", "code=x", 1))
	require.Equal(t, http.StatusForbidden, status, "the provider does not know the code")
}

func TestKeysOfTheProviderRotate(t *testing.T) {
	s, i := vouchedService(t)
	enter := func() int {
		b := s.visitor()
		status, _, _ := b.back(i.consent(b.out("/"), contoso, map[string]any{"roles": []string{"viewer"}}))
		return status
	}
	require.Equal(t, http.StatusSeeOther, enter())
	old := i.key
	i.rotate("second")
	require.Equal(t, http.StatusSeeOther, enter(), "a new key is asked for")
	i.forge = func(c map[string]any, _ string) string {
		i.keyID = "first"
		defer func() { i.keyID = "second" }()
		return i.signed(c, jose.ES256, old)
	}
	require.Equal(t, http.StatusForbidden, enter(), "the old key is no more")
	i.forge = nil
	i.away = true
	require.Equal(t, http.StatusSeeOther, enter(), "what was discovered serves for a day")
	s.clock.turn(discoveryLife)
	status, _, _ := s.visitor().get("/sign-in/provider")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, s.visitor().page("/sign-in"), "Password", "with a password one comes in")
	i.away = false
	require.Equal(t, http.StatusSeeOther, enter())
}

func TestWhoIsInvited(t *testing.T) {
	s, i := vouchedService(t)
	admin := s.as("home", "boss", Admin)
	invite := func(name, address, role string) {
		status, _, body := admin.post("/people", url.Values{"name": {name}, "role": {role}, "invited": {address}})
		require.Equal(t, http.StatusSeeOther, status, body)
	}
	enter := func(claims map[string]any, directory string) int {
		b := s.visitor()
		status, _, _ := b.back(i.consent(b.out("/"), directory, claims))
		return status
	}
	person := func(name string) Person {
		all, err := s.memory.People(context.Background(), "home")
		require.NoError(t, err)
		for _, p := range all {
			if p.Name == name {
				return p
			}
		}
		t.Fatalf("no %s", name)
		return Person{}
	}
	const bobs = "00000000-0000-0000-0000-0000000000b0"
	invite("Bob", "Bob@Contoso.example", "approver")
	invite("Cyd", "00000000-0000-0000-0000-0000000000C0", "analyst")
	status, _, _ := admin.post("/people", url.Values{"name": {"Bob again"}, "role": {"viewer"}, "invited": {"bob@contoso.example"}})
	require.Equal(t, http.StatusConflict, status)
	status, _, _ = admin.post("/people/"+person("Bob").ID, url.Values{"do": {"link"}})
	require.Equal(t, http.StatusConflict, status, "no way round the provider")

	for _, unproved := range []map[string]any{
		{"email": "bob@contoso.example"}, {"email": "bob@contoso.example", "email_verified": false}, {"email": "bob@contoso.example", "xms_edov": "0"},
		{"preferred_username": "bob@contoso.example", "upn": "bob@contoso.example", "email_verified": true}, {"email": "eve@contoso.example", "email_verified": true},
	} {
		unproved["sub"], unproved["oid"] = "s-bob", bobs
		require.Equal(t, http.StatusForbidden, enter(unproved, contoso), unproved)
	}
	require.Equal(t, http.StatusForbidden, enter(map[string]any{"sub": "f-bob", "email": "bob@contoso.example", "email_verified": true}, fabrikam), "another partner's directory")
	require.Equal(t, http.StatusSeeOther, enter(map[string]any{"sub": "s-bob", "oid": bobs, "email": "BOB@contoso.example", "xms_edov": true, "roles": []string{"viewer"}}, contoso))
	bob := person("Bob")
	require.Equal(t, "s-bob", bob.Subject)
	require.Equal(t, Approver, bob.Role, "the role that the admin gave")
	require.Equal(t, http.StatusForbidden, enter(map[string]any{"sub": "s-eve", "oid": "e", "email": "bob@contoso.example", "email_verified": true}, contoso), "an invitation is taken once")
	require.Equal(t, http.StatusSeeOther, enter(map[string]any{"sub": "s-bob", "oid": bobs}, contoso), "he is known by his subject now")
	require.Equal(t, http.StatusSeeOther, enter(map[string]any{"sub": "s-cyd", "oid": "00000000-0000-0000-0000-0000000000c0"}, contoso))
	require.Equal(t, "s-cyd", person("Cyd").Subject)

	status, _, _ = admin.post("/people/"+bob.ID, url.Values{"do": {"shut-out"}})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, http.StatusForbidden, enter(map[string]any{"sub": "s-bob", "oid": bobs, "roles": []string{"admin"}}, contoso), "who is shut out stays out")
}

func TestRolesByGroup(t *testing.T) {
	s, i := vouchedService(t, func(o *ProviderOptions) { o.Roles = map[string]Role{"g-read": Viewer, "g-buy": Approver} })
	enter := func(sub string, claims map[string]any) int {
		b := s.visitor()
		claims["sub"] = sub
		status, _, _ := b.back(i.consent(b.out("/"), fabrikam, claims))
		return status
	}
	require.Equal(t, http.StatusSeeOther, enter("one", map[string]any{"groups": []string{"g-read", "g-buy", "g-else"}}))
	all, err := s.memory.People(t.Context(), "away")
	require.NoError(t, err)
	require.Equal(t, Approver, all[0].Role)
	require.Equal(t, http.StatusForbidden, enter("two", map[string]any{"roles": []string{"admin"}}), "with a table only what it says counts")
	require.Equal(t, http.StatusForbidden, enter("two", map[string]any{"_claim_names": map[string]string{"groups": "src1"}, "_claim_sources": map[string]any{"src1": map[string]string{"endpoint": "https://graph.example"}}}), "too many groups to be listed")
	require.Equal(t, http.StatusForbidden, enter("one", map[string]any{"groups": []string{"g-else"}}), "who lost the group has no role")
	admin := s.as("away", "boss", Admin)
	status, _, body := admin.post("/people/"+all[0].ID, url.Values{"do": {"role"}, "role": {"admin"}})
	require.Equal(t, http.StatusConflict, status, body)
}

// TestAStaleSignInAtTheProvider takes a session of this morning at the provider for what it is: good to read, not to approve.
func TestAStaleSignInAtTheProvider(t *testing.T) {
	s, i := vouchedService(t)
	b := s.visitor()
	status, _, _ := b.back(i.consent(b.out("/"), contoso, map[string]any{"roles": []string{"admin"}, "auth_time": testDay.Add(-3 * time.Hour).Unix()}))
	require.Equal(t, http.StatusSeeOther, status)
	b.page("/people")
	form := url.Values{"name": {"Dee"}, "role": {"viewer"}}
	status, _, body := b.post("/people", form)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "Sign in again")
	status, _, _ = b.back(i.consent(b.out("/"), contoso, map[string]any{"roles": []string{"admin"}, "auth_time": testDay.Unix()}))
	require.Equal(t, http.StatusSeeOther, status)
	status, _, _ = b.post("/people", form)
	require.Equal(t, http.StatusOK, status)
}

func TestASingleDirectory(t *testing.T) {
	s, i := vouchedService(t, func(o *ProviderOptions) {
		o.Issuer, o.Directories = strings.Replace(o.Issuer, "organizations", contoso, 1), nil
	})
	b := s.visitor()
	status, _, _ := b.back(i.consent(b.out("/"), contoso, map[string]any{"roles": []string{"viewer"}}))
	require.Equal(t, http.StatusSeeOther, status)
	status, _, _ = b.back(i.consent(b.out("/"), fabrikam, map[string]any{"roles": []string{"viewer"}}))
	require.Equal(t, http.StatusForbidden, status)
}

func TestProvidersThatCannotBe(t *testing.T) {
	good := ProviderOptions{Issuer: "https://login.example/" + contoso + "/v2.0", Client: clientID, Redirect: "https://here.example" + callbackPath, Home: "home", Now: time.Now}
	_, err := NewProvider(good)
	require.NoError(t, err)
	for _, change := range []func(*ProviderOptions){
		func(o *ProviderOptions) { o.Issuer = "http://login.example/x" }, func(o *ProviderOptions) { o.Issuer = "login.example" }, func(o *ProviderOptions) { o.Client = "" },
		func(o *ProviderOptions) { o.Redirect = "http://here.example/x" }, func(o *ProviderOptions) { o.Issuer = "https://login.example/common/v2.0" },
	} {
		bad := good
		change(&bad)
		_, err := NewProvider(bad)
		require.Error(t, err)
	}
}
