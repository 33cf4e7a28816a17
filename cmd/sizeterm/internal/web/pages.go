package web

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/http"
	"slices"

	"sizeterm/cmd/sizeterm/internal/plot"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend"
)

// customerPage is one customer's plan.
type customerPage struct {
	*customerView
	View   *planView
	Sketch template.HTML
	Drawn  plot.Sketch
	Pool   *recommend.Pool // the pool that is drawn: the one whose lines save the most
	Pools  []poolRow
}

// poolRow is a pool in a list.
type poolRow struct {
	*recommend.Pool
	Chosen *recommend.Compared
}

func (s *Server) customer(w http.ResponseWriter, r *http.Request) error {
	view, c, err := s.customerOf(r)
	if err != nil {
		return err
	}
	page := customerPage{customerView: c, View: view}
	var best *recommend.Pool
	for i := range c.Plan.Pools {
		p := &c.Plan.Pools[i]
		row := poolRow{Pool: p, Chosen: chosenOf(p)}
		page.Pools = append(page.Pools, row)
		if row.Chosen != nil && (best == nil || row.Chosen.Saving.Currency == chosenOf(best).Saving.Currency && row.Chosen.Saving.Micros > chosenOf(best).Saving.Micros) {
			best = p
		}
	}
	if best != nil {
		page.Pool = best
		page.Drawn = plot.DrawSketch(best, c.Plan.Window, -1)
		page.Sketch = drawing(page.Drawn)
	}
	s.render(w, r, http.StatusOK, "customer", c.Name, page)
	return nil
}

// drawing is a sketch for a page: made by us, every text in it escaped.
func drawing(s plot.Sketch) template.HTML { return template.HTML(s.SVG) }

// chosenOf is the row of a pool's comparison that was taken; nil where nothing is compared.
func chosenOf(p *recommend.Pool) *recommend.Compared {
	for i := range p.Compare {
		if p.Compare[i].Choice == p.Chosen {
			return &p.Compare[i]
		}
	}
	return nil
}

// customerOf finds the customer that the address names.
func (s *Server) customerOf(r *http.Request) (*planView, *customerView, error) {
	view, err := s.view(r.Context(), r.URL.Query().Get("plan"))
	if err != nil {
		return nil, nil, err
	}
	c, err := view.customer(r.PathValue("customer"))
	return view, c, err
}

// poolPage is one pool: its demand, what was chosen, why, and what else was compared.
type poolPage struct {
	*customerView
	View   *planView
	Pool   *recommend.Pool
	Chosen *recommend.Compared
	Sketch template.HTML
	Keys   []plot.SketchKey
	Grain  string
	Knobs  []knob
	Wider  wider
	Tried  *tried // nil where nothing is tried
	Lines  any
}

func (s *Server) pool(w http.ResponseWriter, r *http.Request) error {
	page, err := s.poolPageOf(r)
	if err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, "pool", report.PoolName(page.Pool), page)
	return nil
}

// poolPageOf makes the page of a pool, with what the address tries.
func (s *Server) poolPageOf(r *http.Request) (*poolPage, error) {
	view, c, err := s.customerOf(r)
	if err != nil {
		return nil, err
	}
	p, err := c.pool(r.PathValue("pool"))
	if err != nil {
		return nil, err
	}
	page := &poolPage{customerView: c, View: view, Pool: p, Chosen: chosenOf(p), Knobs: knobsOf(p), Lines: report.LinesOf(c.Told, p.ID)}
	changed, err := turn(page.Knobs, r)
	if err != nil {
		return nil, err
	}
	page.Wider = widerOf(&c.Whole.Input, p)
	more, err := page.Wider.turn(r)
	if err != nil {
		return nil, err
	}
	if changed || more {
		if page.Tried, err = try(c.Whole.Input, c.Plan, p, page.Knobs, page.Wider); err != nil {
			return nil, err
		}
		page.Sketch, page.Keys = page.Tried.Sketch, page.Tried.Keys
		return page, nil
	}
	drawn := plot.DrawSketch(p, c.Plan.Window, -1)
	page.Sketch, page.Keys, page.Grain = drawing(drawn), drawn.Keys, drawn.Grain
	return page, nil
}

// uploadsPage is what came and what it holds.
type uploadsPage struct {
	Uploads       []Upload // a page of them
	Before, After string   // the upload behind which the page begins; the last one where older ones follow
	Coverage      coverage
	Missing       []string // what would make better plans
	Progress      Progress
	Max           int64
	CanSend       bool
	Sender        string // by which a browser tells whose unfinished files it remembers
}

// uploadsShown is the number of uploads of a page.
const uploadsShown = 100

func (s *Server) uploads(w http.ResponseWriter, r *http.Request) error {
	page, list, err := s.uploadsState(r)
	if err != nil {
		return err
	}
	if page.Before = r.URL.Query().Get("before"); page.Before != "" {
		at := slices.IndexFunc(list, func(u Upload) bool { return u.ID == page.Before })
		if at < 0 {
			return ErrNone
		}
		list = list[at+1:]
	}
	if len(list) > uploadsShown {
		list = list[:uploadsShown]
		page.After = list[uploadsShown-1].ID
	}
	page.Uploads = list
	s.render(w, r, http.StatusOK, "uploads", "Uploads", page)
	return nil
}

// uploadsState is the page of uploads without the list, and all uploads.
func (s *Server) uploadsState(r *http.Request) (*uploadsPage, []Upload, error) {
	ctx := r.Context()
	who := principalOf(ctx)
	list, err := s.Files.Uploads(ctx, who.Tenant)
	if err != nil {
		return nil, nil, err
	}
	page := &uploadsPage{Coverage: coverageOf(list, s.customerName(ctx)), Missing: lackingOf(list), Max: s.MaxUpload, CanSend: who.Role >= Analyst, Sender: s.mac("sender", who.Tenant+"\x00"+who.ID)[:16]}
	page.Progress, err = s.Plans.Progress(ctx, who.Tenant)
	return page, list, err
}

// customerName calls customers as the newest plan does, those that it does not know by their ids.
func (s *Server) customerName(ctx context.Context) func(string) string {
	names := map[string]string{"": "Customer not named"}
	if view, err := s.view(ctx, ""); err == nil {
		for _, st := range view.Standings {
			if st.Total.CustomerName != "" {
				names[st.Total.Customer] = st.Total.CustomerName
			}
		}
	}
	return func(id string) string {
		if name, ok := names[id]; ok {
			return name
		}
		return id
	}
}

// uploadRow answers the script of the page of uploads with the rows of one.
func (s *Server) uploadRow(w http.ResponseWriter, r *http.Request) error {
	up, err := s.Files.Upload(r.Context(), principalOf(r.Context()).Tenant, r.PathValue("upload"))
	if err != nil {
		return err
	}
	// A table around it: rows alone would be dropped by whoever reads them.
	return s.fragment(w, "uploads", "rows", &up)
}

// uploadState answers the script of the page of uploads with what is above its list.
func (s *Server) uploadState(w http.ResponseWriter, r *http.Request) error {
	page, _, err := s.uploadsState(r)
	if err != nil {
		return err
	}
	return s.fragment(w, "uploads", "state", page)
}

// receive takes the files of a plain form, one after another as they come off the wire.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) error {
	who := principalOf(r.Context())
	r.Body = http.MaxBytesReader(w, r.Body, s.MaxUpload+maxForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return problem(http.StatusUnsupportedMediaType, "not-a-form", "Send the files as a form", "The page Uploads has one.")
	}
	taken := 0
	for {
		part, err := parts.NextPart()
		if err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return err
		}
		if part.FileName() == "" {
			continue
		}
		if _, err := s.Receiver.Receive(r.Context(), Sent{Tenant: who.Tenant, By: who.ID, Name: part.FileName()}, part); err != nil {
			return err
		}
		taken++
	}
	if taken == 0 {
		return problem(http.StatusBadRequest, "no-file", "No file was chosen", "Choose one or several files, then send them.")
	}
	http.Redirect(w, r, "/uploads", http.StatusSeeOther)
	return nil
}

// customerID is the customer that the address of a request names by its key or its id, "" where it names none.
func (s *Server) customerID(r *http.Request) string {
	named := r.URL.Query().Get("customer")
	if named == "" {
		return ""
	}
	if view, err := s.view(r.Context(), ""); err == nil { // without a plan nobody has a key
		if c, err := view.customer(named); err == nil {
			return c.ID
		}
	}
	return named
}

// apiPut takes one file as the body of a request: one curl suffices. The same bytes again give the same receipt.
func (s *Server) apiPut(w http.ResponseWriter, r *http.Request) error {
	who := principalOf(r.Context())
	if err := s.limited(w, r); err != nil {
		return err
	}
	up, err := s.Receiver.Receive(r.Context(), Sent{who.Tenant, who.ID, r.PathValue("name"), s.customerID(r)}, http.MaxBytesReader(w, r.Body, s.MaxUpload))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", "/api/v1/uploads/"+up.ID)
	w.WriteHeader(http.StatusCreated)
	return ignoreGone(json.NewEncoder(w).Encode(apiFileOf(&up)))
}

func (s *Server) rejects(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="rejects.csv"`)
	err := s.Files.Rejects(r.Context(), principalOf(r.Context()).Tenant, r.PathValue("upload"), w)
	if err != nil {
		w.Header().Del("Content-Disposition")
	}
	return err
}

func (s *Server) loadDemo(w http.ResponseWriter, r *http.Request) error {
	if s.Demo == nil {
		return errMissing
	}
	who := principalOf(r.Context())
	if err := s.Demo(r.Context(), who.Tenant, who.ID); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (s *Server) replan(w http.ResponseWriter, r *http.Request) error {
	if err := s.Plans.Refresh(r.Context(), principalOf(r.Context()).Tenant); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
