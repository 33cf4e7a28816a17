package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/alexedwards/scs/v2"
)

// The addresses at which a provider tells that somebody signed out there: from its server (OpenID Connect Back-Channel Logout
// 1.0), or through the browser (Front-Channel Logout 1.0, which is what Entra ID does).
const (
	backChannelPath  = "/sign-in/back-channel-logout"
	frontChannelPath = "/sign-in/front-channel-logout"
)

// What a session holds so that it can be ended from elsewhere.
const (
	sessionEntered  = "entered"  // when it began, in Unix microseconds
	sessionProvider = "provider" // the note of the provider's session that it rests on; lacks where there is none
)

// Notes stand beside the sessions, in the same store, under names that no token has: the instant up to which a person's sessions,
// or those that rest on one session of the provider, have ended. A session that a request is writing at the same moment cannot
// come back to life by it. Notes outlive every session that they speak of.

func (s *Server) noteOfPerson(tenant, id string) string {
	return s.mac("ended-person", tenant+"\x00"+id)
}

func (s *Server) noteOfProvider(issuer, session string) string {
	return s.mac("ended-provider", issuer+"\x00"+session)
}

func (s *Server) noteOfToken(issuer, id string) string {
	return s.mac("ended-token", issuer+"\x00"+id)
}

// noted returns the instant of a note in Unix microseconds; known is false where there is none.
func (s *Server) noted(ctx context.Context, name string) (at int64, known bool, err error) {
	var text []byte
	if store, ok := s.sessions.Store.(scs.CtxStore); ok {
		text, known, err = store.FindCtx(ctx, name)
	} else {
		text, known, err = s.sessions.Store.Find(name)
	}
	if err != nil || !known {
		return 0, false, err
	}
	at, err = strconv.ParseInt(string(text), 10, 64)
	return at, err == nil, err
}

// note writes a note. It ends by the clock of the machine, as the sessions do.
func (s *Server) note(ctx context.Context, name string, at int64) error {
	text, until := []byte(strconv.FormatInt(at, 10)), time.Now().Add(sessionLife+time.Hour)
	if store, ok := s.sessions.Store.(scs.CtxStore); ok {
		return store.CommitCtx(ctx, name, text, until)
	}
	return s.sessions.Store.Commit(name, text, until)
}

// begun notes when a session begins: behind what has ended, however little time has passed.
func (s *Server) begun(ctx context.Context, tenant, id string) error {
	at, _, err := s.noted(ctx, s.noteOfPerson(tenant, id))
	if err != nil {
		return err
	}
	s.sessions.Put(ctx, sessionEntered, max(s.now().UnixMicro(), at+1))
	return nil
}

// restsOn notes that the session of a request rests on a session of the provider.
func (s *Server) restsOn(ctx context.Context, issuer, session string) error {
	name := s.noteOfProvider(issuer, session)
	at, known, err := s.noted(ctx, name)
	if err != nil {
		return err
	}
	if !known {
		if err := s.note(ctx, name, 0); err != nil {
			return err
		}
	}
	s.sessions.Put(ctx, sessionProvider, name)
	s.sessions.Put(ctx, sessionEntered, max(s.sessions.GetInt64(ctx, sessionEntered), at+1))
	return nil
}

// over reports whether the session of a request has been ended from elsewhere.
func (s *Server) over(ctx context.Context, tenant, id string) (bool, error) {
	entered := s.sessions.GetInt64(ctx, sessionEntered)
	names := []string{s.noteOfPerson(tenant, id)}
	if name := s.sessions.GetString(ctx, sessionProvider); name != "" {
		names = append(names, name)
	}
	for _, name := range names {
		at, known, err := s.noted(ctx, name)
		if err != nil || known && entered <= at {
			return true, err
		}
	}
	return false, nil
}

// endPerson ends every session of a person.
func (s *Server) endPerson(ctx context.Context, tenant, id string) error {
	return s.note(ctx, s.noteOfPerson(tenant, id), s.now().UnixMicro())
}

// endProvider ends every session that rests on a session of the provider; known is false where none does.
func (s *Server) endProvider(ctx context.Context, issuer, session string) (known bool, err error) {
	name := s.noteOfProvider(issuer, session)
	if _, known, err = s.noted(ctx, name); err != nil || !known {
		return known, err
	}
	return true, s.note(ctx, name, s.now().UnixMicro())
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	to := "/sign-in?out"
	if !s.sessions.GetBool(r.Context(), sessionVouched) {
		to = "/sign-in"
	}
	if err := s.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// signOutEverywhere ends all sessions of who asks.
func (s *Server) signOutEverywhere(w http.ResponseWriter, r *http.Request) error {
	who := principalOf(r.Context())
	if err := s.endPerson(r.Context(), who.Tenant, who.ID); err != nil {
		return err
	}
	s.audit(r.Context(), "signed_out", who.ID, "everywhere")
	return s.signOut(w, r)
}

// endedThere hears from the provider's server that somebody signed out there, and ends the sessions here.
func (s *Server) endedThere(w http.ResponseWriter, r *http.Request) error {
	if s.Provider == nil {
		return errMissing
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	ctx := r.Context()
	end, err := s.Provider.ended(ctx, r.PostForm.Get("logout_token"))
	if err != nil {
		s.log.Warn("sign-out refused", "by", "provider", "why", redact(err))
		return problem(http.StatusBadRequest, "logout-token", "The logout token proves nothing", "It must be signed by the provider, for this client, of the last minutes, and name a session or a person.")
	}
	name := s.noteOfToken(end.issuer, end.token)
	if _, used, err := s.noted(ctx, name); err != nil || used { // what was done is not done again, and is no failure
		return err
	}
	known, err := s.endProvider(ctx, end.issuer, end.session)
	if err == nil && !known { // it names no session, or not as the ID token did: all of the person's end
		err = s.endSubject(ctx, end.issuer, end.subject)
	}
	if err != nil {
		return err
	}
	return s.note(ctx, name, s.now().UnixMicro())
}

// endSubject ends the sessions of the person for whom the issuer vouches; somebody who never came is no error.
func (s *Server) endSubject(ctx context.Context, issuer, subject string) error {
	p, err := s.People.BySubject(ctx, issuer, subject)
	if errors.Is(err, ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.endPerson(ctx, p.Tenant, p.ID); err != nil {
		return err
	}
	s.audit(withPrincipal(ctx, Principal{Tenant: p.Tenant, ID: p.ID}), "signed_out", p.ID, "by the provider")
	return nil
}

// endedInBrowser hears the same through the browser, in a frame of the provider's page to which our cookie does not come: the
// session is found by what the provider calls it, which nobody else can guess.
func (s *Server) endedInBrowser(w http.ResponseWriter, r *http.Request) error {
	if s.Provider == nil {
		return errMissing
	}
	if _, ok := s.buckets.take("sign-out\x00"+remoteHost(r), s.now()); !ok {
		return errTooMany
	}
	issuer, session := r.URL.Query().Get("iss"), r.URL.Query().Get("sid")
	if session == "" || len(session) > maxSession || !s.Provider.issues(issuer) {
		return problem(http.StatusBadRequest, "logout", "This ends no session", "The provider sends the parameters iss and sid.")
	}
	if _, err := s.endProvider(r.Context(), issuer, session); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
