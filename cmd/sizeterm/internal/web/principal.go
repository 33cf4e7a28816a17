package web

import (
	"context"
	"fmt"
	"time"
)

// Role is what somebody may do within a tenant. Each role may do what those below it may.
type Role int

// The roles, the weakest first.
const (
	Nobody   Role = iota // not signed in
	Viewer               // reads
	Analyst              // uploads, plans, requests orders
	Approver             // approves what another requested
	Admin                // people, keys, settings
)

var roleNames = [...]string{"nobody", "viewer", "analyst", "approver", "admin"}

// String returns the word for the role.
func (r Role) String() string {
	if r < 0 || int(r) >= len(roleNames) {
		return fmt.Sprintf("role %d", int(r))
	}
	return roleNames[r]
}

// ParseRole reads the word for a role; "nobody" is none that can be given.
func ParseRole(text string) (Role, error) {
	for i, name := range roleNames {
		if name == text && i > 0 {
			return Role(i), nil
		}
	}
	return Nobody, fmt.Errorf("%q: not viewer, analyst, approver or admin", text)
}

// Principal is who asks: a person with a session, or a program with a key. The zero Principal is nobody.
type Principal struct {
	Tenant string
	ID     string // stable within the tenant: what journals name
	Name   string
	Role   Role
	Key    bool      // a program: it never approves, and needs no proof against forged requests
	Scopes []string  // of a key
	Behind string    // of a key: the person who made it
	Since  time.Time // of the sign-in
}

type principalKey struct{}

func withPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// principalOf returns who asks, the zero Principal where nobody signed in.
func principalOf(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}

// Asking returns the tenant and the id of whoever asks, for handlers behind the routes of a Server.
func Asking(ctx context.Context) (tenant, id string) {
	p := principalOf(ctx)
	return p.Tenant, p.ID
}
