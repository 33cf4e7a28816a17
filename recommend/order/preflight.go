package order

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing/catalog"
)

// Verdict is the outcome of a Check: "ok", "warn", "ask" or "stop".
type Verdict string

// The verdicts.
const (
	fine Verdict = "ok"
	warn Verdict = "warn" // only says something
	ask  Verdict = "ask"  // for the person who buys to answer
	stop Verdict = "stop" // cannot be overruled
)

// Stops reports whether the verdict forbids the purchase.
func (v Verdict) Stops() bool { return v == stop }

// Asks reports whether the person who buys has to answer for it.
func (v Verdict) Asks() bool { return v == ask }

// Check is one question before a purchase, with its verdict and the way out.
type Check struct {
	Code    string  `json:"code"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`
	WayOut  string  `json:"way_out,omitempty"`
}

// flight is what the checks look at.
type flight struct {
	o      *Order
	facts  *Facts
	sub    *SubscriptionFacts
	all    []Order
	now    time.Time
	policy *Policy
}

// Preflight judges an order as if it were bought now: facts may be nil, all are the orders of the desk. The checks come in
// a fixed order, each code once.
func (d *Desk) Preflight(o *Order, facts *Facts, all []Order) []Check {
	f := &flight{o: o, facts: facts, all: all, now: d.Now(), policy: &d.Policy}
	if f.facts == nil {
		f.facts = &Facts{}
	}
	f.sub = f.facts.subscription(o.Line.Subscription)
	if f.sub == nil {
		f.sub = &SubscriptionFacts{}
	}
	return []Check{
		f.named(), f.tenant(), f.active(), f.registered(), f.agreement(), f.scope(), f.market(), f.eligible(),
		f.role(), f.access(), f.partner(), f.reseller(), f.quota(), f.openOrder(), f.waiting(), f.resizes(), f.priceAge(),
	}
}

func (f *flight) named() Check {
	if !guid.MatchString(f.o.Line.Subscription) {
		return Check{"subscription_named", stop, "no Azure subscription is named that carries the purchase",
			"name it on the page of the order, write its id into its CSV, or draft with --subscription"}
	}
	return Check{"subscription_named", fine, f.o.Line.Subscription, ""}
}

func (f *flight) tenant() Check {
	const code = "subscription_tenant"
	switch {
	case f.sub.Tenant == "":
		return Check{code, ask, "not known to which tenant the subscription belongs", "give tenant of the subscription in the facts file"}
	case f.sub.Tenant != f.o.Line.Customer:
		return Check{code, stop, fmt.Sprintf("the subscription belongs to tenant %s, the order is for %s", f.sub.Tenant, f.o.Line.Customer), "name a subscription of the customer"}
	}
	return Check{code, fine, "the subscription is the customer's", ""}
}

func (f *flight) active() Check {
	const code = "subscription_active"
	switch strings.ToLower(f.sub.State) {
	case "":
		return Check{code, ask, "not known whether the subscription is active", "look in Partner Center, give state in the facts file"}
	case "active":
		return Check{code, fine, "active", ""}
	}
	return Check{code, stop, fmt.Sprintf("the subscription is %q", f.sub.State), "have it activated, or name another"}
}

func (f *flight) registered() Check {
	const code = "subscription_registered"
	switch {
	case f.sub.Registered == nil:
		return Check{code, ask, "not known whether the subscription is registered for reservations", "order export --format partner-center shows the call; give registered in the facts file"}
	case !*f.sub.Registered:
		return Check{code, stop, "the subscription is not registered for reservations", "register it: POST …/registrations, or Partner Center > customer > subscription"}
	}
	return Check{code, fine, "registered", ""}
}

func (f *flight) agreement() Check {
	const code = "agreement"
	switch f.facts.Agreement {
	case "":
		return Check{code, ask, "not known whether the customer buys under the Azure plan or the legacy agreement", "a customer with the Microsoft Customer Agreement must buy under the Azure plan; give agreement in the facts file"}
	case "legacy":
		return Check{code, warn, "legacy agreement: another catalogue, in local currency", "check that the price is from the legacy price list"}
	}
	return Check{code, fine, "Azure plan", ""}
}

func (f *flight) scope() Check {
	if f.facts.Agreement != "legacy" && f.o.Line.Scope != "shared" {
		return Check{"scope", warn, "under the Azure plan the scope is shared at purchase", "after the purchase change it to " + f.o.Line.Scope + ": a second step, listed in the export"}
	}
	return Check{"scope", fine, f.o.Line.Scope, ""}
}

func (f *flight) market() Check {
	const code = "market"
	if f.facts.Country == "" {
		return Check{code, ask, "the customer's country is not known", "give country in the facts file; the vendor's product list for it decides"}
	}
	switch v := catalog.MarketSells(f.facts.Country); {
	case !v.OK:
		return Check{code, stop, v.Detail, "none: reservations are not sold there"}
	case v.Reason != "":
		return Check{code, ask, v.Detail, "look at the product list of the country"}
	}
	return Check{code, fine, f.facts.Country, ""}
}

func (f *flight) eligible() Check {
	years := f.o.Line.Term.Years()
	if v := catalog.Eligible(f.o.Line.Size, years, f.now); !v.OK {
		return Check{"eligibility", stop, v.Detail, "make the plan again as of today"}
	}
	return Check{"eligibility", fine, fmt.Sprintf("sold for %d years on %s", years, f.now.Format(time.DateOnly)), ""}
}

func (f *flight) role() Check {
	switch f.facts.Role {
	case "":
		return Check{"agent_role", ask, "not known which role the buyer has", "admin agents and sales agents may buy; give role in the facts file"}
	case "admin-agent", "sales-agent":
		return Check{"agent_role", fine, f.facts.Role, ""}
	}
	return Check{"agent_role", stop, fmt.Sprintf("a %q cannot buy", f.facts.Role), "an admin agent or sales agent buys"}
}

func (f *flight) access() Check {
	const way = "grant agents a role on the subscription before it is needed; Azure Lighthouse does not work on reservations"
	switch {
	case f.facts.Access == nil:
		return Check{"agent_access", warn, "not known whether sales and helpdesk agents may manage, exchange or refund", way}
	case !*f.facts.Access:
		return Check{"agent_access", warn, "sales and helpdesk agents will not be able to manage, exchange or refund", way}
	}
	return Check{"agent_access", fine, "explicit access", ""}
}

func (f *flight) partner() Check {
	const code = "partner_on_record"
	line, sub := f.o.Line.PartnerOnRecord, f.sub.PartnerOnRecord
	switch {
	case sub != "" && line != "" && sub != line:
		return Check{code, stop, fmt.Sprintf("the order says partner %s, the subscription has %s and hands it down", line, sub), "change the subscription's partner first, or correct the order"}
	case line == "" && sub == "":
		return Check{code, ask, "the Partner on Record is inherited from the subscription and can never be changed", "look at the subscription; cancelling and buying anew is the only way back"}
	}
	return Check{code, fine, line + strings.TrimPrefix(sub, line) + ", for good", ""}
}

func (f *flight) reseller() Check {
	if f.facts.Indirect && f.facts.Reseller == "" {
		return Check{"reseller", stop, "an indirect provider names the reseller on the order", "give reseller in the facts file"}
	}
	return Check{"reseller", fine, "", ""}
}

func (f *flight) quota() Check {
	const code = "quota"
	if f.o.Line.Scope == "shared" {
		return Check{code, fine, "shared scope needs none", ""}
	}
	shape, ok := f.o.Line.Size.Shape()
	if f.sub.QuotaFree == nil || !ok {
		return Check{code, warn, "single scope: the vCPU quota of the family is not known", "look at the quota of " + f.o.Line.Size.Family()}
	}
	if need := int64(shape.VCPUs) * f.o.Line.Quantity; need > int64(*f.sub.QuotaFree) {
		return Check{code, warn, fmt.Sprintf("single scope: %d vCPUs are reserved, %d are free in the quota", need, *f.sub.QuotaFree), "raise the quota first where these machines are not running yet"}
	}
	return Check{code, fine, "quota is enough", ""}
}

// rival reports whether x is another plan's order for machines that o's line could serve.
func (f *flight) rival(x *Order) bool {
	if x.ID == f.o.ID || x.Plan == f.o.Plan || x.Line.Customer != f.o.Line.Customer || x.Line.Region != f.o.Line.Region {
		return false
	}
	mine, flexible := f.o.Line.Size.Group()
	other, alsoFlexible := x.Line.Size.Group()
	return x.Line.Size == f.o.Line.Size || flexible && alsoFlexible && mine.Name == other.Name
}

func (f *flight) openOrder() Check {
	for i := range f.all {
		x := &f.all[i]
		if f.rival(x) && slices.Contains([]State{Requested, Approved, Sending, Unknown}, x.State) {
			return Check{"open_order", stop, fmt.Sprintf("order %s of another plan is %s for the same machines", x.ID, x.State), "finish or cancel it first"}
		}
	}
	return Check{"open_order", fine, "none", ""}
}

func (f *flight) waiting() Check {
	for i := range f.all {
		x := &f.all[i]
		if !f.rival(x) || x.Attempt == nil || !slices.Contains([]State{Executed, Reconciled, Verified}, x.State) {
			continue
		}
		if until := x.Attempt.At.AddDate(0, 0, f.policy.WaitDays); f.now.Before(until) {
			return Check{"waiting_window", stop, fmt.Sprintf("order %s was bought for the same machines on %s: its effect is not in the usage yet", x.ID, x.Attempt.At.Format(time.DateOnly)),
				"make a new plan after " + until.Format(time.DateOnly)}
		}
	}
	return Check{"waiting_window", fine, "nothing bought lately", ""}
}

func (f *flight) resizes() Check {
	var left []string
	for i, id := range f.o.Line.Resizes {
		if slices.Contains(f.facts.ResizesDone, id) || slices.Contains(f.facts.ResizesDone, "all") {
			continue
		}
		if i < len(f.o.Line.Resized) {
			id = fmt.Sprintf("%s (%s)", f.o.Line.Resized[i], id)
		}
		left = append(left, id)
	}
	if len(left) > 0 {
		return Check{"resizes_first", ask, fmt.Sprintf("resizes of the same plan come first: %s", someOf(left)),
			"do them, then list their ids as resizes_done in the facts file"}
	}
	return Check{"resizes_first", fine, "none left", ""}
}

// someOf names the first few and counts the others.
func someOf(names []string) string {
	const shown = 3
	text := strings.Join(names[:min(shown, len(names))], ", ")
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func (f *flight) priceAge() Check {
	const way = "the purchase asks for a quote just before; a purchase by hand must compare the price shown"
	switch age := f.now.Sub(f.o.Line.PriceAsOf); {
	case f.o.Line.PriceAsOf.IsZero():
		return Check{"price_age", warn, "the plan does not say of which day the price is", way}
	case age > f.policy.PriceAge:
		return Check{"price_age", warn, fmt.Sprintf("the price is of %s", f.o.Line.PriceAsOf.Format(time.DateOnly)), way}
	}
	return Check{"price_age", fine, "current", ""}
}
