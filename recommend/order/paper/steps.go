package paper

import (
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"sizeterm/pricing"
	"sizeterm/recommend/order"
)

// step is one thing that a person does in the portal.
type step struct{ Do, Why string }

// sheet is what one order looks like on paper.
type sheet struct {
	Title string
	Alarm string // why nobody may buy by this sheet now, "" where he may
	Facts [][2]string
	Steps []step
}

func sheetOf(o *order.Order, facts order.Facts) sheet {
	l := &o.Line
	flexibility := "On (fits other sizes of its group)"
	if !l.Flexible {
		flexibility = "Off: optimise for capacity priority"
	}
	s := sheet{
		Title: fmt.Sprintf("Order %s: %d x %s, %s, %s, %s", o.ID, l.Quantity, l.Size, l.Region.Name(), yearsText(l.Term), l.TotalPrice),
		Facts: [][2]string{
			{"state", string(o.State)}, {"customer", l.Customer}, {"subscription", orNotNamed(l.Subscription)}, {"region", l.Region.Name() + " (" + string(l.Region) + ")"},
			{"size", string(l.Size)}, {"term", yearsText(l.Term)}, {"quantity", fmt.Sprint(l.Quantity)}, {"billing", l.BillingPlan},
			{"price of one", l.UnitPrice.String()}, {"total of the term", l.TotalPrice.String()}, {"promised saving a month", l.SavingMonth.Round() + " " + string(l.SavingMonth.Currency)},
			{"Partner on Record", orNotNamed(l.PartnerOnRecord) + " (cannot be changed after the purchase)"},
		},
	}
	s.Alarm = alarm(o)
	if o.Approval != nil {
		s.Facts = append(s.Facts, [2]string{"approved", "by " + o.Approval.By + ", until " + o.Approval.Expires.Format(time.RFC3339)})
	}
	billing := "Upfront"
	if l.BillingPlan == "monthly" {
		billing = fmt.Sprintf("Monthly (%d payments of about %s)", 12*l.Term.Years(), pricing.Instalments(l.TotalPrice, l.Term)[0])
	}
	s.Steps = []step{
		{"Open Partner Center, Customers, the customer " + l.Customer + ".", "An admin agent or a sales agent buys."},
		{"Open Azure reservations, Add reservation, Virtual machine.", ""},
		{"Subscription: " + orNotNamed(l.Subscription) + ".", "It carries the purchase, hands down the Partner on Record and cannot be changed later."},
		{"Region: " + l.Region.Name() + ". Size: " + string(l.Size) + ". Term: " + yearsText(l.Term) + ". Billing: " + billing + ".", "Region, size, term, quantity and billing cannot be changed later, only exchanged."},
		{fmt.Sprintf("Quantity: %d.", l.Quantity), ""},
		{"Instance size flexibility: " + flexibility + ".", ""},
		{"Name: " + o.Token() + ".", "The purchase is found again by this name: copy it exactly."},
		{fmt.Sprintf("Compare the total with %s. If it differs at all, stop.", l.TotalPrice), "The approval is for this price: ask for another."},
		{"Scope: Shared. Renewal: off.", "Under the Azure plan the scope is shared at the purchase."},
		{"Buy once. If the page does not answer, do not buy again: wait 15 minutes and look at the list of reservations.", "New orders may be missing from the list for 15 minutes."},
	}
	if facts.Reseller != "" {
		s.Steps = append(s.Steps[:3], append([]step{{"Reseller: " + facts.Reseller + ".", "Indirect: the reseller is named on the order."}}, s.Steps[3:]...)...)
	}
	s.Steps = append(s.Steps, step{fmt.Sprintf("Record it: sizeterm order bought %s --vendor-order ID --paid \"%s\".", o.ID, l.TotalPrice), "From then on it is proved like any other."})
	if l.Scope != "shared" {
		s.Steps = append(s.Steps, step{"Afterwards, open the reservation, Configuration: change the scope to " + l.Scope + ".", "A second step after the purchase; order status lists it until order scope --done records it."})
	}
	return s
}

// alarm says why an order is not to be bought now.
func alarm(o *order.Order) string {
	switch o.State {
	case order.Approved:
		return ""
	case order.Draft, order.Requested, order.Expired, order.Rejected, order.Failed:
		return "NOT APPROVED (" + string(o.State) + "): do not buy by this sheet."
	case order.Cancelled, order.Exchanged:
		return "CLOSED (" + string(o.State) + "): do not buy by this sheet."
	}
	return "SENT ALREADY (" + string(o.State) + "): do not buy it again."
}

func yearsText(t pricing.Term) string {
	if t.Years() == 1 {
		return "1 year"
	}
	return fmt.Sprintf("%d years", t.Years())
}

func orNotNamed(text string) string {
	if text == "" {
		return "NOT NAMED YET"
	}
	return text
}

// WriteSteps writes for each order the numbered steps by which a person buys it in the portal.
func WriteSteps(w io.Writer, orders []order.Order, facts map[string]order.Facts) error {
	for i := range orders {
		s := sheetOf(&orders[i], facts[orders[i].Line.Customer])
		var text strings.Builder
		fmt.Fprintf(&text, "%s\n\n", s.Title)
		if s.Alarm != "" {
			fmt.Fprintf(&text, "  *** %s ***\n\n", s.Alarm)
		}
		for _, f := range s.Facts {
			fmt.Fprintf(&text, "  %-24s %s\n", f[0], f[1])
		}
		text.WriteString("\n")
		for n, step := range s.Steps {
			fmt.Fprintf(&text, "  %2d. %s\n", n+1, step.Do)
			if step.Why != "" {
				fmt.Fprintf(&text, "      %s\n", step.Why)
			}
		}
		text.WriteString("\n")
		if _, err := io.WriteString(w, text.String()); err != nil {
			return err
		}
	}
	return nil
}

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Orders to buy</title>
<style>body{font:11pt/1.4 "Segoe UI","Liberation Sans",Arial,sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color:#111;background:#fff}h1{font-size:1.5em;line-height:1.25}section+section{break-before:page}td{padding:.1em 1em .1em 0;vertical-align:top}h1,td+td,li{overflow-wrap:anywhere}li{margin:.4em 0}.alarm{border:2pt solid #a40000;color:#a40000;padding:.4em .8em;font-weight:bold}small{color:#555;display:block}</style></head><body><main>
{{range .}}<section><h1>{{.Title}}</h1>
{{if .Alarm}}<p class="alarm">{{.Alarm}}</p>{{end}}
<table>{{range .Facts}}<tr><td>{{index . 0}}</td><td>{{index . 1}}</td></tr>{{end}}</table>
<ol>{{range .Steps}}<li>{{.Do}}{{if .Why}}<small>{{.Why}}</small>{{end}}</li>{{end}}</ol></section>
{{end}}</main></body></html>
`))

// WritePage writes the steps as a page to be printed, an order a sheet.
func WritePage(w io.Writer, orders []order.Order, facts map[string]order.Facts) error {
	var sheets []sheet
	for i := range orders {
		sheets = append(sheets, sheetOf(&orders[i], facts[orders[i].Line.Customer]))
	}
	return page.Execute(w, sheets)
}
