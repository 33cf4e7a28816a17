package web

import (
	"net/http"
	"slices"
	"time"
)

// route is one address and what it asks of whoever comes. The table of routes is the only list of them: the mux, the
// authorisation and its test are made from it.
type route struct {
	method, path string
	need         Role // the least role; Nobody is open to all
	object       string
	scope        string // programs whose key has it may come; "" admits none
	fresh        bool   // only soon after a sign-in
	serve        func(http.ResponseWriter, *http.Request) error
}

// pattern is how the mux knows the route.
func (rt *route) pattern() string { return rt.method + " " + rt.path }

// freshFor is how long after a sign-in somebody may do what commits money.
const freshFor = 10 * time.Minute

// routes lists the pages. Objects name what the wildcards of a path stand for, for the test of authorisation.
func (s *Server) routes() []route {
	return []route{
		{method: "GET", path: "/{$}", need: Viewer, serve: s.portfolio},
		{method: "GET", path: "/customers/{customer}", need: Viewer, object: "customer", serve: s.customer},
		{method: "GET", path: "/customers/{customer}/days", need: Viewer, object: "customer", serve: s.daysOf},
		{method: "GET", path: "/customers/{customer}/machines", need: Viewer, object: "customer", serve: s.machines},
		{method: "GET", path: "/customers/{customer}/machines/{machine}", need: Viewer, object: "machine", serve: s.machine},
		{method: "GET", path: "/customers/{customer}/pools/{pool}", need: Viewer, object: "pool", serve: s.pool},
		{method: "GET", path: "/customers/{customer}/pools/{pool}/what-if", need: Viewer, object: "pool", serve: s.whatIf},
		{method: "GET", path: "/customers/{customer}/trace/{traced}", need: Viewer, object: "traced", serve: s.trace},
		{method: "GET", path: "/customers/{customer}/plan.html", need: Viewer, object: "customer", serve: s.printed},
		{method: "GET", path: "/customers/{customer}/plan.xlsx", need: Viewer, object: "customer", serve: s.workbook},
		{method: "GET", path: "/customers/{customer}/policy", need: Viewer, object: "customer", serve: s.policy},
		{method: "POST", path: "/customers/{customer}/policy", need: Approver, object: "customer", serve: s.setPolicy},
		{method: "GET", path: "/prices", need: Viewer, serve: s.prices},
		{method: "GET", path: "/uploads", need: Viewer, serve: s.uploads},
		{method: "POST", path: "/uploads", need: Analyst, serve: s.receive},
		{method: "GET", path: "/uploads/state", need: Viewer, serve: s.uploadState},
		{method: "GET", path: "/uploads/{upload}/row", need: Viewer, object: "upload", serve: s.uploadRow},
		{method: "GET", path: "/uploads/{upload}/rejects.csv", need: Viewer, object: "upload", serve: s.rejects},
		{method: "PUT", path: "/api/v1/uploads/{name}", need: Analyst, scope: scopeUpload, serve: s.apiPut},
		{method: "OPTIONS", path: "/api/v1/uploads", need: Analyst, scope: scopeUpload, serve: s.byDoor},
		{method: "POST", path: "/api/v1/uploads", need: Analyst, scope: scopeUpload, serve: s.byDoor},
		{method: "POST", path: "/api/v1/uploads/{upload}", need: Analyst, object: "unfinished", scope: scopeUpload, serve: s.byDoor},
		{method: "HEAD", path: "/api/v1/uploads/{upload}", need: Analyst, object: "unfinished", scope: scopeUpload, serve: s.byDoor},
		{method: "PATCH", path: "/api/v1/uploads/{upload}", need: Analyst, object: "unfinished", scope: scopeUpload, serve: s.byDoor},
		{method: "DELETE", path: "/api/v1/uploads/{upload}", need: Analyst, object: "unfinished", scope: scopeUpload, serve: s.byDoor},
		{method: "GET", path: "/events", need: Viewer, serve: s.stream},
		{method: "POST", path: "/demo", need: Analyst, serve: s.loadDemo},
		{method: "POST", path: "/plan", need: Analyst, serve: s.replan},
		{method: "POST", path: "/customers/{customer}/orders", need: Analyst, object: "customer", serve: s.request},
		{method: "GET", path: "/orders", need: Viewer, serve: s.orders},
		{method: "GET", path: "/orders/{order}", need: Viewer, object: "order", serve: s.order},
		{method: "GET", path: "/orders/{order}/export", need: Viewer, object: "order", serve: s.export},
		{method: "POST", path: "/orders/request", need: Analyst, object: "order in the form", serve: s.requestAgain},
		{method: "POST", path: "/orders/subscription", need: Analyst, object: "order in the form", serve: s.nameSubscription},
		{method: "POST", path: "/orders/approve", need: Approver, fresh: true, object: "order in the form", serve: s.approve},
		{method: "POST", path: "/orders/reject", need: Approver, object: "order in the form", serve: s.reject},
		{method: "POST", path: "/orders/cancel", need: Analyst, object: "order in the form", serve: s.cancel},
		{method: "POST", path: "/orders/import", need: Analyst, serve: s.importOrders},
		{method: "GET", path: "/orders/export", need: Viewer, serve: s.exportAll},
		{method: "GET", path: "/verification", need: Viewer, serve: s.verification},
		{method: "GET", path: "/verification/report", need: Viewer, serve: s.verificationReport},
		{method: "GET", path: "/journal", need: Viewer, serve: s.journal},

		{method: "GET", path: "/people", need: Admin, serve: s.peoplePage},
		{method: "POST", path: "/people", need: Admin, fresh: true, serve: s.addPerson},
		{method: "POST", path: "/people/{person}", need: Admin, fresh: true, object: "person", serve: s.changePerson},
		{method: "GET", path: "/webhooks", need: Admin, serve: s.webhooks},
		{method: "POST", path: "/webhooks", need: Admin, fresh: true, serve: s.addWebhook},
		{method: "POST", path: "/webhooks/{webhook}", need: Admin, object: "webhook", serve: s.changeWebhook},
		{method: "GET", path: "/keys", need: Admin, serve: s.keysPage},
		{method: "POST", path: "/keys", need: Admin, fresh: true, serve: s.addKey},
		{method: "POST", path: "/keys/{key}/revoke", need: Admin, object: "key", serve: s.revokeKey},
		{method: "GET", path: "/account", need: Viewer, serve: s.account},
		{method: "POST", path: "/account/sign-out", need: Viewer, serve: s.signOutEverywhere},
		{method: "POST", path: "/account/password", need: Viewer, fresh: true, serve: s.setPassword},

		{method: "GET", path: "/sign-in", serve: s.signIn},
		{method: "POST", path: "/sign-in", serve: s.signedIn},
		{method: "GET", path: "/sign-in/provider", serve: s.toProvider},
		{method: "GET", path: callbackPath, serve: s.fromProvider},
		{method: "POST", path: backChannelPath, serve: s.endedThere},
		{method: "GET", path: frontChannelPath, serve: s.endedInBrowser},
		{method: "POST", path: "/sign-out", need: Viewer, serve: s.signOut},
		{method: "GET", path: "/assets/{asset}", serve: s.asset},
		{method: "GET", path: "/metrics", serve: s.metrics},
		{method: "GET", path: "/livez", serve: s.livez},
		{method: "GET", path: "/readyz", serve: s.readyz},
		{method: "GET", path: "/healthz", serve: s.readyz},
	}
}

// mount puts the routes into the mux, each behind its check.
func (s *Server) mount() {
	for _, rt := range s.routes() {
		s.mux.Handle(rt.pattern(), s.guarded(rt))
	}
	s.mountAPI()
}

// guarded answers a route to those who may.
func (s *Server) guarded(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.allows(rt, principalOf(r.Context())); err != nil {
			s.fail(w, r, err)
			return
		}
		if err := rt.serve(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// allows judges who asks against the route.
func (s *Server) allows(rt route, p Principal) error {
	switch {
	case rt.need == Nobody:
		return nil
	case p.Role == Nobody:
		return errSignIn
	case p.Key && (rt.scope == "" || !slices.Contains(p.Scopes, rt.scope)):
		return errForbidden
	case p.Role < rt.need:
		return errForbidden
	case rt.fresh && s.now().Sub(p.Since) > freshFor:
		return errStale
	}
	return nil
}

// errStale asks for a fresh sign-in.
var errStale = problem(http.StatusForbidden, "sign-in-again", "Sign in again to do this", "What commits money or lets somebody in asks for a sign-in of the last ten minutes.")
