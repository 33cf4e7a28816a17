package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// ProviderOptions are what a Provider is made of. Issuer, Client, Redirect and Home are needed.
type ProviderOptions struct {
	// Issuer is the address of the OpenID provider. Entra ID's common and organizations addresses speak for many directories:
	// each then has an issuer of its own, which is checked against the directory that a token names.
	Issuer         string
	Client, Secret string // of the app registration; Secret is empty for a public client
	Name           string // on the button; "" is Microsoft
	Redirect       string // the address of our callback, as registered: https, or this machine
	// Directories lists the directories (claim tid, lower case) whose people may come, each with the tenant that they are of.
	// Without any, everybody for whom a provider of one directory vouches is of Home.
	Directories map[string]string
	Home        string
	// Roles are the roles by app role or group; nil takes the app roles viewer, analyst, approver and admin.
	Roles map[string]Role
	Now   func() time.Time
	HTTP  *http.Client // nil waits 10 s at most
}

// Provider signs people in elsewhere, by OpenID Connect: authorization code with PKCE, state and nonce.
type Provider struct {
	o      ProviderOptions
	issuer string // what discovery says; with {tenantid} where it is of many directories
	mu     sync.Mutex
	found  *oidc.Provider
	since  time.Time
}

// What is asked of tokens and of the provider.
const (
	tokenSkew     = 2 * time.Minute // by which clocks may differ
	discoveryLife = 24 * time.Hour  // after which keys that were withdrawn are forgotten
	anyDirectory  = "{tenantid}"
)

// tokenAlgorithms are the signatures that are believed: none is "none", and none rests on a shared secret.
var tokenAlgorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512}

// NewProvider makes a Provider; it asks the provider nothing yet.
func NewProvider(o ProviderOptions) (*Provider, error) {
	issuer, err := url.Parse(o.Issuer)
	if err != nil || !trustworthy(issuer) {
		return nil, fmt.Errorf("issuer %q: want https://HOST/PATH", o.Issuer)
	}
	if redirect, err := url.Parse(o.Redirect); err != nil || !trustworthy(redirect) {
		return nil, fmt.Errorf("address %q: want https://HOST, to which the provider sends people back", o.Redirect)
	}
	if o.Client == "" {
		return nil, errors.New("the client id of the app registration is missing")
	}
	p := &Provider{o: o, issuer: o.Issuer}
	parts := strings.Split(issuer.Path, "/")
	if len(parts) > 1 && slices.Contains([]string{"common", "organizations"}, parts[1]) {
		parts[1] = anyDirectory
		p.issuer = issuer.Scheme + "://" + issuer.Host + strings.Join(parts, "/")
		if len(o.Directories) == 0 {
			return nil, errors.New("this issuer speaks for every directory: list those whose people may sign in")
		}
	}
	if p.o.Name == "" {
		p.o.Name = "Microsoft"
	}
	if p.o.HTTP == nil {
		p.o.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	return p, nil
}

// trustworthy reports whether what goes to an address stays between us and it.
func trustworthy(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && here)
}

// discover asks the provider for its addresses and keys, once a day.
func (p *Provider) discover(ctx context.Context) (context.Context, *oidc.Provider, error) {
	ctx = oidc.ClientContext(ctx, p.o.HTTP)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil && p.o.Now().Sub(p.since) < discoveryLife {
		return ctx, p.found, nil
	}
	at := ctx
	if p.issuer != p.o.Issuer {
		at = oidc.InsecureIssuerURLContext(ctx, p.issuer) // which the tokens are checked against, directory by directory
	}
	found, err := oidc.NewProvider(at, p.o.Issuer)
	if err != nil {
		return ctx, nil, fmt.Errorf("%w: %w", errProviderAway, err)
	}
	p.found, p.since = found, p.o.Now()
	return ctx, found, nil
}

// errProviderAway says that nothing can be said about somebody.
var errProviderAway = errors.New("the sign-in provider cannot be reached")

func (p *Provider) client(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: p.o.Client, ClientSecret: p.o.Secret, RedirectURL: p.o.Redirect, Endpoint: found.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
}

// pending is one sign-in under way; it is in the session of the browser that began it, and is used once.
type pending struct {
	State, Nonce, Verifier, Next string
	Until                        int64 // Unix seconds
}

// address is where the provider asks somebody to sign in; again asks even who is signed in there.
func (p *Provider) address(ctx context.Context, a pending, again bool) (string, error) {
	_, found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	if again {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"))
	}
	return p.client(found).AuthCodeURL(a.State, options...), nil
}

// signOutAddress is where somebody signs out at the provider too, "" where it has no such page.
func (p *Provider) signOutAddress(ctx context.Context) string {
	_, found, err := p.discover(ctx)
	var more struct {
		Address string `json:"end_session_endpoint"`
	}
	if err != nil || found.Claims(&more) != nil {
		return ""
	}
	u, err := url.Parse(more.Address)
	if err != nil || !trustworthy(u) {
		return ""
	}
	q := u.Query()
	q.Set("client_id", p.o.Client)
	q.Set("post_logout_redirect_uri", strings.TrimSuffix(p.o.Redirect, callbackPath)+"/sign-in")
	u.RawQuery = q.Encode()
	return u.String()
}

// vouched is what the provider says of somebody who signed in there.
type vouched struct {
	tenant          string // of ours
	issuer, subject string
	session         string // by which the provider knows the sign-in; "" where it does not say
	name            string
	known           []string  // by which an admin may have invited the person: a verified address, the object id; lower case
	role            Role      // Nobody where the provider gives none
	at              time.Time // of the sign-in there, zero where it is not said
}

// claims are those of an ID token that are looked at.
type claims struct {
	Directory string            `json:"tid"`
	Object    string            `json:"oid"`
	Name      string            `json:"name"`
	Email     string            `json:"email"`
	Verified  any               `json:"email_verified"`
	Owned     any               `json:"xms_edov"` // Entra ID: the directory owns the domain of the address
	Party     string            `json:"azp"`
	Session   string            `json:"sid"`
	Roles     texts             `json:"roles"`
	Groups    texts             `json:"groups"`
	Elsewhere map[string]string `json:"_claim_names"`
	SignedIn  int64             `json:"auth_time"`
	NotBefore int64             `json:"nbf"`
}

// texts is a list that some providers write as one text where it has one.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if err := json.Unmarshal(b, &one); err == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// vouch exchanges the code for an ID token, and judges that.
func (p *Provider) vouch(ctx context.Context, code string, a pending) (vouched, error) {
	ctx, found, err := p.discover(ctx)
	if err != nil {
		return vouched{}, err
	}
	token, err := p.client(found).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	var answered *oauth2.RetrieveError
	switch {
	case errors.As(err, &answered) && answered.Response.StatusCode < http.StatusInternalServerError:
		return vouched{}, distrust("the provider did not take the code back")
	case err != nil:
		return vouched{}, fmt.Errorf("%w: %w", errProviderAway, err)
	}
	text, ok := token.Extra("id_token").(string)
	if !ok {
		return vouched{}, distrust("the provider sent no ID token")
	}
	return p.judge(ctx, found, text, a.Nonce)
}

// distrust is a token that says nothing about anybody. What is wrong with it is for the log; the person is told to begin again.
type distrust string

// Error implements error.
func (d distrust) Error() string { return string(d) }

// judge checks an ID token, in the order of OpenID Connect Core 3.1.3.7: signature, issuer, audience, time, nonce.
func (p *Provider) judge(ctx context.Context, found *oidc.Provider, text, nonce string) (vouched, error) {
	now := p.o.Now()
	// Issuer and times are checked below: the issuer may be one of many, and clocks differ.
	verifier := found.Verifier(&oidc.Config{ClientID: p.o.Client, SupportedSigningAlgs: tokenAlgorithms, SkipIssuerCheck: true, SkipExpiryCheck: true})
	token, err := verifier.Verify(ctx, text)
	if err != nil {
		return vouched{}, distrust(err.Error())
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return vouched{}, distrust("claims cannot be read")
	}
	directory := strings.ToLower(c.Directory)
	tenant, listed := p.o.Directories[directory]
	switch {
	case token.Issuer != strings.ReplaceAll(p.issuer, anyDirectory, directory):
		return vouched{}, distrust("issued by another")
	case len(token.Audience) > 1 && c.Party != p.o.Client:
		return vouched{}, distrust("issued to another")
	case now.After(token.Expiry.Add(tokenSkew)):
		return vouched{}, distrust("expired")
	case token.IssuedAt.After(now.Add(tokenSkew)), time.Unix(c.NotBefore, 0).After(now.Add(tokenSkew)):
		return vouched{}, distrust("not valid yet")
	case nonce == "" || token.Nonce != nonce:
		return vouched{}, distrust("of another sign-in")
	case token.Subject == "" || len(token.Subject) > 255:
		return vouched{}, distrust("without a subject")
	case len(p.o.Directories) == 0:
		tenant = p.o.Home
	case !listed:
		return vouched{}, errDirectory
	}
	v := vouched{tenant: tenant, issuer: token.Issuer, subject: token.Subject, name: c.Name, role: p.role(&c)}
	if email := strings.ToLower(strings.TrimSpace(c.Email)); email != "" && (said(c.Verified) || said(c.Owned)) {
		v.known = append(v.known, email)
	}
	if len(c.Session) <= maxSession {
		v.session = c.Session
	}
	if c.Object != "" && directory != "" {
		v.known = append(v.known, strings.ToLower(c.Object))
	}
	if c.SignedIn > 0 {
		v.at = time.Unix(c.SignedIn, 0).UTC()
	}
	return v, nil
}

// maxSession is the length of the longest name of a provider's session that is kept, in bytes.
const maxSession = 255

// ending is what a logout token says: the session that ended, or whose sessions did.
type ending struct {
	issuer, session, subject string
	token                    string // its id: nobody is signed out twice by it
}

// ended checks a logout token, in the order of OpenID Connect Back-Channel Logout 1.0, section 2.6.
func (p *Provider) ended(ctx context.Context, text string) (ending, error) {
	ctx, found, err := p.discover(ctx)
	if err != nil {
		return ending{}, err
	}
	// Issuer and times are checked below, as those of ID tokens are.
	verifier := found.Verifier(&oidc.Config{ClientID: p.o.Client, SupportedSigningAlgs: tokenAlgorithms, SkipIssuerCheck: true, SkipExpiryCheck: true})
	token, err := verifier.VerifyLogout(ctx, text)
	now := p.o.Now()
	switch {
	case err != nil:
		return ending{}, distrust(err.Error())
	case !p.issues(token.Issuer):
		return ending{}, distrust("issued by another")
	case now.After(token.Expiry.Add(tokenSkew)), now.After(token.IssuedAt.Add(logoutLife)):
		return ending{}, distrust("expired")
	case token.IssuedAt.After(now.Add(tokenSkew)):
		return ending{}, distrust("not valid yet")
	}
	return ending{token.Issuer, token.SessionID, token.Subject, token.TokenID}, nil
}

// logoutLife is how long a logout token counts, whatever it says: its id is remembered for longer.
const logoutLife = time.Hour

// issues reports whether an issuer is the provider, for one of the directories whose people may come.
func (p *Provider) issues(issuer string) bool {
	if len(p.o.Directories) == 0 {
		return issuer == p.issuer
	}
	for directory := range p.o.Directories {
		if issuer == strings.ReplaceAll(p.issuer, anyDirectory, directory) {
			return true
		}
	}
	return false
}

// said reports whether a claim is true; providers write it in several ways.
func said(claim any) bool {
	switch v := claim.(type) {
	case bool:
		return v
	case string:
		return v == "1" || strings.EqualFold(v, "true")
	case float64:
		return v == 1
	}
	return false
}

// role is the greatest that app roles and groups give. Where somebody is in too many groups to be listed, only app roles count.
func (p *Provider) role(c *claims) Role {
	best := Nobody
	if p.o.Roles == nil {
		for _, name := range c.Roles {
			if role, err := ParseRole(name); err == nil {
				best = max(best, role)
			}
		}
		return best
	}
	for _, name := range slices.Concat(c.Roles, c.Groups) {
		best = max(best, p.o.Roles[name])
	}
	return best
}
