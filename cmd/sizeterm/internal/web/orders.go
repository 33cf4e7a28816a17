package web

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/prove"
)

// ordersPage lists a tenant's orders by what is next for them.
type ordersPage struct {
	Groups []orderGroup
	Names  map[string]string // of customers, by lower-case id
	People map[string]string // names by id
	Who    Principal
	May    bool // the reader may approve
	Months []cameMonth
}

// Apart reports whether the order was requested by somebody whom a page cannot tell from its reader: he asks for it anew.
func (p *ordersPage) Apart(o *order.Order) bool {
	return o.State == order.Requested && o.Way == order.Named
}

// orderGroup are the orders for which the same is next.
type orderGroup struct {
	Title, Words string
	State        order.State // the first of its states
	Orders       []order.Order
	Sums         []money.Amount // of the total prices, by currency
	Together     []together     // what the reader may approve at once
}

// together are orders in one currency with their sum.
type together struct {
	Sum    money.Amount
	Orders []string
}

// stages are the groups of the page in the order of the work.
var stages = []struct {
	title, words string
	states       []order.State
}{
	{"To approve", "Another person than the one who asked approves. An approval holds for 72 hours.", []order.State{order.Requested}},
	{"Approved, to buy", "Export them for the portal or a cart, or send them with sizeterm order submit.", []order.State{order.Approved}},
	{"At the vendor", "What the answer was not heard of is asked about, never sent again.", []order.State{order.Sending, order.Unknown, order.Executed}},
	{"Bought", "Promised savings are compared with next month's files.", []order.State{order.Reconciled, order.Verified}},
	{"To ask for", "", []order.State{order.Draft, order.Expired, order.Failed}},
	{"Closed", "", []order.State{order.Rejected, order.Cancelled, order.Exchanged}},
}

func (s *Server) desk(r *http.Request) (*order.Desk, error) {
	if s.Desk == nil {
		return nil, errMissing
	}
	return s.deskFor(principalOf(r.Context()))
}

// deskFor is the desk of the tenant at which this one acts: orders keep how he was identified.
func (s *Server) deskFor(who Principal) (*order.Desk, error) {
	kept, err := s.Desk(who.Tenant)
	if err != nil {
		return nil, err
	}
	d := *kept
	if d.Way = order.SignedIn; who.Key {
		d.Way, d.Behind = order.Keyed, who.Behind
	}
	return &d, nil
}

func (s *Server) orders(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	all, err := d.Orders(r.Context())
	if err != nil {
		return err
	}
	who := principalOf(r.Context())
	page := ordersPage{Names: s.customerNames(r.Context()), People: s.peopleNames(r.Context()), Who: who, May: who.Role >= Approver}
	for _, st := range stages {
		g := orderGroup{Title: st.title, Words: st.words, State: st.states[0]}
		var totals []money.Amount
		for _, o := range all {
			if slices.Contains(st.states, o.State) {
				g.Orders, totals = append(g.Orders, o), append(totals, o.Line.TotalPrice)
			}
		}
		g.Sums = report.SumsOf(totals)
		if page.May && st.states[0] == order.Requested {
			g.Together = approvable(g.Orders, who.ID)
		}
		if len(g.Orders) > 0 {
			page.Groups = append(page.Groups, g)
		}
	}
	months, err := s.proofs(r.Context())
	if err != nil {
		return err
	}
	page.Months = cameMonths(months)
	s.render(w, r, http.StatusOK, "orders", "Orders", &page)
	return nil
}

// approvable are the orders that somebody else than who asked for, by currency, where there are several.
func approvable(orders []order.Order, who string) []together {
	totals, ids := map[money.Code][]money.Amount{}, map[money.Code][]string{}
	for _, o := range orders {
		if !o.AskedBy(who) && o.Way != order.Named {
			c := o.Line.TotalPrice.Currency
			totals[c], ids[c] = append(totals[c], o.Line.TotalPrice), append(ids[c], o.ID)
		}
	}
	var out []together
	for _, c := range slices.Sorted(maps.Keys(ids)) {
		if sums := report.SumsOf(totals[c]); len(ids[c]) > 1 && len(sums) == 1 {
			out = append(out, together{sums[0], ids[c]})
		}
	}
	return out
}

// customerNames are the names of customers in the newest plan, by their id in lower case.
func (s *Server) customerNames(ctx context.Context) map[string]string {
	names := map[string]string{}
	view, err := s.view(ctx, "")
	if err != nil {
		return names // without a plan customers are called by their id
	}
	for _, st := range view.Standings {
		if st.Total.CustomerName != "" {
			names[strings.ToLower(st.Total.Customer)] = st.Total.CustomerName
		}
	}
	return names
}

// peopleNames are the names of the tenant's people by id; a journal keeps ids.
func (s *Server) peopleNames(ctx context.Context) map[string]string {
	names := map[string]string{}
	all, err := s.People.People(ctx, principalOf(ctx).Tenant)
	if err != nil {
		return names // they are called by their ids
	}
	for _, p := range all {
		names[p.ID] = p.Name
	}
	return names
}

// orderPage is one order with its history.
type orderPage struct {
	order.Order
	Name   string
	People map[string]string
	Events []order.Event
	Who    Principal
	May    bool // the reader may approve it
	Apart  bool // it was requested on a command line: who signed in asks for it anew
	Found  []prove.Finding
	Carry  []string      // subscriptions that could carry the purchase
	Checks []order.Check // before a purchase; nil where it was sent
	Asking bool          // something is not known of the customer that a fact would answer
	Form   string        // a facts file to fill in
}

func (s *Server) order(w http.ResponseWriter, r *http.Request) error {
	d, o, err := s.orderOf(r)
	if err != nil {
		return err
	}
	who := principalOf(r.Context())
	page := orderPage{Order: o, Name: s.customerNames(r.Context())[o.Line.Customer], People: s.peopleNames(r.Context()), Who: who,
		Apart: o.State == order.Requested && o.Way == order.Named}
	page.May = who.Role >= Approver && o.State == order.Requested && !page.Apart && !o.AskedBy(who.ID)
	if page.Events, err = eventsOf(r.Context(), d, o.ID); err != nil {
		return err
	}
	months, err := s.proofs(r.Context())
	if err != nil {
		return err
	}
	for _, m := range months {
		for _, f := range m.Findings {
			if f.Order == o.ID {
				page.Found = append(page.Found, f)
			}
		}
	}
	if page.Checks, err = s.checks(r.Context(), d, &o); err != nil {
		return err
	}
	if page.Asking = slices.ContainsFunc(page.Checks, func(c order.Check) bool { return c.Verdict.Asks() }); page.Asking {
		if page.Form, err = order.FactsForm(&o, s.factsOf(&o)); err != nil {
			return err
		}
	}
	page.Carry = s.subscriptions(r.Context(), o.Line.Customer)
	w.Header().Set("ETag", etag(&o))
	s.render(w, r, http.StatusOK, "order", "Order "+o.ID, page)
	return nil
}

// checks judges an order as if it were bought now, with what is known of the customer; nil for one that is not to be bought.
func (s *Server) checks(ctx context.Context, d *order.Desk, o *order.Order) ([]order.Check, error) {
	if !slices.Contains([]order.State{order.Draft, order.Requested, order.Approved, order.Expired, order.Failed}, o.State) {
		return nil, nil
	}
	all, err := d.Orders(ctx)
	if err != nil {
		return nil, err
	}
	return d.Preflight(o, s.factsOf(o), all), nil
}

// factsOf is what is known of the customer of an order; nil where that is nothing.
func (s *Server) factsOf(o *order.Order) *order.Facts {
	if f, ok := s.Facts[strings.ToLower(o.Line.Customer)]; ok {
		return &f
	}
	return nil
}

// etag names a state of an order.
func etag(o *order.Order) string {
	return strconv.Quote(o.ID + "-" + strconv.FormatInt(o.Revision, 10))
}

// orderOf finds the order that the address names.
func (s *Server) orderOf(r *http.Request) (*order.Desk, order.Order, error) {
	d, err := s.desk(r)
	if err != nil {
		return nil, order.Order{}, err
	}
	all, err := d.Orders(r.Context())
	if err != nil {
		return nil, order.Order{}, err
	}
	at := slices.IndexFunc(all, func(o order.Order) bool { return o.ID == r.PathValue("order") })
	if at < 0 {
		return nil, order.Order{}, ErrNone
	}
	return d, all[at], nil
}

// request asks for lines of the customer's newest plan: those that the form names.
func (s *Server) request(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return problem(http.StatusBadRequest, "not-a-form", "The form could not be read", "")
	}
	_, c, err := s.customerOf(r)
	if err != nil {
		return err
	}
	if _, err := s.ask(r.Context(), c, r.PostForm["line"]); err != nil {
		return err
	}
	http.Redirect(w, r, "/orders", http.StatusSeeOther)
	return nil
}

// ask drafts and requests the lines with the ids, and returns the orders.
func (s *Server) ask(ctx context.Context, c *customerView, lines []string) ([]string, error) {
	d, _, err := s.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, problem(http.StatusBadRequest, "no-line", "No line was chosen", "Tick the lines to ask for.")
	}
	var text bytes.Buffer
	if err := report.Write(&text, c.Plan, report.JSON, report.Options{Version: s.Version}); err != nil {
		return nil, err
	}
	plan, err := order.ReadPlan(&text)
	if err != nil {
		return nil, problem(http.StatusConflict, "plan", "The plan cannot be ordered as it stands", err.Error())
	}
	plan.Lines = slices.DeleteFunc(plan.Lines, func(l order.Line) bool { return !slices.Contains(lines, l.ID) })
	if len(plan.Lines) != len(lines) {
		return nil, problem(http.StatusConflict, "line-gone", "The plan has changed meanwhile", "Look at the newest plan and choose again.")
	}
	who := principalOf(ctx)
	drafted, err := d.Draft(ctx, who.ID, plan, "")
	if err != nil {
		return nil, err
	}
	var ids, fresh []string
	for _, one := range drafted {
		ids = append(ids, one.Order.ID)
		if one.Order.State == order.Draft {
			fresh = append(fresh, one.Order.ID)
		}
	}
	if len(fresh) == 0 {
		return ids, nil // asked for already: asking twice makes nothing twice
	}
	return ids, d.Request(ctx, who.ID, fresh...)
}

// requestAgain asks for orders that expired or failed, drafts, and what was requested on a command line.
func (s *Server) requestAgain(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, func(d *order.Desk, who Principal, ids []string) error {
		return d.Request(r.Context(), who.ID, ids...)
	})
}

// approve allows orders of one currency at the sum that stood on the button.
func (s *Server) approve(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, func(d *order.Desk, who Principal, ids []string) error {
		sum, err := parseSum(r.PostForm.Get("amount"))
		if err != nil {
			return err
		}
		return d.Approve(r.Context(), who.ID, sum, ids...)
	})
}

// parseSum reads an amount as the button holds it: "136816.00 USD".
func parseSum(text string) (money.Amount, error) {
	bad := problem(http.StatusBadRequest, "amount", "The amount could not be read", "Say it with its currency: 136816.00 USD.")
	number, code, ok := strings.Cut(strings.TrimSpace(text), " ")
	if !ok {
		return money.Amount{}, bad
	}
	currency, err := money.ParseCode(code)
	if err != nil {
		return money.Amount{}, bad
	}
	sum, err := money.Parse(number, currency)
	if err != nil {
		return money.Amount{}, bad
	}
	return sum, nil
}

func (s *Server) reject(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, func(d *order.Desk, who Principal, ids []string) error {
		return d.Reject(r.Context(), who.ID, r.PostForm.Get("reason"), ids...)
	})
}

func (s *Server) cancel(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, func(d *order.Desk, who Principal, ids []string) error {
		return d.Cancel(r.Context(), who.ID, r.PostForm.Get("reason"), ids...)
	})
}

// decide does something to the orders that the form names, for people of this tenant only.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, do func(*order.Desk, Principal, []string) error) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return problem(http.StatusBadRequest, "not-a-form", "The form could not be read", "")
	}
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	ids := r.PostForm["order"]
	if len(ids) == 0 {
		return problem(http.StatusBadRequest, "no-order", "No order was chosen", "")
	}
	all, err := d.Orders(r.Context())
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(o order.Order) bool { return o.ID == id }) {
			return ErrNone
		}
	}
	if err := do(d, principalOf(r.Context()), ids); err != nil {
		return err
	}
	http.Redirect(w, r, "/orders", http.StatusSeeOther)
	return nil
}
