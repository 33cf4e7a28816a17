package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// Role says what a person may do; each may what those before it may.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // looks
	Analyst  Role = "analyst"  // uploads, plans, requests
	Approver Role = "approver" // approves what others requested
	Admin    Role = "admin"    // people, keys, settings
)

// User is a person of a tenant.
type User struct {
	Tenant, ID      string
	Email, Name     string // Email is lower case, once a tenant
	Role            Role
	Issuer, Subject string // who vouches for the person and under which name (OIDC); empty for a local one
	Invited         string // by which a provider knows whom an admin invited, lower case, once a tenant; else empty
	Password        string // encoded hash, empty where there is none
	Created         time.Time
	Disabled        time.Time // zero: may sign in
}

const userColumns = "SELECT tenant, id, email, name, role, issuer, subject, invited, password, created, disabled FROM users WHERE "

func scanUser(scan func(...any) error) (User, error) {
	var u User
	var created, disabled int64
	err := scan(&u.Tenant, &u.ID, &u.Email, &u.Name, &u.Role, &u.Issuer, &u.Subject, &u.Invited, &u.Password, &created, &disabled)
	u.Created, u.Disabled = instant(created), instant(disabled)
	return u, err
}

// AddUser adds a person. ErrConflict says that the address or the subject is taken.
func (p *Partner) AddUser(ctx context.Context, u User) error {
	_, err := p.exec(ctx, "INSERT INTO users (tenant, id, email, name, role, issuer, subject, password, created, disabled, invited) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		u.ID, u.Email, u.Name, string(u.Role), u.Issuer, u.Subject, u.Password, micros(u.Created), micros(u.Disabled), u.Invited)
	return err
}

// SetUser changes a person: everything but the id and the day of creation.
func (p *Partner) SetUser(ctx context.Context, u User) error {
	return p.one(ctx, "UPDATE users SET email = $3, name = $4, role = $5, issuer = $6, subject = $7, password = $8, disabled = $9, invited = $10 WHERE tenant = $1 AND id = $2",
		u.ID, u.Email, u.Name, string(u.Role), u.Issuer, u.Subject, u.Password, micros(u.Disabled), u.Invited)
}

// User returns one person.
func (p *Partner) User(ctx context.Context, id string) (User, error) {
	return scanUser(func(into ...any) error { return p.row(ctx, userColumns+"tenant = $1 AND id = $2", []any{id}, into...) })
}

// UserByEmail returns the person with the address.
func (p *Partner) UserByEmail(ctx context.Context, email string) (User, error) {
	return scanUser(func(into ...any) error {
		return p.row(ctx, userColumns+"tenant = $1 AND email = $2", []any{email}, into...)
	})
}

// Users lists the people by address.
func (p *Partner) Users(ctx context.Context) ([]User, error) {
	var all []User
	err := p.each(ctx, userColumns+"tenant = $1 ORDER BY email", nil, func(r *sql.Rows) error {
		u, err := scanUser(r.Scan)
		all = append(all, u)
		return err
	})
	return all, err
}

// UserBySubject returns the person for whom the issuer vouches, of whichever tenant.
func (s *Store) UserBySubject(ctx context.Context, issuer, subject string) (User, error) {
	u, err := scanUser(s.read.QueryRowContext(ctx, userColumns+"issuer = $1 AND subject = $2 AND subject <> ''", issuer, subject).Scan)
	return u, told(err)
}

// AddLink allows the person to sign in once, until expires, with the secret that has the MAC.
func (p *Partner) AddLink(ctx context.Context, mac, user string, expires time.Time) error {
	_, err := p.exec(ctx, "INSERT INTO links (mac, tenant, person, expires) VALUES ($2, $1, $3, $4)", mac, user, micros(expires))
	return err
}

// UseLink returns the person of a link and ends the link. ErrNotFound says that it is unknown, was used, or has expired.
func (s *Store) UseLink(ctx context.Context, mac string, now time.Time) (User, error) {
	var u User
	err := s.in(ctx, s.write, func(tx *sql.Tx) error {
		var tenant, user string
		err := tx.QueryRowContext(ctx, "UPDATE links SET used = $2 WHERE mac = $1 AND used = 0 AND expires > $2 RETURNING tenant, person", mac, micros(now)).Scan(&tenant, &user)
		if err != nil {
			return err
		}
		u, err = scanUser(tx.QueryRowContext(ctx, userColumns+"tenant = $1 AND id = $2 AND disabled = 0", tenant, user).Scan)
		return err
	})
	return u, told(err)
}

// Key is an API key. The key itself is nowhere; MAC is what its HMAC gave.
type Key struct {
	Tenant, ID, Name string
	MAC              string
	Scopes           []string // what it may, such as "uploads:write"; no scope has a space
	Author           string   // id of the user who made it
	Created          time.Time
	Expires          time.Time // zero: never
	Used             time.Time // last, to the minute
	Revoked          time.Time
}

// Live reports whether the key works at now.
func (k *Key) Live(now time.Time) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || now.Before(k.Expires))
}

const keyColumns = "SELECT tenant, id, name, mac, scopes, author, created, expires, used, revoked FROM keys WHERE "

func scanKey(scan func(...any) error) (Key, error) {
	var k Key
	var scopes string
	var created, expires, used, revoked int64
	err := scan(&k.Tenant, &k.ID, &k.Name, &k.MAC, &scopes, &k.Author, &created, &expires, &used, &revoked)
	k.Scopes = strings.Fields(scopes)
	k.Created, k.Expires, k.Used, k.Revoked = instant(created), instant(expires), instant(used), instant(revoked)
	return k, err
}

// AddKey adds a key.
func (p *Partner) AddKey(ctx context.Context, k Key) error {
	_, err := p.exec(ctx, "INSERT INTO keys (tenant, id, name, mac, scopes, author, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		k.ID, k.Name, k.MAC, strings.Join(k.Scopes, " "), k.Author, micros(k.Created), micros(k.Expires))
	return err
}

// RevokeKey ends a key for good.
func (p *Partner) RevokeKey(ctx context.Context, id string, now time.Time) error {
	return p.one(ctx, "UPDATE keys SET revoked = $3 WHERE tenant = $1 AND id = $2 AND revoked = 0", id, micros(now))
}

// Keys lists the keys, the newest first.
func (p *Partner) Keys(ctx context.Context) ([]Key, error) {
	var all []Key
	err := p.each(ctx, keyColumns+"tenant = $1 ORDER BY created DESC, id", nil, func(r *sql.Rows) error {
		k, err := scanKey(r.Scan)
		all = append(all, k)
		return err
	})
	return all, err
}

// KeyByMAC returns the key with the MAC, of whichever tenant, live or not, and notes that it was used.
func (s *Store) KeyByMAC(ctx context.Context, mac string, now time.Time) (Key, error) {
	k, err := scanKey(s.read.QueryRowContext(ctx, keyColumns+"mac = $1", mac).Scan)
	if err != nil || !k.Live(now) || now.Sub(k.Used) < time.Minute {
		return k, told(err)
	}
	_, err = s.write.ExecContext(ctx, "UPDATE keys SET used = $2 WHERE mac = $1", mac, micros(now))
	return k, err
}

// ErrReused says that an idempotency key was sent before with another request.
var ErrReused = errors.New("the key was used for another request")

// ErrRunning says that the request with this idempotency key is still being answered.
var ErrRunning = errors.New("the request is being answered")

// Answer is what a request was answered with.
type Answer struct {
	Status int
	Header string // JSON
	Body   []byte
}

// Claim is a request that is to be answered once: Key is the client's, Request the hash of what it asks.
type Claim struct{ Route, Key, Request string }

// Claim takes an idempotency key of a route for the request with the hash. A key that is new gives nil, and the caller
// acts and calls Answered; one that was answered gives the answer. The other outcomes are ErrReused and ErrRunning. Keys
// older than keep are forgotten.
func (p *Partner) Claim(ctx context.Context, of Claim, now time.Time, keep time.Duration) (*Answer, error) {
	var found *Answer
	err := p.In(ctx, func(p *Partner, _ *sql.Tx) error {
		if _, err := p.exec(ctx, "DELETE FROM answers WHERE tenant = $1 AND created < $2", micros(now.Add(-keep))); err != nil {
			return err
		}
		n, err := p.exec(ctx, "INSERT INTO answers (tenant, route, key, request, created) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING", of.Route, of.Key, of.Request, micros(now))
		if err != nil || n == 1 {
			return err
		}
		var a Answer
		var first string
		if err := p.row(ctx, "SELECT request, status, header, body FROM answers WHERE tenant = $1 AND route = $2 AND key = $3", []any{of.Route, of.Key}, &first, &a.Status, &a.Header, &a.Body); err != nil {
			return err
		}
		switch {
		case first != of.Request:
			return ErrReused
		case a.Status == 0:
			return ErrRunning
		}
		found = &a
		return nil
	})
	return found, err
}

// Answered keeps the answer under a claimed key. An answer of status 0 gives the key back.
func (p *Partner) Answered(ctx context.Context, route, key string, a Answer) error {
	if a.Status == 0 {
		return p.one(ctx, "DELETE FROM answers WHERE tenant = $1 AND route = $2 AND key = $3 AND status = 0", route, key)
	}
	return p.one(ctx, "UPDATE answers SET status = $4, header = $5, body = $6 WHERE tenant = $1 AND route = $2 AND key = $3", route, key, a.Status, a.Header, a.Body)
}
