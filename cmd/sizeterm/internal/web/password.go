package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// The cost of a password: RFC 9106's second choice, 64 MiB and three passes. Two are computed at a time at most.
const (
	argonTime    = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 4
	argonBytes   = 32
	minPassword  = 12
	maxPassword  = 200
)

// hashing bounds how many passwords are hashed at once: each takes 64 MiB.
var hashing = make(chan struct{}, 2)

func argon(password string, salt []byte) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonBytes)
}

// hashPassword returns what is kept of a password.
func hashPassword(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonTime, argonThreads, encode(salt), encode(argon(password, salt)))
}

// checkPassword compares a password with what was kept. It takes as long for somebody who has none.
func checkPassword(password, kept string) bool {
	fields := strings.Split(kept, "$")
	if len(fields) != 6 {
		argon(password, make([]byte, 16))
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(fields[4])
	want, err2 := base64.RawStdEncoding.DecodeString(fields[5])
	sound := err1 == nil && err2 == nil && len(want) == argonBytes
	return subtle.ConstantTimeCompare(argon(password, salt), want) == 1 && sound
}

// byPassword finds the person of the home tenant who signs in with name and password.
func (s *Server) byPassword(ctx context.Context, name, password string) (Person, bool, error) {
	all, err := s.People.People(ctx, s.Home)
	if err != nil {
		return Person{}, false, err
	}
	var found Person
	for _, p := range all {
		if strings.EqualFold(p.Name, strings.TrimSpace(name)) && !p.Disabled && p.Password != "" && p.Subject == "" {
			found = p
		}
	}
	return found, checkPassword(password, found.Password), nil
}

// attempts counts the sign-ins that failed: five a minute from one address, then it waits.
type attempts struct {
	mu     sync.Mutex
	failed map[string][]time.Time
}

const (
	failuresAMinute = 5
	addressesKept   = 10_000
)

// blocked reports whether an address has failed too often of late.
func (a *attempts) blocked(from string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.recent(from, now)) >= failuresAMinute
}

// fail counts a failure.
func (a *attempts) fail(from string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failed == nil || len(a.failed) > addressesKept {
		a.failed = map[string][]time.Time{}
	}
	a.failed[from] = append(a.recent(from, now), now)
}

func (a *attempts) recent(from string, now time.Time) []time.Time {
	var recent []time.Time
	for _, at := range a.failed[from] {
		if now.Sub(at) < time.Minute {
			recent = append(recent, at)
		}
	}
	return recent
}

// remoteHost is the address of who connects; headers of proxies are not believed.
func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// newID returns 128 random bits in hex.
func newID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// accountPage is what somebody may change about themselves.
type accountPage struct {
	Who      Principal
	Done     bool
	Min      int
	Provider bool // signs the person in: there is no password
}

func (s *Server) account(w http.ResponseWriter, r *http.Request) error {
	who := principalOf(r.Context())
	p, err := s.People.Person(r.Context(), who.Tenant, who.ID)
	if err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, "account", "Your account", accountPage{Who: who, Min: minPassword, Done: r.URL.Query().Has("done"), Provider: p.Subject != ""})
	return nil
}

// setPassword sets the password of who asks, soon after a sign-in.
func (s *Server) setPassword(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	password := r.PostForm.Get("password")
	if n := utf8.RuneCountInString(password); n < minPassword || len(password) > maxPassword {
		return problem(http.StatusBadRequest, "password", fmt.Sprintf("A password has at least %d characters", minPassword), "Several words that you remember are good.")
	}
	who := principalOf(r.Context())
	p, err := s.People.Person(r.Context(), who.Tenant, who.ID)
	if err != nil {
		return err
	}
	if p.Subject != "" {
		return problem(http.StatusConflict, "provider", "You sign in at the provider", "A password here would outlive your account there.")
	}
	p.Password = hashPassword(password)
	if err := s.People.Save(r.Context(), p); err != nil {
		return err
	}
	s.audit(r.Context(), "password.set", who.ID, "")
	if err := s.endPerson(r.Context(), who.Tenant, who.ID); err != nil { // whoever came in before knew another password, or none
		return err
	}
	if err := s.begun(r.Context(), who.Tenant, who.ID); err != nil {
		return err
	}
	http.Redirect(w, r, "/account?done", http.StatusSeeOther)
	return nil
}
