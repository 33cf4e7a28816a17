package ingest

import (
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

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
)

var reservationFields = []string{"id", "order", "customer", "scope", "region", "size", "quantity", "term", "start", "end", "renew", "flexibility", "agreement"}

// reservationMapper turns rows of a reservation list into commitments. It belongs to one goroutine.
type reservationMapper struct {
	base
	clock dialect.Clock
	mark  byte
	found []usage.Commitment
}

// take maps one row.
func (m *reservationMapper) take(r *row) {
	m.tally.rows++
	c := usage.Commitment{File: m.file, Line: r.line}
	if !m.what(r, &c) || !m.when(r, &c) {
		return
	}
	c.Order = lower(r.text(rOrder))
	c.Customer = lower(r.text(rCustomer))
	c.Scope = scopeOf(string(r.text(rScope)))
	c.AutoRenew = truth(r.text(rRenew))
	switch dialect.Fold(string(r.text(rFlexibility))) {
	case "off", "false", "no", "capacitypriority", "none", "0":
		c.ExactSize = true
	}
	c.Agreement = agreementOf(string(r.text(rAgreement)))
	m.found = append(m.found, c)
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

// what reads which machines are reserved.
func (m *reservationMapper) what(r *row, c *usage.Commitment) bool {
	id := r.text(rID)
	if absent(id) {
		return m.reject(r, rID, errBlank)
	}
	c.ID = benefitID(id)
	size, ok := catalog.SizeOf(string(r.text(rSize)))
	if !ok {
		if dialect.Fold(string(r.text(rSize))) == dialect.Fold(m.plan.names[m.plan.column[rSize]]) {
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
		second, err := m.clock.Parse(cell)
		if err != nil {
			return m.reject(r, rStart, err)
		}
		c.Start = time.Unix(second, 0).UTC()
	}
	cell := r.text(rEnd)
	if absent(cell) {
		return m.reject(r, rEnd, errBlank)
	}
	second, err := m.clock.Parse(cell)
	if err != nil {
		return m.reject(r, rEnd, err)
	}
	c.End = time.Unix(second, 0).UTC()
	if !c.Start.IsZero() && !c.Start.Before(c.End) {
		return m.reject(r, rEnd, dialect.ErrTime)
	}
	return true
}

// termMonths reads "P1Y", "36", "3 Years", "1 year"; 0 is none.
func termMonths(text string) int {
	switch dialect.Fold(text) {
	case "p1y", "12", "1year", "1years", "1y", "oneyear", "p12m", "12months":
		return 12
	case "p3y", "36", "3years", "3year", "3y", "threeyears", "p36m", "36months":
		return 36
	case "p5y", "60", "5years", "5year", "5y", "fiveyears":
		return 60
	}
	return 0
}

// truth reads a yes.
func truth(cell []byte) bool {
	switch strings.ToLower(string(cell)) {
	case "true", "yes", "1", "on", "y", "ja", "oui", "si":
		return true
	}
	return false
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

func (m *reservationMapper) flush() arrow.Record { return nil }

func (m *reservationMapper) len() int { return 0 }
