package web

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// here reports whether a browser is signed in.
func (b *browser) here() bool {
	status, _, _ := b.get("/account")
	return status == http.StatusOK
}

// ended tells the service, from the provider's server, that somebody signed out there; the claims stand over those of a good token.
func (i *issuer) ended(s *service, more map[string]any) int {
	now := i.now()
	claims := map[string]any{"iss": i.URL + "/" + contoso + "/v2.0", "aud": clientID, "sub": "s-ann", "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "jti": newSecret(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}
	maps.Copy(claims, more)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return s.told(i.signed(claims, jose.ES256, i.key))
}

// told sends a logout token as a provider's server does: without cookies.
func (s *service) told(token string) int {
	answer, err := http.PostForm(s.URL+backChannelPath, url.Values{"logout_token": {token}})
	require.NoError(s.t, err)
	defer answer.Body.Close()
	require.Equal(s.t, "no-store", answer.Header.Get("Cache-Control"))
	return answer.StatusCode
}

// vouchedBrowser signs somebody in at the provider, in a session of the provider's.
func (s *service) vouchedBrowser(i *issuer, claims map[string]any) *browser {
	b := s.visitor()
	all := map[string]any{"roles": []string{"viewer"}}
	maps.Copy(all, claims)
	status, _, body := b.back(i.consent(b.out("/"), contoso, all))
	require.Equal(s.t, http.StatusSeeOther, status, body)
	require.True(s.t, b.here())
	return b
}

func TestTheProviderEndsSessions(t *testing.T) {
	s, i := vouchedService(t)
	desk, phone, bob := s.vouchedBrowser(i, map[string]any{"sid": "desk"}), s.vouchedBrowser(i, map[string]any{"sid": "phone"}), s.vouchedBrowser(i, map[string]any{"sub": "s-bob"})

	require.Equal(t, http.StatusOK, i.ended(s, map[string]any{"sid": "desk"}))
	require.False(t, desk.here())
	require.True(t, phone.here(), "the other session of the provider lasts")
	status, header, _ := desk.get("/orders")
	require.Equal(t, http.StatusSeeOther, status)
	require.Equal(t, "/sign-in", header.Get("Location"))

	again := s.vouchedBrowser(i, map[string]any{"sid": "desk"})
	require.False(t, desk.here(), "a sign-in under the same name does not bring the old one back")
	require.True(t, again.here())

	s.clock.turn(time.Second)
	require.Equal(t, http.StatusOK, i.ended(s, nil))
	require.False(t, phone.here())
	require.False(t, again.here())
	require.True(t, bob.here())
	require.Equal(t, http.StatusOK, i.ended(s, map[string]any{"sub": "s-unknown"}), "who is not signed in is signed out")
	require.True(t, s.vouchedBrowser(i, nil).here(), "she may come again")
	require.Equal(t, http.StatusOK, i.ended(s, map[string]any{"sub": "s-bob", "sid": "never heard of"}))
	require.False(t, bob.here(), "where sessions have no names, all of the person's end")
}

// TestLogoutTokensThatProveNothing changes one thing of a good logout token at a time.
func TestLogoutTokensThatProveNothing(t *testing.T) {
	s, i := vouchedService(t)
	other := newIssuer(t, s.clock.now)
	ann := s.vouchedBrowser(i, map[string]any{"sid": "desk"})
	at := func(d time.Duration) int64 { return testDay.Add(d).Unix() }
	for name, claims := range map[string]map[string]any{
		"another audience": {"aud": "other"}, "no audience": {"aud": nil}, "expired": {"exp": at(-3 * time.Minute)}, "no end": {"exp": nil},
		"of two hours ago": {"iat": at(-2 * time.Hour)}, "of tomorrow": {"iat": at(24 * time.Hour), "exp": at(25 * time.Hour)}, "a nonce: an ID token": {"nonce": "x"},
		"no event": {"events": nil}, "another event": {"events": map[string]any{"http://schemas.openid.net/event/other": map[string]any{}}}, "no id": {"jti": nil},
		"nobody": {"sub": nil}, "another issuer": {"iss": "https://evil.example"}, "a directory that is not listed": {"iss": i.URL + "/12345678-0000-0000-0000-000000000000/v2.0"},
		"the template as issuer": {"iss": i.URL + "/{tenantid}/v2.0"},
	} {
		require.Equal(t, http.StatusBadRequest, i.ended(s, claims), name)
	}
	good := map[string]any{"iss": i.URL + "/" + contoso + "/v2.0", "aud": clientID, "sub": "s-ann", "sid": "desk", "iat": at(0), "exp": at(time.Minute), "jti": "once",
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}
	for name, token := range map[string]string{
		"nothing": "", "not a token": "a.b.c", "not signed": unsigned(good), "signed by another": i.signed(good, jose.ES256, other.key), "signed with the public key": i.signed(good, jose.HS256, hmacOf(i.key.Public())),
	} {
		require.Equal(t, http.StatusBadRequest, s.told(token), name)
	}
	require.True(t, ann.here())
	require.NotContains(t, s.log.String(), "s-ann", "nobody is named in the log")

	token := i.signed(good, jose.ES256, i.key)
	require.Equal(t, http.StatusOK, s.told(token))
	require.False(t, ann.here())
	ann = s.vouchedBrowser(i, map[string]any{"sid": "desk"})
	s.clock.turn(time.Second)
	require.Equal(t, http.StatusOK, s.told(token))
	require.True(t, ann.here(), "a token that is sent again signs nobody out")
}

// TestSignedOutInAFrame is what Entra ID does: its page loads ours in a frame, to which no cookie comes.
func TestSignedOutInAFrame(t *testing.T) {
	s, i := vouchedService(t)
	ann := s.vouchedBrowser(i, map[string]any{"sid": "desk"})
	frame := func(issuer, session string) int {
		status, _, _ := s.visitor().get(frontChannelPath + "?" + url.Values{"iss": {issuer}, "sid": {session}}.Encode())
		return status
	}
	home := i.URL + "/" + contoso + "/v2.0"
	require.Equal(t, http.StatusBadRequest, frame(home, ""))
	require.Equal(t, http.StatusBadRequest, frame("https://evil.example", "desk"))
	require.Equal(t, http.StatusBadRequest, frame(home, strings.Repeat("x", maxSession+1)))
	require.Equal(t, http.StatusNoContent, frame(home, "guessed"))
	require.Equal(t, http.StatusNoContent, frame(i.URL+"/"+fabrikam+"/v2.0", "desk"), "the same name at another directory is another session")
	require.True(t, ann.here())
	require.Equal(t, http.StatusNoContent, frame(home, "desk"))
	require.False(t, ann.here())
}

func TestSignOutEverywhere(t *testing.T) {
	s := newService(t)
	desk, other := s.as("home", "ann", Viewer), s.as("home", "bob", Admin)
	phone := s.as("home", "ann", Viewer)
	status, _, _ := desk.post("/account/sign-out", nil)
	require.Equal(t, http.StatusSeeOther, status)
	require.False(t, desk.here())
	require.False(t, phone.here())
	require.True(t, other.here())
	require.True(t, s.as("home", "ann", Viewer).here(), "even at the same instant")

	// Without a provider nobody ends sessions from outside.
	require.Equal(t, http.StatusNotFound, s.told("x"))
	status, _, _ = other.get(frontChannelPath + "?iss=x&sid=y")
	require.Equal(t, http.StatusNotFound, status)
}

func TestANewPasswordEndsOtherSessions(t *testing.T) {
	s := newService(t, func(o *Options) { o.Home = "home" })
	desk, phone := s.as("home", "ann", Viewer), s.as("home", "ann", Viewer)
	status, _, _ := desk.post("/account/password", url.Values{"password": {"correct horse battery"}})
	require.Equal(t, http.StatusSeeOther, status)
	require.True(t, desk.here())
	require.False(t, phone.here())
}

func TestShutOutMeansEverywhere(t *testing.T) {
	s := newService(t)
	boss, ann := s.as("home", "boss", Admin), s.as("home", "ann", Viewer)
	for _, do := range []string{"shut-out", "let-in"} {
		status, _, body := boss.post("/people/ann", url.Values{"do": {do}})
		require.Equal(t, http.StatusOK, status, body)
	}
	require.False(t, ann.here(), "who is let in again signs in again")
}
