package recommend

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Recommend makes the plan. It fails only where amounts do not fit or the input contradicts itself; whatever cannot be
// judged is said in the plan.
func Recommend(in Input) (*Plan, error) {
	if in.Analysis == nil || in.Book == nil {
		return nil, fmt.Errorf("recommend: an analysis and a price book are needed")
	}
	read := in
	in.Analysis = withoutPlanned(in.Analysis)
	plan := &Plan{
		AsOf: in.Analysis.AsOf, Files: in.Files, Prices: in.Book.Sources(), Window: in.Analysis.Window,
		Profiles: in.Analysis.Profiles, VMs: in.Analysis.VMs, Policy: in.Policy,
		Warnings: slices.Clone(in.Analysis.Warnings),
	}
	var err error
	if in, plan.Rescopes, err = widen(in); err != nil {
		return nil, fmt.Errorf("recommend: %w", err)
	}
	in = in.forCapacity(plan)
	all := &outcome{read: &read, warned: slices.Clone(plan.Warnings), refused: slices.Clone(plan.NotRecommended)}
	if in.ahead, err = newProspect(&in); err != nil {
		return nil, fmt.Errorf("recommend: %w", err)
	}
	var today []*decision
	for i := range in.Analysis.Pools {
		d, err := decide(&in.Analysis.Pools[i], &in)
		if err != nil {
			return nil, fmt.Errorf("recommend: %w", err)
		}
		today = append(today, d)
	}
	budgets, err := keepWithin(today, &in)
	if err != nil {
		return nil, fmt.Errorf("recommend: %w", err)
	}
	decisions, sizes, err := plan.rightsize(today, budgets, &in)
	if err != nil {
		return nil, fmt.Errorf("recommend: %w", err)
	}
	if decisions, err = sizes.divided(decisions, today, &in); err != nil {
		return nil, fmt.Errorf("recommend: scopes: %w", err)
	}
	for _, d := range decisions {
		if err := d.takeScope(&in); err != nil {
			return nil, fmt.Errorf("recommend: scope: pool %s in %s: %w", d.pool.Group, d.pool.Region, err)
		}
	}
	all.decisions, all.today, all.sizes, all.budgets = decisions, today, sizes, budgets
	if err := plan.fill(all, &in); err != nil {
		return nil, err
	}
	return plan, plan.sell(all, &in)
}

// outcome is all that was decided, and what was said before.
type outcome struct {
	read             *Input // as it was given
	decisions, today []*decision
	sizes            *sizing
	budgets          map[totalKey]*Budget
	warned           []analyzer.Warning
	refused          []NotRecommended
}

// fill writes what was decided into the plan, and asserts what must hold of it.
func (p *Plan) fill(o *outcome, in *Input) error {
	for _, d := range o.decisions {
		if err := p.take(d, in); err != nil {
			return fmt.Errorf("recommend: pool %s in %s: %w", d.pool.Group, d.pool.Region, err)
		}
	}
	o.sizes.orderOfWork(p)
	p.accountForMachines(in)
	p.warnAboutLists(in)
	p.warnAboutRefused(in)
	p.warnAboutPrices(in, o.decisions)
	if in.Policy.Objective == Partner {
		p.warn("partner_objective", "policy", fmt.Sprintf("every cost and saving is the partner's own: pay-as-you-go less %s earned credit; lines say what the customer saves", percent(in.Policy.PartnerCreditRate)))
	}
	if err := p.total(o.decisions, o.today, o.sizes, o.budgets, in); err != nil {
		return fmt.Errorf("recommend: %w", err)
	}
	if err := p.lookBack(o.read, in.scope); err != nil {
		return fmt.Errorf("recommend: lookback: %w", err)
	}
	p.showWays(o.decisions, in)
	p.sort()
	return p.check(o.decisions, in)
}

// take adds what was decided for a pool.
func (p *Plan) take(d *decision, in *Input) error {
	lines, err := d.linesOf(in)
	if err != nil {
		return err
	}
	if err := d.foretell(lines, in); err != nil {
		return err
	}
	found := len(lines)
	lines = p.worthwhile(d, lines, in)
	dropped := found > len(lines)
	p.Lines = append(p.Lines, lines...)
	p.Pools = append(p.Pools, d.result)
	p.NotRecommended = append(p.NotRecommended, d.refused...)
	p.Warnings = append(p.Warnings, d.pool.Warnings...)
	p.Warnings = append(p.Warnings, d.market.warnings...)
	if len(lines) == 0 && len(d.terms) > 0 && !dropped {
		reason, detail := d.whyNothing()
		p.refuse(d.pool.Customer, fmt.Sprintf("%s in %s", d.pool.Group, d.pool.Region), reason, detail)
	}
	if d.long != nil {
		later, err := d.due(len(lines) > 0)
		if err != nil {
			return err
		}
		p.Later = append(p.Later, later...)
	}
	refs, err := d.references(in)
	p.Reference = append(p.Reference, refs...)
	return err
}

// worthwhile drops all lines of a pool when together they save less than the policy asks for, or when buying is off.
func (p *Plan) worthwhile(d *decision, lines []Line, in *Input) []Line {
	if d.result.Chosen == Set {
		return lines
	}
	if d.sold != nil { // the partner's plan has settled it
		if d.dropped != "" {
			p.refuse(d.pool.Customer, fmt.Sprintf("%s in %s", d.pool.Group, d.pool.Region), d.dropped, soldWords[d.dropped])
			return nil
		}
		return lines
	}
	if reason, detail := d.unworthy(lines, in); reason != "" {
		d.dropped = reason
		p.refuse(d.pool.Customer, fmt.Sprintf("%s in %s", d.pool.Group, d.pool.Region), reason, detail)
		d.result.Chosen = PAYG
		return nil
	}
	return lines
}

// unworthy says why the lines of a pool are not worth an order, "" where they are or where there is none.
func (d *decision) unworthy(lines []Line, in *Input) (reason, detail string) {
	total := int64(0)
	for i := range lines {
		total += lines[i].SavingMonth.Micros
	}
	switch {
	case len(lines) > 0 && total < in.Policy.MinSavingMonth*1_000_000:
		return "saving_too_small", fmt.Sprintf("the saving of %s %s a month is below the policy's %d", money.New(total, d.currency).Round(), d.currency, in.Policy.MinSavingMonth)
	case losesAhead(lines):
		return "expected_loss", "what would pay when the window repeats is not expected to when the demand moves and ends as it did in the past"
	}
	return "", ""
}

// whyNothing says why nothing is bought for a pool whose terms could be bought.
func (d *decision) whyNothing() (reason, detail string) {
	if d.result.Chosen == Set {
		return "set_to_nothing", "the quantities were set to nothing"
	}
	if d.result.PayGCost.Micros == 0 && d.result.GrossCost.Micros > 0 {
		return "covered_by_existing", "existing reservations cover all of its usage until their expiry"
	}
	if d.result.Held != "" {
		return "held_back", d.result.Held
	}
	if at, ok := d.opening(); ok {
		return "buy_later", fmt.Sprintf("owned reservations serve it until %s; what is worth buying is planned for then", d.day(at).Format(time.DateOnly))
	}
	best := 0.0
	for _, m := range d.result.Marginal {
		if m.Next.Has {
			best = max(best, m.Next.Value)
		}
	}
	for _, row := range d.result.Compare {
		if row.Choice != PAYG && len(row.Buy) > 0 && row.SavingLow.Micros <= 0 {
			return "loses_at_worst", "a reservation pays only if the partial machines of a day do not all run in the same hours"
		}
	}
	return "not_used_enough", fmt.Sprintf("the first unit would be used %s of the hours, less than it must be to pay for itself", percent(best))
}

func (p *Plan) refuse(customer, subject, reason, detail string) {
	p.NotRecommended = append(p.NotRecommended, NotRecommended{Customer: customer, Subject: subject, Reason: reason, Detail: detail})
}

// accountForMachines names every machine whose hours no pool decides about.
func (p *Plan) accountForMachines(in *Input) {
	for i := range in.Analysis.VMs {
		vm := &in.Analysis.VMs[i]
		if vm.Spot {
			p.refuse(vm.Customer, vm.Name, "spot", fmt.Sprintf("%s in %s is a Spot machine: reservations do not cover it", vm.Size, vm.Region))
		}
		if vm.Classic() {
			p.refuse(vm.Customer, vm.Name, "classic", fmt.Sprintf("%s in %s is a classic deployment: no reservation is recommended for it", vm.Size, vm.Region))
		}
		if vm.State == analyzer.StateSizeUnknown {
			p.refuse(vm.Customer, vm.Name, "size_unknown", fmt.Sprintf("the catalog does not know the size %q", vm.Size))
		}
	}
	for i := range in.Analysis.Pools {
		pool := &in.Analysis.Pools[i]
		for _, young := range pool.Young {
			p.refuse(pool.Customer, lastPart(young.Resource), "too_young", fmt.Sprintf("%s in %s runs only since %s; a commitment counts on machines of at least %d days", young.Size, pool.Region, young.Since.Format(time.DateOnly), int(in.Policy.MinAge/(24*time.Hour))))
		}
	}
}

// warnAboutLists says what the reservation list does not tell.
func (p *Plan) warnAboutLists(in *Input) {
	if !in.HasList && len(in.Analysis.Inferred) > 0 {
		p.warn("reservations_inferred", "reservations", fmt.Sprintf("%d reservations are seen in the rows, but no reservation list was given: their quantities and expiry are unknown, and nothing is bought for the usage that they cover; give the list", len(in.Analysis.Inferred)))
	}
	for _, e := range in.Existing {
		switch {
		case e.Agreement == "ea":
			p.warn("ea_reservation", e.ID, "bought under an enterprise agreement: it does not follow a subscription to CSP and is not counted; where the subscription has moved, have it cancelled or exchanged under that agreement and buy anew")
		case !e.Until.After(in.Analysis.AsOf):
			p.warn("reservation_expired", e.ID, "ended on "+e.Until.Format(time.DateOnly)+" and is not counted")
		case e.AutoRenew:
			p.warn("auto_renew", e.ID, "renews itself on "+e.Until.Format(time.DateOnly)+" and is counted beyond it; switch renewal off if that is not wanted")
		case e.Until.Before(in.Analysis.AsOf.AddDate(1, 0, 0)) && servesAny(e, in):
			p.warn("reservation_expires", e.ID, fmt.Sprintf("%d x %s in %s end on %s and are counted until then", e.Quantity, e.Size, e.Region, e.Until.Format(time.DateOnly)))
		}
	}
	p.warnAboutIdle(in)
}

// warnAboutIdle names existing reservations that serve no pool.
func (p *Plan) warnAboutIdle(in *Input) {
	for _, e := range in.Existing {
		if !servesAny(e, in) && e.Agreement != "ea" && e.Until.After(in.Analysis.AsOf) {
			p.warn("reservation_idle", e.ID, fmt.Sprintf("%d x %s in %s until %s find no usage of their group: change their scope or exchange them before buying more", e.Quantity, e.Size, e.Region, e.Until.Format(time.DateOnly)))
		}
	}
}

// servesAny reports whether reservation e can cover usage of any pool.
func servesAny(e Existing, in *Input) bool {
	pools := in.Analysis.Pools
	if in.undivided != nil {
		pools = in.undivided
	}
	for i := range pools {
		if serves(e, &pools[i], in) {
			return true
		}
	}
	return false
}

// warnAboutPrices says which sources of the lines' prices are old or younger than the day of the plan.
func (p *Plan) warnAboutPrices(in *Input, decisions []*decision) {
	used := map[string]bool{}
	for _, d := range decisions {
		for _, offers := range d.market.offers {
			for _, o := range offers {
				used[o.Source] = true
			}
		}
		for _, rate := range d.market.rates {
			used[rate.source] = true
		}
	}
	for _, s := range in.Book.Sources() {
		age := in.Analysis.AsOf.Sub(s.AsOf)
		switch {
		case !used[s.Name]:
		case s.AsOf.IsZero():
			p.warn("prices_old", s.Name, "of no date: give prices whose day is known, or make sure that these hold, before buying")
		case age > in.Policy.PriceAge:
			p.warn("prices_old", s.Name, fmt.Sprintf("dated %s, %d days before the plan: fetch or give current prices before buying", s.AsOf.Format(time.DateOnly), int(age/(24*time.Hour))))
		case age < 0:
			p.warn("prices_younger", s.Name, fmt.Sprintf("dated %s, after the day of the plan", s.AsOf.Format(time.DateOnly)))
		}
	}
}

func (p *Plan) warn(code, subject, detail string) {
	p.Warnings = append(p.Warnings, analyzer.Warning{Code: code, Subject: subject, Detail: detail})
}

// sort puts every list in the order of its keys, so that the same plan has the same bytes.
func (p *Plan) sort() {
	sortLater(p.Later)
	slices.SortStableFunc(p.Asked, func(a, b Reference) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Size, b.Size),
			cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.LookbackDays, b.LookbackDays), cmp.Compare(a.Term, b.Term))
	})
	slices.SortFunc(p.Rescopes, func(a, b Rescope) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Reservation, b.Reservation), cmp.Compare(a.ID, b.ID))
	})
	sort.SliceStable(p.Lines, func(i, j int) bool { return lineKey(&p.Lines[i]) < lineKey(&p.Lines[j]) })
	sort.SliceStable(p.Pools, func(i, j int) bool { return poolKey(&p.Pools[i]) < poolKey(&p.Pools[j]) })
	sort.SliceStable(p.NotRecommended, func(i, j int) bool {
		a, b := p.NotRecommended[i], p.NotRecommended[j]
		return a.Reason+"\x00"+a.Subject+"\x00"+a.Detail < b.Reason+"\x00"+b.Subject+"\x00"+b.Detail
	})
	sort.SliceStable(p.Warnings, func(i, j int) bool {
		a, b := p.Warnings[i], p.Warnings[j]
		return a.Code+"\x00"+a.Subject+"\x00"+a.Detail < b.Code+"\x00"+b.Subject+"\x00"+b.Detail
	})
	p.Warnings = slices.Compact(p.Warnings)
}

func lineKey(l *Line) string {
	return strings.Join([]string{l.Customer, string(l.Currency), string(l.Region), l.Pool, string(l.Size), l.Term.String(), l.Scope}, "\x00")
}

func poolKey(p *Pool) string {
	return strings.Join([]string{p.Customer, string(p.Currency), string(p.Region), p.Group, p.Scope}, "\x00")
}

// existingOf returns the reservations that serve a pool, in the order of their ids.
func existingOf(pool *analyzer.Pool, in *Input) []Existing {
	var list []Existing
	for _, e := range in.Existing {
		if serves(e, pool, in) {
			list = append(list, e)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list
}

// serves reports whether reservation e can cover usage of the pool: same customer, region and group, not ended, not bought
// under another kind of agreement.
func serves(e Existing, pool *analyzer.Pool, in *Input) bool {
	if e.Region != pool.Region || e.Agreement == "ea" || e.Customer != "" && e.Customer != pool.Customer || !e.Until.After(in.Analysis.AsOf) {
		return false
	}
	if group, ok := e.Size.Group(); ok && pool.Flexible {
		return group.Name == pool.Group
	}
	return string(e.Size) == pool.Group
}

func lastPart(resource string) string { return resource[strings.LastIndexByte(resource, '/')+1:] }

// termsOf lists the terms that can be bought.
var termsOf = []pricing.Term{pricing.OneYear, pricing.ThreeYear}

// sizeText is a size for a sentence.
func sizeText(s catalog.Size) string { return strings.TrimPrefix(string(s), "Standard_") }
