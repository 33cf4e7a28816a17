package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// callbackPath is where the provider sends people back.
const callbackPath = "/sign-in/callback"

// CallbackPath is the path behind the address of the service that the app registration names as redirect URI.
const CallbackPath = callbackPath

// What a session holds of sign-ins at a provider.
const (
	sessionPending = "pending" // those under way, as JSON
	sessionVouched = "vouched" // the provider signed this session in
)

// pendingLife is how long somebody may take at the provider, and pendingKept how many tabs may do it at once.
const (
	pendingLife = 10 * time.Minute
	pendingKept = 5
)

// The refusals of people who come from a provider.
var (
	errDirectory = problem(http.StatusForbidden, "organisation", "Your organisation is not known here", "The provider vouches for you, but people of your directory may not sign in to this service.")
	errUnknown   = problem(http.StatusForbidden, "unknown-person", "You have no role here", "The provider vouches for you, but gives you no role in this service, and nobody has invited you.")
	errShutOut   = problem(http.StatusForbidden, "shut-out", "You have been shut out", "An admin of this service has ended your access.")
	errLost      = problem(http.StatusBadRequest, "sign-in-lost", "This sign-in is not under way", "It was finished already, took more than ten minutes, or began in another browser. Begin again on the sign-in page.")
	errDistrust  = problem(http.StatusForbidden, "sign-in-refused", "The sign-in could not be believed", "What the provider sent does not prove who you are. Begin again on the sign-in page; if it fails again, tell an admin.")
	errDenied    = problem(http.StatusForbidden, "sign-in-denied", "The provider did not sign you in", "You may begin again on the sign-in page.")
	errAway      = problem(http.StatusServiceUnavailable, "provider-away", "The sign-in provider cannot be reached", "Try again in a moment.")
)

func (s *Server) pendingOf(ctx context.Context) []pending {
	var kept []pending
	_ = json.Unmarshal(s.sessions.GetBytes(ctx, sessionPending), &kept) // we wrote it; a session without any has none
	return slices.DeleteFunc(kept, func(a pending) bool { return s.now().Unix() >= a.Until })
}

func (s *Server) keepPending(ctx context.Context, all []pending) error {
	text, err := json.Marshal(all)
	if err == nil {
		s.sessions.Put(ctx, sessionPending, text)
	}
	return err
}

// toProvider sends somebody to the provider. It is a link and no form: the policy of our pages lets no form leave the service.
func (s *Server) toProvider(w http.ResponseWriter, r *http.Request) error {
	if s.Provider == nil {
		return errMissing
	}
	if _, ok := s.buckets.take("sign-in\x00"+remoteHost(r), s.now()); !ok {
		return errTooMany
	}
	a := pending{State: newSecret(), Nonce: newSecret(), Verifier: newSecret(), Next: localPath(r.URL.Query().Get("next")), Until: s.now().Add(pendingLife).Unix()}
	again := principalOf(r.Context()).Role != Nobody
	address, err := s.Provider.address(r.Context(), a, again)
	if err != nil {
		return s.providerError(err)
	}
	all := append(s.pendingOf(r.Context()), a)
	if err := s.keepPending(r.Context(), all[max(0, len(all)-pendingKept):]); err != nil {
		return err
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// fromProvider takes somebody back: who began here, for whom the provider vouches, and who is known or has a role.
func (s *Server) fromProvider(w http.ResponseWriter, r *http.Request) error {
	if s.Provider == nil {
		return errMissing
	}
	ctx, query := r.Context(), r.URL.Query()
	all := s.pendingOf(ctx)
	at := slices.IndexFunc(all, func(a pending) bool { return a.State == query.Get("state") })
	if at < 0 {
		return errLost
	}
	a := all[at]
	if err := s.keepPending(ctx, slices.Delete(all, at, at+1)); err != nil { // whatever comes of it, once
		return err
	}
	if query.Get("code") == "" {
		s.log.Warn("sign-in refused", "by", "provider", "why", "denied there")
		return errDenied
	}
	v, err := s.Provider.vouch(ctx, query.Get("code"), a)
	if err != nil {
		return s.providerError(err)
	}
	p, err := s.admit(ctx, v)
	if err != nil {
		return s.providerError(err)
	}
	if err := s.enter(ctx, p.Tenant, p.ID); err != nil {
		return err
	}
	if !v.at.IsZero() && v.at.Before(s.now()) { // what asks for a fresh sign-in asks for one of the person, not of the browser
		s.sessions.Put(ctx, sessionSince, v.at.Unix())
	}
	s.sessions.Put(ctx, sessionVouched, true)
	if v.session != "" {
		if err := s.restsOn(ctx, v.issuer, v.session); err != nil {
			return err
		}
	}
	s.sessions.Remove(ctx, sessionPending)
	s.audit(withPrincipal(ctx, Principal{Tenant: p.Tenant, ID: p.ID}), "signed_in", p.ID, "provider")
	http.Redirect(w, r, a.Next, http.StatusSeeOther)
	return nil
}

// providerError turns why a sign-in ended into an answer. What is wrong with a token is logged, without whose it is, and not told.
func (s *Server) providerError(err error) error {
	var d distrust
	var p *Problem
	switch {
	case errors.As(err, &d):
		s.log.Warn("sign-in refused", "by", "provider", "why", redact(d))
		return errDistrust
	case errors.Is(err, errProviderAway):
		s.log.Error("sign-in provider away", "error", redact(err))
		return errAway
	case errors.As(err, &p):
		s.log.Warn("sign-in refused", "by", "provider", "why", strings.TrimPrefix(p.Type, problemOf))
	}
	return err
}

// admit finds the person that the provider vouches for, or makes one who has a role there. Who was invited keeps the role that an
// admin gave; everybody else has the provider's, at every sign-in.
func (s *Server) admit(ctx context.Context, v vouched) (Person, error) {
	p, err := s.People.BySubject(ctx, v.issuer, v.subject)
	if errors.Is(err, ErrNone) {
		p, err = s.invitedAs(ctx, v)
	}
	fresh := errors.Is(err, ErrNone)
	switch {
	case fresh && v.role == Nobody:
		return p, errUnknown
	case fresh:
		p = Person{Tenant: v.tenant, ID: newID()}
	case err != nil:
		return p, err
	case p.Tenant != v.tenant: // the directory is another partner's now
		return p, errDirectory
	case p.Disabled:
		return p, errShutOut
	case p.Invited == "" && v.role == Nobody:
		return p, errUnknown
	}
	was := p
	p.Issuer, p.Subject, p.Password = v.issuer, v.subject, ""
	if p.Invited == "" {
		p.Role, p.Name = v.role, givenName(v.name)
	}
	if p == was {
		return p, nil
	}
	if err := s.People.Save(ctx, p); err != nil {
		return p, err
	}
	act := "person.changed"
	if fresh {
		act = "person.added"
	}
	s.audit(withPrincipal(ctx, Principal{Tenant: p.Tenant, ID: p.ID}), act, p.ID, p.Role.String()+" by the provider")
	return p, nil
}

// invitedAs finds who was invited by an address or object id that the provider vouches for, and has not come yet.
func (s *Server) invitedAs(ctx context.Context, v vouched) (Person, error) {
	all, err := s.People.People(ctx, v.tenant)
	if err != nil {
		return Person{}, err
	}
	for _, p := range all {
		if p.Subject == "" && p.Invited != "" && slices.Contains(v.known, p.Invited) {
			return p, nil
		}
	}
	return Person{}, ErrNone
}

// givenName is the name that the provider gave, in a form that pages show.
func givenName(name string) string {
	name = strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, strings.ToValidUTF8(name, "")))
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	if name == "" {
		return "Without a name"
	}
	return name
}
