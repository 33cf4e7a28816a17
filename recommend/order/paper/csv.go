// Package paper is what people read of orders and send back: a CSV that is reviewed in a spreadsheet, and the steps by
// which a person buys in the portal.
//
// What comes back is judged field by field. Quantity, payments, subscription and partner may be changed; whom the order is
// for, what it is about and what it costs may not: a price comes from the book or from the vendor, never from a cell.
package paper

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"sizeterm/recommend/order"
)

// columns of the CSV, in order.
var columns = []string{
	"order", "state", "customer", "subscription", "scope", "region", "size", "term", "quantity", "flexibility", "billing_plan",
	"unit_price", "total_price", "currency", "saving_month", "partner_on_record", "requester", "approver",
}

// row is one order as the CSV writes it.
func row(o *order.Order) []string {
	l := &o.Line
	flexibility, approver := "on", ""
	if !l.Flexible {
		flexibility = "capacity_priority"
	}
	if o.Approval != nil {
		approver = o.Approval.By
	}
	return []string{
		o.ID, string(o.State), l.Customer, l.Subscription, l.Scope, string(l.Region), string(l.Size), l.Term.String(), strconv.FormatInt(l.Quantity, 10), flexibility, l.BillingPlan,
		l.UnitPrice.Decimal(), l.TotalPrice.Decimal(), string(l.UnitPrice.Currency), l.SavingMonth.Decimal(), l.PartnerOnRecord, o.Requester, approver,
	}
}

// WriteCSV writes orders, one a row, for review in a spreadsheet. A text that a spreadsheet would take for a formula gets
// a leading quote.
func WriteCSV(w io.Writer, orders []order.Order) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for i := range orders {
		cells := row(&orders[i])
		for c := range cells {
			cells[c] = safe(cells[c])
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// safe keeps a spreadsheet from running a text. Negative numbers stay numbers.
func safe(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return text
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text
	}
	return "'" + text
}

// editable are the columns in which a reviewed CSV may differ, and loose those that nobody reads back.
var (
	editable = []string{"subscription", "quantity", "flexibility", "billing_plan", "partner_on_record"}
	loose    = []string{"state", "total_price", "saving_month", "requester", "approver"}
)

// ReadCSV reads a reviewed CSV, or a workbook that WriteXLSX wrote, against the orders as they stand and returns the lines that were changed, by order. Every
// row that is not acceptable is a *order.Refusal in the joined error, and then nothing is to be changed. Rows that are
// left out stay as they are. Where customer is not empty, a row of another customer is refused.
func ReadCSV(r io.Reader, orders []order.Order, customer string) (map[string]order.Line, error) {
	in, err := spreadsheet(r)
	if err != nil {
		return nil, err
	}
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("no header: %w", err)
	}
	for i, name := range head {
		if !slices.Contains(columns, name) || slices.Contains(head[:i], name) {
			return nil, fmt.Errorf("column %q: not one of an order CSV, or twice", name)
		}
	}
	for _, name := range columns {
		if !slices.Contains(head, name) && !slices.Contains(loose, name) {
			return nil, fmt.Errorf("column %q is missing", name)
		}
	}
	changed := map[string]order.Line{}
	comma := in.Comma == ';' || in.Comma == '\t' // saved where the decimal mark is a comma, or may be
	seen := map[string]bool{}
	var refusals []error
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return changed, errors.Join(refusals...)
		}
		if err != nil {
			return nil, err
		}
		record := map[string]string{}
		for i, name := range head {
			record[name] = strings.TrimSpace(strings.TrimPrefix(cells[i], "'"))
			if slices.Contains(amounts, name) {
				record[name] = plainAmount(record[name], comma)
			}
		}
		if emptyRow(cells) {
			continue // spreadsheets leave some at the end
		}
		id := record["order"]
		at := slices.IndexFunc(orders, func(o order.Order) bool { return o.ID == id })
		var refusal *order.Refusal
		switch {
		case at < 0:
			refusal = &order.Refusal{Order: id, Code: "unknown_order", Detail: "there is no such order", WayOut: "take the row out of the file"}
		case customer != "" && !strings.EqualFold(orders[at].Line.Customer, customer):
			refusal = &order.Refusal{Order: id, Code: "other_customer", Detail: fmt.Sprintf("it belongs to customer %s, the file is for %s", orders[at].Line.Customer, customer), WayOut: "take the file of the right customer"}
		case seen[id]:
			refusal = &order.Refusal{Order: id, Code: "twice", Detail: "the file has it twice", WayOut: "take one row out of the file"}
		default:
			var line order.Line
			if line, refusal = revise(&orders[at], record); refusal == nil && line.Hash() != orders[at].Line.Hash() {
				changed[id] = line
			}
		}
		seen[id] = true
		if refusal != nil {
			refusals = append(refusals, refusal)
		}
	}
}

// revise takes what may be changed of a row, and refuses what may not.
func revise(o *order.Order, record map[string]string) (order.Line, *order.Refusal) {
	old := row(o)
	for i, name := range columns {
		if value, ok := record[name]; ok && !sameCell(name, value, old[i]) && !slices.Contains(editable, name) && !slices.Contains(loose, name) {
			return o.Line, &order.Refusal{Order: o.ID, Code: "edited_" + name, Detail: fmt.Sprintf("%s: %q was %q", name, value, old[i]), WayOut: wayOut(name)}
		}
	}
	bad := func(name string, err error) (order.Line, *order.Refusal) {
		return o.Line, &order.Refusal{Order: o.ID, Code: "bad_" + name, Detail: fmt.Sprintf("%s: %q: %v", name, record[name], err), WayOut: "correct the cell"}
	}
	line := o.Line
	line.Subscription, line.BillingPlan, line.PartnerOnRecord = strings.ToLower(record["subscription"]), record["billing_plan"], record["partner_on_record"]
	switch record["flexibility"] {
	case "on":
		line.Flexible = true
	case "capacity_priority":
		line.Flexible = false
	default:
		return bad("flexibility", errors.New("not on or capacity_priority"))
	}
	var err error
	if line.Quantity, err = strconv.ParseInt(record["quantity"], 10, 64); err != nil {
		return bad("quantity", errors.New("not a whole number"))
	}
	if line.TotalPrice, err = line.UnitPrice.Mul(line.Quantity); err != nil {
		return bad("quantity", err)
	}
	if err := line.Check(); err != nil {
		return bad("quantity", err)
	}
	// A total that somebody typed must be the old one, which the spreadsheet left alone, or the new one.
	if total, ok := record["total_price"]; ok && !sameCell("total_price", total, o.Line.TotalPrice.Decimal()) && !sameCell("total_price", total, line.TotalPrice.Decimal()) {
		return o.Line, &order.Refusal{Order: o.ID, Code: "edited_total_price", Detail: fmt.Sprintf("total_price: %q: %d x %s is %s", total, line.Quantity, line.UnitPrice, line.TotalPrice), WayOut: wayOut("total_price")}
	}
	return line, nil
}

func wayOut(name string) string {
	switch name {
	case "unit_price", "total_price":
		return "prices come from the plan or from the vendor's quote: put the cell back"
	case "currency":
		return "an order keeps the currency in which it was drafted: make another plan"
	case "customer":
		return "this file belongs to another customer's orders"
	}
	return "put the cell back, or make another plan and draft from it"
}
