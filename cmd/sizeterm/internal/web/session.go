package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Person is somebody of a tenant who may sign in.
type Person struct {
	Tenant, ID, Name string
	Role             Role
	Disabled         bool
	Password         string // what is kept of it; "" where there is none
	Issuer, Subject  string // who vouches for the person, and by which name; "" for a local one
	Invited          string // the address or object id by which a provider knows whom an admin invited, lower case; else ""
}

// People knows who may come in.
type People interface {
	// Person returns the person called id; ErrNone where there is none.
	Person(ctx context.Context, tenant, id string) (Person, error)
	// People returns all persons of the tenant, sorted by name.
	People(ctx context.Context, tenant string) ([]Person, error)
	// BySubject returns the person for whom the issuer vouches under the name subject, of whichever tenant; ErrNone where there
	// is none.
	BySubject(ctx context.Context, issuer, subject string) (Person, error)
	// Save adds or changes a person.
	Save(ctx context.Context, p Person) error
}

// What a session holds.
const (
	sessionTenant = "tenant"
	sessionPerson = "person"
	sessionSince  = "since"
)

func (s *Server) newSessions() *scs.SessionManager {
	m := scs.New()
	if s.Sessions != nil {
		m.Store = s.Sessions
	}
	m.Lifetime, m.IdleTimeout = sessionLife, sessionIdle
	if s.SessionIdle > 0 {
		m.IdleTimeout = s.SessionIdle
	}
	m.HashTokenInStore = s.Sessions == nil // the database hashes by itself
	m.Cookie.Name, m.Cookie.Path, m.Cookie.HttpOnly, m.Cookie.SameSite = "sizeterm", "/", true, http.SameSiteLaxMode
	m.Cookie.Persist = false
	if s.Secure {
		m.Cookie.Name, m.Cookie.Secure = "__Host-sizeterm", true
	}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) { s.fail(w, r, err) }
	return m
}

// identify finds out who asks. A session that was ended from elsewhere, or is of somebody who left or was shut out, is nobody's.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := s.principal(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(withPrincipal(r.Context(), p)))
	})
}

func (s *Server) principal(r *http.Request) (Principal, error) {
	ctx := r.Context()
	if p, ok, err := s.keyHolder(r); ok || err != nil {
		return p, err
	}
	tenant, id := s.sessions.GetString(ctx, sessionTenant), s.sessions.GetString(ctx, sessionPerson)
	if id == "" {
		return Principal{}, nil
	}
	person, err := s.People.Person(ctx, tenant, id)
	switch {
	case errors.Is(err, ErrNone), err == nil && person.Disabled:
		return Principal{}, nil
	case err != nil:
		return Principal{}, err
	}
	if over, err := s.over(ctx, tenant, id); over || err != nil {
		return Principal{}, err
	}
	return Principal{Tenant: tenant, ID: id, Name: person.Name, Role: person.Role, Since: time.Unix(s.sessions.GetInt64(ctx, sessionSince), 0).UTC()}, nil
}

// enter starts a session for somebody, under a new token.
func (s *Server) enter(ctx context.Context, tenant, id string) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, sessionTenant, tenant)
	s.sessions.Put(ctx, sessionPerson, id)
	s.sessions.Put(ctx, sessionSince, s.now().Unix())
	s.sessions.Remove(ctx, sessionVouched)
	s.sessions.Remove(ctx, sessionProvider)
	return s.begun(ctx, tenant, id)
}

// Links keeps the one-time links by which people sign in, by the MAC of their secrets.
type Links interface {
	// AddLink lets a person sign in once, until the given instant.
	AddLink(ctx context.Context, tenant, person, mac string, until time.Time) error
	// UseLink returns the person of a link and ends it; ErrNone where it is unknown, was used or has expired.
	UseLink(ctx context.Context, mac string, now time.Time) (Person, error)
}

// secretBytes is the length of the secrets that we make.
const secretBytes = 32

// newSecret returns 256 random bits as text.
func newSecret() string {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// NewLink returns the path of a link by which a person signs in once, until life has passed.
func (s *Server) NewLink(ctx context.Context, tenant, person string, life time.Duration) (string, error) {
	secret := newSecret()
	if err := s.Links.AddLink(ctx, tenant, person, s.mac("link", secret), s.now().Add(life)); err != nil {
		return "", err
	}
	return "/sign-in?link=" + secret, nil
}

// mac is what is kept of a secret of the given kind: who reads the database cannot use it.
func (s *Server) mac(kind, secret string) string {
	h := hmac.New(sha256.New, s.Secret)
	h.Write([]byte("sizeterm." + kind + "/1\x00" + secret))
	return hex.EncodeToString(h.Sum(nil))
}

// signInPage is what the page of the sign-in shows.
type signInPage struct {
	Link, Next string
	Wrong      bool
	Provider   string // where else one may sign in, "" where nowhere
	Out        string // the page on which one signs out there; "" where that is not what happened
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	secret := r.URL.Query().Get("link")
	if len(secret) > 100 {
		return errGone
	}
	page := s.signInPage(localPath(r.URL.Query().Get("next")))
	page.Link = secret
	if s.Provider != nil && r.URL.Query().Has("out") {
		page.Out = s.Provider.signOutAddress(r.Context())
	}
	s.render(w, r, http.StatusOK, "sign-in", "Sign in", page)
	return nil
}

func (s *Server) signInPage(next string) signInPage {
	page := signInPage{Next: next}
	if s.Provider != nil {
		page.Provider = s.Provider.o.Name
	}
	return page
}

// localPath returns path where it is one of ours, "/" else: nobody is sent elsewhere after a sign-in.
func localPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

// signedIn signs somebody in by a link, or by name and password.
func (s *Server) signedIn(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	from := remoteHost(r)
	if s.attempts.blocked(from, s.now()) {
		return errTooMany
	}
	next := localPath(r.PostForm.Get("next"))
	if secret := r.PostForm.Get("link"); secret != "" {
		p, err := s.Links.UseLink(r.Context(), s.mac("link", secret), s.now())
		if errors.Is(err, ErrNone) {
			s.attempts.fail(from, s.now())
			return errGone
		}
		if err != nil {
			return err
		}
		return s.welcome(w, r, p.Tenant, p.ID, next)
	}
	p, ok, err := s.byPassword(r.Context(), r.PostForm.Get("name"), r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	if !ok {
		s.attempts.fail(from, s.now())
		s.log.Warn("sign-in refused", "by", "password")
		page := s.signInPage(next)
		page.Wrong = true
		s.render(w, r, http.StatusForbidden, "sign-in", "Sign in", page)
		return nil
	}
	return s.welcome(w, r, p.Tenant, p.ID, next)
}

// welcome starts the session and goes on to the page that was wanted.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, tenant, person, next string) error {
	if err := s.enter(r.Context(), tenant, person); err != nil {
		return err
	}
	s.audit(withPrincipal(r.Context(), Principal{Tenant: tenant, ID: person}), "signed_in", person, "")
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}
