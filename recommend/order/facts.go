package order

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// factsSchema is the form of files that ReadFacts reads.
const factsSchema = "sizeterm.facts/1"

// Facts are what the partner knows of one customer and no export says. Everything may be left out: what is not said is
// asked, never assumed.
type Facts struct {
	Customer string `json:"customer"` // tenant id
	Country  string `json:"country"`  // ISO 3166, two letters
	// Agreement is "azure-plan" (the customer signed the Microsoft Customer Agreement) or "legacy" (MS-AZR-0145P).
	Agreement     string              `json:"agreement"`
	Role          string              `json:"role"`   // of the person who buys: "admin-agent" or "sales-agent"
	Access        *bool               `json:"access"` // agents hold explicit roles on the subscription, to manage and exchange later
	Indirect      bool                `json:"indirect"`
	Reseller      string              `json:"reseller"` // partner id of the indirect reseller
	Subscriptions []SubscriptionFacts `json:"subscriptions"`
	ResizesDone   []string            `json:"resizes_done"` // ids of the plan's resizes, or "all"
}

// SubscriptionFacts are those of one subscription.
type SubscriptionFacts struct {
	ID              string `json:"id"`
	Tenant          string `json:"tenant"`
	State           string `json:"state"` // "active", "suspended", ...
	Registered      *bool  `json:"registered"`
	PartnerOnRecord string `json:"partner_on_record"`
	QuotaFree       *int   `json:"quota_free"` // vCPUs of the family left, for single scope
}

// ReadFacts reads `{"schema":"sizeterm.facts/1","customers":[…]}` and returns the facts by customer. Unknown fields and
// unknown words are refused: a misspelled fact must not pass for one that was not given.
func ReadFacts(r io.Reader) (map[string]Facts, error) {
	var file struct {
		Schema    string  `json:"schema"`
		Customers []Facts `json:"customers"`
	}
	decoder := json.NewDecoder(io.LimitReader(r, 16<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("not facts: %w", err)
	}
	if file.Schema != factsSchema {
		return nil, fmt.Errorf("schema: %q: not %s", file.Schema, factsSchema)
	}
	facts := map[string]Facts{}
	for _, f := range file.Customers {
		f.Customer = strings.ToLower(f.Customer)
		if _, twice := facts[f.Customer]; twice || f.Customer == "" {
			return nil, fmt.Errorf("customers: %q: named twice, or without a name", f.Customer)
		}
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("customer %s: %w", f.Customer, err)
		}
		facts[f.Customer] = f
	}
	return facts, nil
}

// FactsForm returns a facts file for the customer of an order, for a person to fill in: what is known stays, the subscription of the order
// is named, what is not known is empty or null. It is itself a facts file that says no more than known, which may be nil.
func FactsForm(o *Order, known *Facts) (string, error) {
	f := Facts{Subscriptions: []SubscriptionFacts{}, ResizesDone: []string{}}
	if known != nil {
		f = *known
		f.Subscriptions = slices.Clone(f.Subscriptions)
	}
	f.Customer = strings.ToLower(o.Line.Customer)
	if id := strings.ToLower(o.Line.Subscription); guid.MatchString(id) && f.subscription(id) == nil {
		f.Subscriptions = append(f.Subscriptions, SubscriptionFacts{ID: id})
	}
	text, err := json.MarshalIndent(struct {
		Schema    string  `json:"schema"`
		Customers []Facts `json:"customers"`
	}{factsSchema, []Facts{f}}, "", "  ")
	return string(text), err
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func (f *Facts) check() error {
	oneOf := func(field, value string, allowed ...string) error {
		for _, a := range append(allowed, "") {
			if value == a {
				return nil
			}
		}
		return fmt.Errorf("%s: %q: not one of %s", field, value, strings.Join(allowed, ", "))
	}
	errs := []error{oneOf("agreement", f.Agreement, "azure-plan", "legacy"), oneOf("role", f.Role, "admin-agent", "sales-agent", "helpdesk-agent", "none")}
	for i := range f.Subscriptions {
		s := &f.Subscriptions[i]
		s.ID, s.Tenant = strings.ToLower(s.ID), strings.ToLower(s.Tenant)
		if !guid.MatchString(s.ID) {
			errs = append(errs, fmt.Errorf("subscriptions: %q: not an Azure subscription id", s.ID))
		}
	}
	return errors.Join(errs...)
}

// subscription returns the facts of one subscription, nil where none are given.
func (f *Facts) subscription(id string) *SubscriptionFacts {
	for i := range f.Subscriptions {
		if f.Subscriptions[i].ID == id {
			return &f.Subscriptions[i]
		}
	}
	return nil
}
