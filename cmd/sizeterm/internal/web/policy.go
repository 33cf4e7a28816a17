package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"sizeterm/analyzer"
	"sizeterm/recommend"
)

// Rule is one rule of a customer's plans.
type Rule struct {
	Key, Value, Default string
	Source              string // which policy says so; "default" where none does
	Effect              string // what it does, in words
	Own                 bool   // it was set for this customer here
	Tries               bool   // there are values at which the plan can be looked at
}

// RuleChange is a change of a customer's rules.
type RuleChange struct {
	At         time.Time
	By, Detail string
}

// Ruling are the rules that hold for a customer.
type Ruling struct {
	Rules   []Rule
	Own     string // what was set for this customer, as a policy file; "" where nothing was
	Mark    string // of Own: who changes it has seen it
	Changes []RuleChange
}

// RuleSet sets a rule of a customer, or takes it back where Value is empty.
type RuleSet struct {
	By, Customer, Key, Value, Mark string
}

// RuleTry is a policy in which one rule has another value.
type RuleTry struct {
	Value  string
	Policy recommend.Policy
	Now    bool // it is the one that holds
}

// Rules keeps what customers' plans are decided by.
type Rules interface {
	// Rules returns the rules of a customer; ErrNone where there is no such customer.
	Rules(ctx context.Context, tenant, customer string) (Ruling, error)
	// SetRule changes one rule and asks for the plan. ErrRulesMoved says that the rules are not those that were seen, a *RuleError
	// what is wrong with the value.
	SetRule(ctx context.Context, tenant string, s RuleSet) error
	// Alternatives are policies with other values of a rule, and with the value more where it is not empty.
	Alternatives(policy recommend.Policy, key, more string) ([]RuleTry, error)
}

// ErrRulesMoved says that somebody else changed the rules meanwhile.
var ErrRulesMoved = errors.New("the rules have changed meanwhile")

// RuleError says why a rule cannot have a value.
type RuleError struct{ Text string }

// Error implements error.
func (e *RuleError) Error() string { return e.Text }

// policyPage is the rules of a customer, and what the plan would be under others.
type policyPage struct {
	*customerView
	View    *planView
	Ruling  Ruling
	Sizes   []Rule // those of sizes, which have a table of their own
	Key     string // the rule that is looked at, "" for none
	More    string
	Effects effects
	May     bool // the reader may change rules
	People  map[string]string
}

// ruleTable is a part of the rules, for the template that shows it.
type ruleTable struct {
	Page  policyPage
	Rules []Rule
}

func (s *Server) policy(w http.ResponseWriter, r *http.Request) error {
	if s.Rules == nil {
		return errMissing
	}
	view, c, err := s.customerOf(r)
	if err != nil {
		return err
	}
	who := principalOf(r.Context())
	page := policyPage{customerView: c, View: view, Key: r.URL.Query().Get("key"), More: strings.TrimSpace(r.URL.Query().Get("value")), May: who.Role >= Approver, People: s.peopleNames(r.Context())}
	if page.Ruling, err = s.Rules.Rules(r.Context(), who.Tenant, c.ID); err != nil {
		return err
	}
	if page.Key != "" {
		if !slices.ContainsFunc(page.Ruling.Rules, func(one Rule) bool { return one.Key == page.Key }) || len(page.More) > maxRule {
			return ErrNone
		}
		tries, err := s.Rules.Alternatives(c.Whole.Input.Policy, page.Key, page.More)
		if err != nil {
			return ruleProblem(err)
		}
		page.Effects = s.tables.of(c, page.Key+"\x00"+page.More, tries)
	}
	page.Ruling.Rules, page.Sizes = parted(page.Ruling.Rules)
	s.render(w, r, http.StatusOK, "policy", "Rules of "+c.Name, page)
	return nil
}

// parted are the rules of reservations and those of sizes.
func parted(all []Rule) (reservations, sizes []Rule) {
	for _, one := range all {
		if strings.Contains(one.Key, ".") {
			sizes = append(sizes, one)
		} else {
			reservations = append(reservations, one)
		}
	}
	return reservations, sizes
}

// maxRule is the length of the longest value of a rule, in bytes.
const maxRule = 2000

func ruleProblem(err error) error {
	var wrong *RuleError
	switch {
	case errors.As(err, &wrong):
		return problem(http.StatusBadRequest, "rule", "The rule cannot have this value", wrong.Text)
	case errors.Is(err, ErrRulesMoved):
		return problem(http.StatusConflict, "rules-moved", "The rules have changed meanwhile", "Look at them and change them again.")
	}
	return err
}

// setPolicy changes one rule of a customer. The plan is made anew under it.
func (s *Server) setPolicy(w http.ResponseWriter, r *http.Request) error {
	if s.Rules == nil {
		return errMissing
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	_, c, err := s.customerOf(r)
	if err != nil {
		return err
	}
	who := principalOf(r.Context())
	set := RuleSet{By: who.ID, Customer: c.ID, Key: r.PostForm.Get("key"), Value: strings.TrimSpace(r.PostForm.Get("value")), Mark: r.PostForm.Get("mark")}
	if r.PostForm.Get("do") == "back" {
		set.Value = ""
	} else if set.Value == "" || len(set.Value) > maxRule {
		return problem(http.StatusBadRequest, "rule", "Give a value", "")
	}
	if err := s.Rules.SetRule(r.Context(), who.Tenant, set); err != nil {
		return ruleProblem(err)
	}
	http.Redirect(w, r, "/customers/"+c.Slug+"/policy", http.StatusSeeOther)
	return nil
}

// within is what a plan is made of, for one customer.
func within(in recommend.Input, customer string) recommend.Input {
	analysis := *in.Analysis
	analysis.Pools = slices.DeleteFunc(slices.Clone(analysis.Pools), func(a analyzer.Pool) bool { return a.Customer != customer })
	analysis.VMs = slices.DeleteFunc(slices.Clone(analysis.VMs), func(vm analyzer.VM) bool { return vm.Customer != customer })
	analysis.Profiles = slices.DeleteFunc(slices.Clone(analysis.Profiles), func(f analyzer.Profile) bool { return f.Customer != customer })
	in.Analysis = &analysis
	return in
}
