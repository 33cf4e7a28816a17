package web

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// issuer is a provider as Entra ID is one: with many directories where its path begins with organizations.
type issuer struct {
	*httptest.Server
	t      *testing.T
	now    func() time.Time
	mu     sync.Mutex
	key    *ecdsa.PrivateKey
	keyID  string
	codes  map[string]authorization // that were given and not taken back
	away   bool
	tokens int                                             // that were given
	forge  func(claims map[string]any, text string) string // makes another token of it
}

// authorization is what the provider remembers with a code.
type authorization struct {
	challenge, redirect string
	claims              map[string]any
}

// The parts of the registration at the fake provider, and two directories.
const (
	clientID   = "6731de76-14a6-49ae-97bc-6eba6914391e"
	clientWord = "between us" // the secret
	contoso    = "9122040d-6c67-4c5b-b112-36a304b66dad"
	fabrikam   = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
)

func newIssuer(t *testing.T, now func() time.Time) *issuer {
	i := &issuer{t: t, now: now, codes: map[string]authorization{}}
	i.rotate("first")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{at}/v2.0/.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("POST /token", i.token)
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// rotate replaces the key.
func (i *issuer) rotate(id string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(i.t, err)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.key, i.keyID = key, id
}

func (i *issuer) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (i *issuer) discovery(w http.ResponseWriter, r *http.Request) {
	if i.away {
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	at := r.PathValue("at")
	if at == "organizations" || at == "common" {
		at = anyDirectory
	}
	i.answer(w, http.StatusOK, map[string]any{"issuer": i.URL + "/" + at + "/v2.0", "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"end_session_endpoint": i.URL + "/out", "id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}})
}

func (i *issuer) keys(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: i.keyID, Algorithm: "ES256", Use: "sig"}}})
}

// token gives the ID token of a code to the client that has the secret and began the sign-in.
func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	a, known := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	i.tokens++
	i.mu.Unlock()
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	} else if id, secret = unescaped(id), unescaped(secret); id == "" {
		known = false
	}
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !known || id != clientID || secret != clientWord || base64.RawURLEncoding.EncodeToString(sum[:]) != a.challenge || r.PostFormValue("redirect_uri") != a.redirect {
		i.answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	text := i.signed(a.claims, jose.ES256, i.key)
	if i.forge != nil {
		text = i.forge(a.claims, text)
	}
	i.answer(w, http.StatusOK, map[string]any{"access_token": "not for us", "token_type": "Bearer", "expires_in": 3600, "id_token": text})
}

func unescaped(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return ""
	}
	return plain
}

func (i *issuer) signed(claims map[string]any, algorithm jose.SignatureAlgorithm, key any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: i.keyID}}, nil)
	require.NoError(i.t, err)
	text, err := json.Marshal(claims)
	require.NoError(i.t, err)
	object, err := signer.Sign(text)
	require.NoError(i.t, err)
	compact, err := object.CompactSerialize()
	require.NoError(i.t, err)
	return compact
}

// unsigned is the token with the algorithm "none".
func unsigned(claims map[string]any) string {
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(text) + "."
}

// consent is what the provider's page does with the address to which a browser was sent: who signs in there has the claims, over
// those that Entra ID writes for somebody of a directory. It returns the address to which the browser is sent back.
func (i *issuer) consent(address, directory string, more map[string]any) string {
	u, err := url.Parse(address)
	require.NoError(i.t, err)
	q := u.Query()
	require.Equal(i.t, "code", q.Get("response_type"))
	require.Equal(i.t, "S256", q.Get("code_challenge_method"))
	require.Equal(i.t, clientID, q.Get("client_id"))
	require.GreaterOrEqual(i.t, len(q.Get("state")), 43, "256 bits")
	require.GreaterOrEqual(i.t, len(q.Get("nonce")), 43, "256 bits")
	now := i.now()
	claims := map[string]any{"iss": i.URL + "/" + directory + "/v2.0", "aud": clientID, "sub": "s-ann", "tid": directory, "oid": "00000000-0000-0000-0000-00000000000a", "name": "Ann Archer",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(), "nonce": q.Get("nonce"), "ver": "2.0"}
	maps.Copy(claims, more)
	for name, value := range more {
		if value == nil {
			delete(claims, name)
		}
	}
	code := newSecret()
	i.mu.Lock()
	i.codes[code] = authorization{q.Get("code_challenge"), q.Get("redirect_uri"), claims}
	i.mu.Unlock()
	return fmt.Sprintf("%s?code=%s&state=%s", q.Get("redirect_uri"), code, url.QueryEscape(q.Get("state")))
}

// hmacOf is the public key as the bytes of a shared secret: what a verifier that lets tokens choose the algorithm would take.
func hmacOf(key crypto.PublicKey) []byte {
	text, err := json.Marshal(jose.JSONWebKey{Key: key})
	if err != nil {
		panic(err)
	}
	return text
}
