package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Person is somebody of a tenant who may sign in.
type Person struct {
	Tenant, ID, Name string
	Role             Role
	Disabled         bool
	Password         string // what is kept of it; "" where there is none
}

// People knows who may come in.
type People interface {
	// Person returns the person called id; ErrNone where there is none.
	Person(ctx context.Context, tenant, id string) (Person, error)
	// People returns all persons of the tenant, sorted by name.
	People(ctx context.Context, tenant string) ([]Person, error)
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
	m.HashTokenInStore = true
	m.Cookie.Name, m.Cookie.Path, m.Cookie.HttpOnly, m.Cookie.SameSite = "sizeterm", "/", true, http.SameSiteLaxMode
	m.Cookie.Persist = false
	if s.Secure {
		m.Cookie.Name, m.Cookie.Secure = "__Host-sizeterm", true
	}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) { s.fail(w, r, err) }
	return m
}

// identify finds out who asks. A session of somebody who left or was disabled is nobody's.
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
	return nil
}

// links are the one-time links by which somebody signs in. Only hashes of their secrets are kept, in memory: a restart
// makes them void.
type links struct {
	mu   sync.Mutex
	open map[[sha256.Size]byte]link
}

type link struct {
	tenant, person string
	until          time.Time
}

func newLinks() *links { return &links{open: map[[sha256.Size]byte]link{}} }

// secretBytes is the length of the secrets that we make.
const secretBytes = 32

// newSecret returns 256 random bits as text.
func newSecret() string {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// NewLink returns the path of a link by which a person signs in once, until life has passed.
func (s *Server) NewLink(tenant, person string, life time.Duration) string {
	secret := newSecret()
	s.links.mu.Lock()
	defer s.links.mu.Unlock()
	now := s.now()
	for hash, l := range s.links.open {
		if !now.Before(l.until) {
			delete(s.links.open, hash)
		}
	}
	s.links.open[sha256.Sum256([]byte(secret))] = link{tenant, person, now.Add(life)}
	return "/sign-in?link=" + secret
}

// use takes a link, which then is void.
func (l *links) use(secret string, now time.Time) (link, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	hash := sha256.Sum256([]byte(secret))
	found, ok := l.open[hash]
	delete(l.open, hash)
	return found, ok && now.Before(found.until)
}

// signInPage is what the page of the sign-in shows.
type signInPage struct {
	Link, Next string
	Wrong      bool
	OIDC       bool
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	secret := r.URL.Query().Get("link")
	if len(secret) > 100 {
		return errGone
	}
	s.render(w, r, http.StatusOK, "sign-in", "Sign in", signInPage{Link: secret, Next: localPath(r.URL.Query().Get("next"))})
	return nil
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
		found, ok := s.links.use(secret, s.now())
		if !ok {
			s.attempts.fail(from, s.now())
			return errGone
		}
		return s.welcome(w, r, found.tenant, found.person, next)
	}
	p, ok, err := s.byPassword(r.Context(), r.PostForm.Get("name"), r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	if !ok {
		s.attempts.fail(from, s.now())
		s.log.Warn("sign-in refused", "by", "password")
		s.render(w, r, http.StatusForbidden, "sign-in", "Sign in", signInPage{Next: next, Wrong: true})
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

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	return nil
}
