package report

import "sizeterm/recommend"

// laterView is what falls due after the day of the plan.
type laterView struct {
	ID          string  `json:"id"`
	Action      string  `json:"action"`
	Date        string  `json:"date"`
	Pool        string  `json:"pool"`
	Customer    string  `json:"customer"`
	Reservation *string `json:"reservation"`
	Region      string  `json:"region"`
	Size        string  `json:"size"`
	Term        *string `json:"term"`
	Quantity    int64   `json:"quantity"`
	Currency    string  `json:"currency"`
	UnitPrice   *string `json:"unit_price"`
	TotalPrice  *string `json:"total_price"`
	SavingMonth *string `json:"saving_month"`
	Reason      string  `json:"reason"`
}

func newLaterView(l *recommend.Later) laterView {
	v := laterView{
		ID: l.ID, Action: l.Action, Date: instant(l.Date), Pool: l.Pool, Customer: l.Customer, Reservation: optionalText(l.Reservation),
		Region: string(l.Region), Size: string(l.Size), Quantity: l.Quantity, Currency: string(l.Currency), Reason: l.Reason,
	}
	if l.Term.Years() > 0 {
		v.Term = optionalText(l.Term.String())
		v.UnitPrice, v.TotalPrice, v.SavingMonth = optionalText(exact(l.UnitPrice)), optionalText(exact(l.TotalPrice)), optionalText(exact(l.SavingMonth))
	}
	return v
}

// laterTitle heads what is planned for later days.
const laterTitle = "Later, not to buy now"

// laterColumns are the columns of what falls due later.
var laterColumns = []column{
	{Head: "On"}, {Head: "What"}, {Head: "Size", Min: 8}, {Head: "Region", Min: 8}, {Head: "Term"}, {Head: "Qty", Right: true}, {Head: "Total today", Right: true, Optional: 2},
	{Head: "Saves a month", Right: true}, {Head: "Why", Min: 16, Optional: 1},
}

// laterRow is one of them in words.
func laterRow(l *recommend.Later) []string {
	row := []string{day(l.Date), laterWords[l.Action], shortSize(l.Size), string(l.Region), "-", count(l.Quantity), "-", "-", clean(l.Reason)}
	if l.Term.Years() > 0 {
		row[4], row[6], row[7] = term(l.Term.Years()), figure(l.TotalPrice), figure(l.SavingMonth)
	}
	return row
}

var laterWords = map[string]string{"buy": "buy", "renew": "renew if still used", "expires": "owned one ends"}

// laterOf returns what falls due later for one customer in one currency.
func laterOf(p *recommend.Plan, total *recommend.Total) []recommend.Later {
	return keep(p.Later, func(l *recommend.Later) bool { return l.Customer == total.Customer && l.Currency == total.Currency })
}

// later prints what falls due later; the reasons stand below it, each once.
func (p *page) later(list []recommend.Later, limit int) {
	if len(list) == 0 {
		return
	}
	p.WriteString("\n" + p.styled(bold, laterTitle) + "\n")
	rows := rowsOf(list, laterRow)
	for i := range rows {
		rows[i] = rows[i][:len(laterColumns)-1]
	}
	more := max(0, len(rows)-limit)
	p.indented(grid(laterColumns[:len(laterColumns)-1], rows[:len(rows)-more], p.width))
	if more > 0 {
		p.paragraph(0, "… and "+count(int64(more))+" more; --verbose lists them")
	}
	said := map[string]bool{}
	for i := range list[:len(list)-more] {
		if l := &list[i]; l.Action == "buy" && !said[l.Reason] {
			said[l.Reason] = true
			p.hanging("- ", day(l.Date)+", "+shortSize(l.Size)+": "+l.Reason, noLimit)
		}
	}
}

// laterTab is a row for everything that falls due later.
func laterTab(s *story) tab {
	t := tab{name: "Later", columns: []tabColumn{{"Customer", 42}, {"On", 14}, {"What", 18}, {"Size", 22}, {"Region", 16}, {"Term", 14}, {"Quantity", 10}, {"Total today", 16}, {"Saves a month", 16}, {"Currency", 10}, {"Why", 80}}}
	for i := range s.Customers {
		for j := range s.Customers[i].Later {
			l := &s.Customers[i].Later[j]
			t.rows = append(t.rows, []any{s.Customers[i].Title, l.Date, laterWords[l.Action], string(l.Size), string(l.Region), term(l.Term.Years()), l.Quantity, l.TotalPrice, l.SavingMonth, string(l.Currency), l.Reason})
		}
	}
	return t
}
