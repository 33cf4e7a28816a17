package web

import (
	"context"
	"errors"
	"hash/crc32"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"encoding/base64"
	"encoding/binary"
)

// Key is what lets a program in. The key itself is nowhere; MAC is what is kept of it.
type Key struct {
	Tenant, ID, Name, MAC, Author string
	Scopes                        []string
	Created, Used, Revoked        time.Time
	Expires                       time.Time // zero: never
}

// Keys keeps the keys of programs.
type Keys interface {
	// Key returns the key with the MAC and notes that it was used; ErrNone where there is none.
	Key(ctx context.Context, mac string, now time.Time) (Key, error)
	// Keys returns a tenant's keys, the newest first.
	Keys(ctx context.Context, tenant string) ([]Key, error)
	// SaveKey adds a key, or revokes the one with the id where Revoked is set; ErrNone where there is none to revoke.
	SaveKey(ctx context.Context, k Key) error
}

// What a key may be allowed to do. None of them approves.
const (
	scopeRead    = "read"
	scopeUpload  = "upload"
	scopeRequest = "request"
)

var allScopes = []string{scopeRead, scopeUpload, scopeRequest}

// keyPrefix begins every key, so that scanners of repositories find one that leaked.
const keyPrefix = "sizeterm_"

// newKey returns a key: 256 random bits and a checksum, by which a mistyped one is known without asking the database.
func newKey() string {
	secret := newSecret()
	return keyPrefix + secret + checksum(secret)
}

func checksum(secret string) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], crc32.ChecksumIEEE([]byte(secret)))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// soundKey reports whether text has the form of a key.
func soundKey(text string) bool {
	rest, ok := strings.CutPrefix(text, keyPrefix)
	const secret, sum = 43, 6 // characters of 32 and of 4 bytes
	return ok && len(rest) == secret+sum && checksum(rest[:secret]) == rest[secret:]
}

// keyHolder finds the program behind a request's key; ok is false where the request brings none. A key that is wrong, revoked or
// expired is nobody's.
func (s *Server) keyHolder(r *http.Request) (p Principal, ok bool, err error) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || s.Keys == nil {
		return Principal{}, false, nil
	}
	if !soundKey(text) {
		return Principal{}, true, nil
	}
	k, err := s.Keys.Key(r.Context(), s.mac("key", text), s.now())
	switch {
	case errors.Is(err, ErrNone):
		return Principal{}, true, nil
	case err != nil:
		return Principal{}, true, err
	case !k.Revoked.IsZero() || !k.Expires.IsZero() && !s.now().Before(k.Expires):
		return Principal{}, true, nil
	}
	return Principal{Tenant: k.Tenant, ID: "key:" + k.ID, Name: k.Name, Role: Analyst, Key: true, Scopes: k.Scopes, Behind: k.Author}, true, nil
}

// keysPage is the page on which an admin makes and revokes keys.
type keysPage struct {
	Keys   []Key
	Scopes []string
	Fresh  string // just made, shown once
	Name   string
	People map[string]string
	Origin string // the address of the service
}

func (s *Server) keysPage(w http.ResponseWriter, r *http.Request) error {
	return s.showKeys(w, r, "", "")
}

func (s *Server) showKeys(w http.ResponseWriter, r *http.Request, fresh, name string) error {
	all, err := s.Keys.Keys(r.Context(), principalOf(r.Context()).Tenant)
	if err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, "keys", "API keys", keysPage{Keys: all, Scopes: allScopes, Fresh: fresh, Name: name, People: s.peopleNames(r.Context()), Origin: s.origin(r)})
	return nil
}

// addKey makes a key and shows it, once.
func (s *Server) addKey(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	name, err := formName(r, "name")
	if err != nil {
		return err
	}
	scopes := slices.DeleteFunc(slices.Clone(allScopes), func(scope string) bool { return !slices.Contains(r.PostForm["scope"], scope) })
	if len(scopes) == 0 {
		return problem(http.StatusBadRequest, "scope", "Choose what the key may do", "")
	}
	who := principalOf(r.Context())
	text := newKey()
	k := Key{Tenant: who.Tenant, ID: newID(), Name: name, MAC: s.mac("key", text), Author: who.ID, Scopes: scopes, Created: s.now()}
	if days := r.PostForm.Get("days"); days != "" && days != "0" {
		life, err := time.ParseDuration(days + "h")
		if err != nil || life <= 0 || life > maxKeyDays*time.Hour {
			return problem(http.StatusBadRequest, "days", "Give the days as a whole number", "")
		}
		k.Expires = s.now().Add(24 * life)
	}
	if err := s.Keys.SaveKey(r.Context(), k); err != nil {
		return err
	}
	s.audit(r.Context(), "key.added", k.ID, strings.Join(scopes, " "))
	return s.showKeys(w, r, text, name)
}

// maxKeyDays is the longest life of a key that expires.
const maxKeyDays = 3650

func (s *Server) revokeKey(w http.ResponseWriter, r *http.Request) error {
	who := principalOf(r.Context())
	if err := s.Keys.SaveKey(r.Context(), Key{Tenant: who.Tenant, ID: r.PathValue("key"), Revoked: s.now()}); err != nil {
		return err
	}
	s.audit(r.Context(), "key.revoked", r.PathValue("key"), "")
	http.Redirect(w, r, "/keys", http.StatusSeeOther)
	return nil
}

// The rate of one caller of the API: so many requests a second, and so many at once.
const (
	apiRate  = 20
	apiBurst = 40
)

// buckets bound how fast each caller of the API comes.
type buckets struct {
	mu   sync.Mutex
	kept map[string]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

// callersKept bounds the memory of buckets; beyond it those that are full again are forgotten.
const callersKept = 10_000

// take takes one request of a caller's, and returns how many are left; ok is false where none was.
func (b *buckets) take(caller string, now time.Time) (left int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kept == nil {
		b.kept = map[string]bucket{}
	}
	if len(b.kept) >= callersKept {
		for name, k := range b.kept {
			if now.Sub(k.at) > apiBurst/apiRate*time.Second {
				delete(b.kept, name)
			}
		}
	}
	k, known := b.kept[caller]
	if !known {
		k = bucket{apiBurst, now}
	}
	k.left = min(apiBurst, k.left+now.Sub(k.at).Seconds()*apiRate)
	k.at = now
	if ok = k.left >= 1; ok {
		k.left--
	}
	b.kept[caller] = k
	return int(k.left), ok
}
