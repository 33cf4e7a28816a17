package web

import (
	"bytes"
	"cmp"
	"context"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing/money"
	"sizeterm/recommend"
	"sizeterm/recommend/order/prove"
)

// came is what was promised of something and what came true, in one currency.
type came struct {
	Currency           string
	Orders, Unknown    int
	Promised, Realised money.Amount
	Split              prove.Split
	Charged            money.Amount
}

// Share is the realised part of what was promised; Has is false where nothing was.
func (c *came) Share() recommend.Fraction {
	if c.Promised.Micros <= 0 {
		return recommend.Fraction{}
	}
	v, _ := new(big.Rat).SetFrac64(c.Realised.Micros, c.Promised.Micros).Float64()
	return recommend.Fraction{Value: v, Has: true}
}

// Why says where the difference comes from.
func (c *came) Why() string { return c.Split.Why() }

// add takes one sum more. An overflow leaves the part as it was: sums of that size are nobody's.
func (c *came) add(s *prove.CustomerMonth) {
	c.Currency = s.Currency
	c.Orders, c.Unknown = c.Orders+s.Orders, c.Unknown+s.Unknown
	for _, part := range []struct {
		to *money.Amount
		of prove.Sum
	}{{&c.Promised, s.Promised}, {&c.Realised, s.Realised}, {&c.Charged, s.Charged}, {&c.Split.LateStart.Amount, s.Split.LateStart}, {&c.Split.Price.Amount, s.Split.Price},
		{&c.Split.OtherReservation.Amount, s.Split.OtherReservation}, {&c.Split.Scope.Amount, s.Split.Scope}, {&c.Split.Demand.Amount, s.Split.Demand}} {
		if part.to.Currency == "" {
			part.to.Currency = part.of.Currency
		}
		if sum, err := part.to.Add(part.of.Amount); err == nil {
			*part.to = sum
		}
	}
}

// cameBy adds the proofs up by a key of their own, in the order of the keys.
func cameBy(months []prove.Month, key func(*prove.CustomerMonth) string) (keys []string, sums map[string]*came) {
	sums = map[string]*came{}
	for i := range months {
		for j := range months[i].Sums {
			s := &months[i].Sums[j]
			k := key(s)
			if sums[k] == nil {
				keys, sums[k] = append(keys, k), &came{}
			}
			sums[k].add(s)
		}
	}
	slices.Sort(keys)
	return keys, sums
}

// proofs are what was found of the tenant's orders, by customer and month.
func (s *Server) proofs(ctx context.Context) ([]prove.Month, error) {
	if s.Proofs == nil {
		return nil, nil
	}
	return s.Proofs(ctx, principalOf(ctx).Tenant)
}

// cameMonth is one month of all customers in one currency.
type cameMonth struct {
	Month string
	came
}

// cameMonths adds the proofs up by month and currency, the newest month first.
func cameMonths(months []prove.Month) []cameMonth {
	keys, sums := cameBy(months, func(s *prove.CustomerMonth) string { return s.Month + " " + s.Currency })
	var all []cameMonth
	for _, k := range slices.Backward(keys) {
		all = append(all, cameMonth{strings.Fields(k)[0], *sums[k]})
	}
	return all
}

// verificationPage is what was promised and what came true, over the months.
type verificationPage struct {
	Months []cameMonth
	Proofs []prove.Month // the newest month first
	Names  map[string]string
	At     time.Time // of the newest comparison
	Sent   int       // orders that the vendor has heard of
}

func (s *Server) verification(w http.ResponseWriter, r *http.Request) error {
	months, err := s.proofs(r.Context())
	if err != nil {
		return err
	}
	page := verificationPage{Months: cameMonths(months), Proofs: months, Names: s.customerNames(r.Context())}
	for _, m := range months {
		if m.At.After(page.At) {
			page.At = m.At
		}
	}
	slices.SortStableFunc(page.Proofs, func(x, y prove.Month) int { return -cmp.Compare(x.Month, y.Month) })
	if d, err := s.desk(r); err == nil {
		all, err := d.Orders(r.Context())
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.Attempt != nil {
				page.Sent++
			}
		}
	}
	s.render(w, r, http.StatusOK, "verification", "What came true", page)
	return nil
}

// verificationReport is all that was found as a file: a page to bill by, a table or JSON.
func (s *Server) verificationReport(w http.ResponseWriter, r *http.Request) error {
	months, err := s.proofs(r.Context())
	if err != nil {
		return err
	}
	format := r.URL.Query().Get("format")
	kind, ok := map[string][2]string{"html": {"text/html; charset=utf-8", ""}, "csv": {"text/csv; charset=utf-8", "verification.csv"}, "json": {"application/json", "verification.json"}}[format]
	if !ok {
		return problem(http.StatusBadRequest, "format", "There is no such format", "There are html, csv and json.")
	}
	only := r.URL.Query().Get("month")
	months = slices.DeleteFunc(months, func(m prove.Month) bool { return only != "" && m.Month != only })
	var out bytes.Buffer
	if err := prove.Joined(s.now(), months).Write(&out, format); err != nil {
		return err
	}
	if format == "html" {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	}
	return sendFile(w, kind[0], kind[1], out.Bytes())
}

// apiFinding is what was found of one order in one month, as the API shows it.
type apiFinding struct {
	ID               string    `json:"id" doc:"Order and month."`
	Order            string    `json:"order"`
	Line             string    `json:"line" doc:"Id of the plan's line."`
	Customer         string    `json:"customer"`
	Month            string    `json:"month" doc:"Such as 2026-11, UTC."`
	Compared         time.Time `json:"compared"`
	Days             int       `json:"days" doc:"Days of usage of the month that the files hold since the purchase."`
	Bought           string    `json:"bought" enum:"bought,different,not_found"`
	Charged          string    `json:"charged" enum:"as_quoted,differs,charged_twice,not_charged,not_in_files,nothing_due"`
	ChargedAmount    string    `json:"charged_amount"`
	Used             string    `json:"used" enum:"full,partly,unused,too_early,not_in_files,before_purchase"`
	Utilization      *float64  `json:"utilization" doc:"In [0, 1]; null where no file says it."`
	SavingKnown      bool      `json:"saving_known"`
	Promised         string    `json:"promised"`
	Realised         string    `json:"realised"`
	LateStart        string    `json:"late_start" doc:"The parts of the difference add up to it."`
	Price            string    `json:"price"`
	OtherReservation string    `json:"other_reservation"`
	Scope            string    `json:"scope"`
	Demand           string    `json:"demand"`
	Currency         string    `json:"currency"`
	WayOut           string    `json:"way_out,omitempty"`
}

func apiFindingOf(f *prove.Finding, at time.Time) apiFinding {
	s := &f.Saving
	return apiFinding{ID: f.Order + "/" + f.Month, Order: f.Order, Line: f.Line, Customer: f.Customer, Month: f.Month, Compared: at.UTC().Truncate(time.Second), Days: f.Days,
		Bought: f.Bought.Verdict, Charged: f.Charged.Verdict, ChargedAmount: f.Charged.Amount.Decimal(), Used: f.Applied.Verdict, Utilization: f.Applied.Utilization, SavingKnown: s.Known,
		Promised: s.Promised.Decimal(), Realised: s.Realised.Decimal(), LateStart: s.Split.LateStart.Decimal(), Price: s.Split.Price.Decimal(), OtherReservation: s.Split.OtherReservation.Decimal(),
		Scope: s.Split.Scope.Decimal(), Demand: s.Split.Demand.Decimal(), Currency: f.Currency, WayOut: f.Applied.WayOut}
}

func (s *Server) apiVerification(ctx context.Context, in *struct {
	PageQuery
	Month string `query:"month" maxLength:"7" doc:"Only this month: 2026-11."`
	Order string `query:"order" maxLength:"100" doc:"Only this order."`
}) (*apiList[apiFinding], error) {
	months, err := s.proofs(ctx)
	if err != nil {
		return nil, s.apiError(err)
	}
	found := []apiFinding{}
	for _, m := range months {
		for i := range m.Findings {
			f := &m.Findings[i]
			if (in.Month == "" || in.Month == f.Month) && (in.Order == "" || in.Order == f.Order) {
				found = append(found, apiFindingOf(f, m.At))
			}
		}
	}
	return paged(found, in.PageQuery, func(f *apiFinding) string { return f.ID })
}
