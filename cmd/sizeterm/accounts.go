package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/prove"
)

// accounts gives the pages who may come in, and keeps what people did, in the database.
type accounts struct {
	db  *store.Store
	now func() time.Time
	// policy is that of the desks at which orders are acted on.
	policy order.Policy
}

// none turns what the database does not have into what a page does not have.
func none(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return web.ErrNone
	}
	return err
}

func personOf(u store.User) (web.Person, error) {
	role, err := web.ParseRole(string(u.Role))
	return web.Person{Tenant: u.Tenant, ID: u.ID, Name: u.Name, Role: role, Disabled: !u.Disabled.IsZero(), Password: u.Password, Issuer: u.Issuer, Subject: u.Subject, Invited: u.Invited}, err
}

// Person implements web.People.
func (a *accounts) Person(ctx context.Context, tenant, id string) (web.Person, error) {
	u, err := a.db.Partner(tenant).User(ctx, id)
	if err != nil {
		return web.Person{}, none(err)
	}
	return personOf(u)
}

// People implements web.People.
func (a *accounts) People(ctx context.Context, tenant string) ([]web.Person, error) {
	users, err := a.db.Partner(tenant).Users(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]web.Person, 0, len(users))
	for _, u := range users {
		p, err := personOf(u)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// BySubject implements web.People.
func (a *accounts) BySubject(ctx context.Context, issuer, subject string) (web.Person, error) {
	u, err := a.db.UserBySubject(ctx, issuer, subject)
	if err != nil {
		return web.Person{}, none(err)
	}
	return personOf(u)
}

// Save implements web.People. The address of a person who has none is the name, and of one for whom a provider vouches the id:
// people elsewhere may have equal names.
func (a *accounts) Save(ctx context.Context, p web.Person) error {
	partner := a.db.Partner(p.Tenant)
	u, err := partner.User(ctx, p.ID)
	fresh := errors.Is(err, store.ErrNotFound)
	if err != nil && !fresh {
		return err
	}
	u.ID, u.Name, u.Email, u.Role, u.Password, u.Issuer, u.Subject = p.ID, p.Name, strings.ToLower(p.Name), store.Role(p.Role.String()), p.Password, p.Issuer, p.Subject
	u.Invited = p.Invited
	if p.Subject != "" {
		u.Email = "id:" + p.ID
	}
	switch {
	case p.Disabled && u.Disabled.IsZero():
		u.Disabled = a.now()
	case !p.Disabled:
		u.Disabled = time.Time{}
	}
	if fresh {
		u.Created = a.now()
		return partner.AddUser(ctx, u)
	}
	return partner.SetUser(ctx, u)
}

// AddLink implements web.Links.
func (a *accounts) AddLink(ctx context.Context, tenant, person, mac string, until time.Time) error {
	return none(a.db.Partner(tenant).AddLink(ctx, mac, person, until))
}

// UseLink implements web.Links.
func (a *accounts) UseLink(ctx context.Context, mac string, now time.Time) (web.Person, error) {
	u, err := a.db.UseLink(ctx, mac, now)
	if err != nil {
		return web.Person{}, none(err)
	}
	return personOf(u)
}

// record keeps an act in the audit.
func (a *accounts) record(ctx context.Context, tenant, actor, action, object, detail string) error {
	return a.db.Partner(tenant).Record(ctx, store.Act{At: a.now(), Actor: actor, Action: action, Object: object, Detail: detail})
}

// desk returns the desk of a tenant.
func (a *accounts) desk(tenant string) (*order.Desk, error) {
	return &order.Desk{Store: a.db.Partner(tenant).Orders(), Policy: a.policy, Now: a.now}, nil
}

// proofs returns what was found of a tenant's orders.
func (a *accounts) proofs(ctx context.Context, tenant string) ([]prove.Month, error) {
	return a.db.Partner(tenant).Proofs(ctx)
}

// firstAdmin is the id of the person whose link is printed at the start.
const firstAdmin = "admin"

// welcome makes sure that the local tenant has its first admin.
func (a *accounts) welcome(ctx context.Context) error {
	_, err := a.Person(ctx, store.Local, firstAdmin)
	if errors.Is(err, web.ErrNone) {
		return a.Save(ctx, web.Person{Tenant: store.Local, ID: firstAdmin, Name: "Admin", Role: web.Admin})
	}
	return err
}

// Key implements web.Keys.
func (a *accounts) Key(ctx context.Context, mac string, now time.Time) (web.Key, error) {
	k, err := a.db.KeyByMAC(ctx, mac, now)
	return keyOf(k), none(err)
}

// Keys implements web.Keys.
func (a *accounts) Keys(ctx context.Context, tenant string) ([]web.Key, error) {
	kept, err := a.db.Partner(tenant).Keys(ctx)
	all := make([]web.Key, 0, len(kept))
	for _, k := range kept {
		all = append(all, keyOf(k))
	}
	return all, err
}

// SaveKey implements web.Keys.
func (a *accounts) SaveKey(ctx context.Context, k web.Key) error {
	partner := a.db.Partner(k.Tenant)
	if !k.Revoked.IsZero() {
		return none(partner.RevokeKey(ctx, k.ID, k.Revoked))
	}
	return partner.AddKey(ctx, store.Key{ID: k.ID, Name: k.Name, MAC: k.MAC, Scopes: k.Scopes, Author: k.Author, Created: k.Created, Expires: k.Expires})
}

func keyOf(k store.Key) web.Key {
	return web.Key{Tenant: k.Tenant, ID: k.ID, Name: k.Name, MAC: k.MAC, Author: k.Author, Scopes: k.Scopes, Created: k.Created, Used: k.Used, Revoked: k.Revoked, Expires: k.Expires}
}

// answersKept is how long the answer under an idempotency key is given again.
const answersKept = 30 * 24 * time.Hour

// Claim implements web.Answers.
func (a *accounts) Claim(ctx context.Context, tenant, route, key, request string) (*web.Answer, error) {
	known, err := a.db.Partner(tenant).Claim(ctx, store.Claim{Route: route, Key: key, Request: request}, a.now(), answersKept)
	switch {
	case errors.Is(err, store.ErrReused):
		return nil, web.ErrReused
	case errors.Is(err, store.ErrRunning):
		return nil, web.ErrRunning
	case err != nil || known == nil:
		return nil, err
	}
	return &web.Answer{Status: known.Status, Body: known.Body}, nil
}

// Keep implements web.Answers.
func (a *accounts) Keep(ctx context.Context, tenant, route, key string, answer web.Answer) error {
	return a.db.Partner(tenant).Answered(ctx, route, key, store.Answer{Status: answer.Status, Body: answer.Body})
}
