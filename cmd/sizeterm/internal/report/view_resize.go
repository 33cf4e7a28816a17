package report

import (
	"cmp"
	"slices"

	"sizeterm/analyzer"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
	"sizeterm/recommend/rightsize"
)

// boundsView is an overload: null where nothing bounds it.
type boundsView struct {
	Low  number `json:"lo"`
	High number `json:"hi"`
}

func newBoundsView(low, high float64, known bool) boundsView {
	if !known {
		return boundsView{}
	}
	return boundsView{share(low), share(high)}
}

// fitView is the points of each part as a share of those it can have, what was lost and why, and the sum of 100.
type fitView struct {
	CPU      number      `json:"cpu"`
	Memory   number      `json:"memory"`
	Network  number      `json:"network"`
	Disk     number      `json:"disk"`
	Features number      `json:"features"`
	Score    int         `json:"score"`
	Points   []pointView `json:"points"`
}

type pointView struct {
	Part   string `json:"part"`
	Lost   int    `json:"lost"`
	Reason string `json:"reason"`
}

func newFitView(f *rightsize.Fit) fitView {
	part := func(points, most int) number { return share(float64(points) / float64(most)) }
	most := rightsize.FullFit()
	return fitView{
		CPU: part(f.CPU, most.CPU), Memory: part(f.Memory, most.Memory), Network: part(f.Network, most.Network), Disk: part(f.Disk, most.Disk),
		Features: part(f.Features, most.Features), Score: f.Score(),
		Points: list(f.Points, func(p *rightsize.Point) pointView { return pointView{p.Part, p.Lost, p.Reason} }),
	}
}

type resizeView struct {
	ID              string            `json:"id"`
	VM              string            `json:"vm"`
	FromSize        string            `json:"from_size"`
	ToSize          string            `json:"to_size"`
	Action          string            `json:"action"`
	Overload        boundsView        `json:"overload"`
	Fit             fitView           `json:"fit"`
	CostMonthBefore string            `json:"cost_month_before"`
	CostMonthAfter  string            `json:"cost_month_after"`
	SavingMonth     string            `json:"saving_month"`
	Reasons         []string          `json:"reasons"`
	Alternatives    []alternativeView `json:"alternatives"`
	Currency        string            `json:"currency"`
	Customer        string            `json:"customer"`
	Name            string            `json:"name"`
	Region          string            `json:"region"`
	Machines        int               `json:"machines"`
	AloneMonth      string            `json:"saving_month_alone"`
	SoftwareMonth   string            `json:"software_saving_month"`
	WithoutMonth    string            `json:"without_month"`
	WithoutExact    bool              `json:"without_exact"`
	Forced          bool              `json:"forced"`
	Lost            []string          `json:"lost"`
	Check           []string          `json:"check"`
}

func newResizeView(r *recommend.Resize) resizeView {
	v := resizeView{
		ID: r.ID, VM: r.VM, FromSize: string(r.From), ToSize: string(r.To), Action: r.Action,
		Overload: newBoundsView(r.OverloadLow, r.OverloadHigh, r.OverloadKnown), Fit: newFitView(&r.Fit),
		CostMonthBefore: exact(r.CostMonthBefore), CostMonthAfter: exact(r.CostMonthAfter),
		SavingMonth: exact(r.SavingMonth), Reasons: texts(r.Reasons), Alternatives: list(r.Alternatives, newAlternativeView),
		Currency: string(r.SavingMonth.Currency), Customer: r.Customer, Name: r.Name, Region: string(r.Region), Machines: r.Machines,
		AloneMonth: exact(r.AloneMonth), SoftwareMonth: exact(r.SoftwareMonth), WithoutMonth: exact(r.WithoutMonth), WithoutExact: r.WithoutExact, Forced: r.Forced(), Lost: texts(r.Lost), Check: texts(r.Check),
	}
	for _, i := range r.Frontier {
		v.Alternatives[i].Frontier = true
	}
	return v
}

// alternativeView is another size of a machine; money is of a month at pay-as-you-go prices, licence included.
type alternativeView struct {
	Size      string     `json:"size"`
	Feasible  bool       `json:"feasible"`
	Why       string     `json:"why"`
	CostMonth string     `json:"cost_month"`
	Saving    string     `json:"payg_saving_month"`
	Overload  boundsView `json:"overload"`
	Capacity  number     `json:"capacity"`
	CPU       number     `json:"cpu_p99"`
	Memory    number     `json:"memory_max"`
	Fit       fitView    `json:"fit"`
	Lost      []string   `json:"lost"`
	Check     []string   `json:"check"`
	Frontier  bool       `json:"frontier"`
}

func newAlternativeView(a *rightsize.Alternative) alternativeView {
	v := alternativeView{
		Size: string(a.Size), Feasible: a.Feasible, Why: a.Why.Detail, CostMonth: exact(a.CostMonth), Saving: exact(a.Saving),
		Overload: newBoundsView(a.Overload.Low, a.Overload.High, a.Overload.Known), Capacity: share(float64(a.Capacity) / 10_000),
		Fit: newFitView(&a.Fit), Lost: texts(a.Lost), Check: texts(slices.Concat(a.Check, a.Unproven)),
	}
	if a.CPU > 0 {
		v.CPU = hundredths(int64(a.CPU))
	}
	if a.Memory > 0 {
		v.Memory = hundredths(int64(a.Memory))
	}
	return v
}

// sizedView is what was found out about the size of a machine, and what the rules of others say of it.
type sizedView struct {
	Action    string       `json:"action"`
	ToSize    string       `json:"to_size"`
	Reasons   []reasonView `json:"reasons"`
	Upsize    string       `json:"upsize"`
	Successor string       `json:"successor"`
	Blocks    int          `json:"independent_days"`
	Bound     number       `json:"overload_bound_ahead"`
	Idle      idleView     `json:"idle"`
	Advisor   advisorView  `json:"azure_advisor"`
	Engine    number       `json:"azure_optimization_engine_fit"`
	Frontier  []choiceView `json:"frontier"`
}

// choiceView is a size of the frontier of overload against saving.
type choiceView struct {
	Size     string     `json:"size"`
	Overload boundsView `json:"overload"`
	Saving   string     `json:"payg_saving_month"`
	Feasible bool       `json:"feasible"`
}

type reasonView struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

type idleView struct {
	Ours       bool   `json:"ours"`
	Microsofts bool   `json:"microsofts"`
	Detail     string `json:"detail"`
}

type advisorView struct {
	Shutdown       bool   `json:"shutdown"`
	UserFacing     string `json:"user_facing_size"`
	UserFacingWhy  string `json:"user_facing_why"`
	Other          string `json:"other_size"`
	OtherWhy       string `json:"other_why"`
	NetworkUnknown bool   `json:"network_unknown"`
}

func newSizedView(s *recommend.Sized) *sizedView {
	v := &sizedView{
		Action: s.Action, ToSize: string(s.To), Upsize: string(s.Upsize), Successor: string(s.Successor), Blocks: s.Blocks, Bound: share(s.Bound),
		Reasons: list(s.Reasons, func(r *rightsize.Reason) reasonView { return reasonView{r.Code, r.Detail} }),
		Idle:    idleView{s.Idle.Ours, s.Idle.Microsofts, s.Idle.Detail},
		Advisor: advisorView{s.Reference.Shutdown, string(s.Reference.UserFacing), s.Reference.UserFacingWhy, string(s.Reference.Other), s.Reference.OtherWhy, s.Reference.NetworkUnknown},
	}
	v.Frontier = list(s.Frontier, func(p *recommend.FrontierPoint) choiceView {
		return choiceView{string(p.Size), newBoundsView(p.Low, p.High, true), exact(p.Saving), p.Feasible}
	})
	if s.To != "" {
		v.Engine = scaled(int64(s.Reference.Fit), 1)
	}
	return v
}

// machineKey tells machines of a plan apart.
type machineKey struct{ customer, resource, name, size string }

// sizedViews lays out the machines with what was found out about their sizes.
func sizedViews(p *recommend.Plan) []vmView {
	sized := make(map[machineKey]*recommend.Sized, len(p.Sized))
	for i := range p.Sized {
		s := &p.Sized[i]
		sized[machineKey{s.Customer, s.VM, s.Name, string(s.Size)}] = s
	}
	return list(p.VMs, func(m *analyzer.VM) vmView {
		v := newVMView(m)
		if s := sized[machineKey{m.Customer, cmp.Or(m.Resource, m.Name), m.Name, string(m.Size)}]; s != nil {
			v.Sizing = newSizedView(s)
		}
		return v
	})
}

// sizingView is how the sizes were decided.
type sizingView struct {
	Machines   int    `json:"machines"`
	Free       int    `json:"with_a_choice"`
	Parts      int    `json:"parts"`
	Gap        number `json:"gap"`
	FellBack   int    `json:"fell_back"`
	ResizeFrom string `json:"resize_from"`
	BuyFrom    string `json:"buy_from"`
	VerifyFrom string `json:"verify_from"`
}

func newSizingView(s *recommend.Sizing) sizingView {
	return sizingView{s.Machines, s.Free, s.Parts, share(s.Gap), s.FellBack, s.ResizeDate, s.BuyDate, s.VerifyDate}
}

// quotaView is vCPUs of a quota family that resizes need; free is null where the policy does not say.
type quotaView struct {
	Customer string `json:"customer"`
	Region   string `json:"region"`
	Family   string `json:"family"`
	Machines int    `json:"machines"`
	VCPUs    int64  `json:"vcpus"`
	Free     *int64 `json:"free"`
}

func newQuotaView(q *recommend.Quota) quotaView {
	v := quotaView{Customer: q.Customer, Region: string(q.Region), Family: q.Family, Machines: q.Machines, VCPUs: q.VCPUs}
	if q.Known {
		v.Free = &q.Free
	}
	return v
}

// sizingPolicyView is the rules of sizes: shares as fractions, dates by machine.
type sizingPolicyView struct {
	Production     ruleView          `json:"production"`
	Relaxed        ruleView          `json:"relaxed"`
	RelaxedTags    []string          `json:"relaxed_tags"`
	Overload       number            `json:"overload"`
	AverageLimit   number            `json:"average_limit"`
	Proven         bool              `json:"proven"`
	MemoryMargin   number            `json:"memory_margin"`
	Censored       number            `json:"censored"`
	MinDays        int               `json:"min_days"`
	MinSavingMonth int64             `json:"min_saving_month"`
	MinSavingShare number            `json:"min_saving_share"`
	OneStep        bool              `json:"one_step"`
	OneStepFree    number            `json:"one_step_free"`
	RetireMonths   int               `json:"retire_months"`
	ResizeCost     int64             `json:"resize_cost"`
	FamilyCost     int64             `json:"family_cost"`
	OverloadCost   int64             `json:"overload_cost"`
	HorizonMonths  int64             `json:"horizon_months"`
	FamilyChange   bool              `json:"family_change"`
	Burstable      bool              `json:"burstable"`
	ByTag          []tagRuleView     `json:"by_tag"`
	Exempt         []string          `json:"exempt"`
	Snoozed        map[string]string `json:"snoozed"`
	Alternatives   int               `json:"alternatives"`
	Quota          map[string]int64  `json:"quota"`
	Speeds         string            `json:"speed_table"`
}

// tagRuleView is what is different for machines with a tag; null is not different.
type tagRuleView struct {
	Tags           []string `json:"tags"`
	MinSavingMonth *int64   `json:"min_saving_month"`
	MinSavingShare *number  `json:"min_saving_share"`
	OneStep        *bool    `json:"one_step"`
}

func newTagRuleView(r *rightsize.TagRule) tagRuleView {
	v := tagRuleView{Tags: texts(r.Tags), MinSavingMonth: r.MinSavingMonth, OneStep: r.OneStep}
	if r.MinSavingShare != nil {
		of := share(float64(*r.MinSavingShare) / 10_000)
		v.MinSavingShare = &of
	}
	return v
}

type ruleView struct {
	Share number `json:"share"`
	Limit number `json:"limit"`
}

func newSizingPolicyView(p *rightsize.Policy) sizingPolicyView {
	of := func(v rightsize.Percent) number { return share(float64(v) / 10_000) }
	rule := func(r rightsize.Rule) ruleView { return ruleView{share(float64(r.Share) / 10_000), of(r.Limit)} }
	v := sizingPolicyView{
		Production: rule(p.Production), Relaxed: rule(p.Relaxed), RelaxedTags: texts(p.RelaxedTags), Overload: of(p.Overload), AverageLimit: of(p.AverageLimit), Proven: p.Proven,
		MemoryMargin: of(p.MemoryMargin), Censored: of(p.Censored), MinDays: p.MinDays, MinSavingMonth: p.MinSavingMonth, MinSavingShare: of(p.MinSavingShare),
		OneStep: p.OneStep, OneStepFree: of(p.OneStepFree), RetireMonths: p.RetireMonths, ResizeCost: p.ResizeCost, FamilyCost: p.FamilyCost, OverloadCost: p.OverloadCost,
		HorizonMonths: p.HorizonMonths, FamilyChange: !p.NoFamilyChange, Burstable: !p.NoBurstable, ByTag: list(p.ByTag, newTagRuleView), Exempt: texts(p.Exempt), Snoozed: map[string]string{},
		Alternatives: p.Alternatives, Speeds: rightsize.SpeedVersion,
	}
	v.Quota = map[string]int64{}
	for name, free := range p.Quota {
		v.Quota[name] = free
	}
	for name, until := range p.Snoozed {
		v.Snoozed[name] = day(until)
	}
	return v
}

// resizeColumns are the columns of the machines to change in tables for people.
var resizeColumns = []column{
	{Head: "Machine", Min: 12}, {Head: "From", Min: 8}, {Head: "To", Min: 8}, {Head: "Action"},
	{Head: "Overload", Right: true}, {Head: "Saves a month", Right: true},
}

// resizeCells is a row of them.
func resizeCells(r *recommend.Resize) []string {
	name := lastPart(r.VM)
	if r.Machines > 1 {
		name += " (" + count(int64(r.Machines)) + " machines)"
	}
	action := actionWords(r.Action)
	if r.Forced() {
		action = "must move"
	}
	return []string{name, shortSize(r.From), shortSize(r.To), action, overloadWords(r), figure(saves(r))}
}

// saves is what a change saves beside reservations, compute and licence.
func saves(r *recommend.Resize) money.Amount {
	if sum, err := r.SavingMonth.Add(r.SoftwareMonth); err == nil {
		return sum
	}
	return r.SavingMonth
}

// overloadWords is the overload in the measured time.
func overloadWords(r *recommend.Resize) string {
	switch {
	case r.Action == string(rightsize.Shutdown):
		return ""
	case !r.OverloadKnown:
		return "unknown"
	}
	return overload(r.OverloadLow, r.OverloadHigh)
}

func actionWords(action string) string {
	switch action {
	case string(rightsize.Shutdown):
		return "shut down"
	case string(rightsize.Scale):
		return "fewer instances"
	}
	return action
}

// bySaving returns resizes with the largest saving first.
func bySaving(list []recommend.Resize) []recommend.Resize {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b recommend.Resize) int { return saves(&b).Cmp(saves(&a)) })
	return out
}
