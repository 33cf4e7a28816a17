package prove

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"text/tabwriter"
)

// Formats are the names that Write knows.
var Formats = []string{"table", "json", "csv", "html"}

// Write prints a report: a table for the terminal, JSON, CSV with one row an order and month, or a page that a partner can
// print and send with his bill.
func (r *Report) Write(w io.Writer, format string) error {
	switch format {
	case "json":
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(r)
	case "csv":
		return r.csv(w)
	case "html":
		return page.Execute(w, r)
	case "table":
		return r.table(w)
	}
	return fmt.Errorf("format: %q: not one of %q", format, Formats)
}

// reasons names the parts of a split in the order in which they are printed.
func (s *Split) reasons() []struct {
	Name string
	Sum  Sum
} {
	return []struct {
		Name string
		Sum  Sum
	}{{"late start", s.LateStart}, {"price", s.Price}, {"other reservation", s.OtherReservation}, {"scope", s.Scope}, {"demand", s.Demand}}
}

// Why says where a difference comes from, in words; "" where there is none.
func (s *Split) Why() string {
	var parts []string
	for _, p := range s.reasons() {
		if p.Sum.Round() != nothingOf(p.Sum) {
			parts = append(parts, p.Name+" "+signed(p.Sum))
		}
	}
	return strings.Join(parts, ", ")
}

// nothingOf is nothing, as the currency of s prints it.
func nothingOf(s Sum) string {
	s.Micros = 0
	return s.Round()
}

func signed(s Sum) string {
	if s.Micros > 0 {
		return "+" + s.Round()
	}
	return s.Round()
}

// Percent is the utilisation for people, "" where it is not known. Neither 0 nor 100 is said of what is between.
func (a *Applied) Percent() string {
	switch {
	case a.Utilization == nil:
		return ""
	case a.Verdict == unused:
		return "0 %"
	case a.Verdict == full:
		return "100 %"
	}
	return fmt.Sprintf("%d %%", min(max(int(*a.Utilization*100+0.5), 1), 99))
}

// plain keeps control characters of files off the terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
}

// cell keeps a spreadsheet from running a text as a formula.
func cell(text string) string {
	if text = plain(text); text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}

// Who is the customer's name, or its id.
func (f *Finding) Who() string { return orElse(f.Name, f.Customer) }

// Who is the customer's name, or its id.
func (m *CustomerMonth) Who() string { return orElse(m.Name, m.Customer) }

func (r *Report) table(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(out, "order\tmonth\twhat\tbought\tcharged\tused\tpromised\trealised\twhy")
	for i := range r.Findings {
		f := &r.Findings[i]
		saving := [2]string{"not known", "not known"}
		if f.Saving.Known {
			saving = [2]string{f.Saving.Promised.Round(), f.Saving.Realised.Round()}
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Order, f.Month, f.What, f.Bought.Verdict, f.Charged.Verdict, orElse(f.Applied.Percent(), f.Applied.Verdict), saving[0], saving[1], f.Saving.Split.Why())
	}
	if err := out.Flush(); err != nil {
		return err
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		for _, line := range [][2]string{{f.Bought.Verdict, f.Bought.Detail}, {f.Charged.Verdict, f.Charged.Detail}, {f.Applied.Verdict, f.Applied.Detail}, {"saving", f.Saving.Detail}} {
			if line[1] != "" && line[0] != isBought && line[0] != full && line[0] != nothingDue && line[0] != asQuoted {
				fmt.Fprintf(w, "%s %s  %s: %s\n", f.Order, f.Month, line[0], plain(line[1]))
			}
		}
		if f.Applied.WayOut != "" {
			fmt.Fprintf(w, "  -> %s\n", f.Applied.WayOut)
		}
	}
	fmt.Fprintln(w)
	for i := range r.Customers {
		m := &r.Customers[i]
		fmt.Fprintf(w, "%s %s: %d orders, promised %s, realised %s, charged %s %s", plain(m.Who()), m.Month, m.Orders, m.Promised.Round(), m.Realised.Round(), m.Charged.Round(), m.Currency)
		if m.Unknown > 0 {
			fmt.Fprintf(w, "; %d not known", m.Unknown)
		}
		if m.Fee.Micros != 0 {
			fmt.Fprintf(w, "; fee %s", m.Fee.Round())
		}
		fmt.Fprintln(w)
	}
	for _, s := range r.Invoices {
		fmt.Fprintf(w, "invoice %s: %d reservation lines, subtotal %s, with an order %s, without %s %s\n", plain(s.Invoice), s.Lines, s.Subtotal.Decimal(), s.Matched.Decimal(), s.Unmatched.Decimal(), s.Currency)
	}
	for _, u := range r.UnmatchedCharge {
		fmt.Fprintf(w, "charge without an order: %s  %s  %s %s  %s (%s)\n", u.Day, plain(u.What), u.Amount.Decimal(), u.Currency, u.Source, u.Detail)
	}
	for _, u := range r.UnmatchedOrder {
		fmt.Fprintf(w, "order without a charge: %s  %s  %s %s  (%s)\n", u.Order, u.What, u.Amount.Decimal(), u.Currency, u.Detail)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "note: %s\n", warning)
	}
	return nil
}

var csvColumns = []string{"order", "line", "state", "customer", "customer_name", "month", "what", "currency", "days", "bought", "bought_detail", "charged", "expected", "charged_amount", "charged_difference",
	"billed", "billing_currency", "exchange", "rounding", "invoice", "applied", "utilization", "reserved_hours", "used_hours", "saving_known", "promised", "realised", "difference",
	"late_start", "price", "other_reservation", "scope", "demand", "value", "cost", "detail"}

func (r *Report) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvColumns); err != nil {
		return err
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		s, c := &f.Saving, &f.Charged
		utilization := ""
		if f.Applied.Utilization != nil {
			utilization = fmt.Sprint(*f.Applied.Utilization)
		}
		var details []string
		for _, d := range []string{c.Detail, f.Applied.Detail, s.Detail} {
			if d != "" {
				details = append(details, d)
			}
		}
		cells := []string{f.Order, f.Line, f.State, f.Customer, cell(f.Name), f.Month, f.What, f.Currency, fmt.Sprint(f.Days), f.Bought.Verdict, cell(f.Bought.Detail), c.Verdict, c.Expected.Decimal(), c.Amount.Decimal(), c.Difference.Decimal(),
			c.Billed, c.BillingCurrency, c.Exchange, c.Rounding, cell(c.Invoice), f.Applied.Verdict, utilization, f.Applied.ReservedHours, f.Applied.UsedHours, fmt.Sprint(s.Known), s.Promised.Decimal(), s.Realised.Decimal(), s.Difference.Decimal(),
			s.Split.LateStart.Decimal(), s.Split.Price.Decimal(), s.Split.OtherReservation.Decimal(), s.Split.Scope.Decimal(), s.Split.Demand.Decimal(), s.Value.Decimal(), s.Cost.Decimal(), cell(strings.Join(details, "; "))}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

var page = template.Must(template.New("proof").Funcs(template.FuncMap{"words": func(code string) string { return strings.ReplaceAll(code, "_", " ") }}).Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>What the reservations saved</title>
<style>:focus-visible{outline:2px solid var(--ink);outline-offset:2px}:root{color-scheme:light dark;--ink:#1b1b1b;--soft:#555;--line:#ddd;--back:#fff;--bad:#a40000;--half:#8a5a00;--good:#1d6b2f}
@media (prefers-color-scheme:dark){:root{--ink:#edeae4;--soft:#a9a49a;--line:#35322d;--back:#161513;--bad:#f08a80;--half:#e0b060;--good:#6cc98f}}
body{font:10.5pt/1.45 system-ui,"Segoe UI","Liberation Sans",Arial,sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:var(--ink);background:var(--back)}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}
div{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.6em 0}th,td{text-align:left;padding:.35em .9em .35em 0;border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.k{white-space:nowrap}.bad{color:var(--bad);font-weight:600}.half{color:var(--half);font-weight:600}.good{color:var(--good)}small{color:var(--soft)}
@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--back:#fff;--bad:#a40000;--half:#8a5a00;--good:#1d6b2f}body{margin:0;max-width:none;font-size:8.5pt}div{overflow:visible}h2{break-after:avoid}tr{break-inside:avoid}@page{size:A4 landscape;margin:14mm}}</style></head><body><main>
<h1>What the reservations saved</h1><p><small>{{.At.Format "2006-01-02"}}. Promised and realised are compared over the same hours; the parts of each difference add up to it.</small></p>
{{if not .Findings}}<p>Nothing can be compared yet: no order was bought, or no cost export, reservation list or reconciliation file of a month after the purchase is here.</p>{{end}}
{{- if .Customers}}<h2>By customer and month</h2><div tabindex="0" role="region" aria-label="By customer and month"><table><thead><tr><th scope="col">Customer</th><th scope="col">Month</th><th scope="col" class="n">Orders</th><th scope="col" class="n">Promised</th><th scope="col" class="n">Realised</th><th scope="col" class="n">Difference</th><th scope="col">Why</th><th scope="col" class="n">Charged</th><th scope="col" class="n">Fee</th><th scope="col">Currency</th></tr></thead><tbody>
{{range .Customers}}<tr><td>{{.Who}}</td><td class="k">{{.Month}}</td><td class="n">{{.Orders}}{{if .Unknown}} <small>({{.Unknown}} not known)</small>{{end}}</td><td class="n">{{.Promised.Round}}</td><td class="n">{{.Realised.Round}}</td><td class="n">{{.Difference.Round}}</td><td>{{.Split.Why}}</td><td class="n">{{.Charged.Round}}</td><td class="n">{{if .Fee.Micros}}{{.Fee.Round}}{{end}}</td><td>{{.Currency}}</td></tr>
{{end}}</tbody></table></div>{{end}}
{{- if .Findings}}<h2>By order</h2><div tabindex="0" role="region" aria-label="By order"><table><thead><tr><th scope="col">Order</th><th scope="col">Month</th><th scope="col">What</th><th scope="col">Bought</th><th scope="col">Charged</th><th scope="col">Used</th><th scope="col" class="n">Promised</th><th scope="col" class="n">Realised</th><th scope="col">Why</th></tr></thead><tbody>
{{range .Findings}}<tr><td class="k">{{.Order}}<br><small>{{.Who}}</small></td><td class="k">{{.Month}}</td><td>{{.What}}</td>
<td>{{if eq .Bought.Verdict "bought"}}<span class="good">bought</span>{{else}}<span class="bad">{{words .Bought.Verdict}}</span><br><small>{{.Bought.Detail}}</small>{{end}}</td>
<td>{{words .Charged.Verdict}}{{if .Charged.Detail}}<br><small>{{.Charged.Detail}}</small>{{end}}</td>
<td>{{if eq .Applied.Verdict "full"}}<span class="good">100 %</span>{{else if eq .Applied.Verdict "partly"}}<span class="half">{{.Applied.Percent}}</span>{{else if eq .Applied.Verdict "unused"}}<span class="bad">0 %</span>{{else}}{{words .Applied.Verdict}}{{end}}{{if .Applied.WayOut}}<br><small>{{.Applied.WayOut}}</small>{{end}}</td>
{{if .Saving.Known}}<td class="n">{{.Saving.Promised.Round}}</td><td class="n">{{.Saving.Realised.Round}} {{.Currency}}</td><td>{{.Saving.Split.Why}}</td>{{else}}<td class="n" colspan="2">not known</td><td><small>{{.Saving.Detail}}</small></td>{{end}}</tr>
{{end}}</tbody></table></div>{{end}}
{{if .Invoices}}<h2>Invoices</h2><div tabindex="0" role="region" aria-label="Invoices"><table><thead><tr><th scope="col">Invoice</th><th scope="col" class="n">Lines</th><th scope="col" class="n">Subtotal</th><th scope="col" class="n">Tax</th><th scope="col" class="n">Total</th><th scope="col" class="n">With an order</th><th scope="col" class="n">Without</th><th scope="col">Currency</th></tr></thead><tbody>
{{range .Invoices}}<tr><td>{{.Invoice}}</td><td class="n">{{.Lines}}</td><td class="n">{{.Subtotal.Decimal}}</td><td class="n">{{.Tax.Decimal}}</td><td class="n">{{.Total.Decimal}}</td><td class="n">{{.Matched.Decimal}}</td><td class="n">{{.Unmatched.Decimal}}</td><td>{{.Currency}} <small>{{.Detail}}</small></td></tr>
{{end}}</tbody></table></div>{{end}}
{{if .UnmatchedCharge}}<h2>Charges without an order</h2><div tabindex="0" role="region" aria-label="Charges without an order"><table>{{range .UnmatchedCharge}}<tr><td>{{.Day}}</td><td>{{.What}}</td><td class="n">{{.Amount.Decimal}} {{.Currency}}</td><td>{{.Detail}}</td><td><small>{{.Source}}</small></td></tr>{{end}}</table></div>{{end}}
{{if .UnmatchedOrder}}<h2>Orders without a charge</h2><div tabindex="0" role="region" aria-label="Orders without a charge"><table>{{range .UnmatchedOrder}}<tr><td>{{.Order}}</td><td>{{.What}}</td><td class="n">{{.Amount.Decimal}} {{.Currency}}</td><td>{{.Detail}}</td></tr>{{end}}</table></div>{{end}}
{{range .Warnings}}<p><small>{{.}}</small></p>{{end}}
</main></body></html>
`))
