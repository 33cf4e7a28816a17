package web

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sizeterm/cmd/sizeterm/internal/plot"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend"
)

// knob is one quantity that a reader may try: so many of a size for a term.
type knob struct {
	Name     string // of the field, and of the setting: SIZE/TERM
	Size     catalog.Size
	Years    int
	Planned  int64 // what the plan buys
	Quantity int64 // what is tried
	Max      int64 // the end of the slider
}

// wider is what a reader may try beside quantities, for the whole customer.
type wider struct {
	Growth int         // percent that the usage of every hour changes by
	Scope  string      // at which what is bought is applied; empty is as planned
	Scopes []scopeName // that can be chosen
}

// scopeName is a scope as Change.Scope takes it, and in words.
type scopeName struct{ Value, Words string }

// widerOf are the scopes that can be tried of a pool: those in words, and each subscription that uses it.
func widerOf(in *recommend.Input, p *recommend.Pool) wider {
	w := wider{Scopes: []scopeName{{"", "as planned"}, {recommend.EachSubscription, "one subscription, the best"}, {recommend.EachResourceGroup, "one resource group, the best"}}}
	for i := range in.Analysis.Pools {
		pool := &in.Analysis.Pools[i]
		if pool.Customer != p.Customer || pool.Region != p.Region || pool.Group != p.Group || pool.Currency != string(p.Currency) {
			continue
		}
		for _, m := range pool.Members {
			if s := (scopeName{m.Subscription, m.Subscription}); m.Subscription != "" && !slices.Contains(w.Scopes, s) {
				w.Scopes = append(w.Scopes, s)
			}
		}
	}
	return w
}

// turn reads what the form tries; changed is false where it is what the plan has.
func (w *wider) turn(r *http.Request) (changed bool, err error) {
	if text := strings.TrimSpace(r.URL.Query().Get("growth")); text != "" {
		if w.Growth, err = strconv.Atoi(text); err != nil || w.Growth < -99 || w.Growth > 1000 {
			return false, problem(http.StatusBadRequest, "growth", "Give a whole percentage from -99 to 1,000", "")
		}
	}
	w.Scope = r.URL.Query().Get("scope")
	if !slices.ContainsFunc(w.Scopes, func(s scopeName) bool { return s.Value == w.Scope }) {
		return false, problem(http.StatusBadRequest, "scope", "Give one of the scopes of the form", "")
	}
	return w.Growth != 0 || w.Scope != "", nil
}

// tried is what became of a try.
type tried struct {
	Before, After *recommend.Compared // of the pool, over the window
	Change        recommend.TotalChange
	Sketch        template.HTML
	Keys          []plot.SketchKey
	Hours         int // that the savings cover
}

// knobsOf are the quantities of a pool that can be tried: those that the plan buys, and the unit of the pool for each term that is sold.
func knobsOf(p *recommend.Pool) []knob {
	var knobs []knob
	add := func(size catalog.Size, term pricing.Term, n int64) {
		name := string(size) + "/" + term.String()
		if !slices.ContainsFunc(knobs, func(k knob) bool { return k.Name == name }) {
			knobs = append(knobs, knob{Name: name, Size: size, Years: term.Years(), Planned: n, Quantity: n, Max: max(10, 2*n, 2*p.Units.Max/1_000_000+1)})
		}
	}
	if c := chosenOf(p); c != nil {
		for _, buy := range c.Buy {
			add(buy.Size, buy.Term, buy.Quantity)
		}
	}
	for i := range p.Rates {
		for _, term := range []pricing.Term{pricing.ThreeYear, pricing.OneYear} {
			if _, sold := p.Rates[i].Totals[term]; sold && p.Rates[i].Size == p.UnitSize {
				add(p.UnitSize, term, 0)
			}
		}
	}
	return knobs
}

// turn reads what the form tries into the knobs; changed is false where it is what the plan buys.
func turn(knobs []knob, r *http.Request) (changed bool, err error) {
	for i := range knobs {
		k := &knobs[i]
		text := strings.TrimSpace(r.URL.Query().Get(k.Name))
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || n > 100_000 {
			return false, problem(http.StatusBadRequest, "quantity", "Give a whole number from 0 to 100,000", "")
		}
		k.Quantity, k.Max = n, max(k.Max, n)
		changed = changed || n != k.Planned
	}
	return changed, nil
}

// try evaluates the knobs with the simulator, on the customer's own machines and pools: those of others are not touched by them.
func try(in recommend.Input, base *recommend.Plan, p *recommend.Pool, knobs []knob, beside wider) (*tried, error) {
	in = within(in, p.Customer)
	change := recommend.Change{Growth: float64(beside.Growth) / 100, Scope: beside.Scope}
	for _, k := range knobs {
		if k.Quantity != k.Planned || k.Planned > 0 {
			change.Set = append(change.Set, recommend.Setting{ID: p.ID + "/" + k.Name, Quantity: k.Quantity})
		}
	}
	after, err := recommend.WhatIf(in, base, change)
	if err != nil {
		return nil, problem(http.StatusConflict, "what-if", "That cannot be tried", err.Error())
	}
	t := &tried{Before: chosenOf(p), Hours: p.Hours}
	for i := range after.Pools {
		if q := &after.Pools[i]; q.ID == p.ID {
			t.After = chosenOf(q)
			drawn := plot.DrawSketch(q, after.Window, plot.ChosenLevel(p))
			t.Sketch, t.Keys = drawing(drawn), append(drawn.Keys, plot.SketchKey{Class: "trial", Label: "level of the plan"})
		}
	}
	if after.Answer != nil && len(after.Answer.Totals) > 0 {
		t.Change = after.Answer.Totals[0]
	}
	if t.After == nil {
		return nil, ErrNone
	}
	return t, nil
}

// whatIf answers the script of the pool's page with the part of the page that a try changes.
func (s *Server) whatIf(w http.ResponseWriter, r *http.Request) error {
	page, err := s.poolPageOf(r)
	if err != nil {
		return err
	}
	return s.fragment(w, "pool", "demand", page)
}
