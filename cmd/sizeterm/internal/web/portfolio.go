package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/prove"
)

// portfolioPage is the first page: the customers, the best saving for its risk first.
type portfolioPage struct {
	View     *planView
	Progress Progress
	Uploads  int
	CanDemo  bool
	Asked    int            // orders that wait for an approval
	AskedSum []money.Amount // their commitments, one a currency
	Came     []*came        // of all months, one a currency
	Of       map[string]*came
	Due      []dueRow // within 30 days, by customer and date
	Now      time.Time
}

// dueRow is a reminder beside the customer of the plan whom it concerns.
type dueRow struct {
	order.Reminder
	Name string
	Slug string // "" where the plan has no such customer
}

// due adds what runs out or is planned soon.
func (s *Server) due(r *http.Request, page *portfolioPage, orders []order.Order) error {
	if s.Due == nil || page.View == nil {
		return nil
	}
	list, err := s.Due(r.Context(), principalOf(r.Context()).Tenant, orders)
	for _, one := range list {
		row := dueRow{Reminder: one, Name: cmp.Or(one.Customer, "Customer not named")}
		for _, st := range page.View.Standings {
			if t := st.Total; strings.EqualFold(t.Customer, one.Customer) {
				row.Name, row.Slug = cmp.Or(t.CustomerName, row.Name), slug(t.Customer)
				break
			}
		}
		page.Due = append(page.Due, row)
	}
	slices.SortStableFunc(page.Due, func(a, b dueRow) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Customer, b.Customer), a.Ends.Compare(b.Ends))
	})
	return err
}

// CameOf is what came true for a customer in a currency, nil where nothing was compared.
func (p *portfolioPage) CameOf(t *recommend.Total) *came {
	return p.Of[strings.ToLower(t.Customer)+" "+string(t.Currency)]
}

// staleAfter is how old usage may be before the page points at it: files come once a month.
const staleAfter = 40 * 24 * time.Hour

// Age is how many days have passed since a customer's last usage, which ends at an instant.
func (p *portfolioPage) Age(until time.Time) int { return max(int(p.Now.Sub(until)/(24*time.Hour)), 0) }

// Stale reports whether usage is too old to decide by.
func (p *portfolioPage) Stale(until time.Time) bool { return p.Now.Sub(until) > staleAfter }

// outcome adds what waits for an approval, what came true and what is due.
func (s *Server) outcome(r *http.Request, page *portfolioPage) error {
	months, err := s.proofs(r.Context())
	if err != nil {
		return err
	}
	currencies, sums := cameBy(months, func(m *prove.CustomerMonth) string { return m.Currency })
	for _, c := range currencies {
		page.Came = append(page.Came, sums[c])
	}
	_, page.Of = cameBy(months, func(m *prove.CustomerMonth) string { return strings.ToLower(m.Customer) + " " + m.Currency })
	d, err := s.desk(r)
	if errors.Is(err, errMissing) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := d.Orders(r.Context())
	if err != nil {
		return err
	}
	var asked []money.Amount
	for _, o := range all {
		if o.State == order.Requested {
			asked = append(asked, o.Line.TotalPrice)
		}
	}
	page.Asked, page.AskedSum = len(asked), report.SumsOf(asked)
	return s.due(r, page, all)
}

func (s *Server) portfolio(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	tenant := principalOf(ctx).Tenant
	page := &portfolioPage{CanDemo: s.Demo != nil, Now: s.now()}
	view, err := s.view(ctx, r.URL.Query().Get("plan"))
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	page.View = view
	if page.Progress, err = s.Plans.Progress(ctx, tenant); err != nil {
		return err
	}
	uploads, err := s.Files.Uploads(ctx, tenant)
	if err != nil {
		return err
	}
	page.Uploads = len(uploads)
	if err := s.outcome(r, page); err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, "portfolio", "Portfolio", page)
	return nil
}
