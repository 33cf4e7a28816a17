// Package web is the door for people and programs: pages, a JSON API, /metrics and health, over one table of routes.
//
// It shows what others computed. Every figure on a page was in a plan, printed by package report; the what-if of a pool
// is computed by package recommend. Money and shares are never added, rounded or compared with each other here.
//
// Who may do what stands in the routes: each names the least role that may use it, and a request that no route names is
// refused. Every object is looked up within the tenant of the one who asks, so another tenant's object and one that does
// not exist give the same answer, byte for byte. A GET changes nothing. Pages work without JavaScript; the script only
// saves clicks. Nothing is loaded from another host, and the policy of the pages forbids it.
//
// Logs name routes, roles, counts and times, never customers, machines, file names or addresses.
package web
