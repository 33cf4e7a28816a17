package ingest

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
)

// The slots of reservation lists, in the order of reservationFields.
const (
	rID = iota
	rOrder
	rCustomer
	rScope
	rRegion
	rSize
	rQuantity
	rTerm
	rStart
	rEnd
	rRenew
	rFlexibility
	rAgreement
	rState
	rType
	rScopeSubscription
	rScopeGroup
	rSubscription
	rScopeType
)

var reservationFields = []string{"id", "order", "customer", "scope", "region", "size", "quantity", "term", "start", "end", "renew", "flexibility", "agreement",
	"state", "resourcetype", "scopesubscription", "scopegroup", "subscription", "scopetype"}

// reservationMapper turns rows of a reservation list into commitments. It belongs to one goroutine.
type reservationMapper struct {
	base
	customer string // of files that name none, "" where nobody said it
	clock    dialect.Clock
	mark     byte
	found    []usage.Holding
}

// take maps one row.
func (m *reservationMapper) take(r *row) {
	m.tally.rows++
	c := usage.Commitment{File: m.file, Line: r.line}
	if reason := m.apart(r); reason != "" {
		if id := r.text(rID); reason == "not_in_force" && !absent(id) { // another list may still have it
			m.found = append(m.found, usage.Holding{Ended: true, Commitment: usage.Commitment{ID: benefitID(id), Order: m.order(r), File: m.file, Line: r.line}})
		}
		m.tally.setApart(reason)
		return
	}
	if !m.what(r, &c) || !m.when(r, &c) {
		return
	}
	c.Order = m.order(r)
	if cell := r.text(rCustomer); !absent(cell) {
		c.Customer = lower(cell)
	} else {
		c.Customer = m.customer
	}
	if cell := r.text(rSubscription); !absent(cell) {
		c.Subscription = subscriptionOf(cell)
	}
	c.Scope = m.scope(r)
	c.AutoRenew, _ = dialect.Truth(r.text(rRenew))
	flexibility := dialect.Fold(string(r.text(rFlexibility)))
	c.ExactSize = denied(r.text(rFlexibility)) || flexibility == "capacitypriority" || flexibility == "none"
	c.Agreement = agreementOf(string(r.text(rAgreement)))
	m.found = append(m.found, usage.Holding{Commitment: c})
	m.tally.accepted++
	if c.Customer != "" {
		name(&m.tally.customers, c.Customer)
	}
	from := c.Start
	if from.IsZero() {
		from = c.End
	}
	m.tally.period(from.Unix(), c.End.Unix())
}

// order returns the order of a row: that of its column, or the one in the path of the reservation's id.
func (m *reservationMapper) order(r *row) string {
	if cell := r.text(rOrder); !absent(cell) {
		return benefitID(cell)
	}
	return orderInPath(r.text(rID))
}

// apart returns why a row is no reservation of machines that is in force, "" where it is one.
func (m *reservationMapper) apart(r *row) string {
	switch dialect.Fold(string(r.text(rState))) {
	case "cancelled", "canceled", "expired", "failed", "merged", "split", "billingfailed", "nobenefit":
		return "not_in_force"
	}
	if kind := dialect.Fold(string(r.text(rType))); kind != "" && kind != "vm" && kind != "reservation" && !strings.HasPrefix(kind, "virtualmachine") && !strings.HasPrefix(kind, "reservedvm") && !strings.HasPrefix(kind, "microsoft.capacity") && kind != dialect.Fold(m.header(rType)) {
		return "not_a_virtual_machine"
	}
	return ""
}

// scope reads the scope, which the portal and the Capacity API tell in several columns: "Single" and beside it the subscription,
// or the whole path of a resource group. Several subscriptions are as good as shared.
func (m *reservationMapper) scope(r *row) string {
	cell := strings.Trim(string(r.text(rScope)), `[]"`)
	subscription, group := r.text(rScopeSubscription), r.text(rScopeGroup)
	kind := dialect.Fold(cell)
	if kind == "" || kind == "null" {
		kind = dialect.Fold(string(r.text(rScopeType)))
	}
	path := strings.Contains(string(bytes.ToLower(group)), "/resourcegroups/")
	switch {
	case strings.ContainsAny(cell, ",;"):
		return "shared"
	case kind != "" && kind != "single" && kind != "singlesubscription" && kind != "singleresourcegroup" && kind != "resourcegroup", absent(subscription) && !path:
		return scopeOf(cell)
	case path:
		return scopeOf(string(group))
	}
	scope := "/subscriptions/" + strings.TrimRight(subscriptionOf(subscription), "/")
	if !absent(group) {
		scope += "/resourcegroups/" + lower(group)
	}
	return scope
}

// skuName returns the name of a size, which the Capacity API tells as {"name":"Standard_D2s_v5"}.
func skuName(cell []byte) string {
	var sku struct{ Name string }
	if len(cell) > 0 && cell[0] == '{' && json.Unmarshal(cell, &sku) == nil {
		return sku.Name
	}
	return string(cell)
}

// what reads which machines are reserved.
func (m *reservationMapper) what(r *row, c *usage.Commitment) bool {
	id := r.text(rID)
	if absent(id) {
		return m.reject(r, rID, errBlank)
	}
	c.ID = benefitID(id)
	size, ok := catalog.SizeOf(skuName(r.text(rSize)))
	if !ok {
		if dialect.Fold(string(r.text(rSize))) == dialect.Fold(m.header(rSize)) {
			m.tally.setApart("header_repeated")
			return false
		}
		return m.reject(r, rSize, errNoSize)
	}
	region, ok := catalog.RegionOf(string(r.text(rRegion)))
	if !ok {
		return m.reject(r, rRegion, errNoRegion)
	}
	c.Size, c.Region = string(size), string(region)
	d, err := dialect.ParseDecimal(r.text(rQuantity), m.mark)
	if err != nil {
		return m.reject(r, rQuantity, err)
	}
	quantity, exact, err := d.Units(0)
	if err != nil || !exact || quantity < 1 {
		return m.reject(r, rQuantity, orErr(err, dialect.ErrRange))
	}
	c.Quantity = quantity
	return true
}

// when reads term, start and end.
func (m *reservationMapper) when(r *row, c *usage.Commitment) bool {
	if cell := r.text(rTerm); !absent(cell) {
		c.TermMonths = termMonths(string(cell))
		if c.TermMonths == 0 {
			return m.reject(r, rTerm, errTerm)
		}
	}
	if cell := r.text(rStart); !absent(cell) {
		second, err := m.instant(m.clock, cell)
		if err != nil {
			return m.reject(r, rStart, err)
		}
		c.Start = time.Unix(second, 0).UTC()
	}
	cell := r.text(rEnd)
	if absent(cell) {
		return m.reject(r, rEnd, errBlank)
	}
	second, err := m.instant(m.clock, cell)
	if err != nil {
		return m.reject(r, rEnd, err)
	}
	c.End = time.Unix(second, 0).UTC()
	if !c.Start.IsZero() && !c.Start.Before(c.End) {
		return m.reject(r, rEnd, dialect.ErrTime)
	}
	return true
}

// termMonths reads "P1M", "P1Y", "36", "3 Years", "1 year"; 0 is none.
func termMonths(text string) int {
	switch dialect.Fold(text) {
	case "p1m", "1month", "1months", "onemonth":
		return 1
	case "p1y", "12", "1year", "1years", "1y", "oneyear", "p12m", "12months":
		return 12
	case "p3y", "36", "3years", "3year", "3y", "threeyears", "p36m", "36months":
		return 36
	case "p5y", "60", "5years", "5year", "5y", "fiveyears":
		return 60
	}
	return 0
}

// scopeOf returns a scope in the words of usage.Commitment.
func scopeOf(text string) string {
	s := strings.TrimRight(strings.ToLower(strings.TrimSpace(text)), "/")
	switch {
	case s == "", s == "shared", s == "single" || s == "null":
		return "shared"
	case strings.HasPrefix(s, "subscriptions/"):
		return "/" + s
	case len(s) == 36 && strings.Count(s, "-") == 4:
		return "/subscriptions/" + s
	}
	return s
}

// agreementOf returns "csp", "ea", "mca" or "".
func agreementOf(text string) string {
	switch dialect.Fold(text) {
	case "csp", "mpa", "azureplan", "partner", "microsoftpartneragreement":
		return "csp"
	case "ea", "enterprise", "enterpriseagreement":
		return "ea"
	case "mca", "microsoftcustomeragreement":
		return "mca"
	}
	return ""
}

func (m *reservationMapper) rows() rowset { return rowset{} }
