package web

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend"
)

// tracePage shows where the figures of a line or pool come from.
type tracePage struct {
	*customerView
	Trace *report.Trace
}

func (s *Server) trace(w http.ResponseWriter, r *http.Request) error {
	_, c, err := s.customerOf(r)
	if err != nil {
		return err
	}
	id := r.PathValue("traced")
	if id == "total" { // the customer's own id does not belong into an address
		id = c.ID
	}
	t, ok := report.TraceOf(c.Plan, id)
	if !ok {
		return ErrNone
	}
	s.render(w, r, http.StatusOK, "trace", t.Title, tracePage{c, t})
	return nil
}

// forCustomer answers with a plan that can be sent to the customer: no partner's cost or margin, no other customer's things, no
// names of files.
func (s *Server) forCustomer(w http.ResponseWriter, r *http.Request, format report.Format) ([]byte, error) {
	_, c, err := s.customerOf(r)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = report.Write(&out, c.Whole.Plan, format, report.Options{Version: s.Version, Customer: c.ID})
	return out.Bytes(), err
}

func (s *Server) printed(w http.ResponseWriter, r *http.Request) error {
	page, err := s.forCustomer(w, r, report.HTML)
	if err != nil {
		return err
	}
	// The page carries its own style and no script: it can be kept and sent as one file.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'")
	return sendFile(w, "text/html; charset=utf-8", "", page)
}

func (s *Server) workbook(w http.ResponseWriter, r *http.Request) error {
	book, err := s.forCustomer(w, r, report.XLSX)
	if err != nil {
		return err
	}
	return sendFile(w, exportTypes["xlsx"][0], "plan.xlsx", book)
}

// pricesPage is what the newest plan's prices and rules are.
type pricesPage struct {
	View  *planView
	Plan  *recommend.Plan
	Told  *report.Told
	Today time.Time
}

func (s *Server) prices(w http.ResponseWriter, r *http.Request) error {
	view, err := s.view(r.Context(), "")
	if errors.Is(err, ErrNone) { // before the first plan
		s.render(w, r, http.StatusOK, "prices", "Prices and rules", pricesPage{})
		return nil
	}
	if err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, "prices", "Prices and rules", pricesPage{view, view.Plan, report.Tell(view.Plan), s.now()})
	return nil
}
