package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// linkLife is how long the link of an invitation can be used.
const linkLife = 24 * time.Hour

// peopleView is the page on which an admin lets people in.
type peopleView struct {
	People []Person
	Roles  []Role
	Who    Principal
	Sign   string // the name of the sign-in provider, "" where there is none
	Link   string // just made, shown once
	For    string
	// Approves says that somebody else may approve what this person asks for.
	Approves bool
}

var givenRoles = []Role{Viewer, Analyst, Approver, Admin}

func (s *Server) peoplePage(w http.ResponseWriter, r *http.Request) error {
	return s.showPeople(w, r, "", "")
}

func (s *Server) showPeople(w http.ResponseWriter, r *http.Request, link, name string) error {
	who := principalOf(r.Context())
	all, err := s.People.People(r.Context(), who.Tenant)
	if err != nil {
		return err
	}
	others := slices.ContainsFunc(all, func(p Person) bool { return p.ID != who.ID && !p.Disabled && p.Role >= Approver })
	s.render(w, r, http.StatusOK, "people", "People", peopleView{People: all, Roles: givenRoles, Who: who, Sign: s.signInPage("").Provider, Link: link, For: name, Approves: others})
	return nil
}

// maxName is the length of the longest name of a person or a key.
const maxName = 80

// formName reads a name from a form.
func formName(r *http.Request, field string) (string, error) {
	name := strings.TrimSpace(r.PostForm.Get(field))
	if name == "" || utf8.RuneCountInString(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", problem(http.StatusBadRequest, "name", "Give a name of at most 80 characters", "")
	}
	return name, nil
}

// addPerson adds somebody and shows the link by which that person signs in.
func (s *Server) addPerson(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	name, err := formName(r, "name")
	if err != nil {
		return err
	}
	role, err := ParseRole(r.PostForm.Get("role"))
	if err != nil {
		return problem(http.StatusBadRequest, "role", "Choose a role", "")
	}
	invited, err := s.invitation(r.PostForm.Get("invited"))
	if err != nil {
		return err
	}
	who := principalOf(r.Context())
	all, err := s.People.People(r.Context(), who.Tenant)
	if err != nil {
		return err
	}
	for _, p := range all {
		if invited != "" && p.Invited == invited {
			return problem(http.StatusConflict, "invited", "Somebody is invited by that address already", "")
		}
		if strings.EqualFold(p.Name, name) {
			return problem(http.StatusConflict, "name-taken", "Somebody has that name already", "Names sign in: choose another.")
		}
	}
	p := Person{Tenant: who.Tenant, ID: newID(), Name: name, Role: role, Invited: invited}
	if err := s.People.Save(r.Context(), p); err != nil {
		return err
	}
	s.audit(r.Context(), "person.added", p.ID, role.String())
	if invited != "" { // who comes by the provider needs no link
		http.Redirect(w, r, "/people", http.StatusSeeOther)
		return nil
	}
	link, err := s.NewLink(r.Context(), who.Tenant, p.ID, linkLife)
	if err != nil {
		return err
	}
	return s.showPeople(w, r, s.origin(r)+link, p.Name)
}

// invitation reads the address or object id by which the provider will know somebody; "" where there is no provider.
func (s *Server) invitation(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" || s.Provider == nil {
		return "", nil
	}
	if len(text) > maxInvited || !utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return "", problem(http.StatusBadRequest, "invited", "Give an e-mail address or an object id", "")
	}
	return text, nil
}

// maxInvited is the length of the longest address of a person, in bytes.
const maxInvited = 254

// changePerson changes a role, shuts somebody out or lets them in again, or makes a new link. Nobody changes themselves: an admin
// cannot lock out the last one.
func (s *Server) changePerson(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	who := principalOf(r.Context())
	p, err := s.People.Person(r.Context(), who.Tenant, r.PathValue("person"))
	if err != nil {
		return err
	}
	if p.ID == who.ID {
		return problem(http.StatusConflict, "yourself", "Nobody changes their own role", "Ask another admin.")
	}
	link := ""
	switch do := r.PostForm.Get("do"); do {
	case "role":
		if p.Subject != "" && p.Invited == "" {
			return problem(http.StatusConflict, "role-of-provider", "The sign-in provider gives this person the role", "Change it there.")
		}
		if p.Role, err = ParseRole(r.PostForm.Get("role")); err != nil {
			return problem(http.StatusBadRequest, "role", "Choose a role", "")
		}
	case "shut-out", "let-in":
		p.Disabled = do == "shut-out"
	case "link":
		if p.Disabled {
			return problem(http.StatusConflict, "shut-out", "That person is shut out", "Let them in first.")
		}
		if p.Subject != "" || p.Invited != "" {
			return problem(http.StatusConflict, "provider", "That person signs in at the provider", "A link would go round it.")
		}
		path, err := s.NewLink(r.Context(), who.Tenant, p.ID, linkLife)
		if err != nil {
			return err
		}
		link = s.origin(r) + path
	default:
		return problem(http.StatusBadRequest, "do", "There is no such change", "")
	}
	if err := s.People.Save(r.Context(), p); err != nil {
		return err
	}
	if p.Disabled {
		if err := s.endPerson(r.Context(), p.Tenant, p.ID); err != nil {
			return err
		}
	}
	s.audit(r.Context(), "person.changed", p.ID, r.PostForm.Get("do"))
	return s.showPeople(w, r, link, p.Name)
}

// origin is the address of the service, for links that people pass on: the one that is known, else that under which the browser
// reached us.
func (s *Server) origin(r *http.Request) string {
	if s.Public != "" {
		return s.Public
	}
	if s.Secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// readForm reads a form of moderate size.
func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return problem(http.StatusBadRequest, "not-a-form", "The form could not be read", "")
	}
	return nil
}

// audit records what somebody did, beside the journal of orders. Failing to record is logged: what was done is done.
func (s *Server) audit(ctx context.Context, action, object, detail string) {
	if s.Audit == nil {
		return
	}
	who := principalOf(ctx)
	if err := s.Audit(ctx, who.Tenant, who.ID, action, object, detail); err != nil {
		s.log.Error("audit not written", "action", action, "error", redact(err))
	}
}
