package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend/order"
)

// Problem is an error as RFC 9457 puts it, and what a page says.
type Problem struct {
	Type   string `json:"type"` // a stable word behind "urn:sizeterm:problem:"
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	WayOut string `json:"way_out,omitempty"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Title }

// problemOf prefixes the types of all problems.
const problemOf = "urn:sizeterm:problem:"

// problem makes a Problem of the table's kind with words of its own.
func problem(status int, kind, title, detail string) *Problem {
	return &Problem{Type: problemOf + kind, Title: title, Status: status, Detail: detail}
}

// The problems that have nothing of their own to say.
var (
	errSignIn     = problem(http.StatusUnauthorized, "sign-in", "Sign in first", "")
	errForbidden  = problem(http.StatusForbidden, "forbidden", "Your role does not allow this", "Viewers read, analysts upload and ask for orders, approvers approve what others asked for, admins let people and programs in. An admin changes roles under People; a key may what it was made for, and never approves.")
	errMissing    = problem(http.StatusNotFound, "not-found", "There is no such page or object", "The address may be mistyped, or what was here is gone. What belongs to another organisation is not shown.")
	errMethod     = problem(http.StatusMethodNotAllowed, "method", "This address does not know that method", "It may be a form that was opened as a page: begin on the page that has it.")
	errTooLarge   = problem(http.StatusRequestEntityTooLarge, "too-large", "The request is larger than allowed", "A form holds 1 MB at most. Files go by the page Uploads or by PUT to /api/v1/uploads/NAME, up to the size that the page names.")
	errTooMany    = problem(http.StatusTooManyRequests, "too-many", "Too many requests; try again in a moment", "")
	errUnexpected = problem(http.StatusInternalServerError, "unexpected", "Something went wrong on our side; nothing was changed", "Try again. If it happens again, the log of the service says why.")
	errGone       = problem(http.StatusGone, "link-used", "This link has been used or has expired", "Ask for a new one: an admin makes it under People, and the server prints one when it starts.")
	errForged     = problem(http.StatusForbidden, "cross-origin", "The request came from another site and was refused", "Send the form from the page of this service. Behind a proxy that changes the host, start the service with --public-url.")
)

// asProblem is the one table from errors to answers.
func asProblem(err error) *Problem {
	var p *Problem
	var refusal *order.Refusal
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, report.ErrPartnerFigures):
		out := problem(http.StatusConflict, "partner-figures", "This plan cannot be sent to the customer", "The plan's figures are the partner's own, and it could not be stated at the customer's prices: a warning of the plan says why.")
		out.WayOut = "Plan again; or make a plan with the objective customer and no markup."
		return out
	case errors.Is(err, ErrNone):
		return errMissing
	case errors.As(err, &refusal):
		out := problem(http.StatusConflict, strings.ReplaceAll(refusal.Code, "_", "-"), "Refused: "+refusal.Detail, "")
		out.WayOut = refusal.WayOut
		return out
	case errors.As(err, &large):
		return errTooLarge
	case errors.Is(err, context.DeadlineExceeded):
		return problem(http.StatusServiceUnavailable, "busy", "This took too long; try again", "")
	}
	return errUnexpected
}

// fail answers with an error: a page for a browser, problem+json for programs. What is not expected is logged once.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := asProblem(err)
	if p == errUnexpected && r.Context().Err() == nil {
		s.log.Error("request failed", "route", r.Pattern, "error", redact(err))
	}
	if p == errSignIn && wantsPage(r) {
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if p.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	if !wantsPage(r) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(p.Status)
		_ = json.NewEncoder(w).Encode(p) // a client that left is no error
		return
	}
	page := problemPage{Problem: p, Back: "/", Name: "the portfolio"}
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host && (r.Method != http.MethodGet || from.Path != r.URL.Path) && from.Path != "/" && !strings.HasPrefix(from.Path, "/sign-in") {
		page.Back, page.Name = localPath(from.RequestURI()), "the page before"
	}
	s.render(w, r, p.Status, "problem", p.Title, page)
}

// problemPage is a problem with the way back from it.
type problemPage struct {
	*Problem
	Back, Name string
}

// redact keeps an error's kind for the log and drops what may name a customer's things: texts in quotes and paths.
func redact(err error) string {
	var b strings.Builder
	quoted := false
	for _, word := range strings.Fields(err.Error()) {
		marks := strings.Count(word, `"`)
		if quoted || marks > 0 || strings.ContainsAny(word, `/\@`) {
			b.WriteString("… ")
		} else {
			b.WriteString(word + " ")
		}
		quoted = quoted != (marks%2 == 1)
	}
	return strings.TrimSpace(b.String())
}

// wantsPage reports whether a person looks at the answer.
func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && r.Method != http.MethodPut && strings.Contains(r.Header.Get("Accept"), "text/html")
}
