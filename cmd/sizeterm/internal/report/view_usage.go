package report

import (
	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/recommend"
)

type inputView struct {
	Name     string  `json:"name"`
	SHA256   string  `json:"sha256"`
	Kind     string  `json:"kind"`
	Dialect  string  `json:"dialect"`
	Rows     int64   `json:"rows"`
	Accepted int64   `json:"accepted"`
	Rejected int64   `json:"rejected"`
	From     *string `json:"from"`
	To       *string `json:"to"`
	Grain    string  `json:"grain"`
	SetApart int64   `json:"set_apart"`
}

func newInputView(f *recommend.File) inputView {
	return inputView{
		Name: f.Name, SHA256: f.SHA256, Kind: f.Kind, Dialect: f.Dialect,
		Rows: f.Rows, Accepted: f.Accepted, Rejected: f.Rejected,
		From: optionalInstant(f.From), To: optionalInstant(f.To), Grain: f.Grain, SetApart: f.SetApart,
	}
}

type sourceView struct {
	Source   string  `json:"source"`
	AsOf     *string `json:"as_of"`
	SHA256   string  `json:"sha256"`
	Currency string  `json:"currency"`
	Kind     string  `json:"kind"`
	Rows     int     `json:"rows"`
}

func newSourceView(s *pricing.Source) sourceView {
	return sourceView{
		Source: s.Name, AsOf: optionalInstant(s.AsOf), SHA256: s.SHA256,
		Currency: string(s.Currency), Kind: s.Kind, Rows: s.Rows,
	}
}

type windowView struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Hours int    `json:"hours"`
}

func newWindowView(w demand.Window) windowView {
	return windowView{From: instant(w.From), To: instant(w.To), Hours: w.Hours()}
}

type coverageView struct {
	Customer   string   `json:"customer"`
	Name       string   `json:"name"`
	Currencies []string `json:"currencies"`
	From       *string  `json:"from"`
	To         *string  `json:"to"`
	Days       int      `json:"days"`
	Missing    []string `json:"missing"`
}

func newCoverageView(c *analyzer.Coverage) coverageView {
	v := coverageView{
		Customer: c.Customer, Name: c.Name, Currencies: texts(c.Currencies),
		From: optionalInstant(c.From), To: optionalInstant(c.To), Days: c.Days, Missing: []string{},
	}
	for _, d := range c.Missing {
		v.Missing = append(v.Missing, day(d))
	}
	return v
}

// quantilesView is a distribution in percent, 0 to 100 (more where a source exceeds it).
type quantilesView struct {
	P50     number `json:"p50"`
	P90     number `json:"p90"`
	P95     number `json:"p95"`
	P99     number `json:"p99"`
	Max     number `json:"max"`
	Samples int64  `json:"samples"`
	Mean    number `json:"mean"`
	Seconds int64  `json:"seconds"`
	Unit    string `json:"unit"`
}

// newQuantilesView returns nil where nothing was measured: missing is not zero.
func newQuantilesView(d analyzer.Distribution) *quantilesView {
	if d.Samples == 0 {
		return nil
	}
	return &quantilesView{
		P50: percentOf(d.P50), P90: percentOf(d.P90), P95: percentOf(d.P95), P99: percentOf(d.P99),
		Max: percentOf(d.Max), Samples: d.Samples, Mean: percentOf(d.Mean), Seconds: d.Seconds, Unit: "percent",
	}
}

// newNetworkView is newQuantilesView for network traffic, whose fields hold whole kilobits per second.
func newNetworkView(d analyzer.Distribution) *quantilesView {
	if d.Samples == 0 {
		return nil
	}
	whole := func(p analyzer.Percent) number { return scaled(int64(p), 0) }
	return &quantilesView{
		P50: whole(d.P50), P90: whole(d.P90), P95: whole(d.P95), P99: whole(d.P99),
		Max: whole(d.Max), Samples: d.Samples, Mean: whole(d.Mean), Seconds: d.Seconds, Unit: "kbit/s",
	}
}

// unitsView is a distribution over hours of instances or units at once.
type unitsView struct {
	P50  number `json:"p50"`
	P90  number `json:"p90"`
	P95  number `json:"p95"`
	P99  number `json:"p99"`
	Max  number `json:"max"`
	Mean number `json:"mean"`
}

type spreadView struct {
	P50 number `json:"p50"`
	P90 number `json:"p90"`
	Max number `json:"max"`
	VMs int    `json:"vms"`
}

func newSpreadView(s analyzer.Spread) *spreadView {
	if s.N == 0 {
		return nil
	}
	return &spreadView{P50: percentOf(s.P50), P90: percentOf(s.P90), Max: percentOf(s.Max), VMs: s.N}
}

type profileView struct {
	Customer    string         `json:"customer"`
	Region      string         `json:"region"`
	Size        string         `json:"size"`
	VMs         int            `json:"vms"`
	VMHours     number         `json:"vm_hours"`
	Concurrency unitsView      `json:"concurrency"`
	Exact       bool           `json:"exact"`
	CPUAvg      *quantilesView `json:"cpu_avg"`
	CPUMax      *quantilesView `json:"cpu_max"`
	Memory      *quantilesView `json:"memory"`
	VMP95CPU    *spreadView    `json:"vm_p95_cpu"`
	Warnings    []warningView  `json:"warnings"`
}

func newProfileView(p *analyzer.Profile) profileView {
	c := p.Concurrency
	hours, concurrency := millionths(p.Hours), unitsView{
		P50: millionths(c.P50), P90: millionths(c.P90), P95: millionths(c.P95),
		P99: millionths(c.P99), Max: millionths(c.Max), Mean: millionths(c.Mean),
	}
	if p.Untimed {
		hours, concurrency = "", unitsView{}
	}
	return profileView{
		Customer: p.Customer, Region: string(p.Region), Size: string(p.Size),
		VMs: p.VMs, VMHours: hours, Concurrency: concurrency,
		Exact: p.Exact, CPUAvg: newQuantilesView(p.CPUAvg), CPUMax: newQuantilesView(p.CPUMax),
		Memory: newQuantilesView(p.Memory), VMP95CPU: newSpreadView(p.VMP95),
		Warnings: list(p.Warnings, newWarningView),
	}
}

// groupingView is utilisation pooled by family, subscription or resource group.
type groupingView struct {
	Customer string         `json:"customer"`
	By       string         `json:"by"`
	Key      string         `json:"key"`
	VMs      int            `json:"vms"`
	CPUAvg   *quantilesView `json:"cpu_avg"`
	CPUMax   *quantilesView `json:"cpu_max"`
	Memory   *quantilesView `json:"memory"`
	VMP95CPU *spreadView    `json:"vm_p95_cpu"`
}

func newGroupingView(g *analyzer.Grouping) groupingView {
	return groupingView{
		Customer: g.Customer, By: g.By, Key: g.Key, VMs: g.VMs, CPUAvg: newQuantilesView(g.CPUAvg), CPUMax: newQuantilesView(g.CPUMax),
		Memory: newQuantilesView(g.Memory), VMP95CPU: newSpreadView(g.VMP95),
	}
}

// inferredView is a reservation or savings plan that is known only from the rows that it covered.
type inferredView struct {
	Customer     string `json:"customer"`
	Benefit      string `json:"benefit"`
	SavingsPlan  bool   `json:"savings_plan"`
	Size         string `json:"size"`
	Region       string `json:"region"`
	CoveredHours number `json:"covered_hours"`
	UnusedHours  number `json:"unused_hours"`
	Quantity     int64  `json:"quantity"`
}

func newInferredView(i *analyzer.Inferred) inferredView {
	return inferredView{
		Customer: i.Customer, Benefit: i.Benefit, SavingsPlan: i.Plan, Size: string(i.Size), Region: string(i.Region),
		CoveredHours: millionths(i.Covered), UnusedHours: millionths(i.Unused), Quantity: i.Quantity,
	}
}

type vmView struct {
	Customer      string         `json:"customer"`
	Subscription  string         `json:"subscription"`
	ResourceGroup string         `json:"resource_group"`
	Resource      string         `json:"resource"`
	Name          string         `json:"name"`
	Size          string         `json:"size"`
	Region        string         `json:"region"`
	OS            string         `json:"os"`
	Hours         number         `json:"hours"`
	CPUAvg        *quantilesView `json:"cpu_avg"`
	CPUMax        *quantilesView `json:"cpu_max"`
	Memory        *quantilesView `json:"memory"`
	NetworkOut    *quantilesView `json:"network_out"`
	State         string         `json:"state"`
	HybridBenefit bool           `json:"hybrid_benefit"`
	Spot          bool           `json:"spot"`
	ScaleSet      bool           `json:"scale_set"`
	Covered       number         `json:"covered_hours"`
	PlanCovered   number         `json:"plan_covered_hours"`
	FirstSeen     *string        `json:"first_seen"`
	LastSeen      *string        `json:"last_seen"`
	Warnings      []warningView  `json:"warnings"`
	Sizing        *sizedView     `json:"sizing,omitempty"`
	// CPUWeek is the mean CPU in percent by hour of the week from Monday 00:00 UTC, null in hours without a measure; only in an analysis,
	// and only where something was measured.
	CPUWeek []*number `json:"cpu_week,omitempty"`
}

// weekView returns the hours of the week of a machine, nil where none was measured.
func weekView(m *analyzer.VM) []*number {
	out, any := make([]*number, len(m.Week)), false
	for h, v := range m.Week {
		if v >= 0 {
			mean := percentOf(v)
			out[h], any = &mean, true
		}
	}
	if !any || m.CPUAvg.Samples == 0 {
		return nil
	}
	return out
}

func newVMView(m *analyzer.VM) vmView {
	return vmView{
		Customer: m.Customer, Subscription: m.Subscription, ResourceGroup: m.ResourceGroup,
		Resource: m.Resource, Name: m.Name, Size: string(m.Size), Region: string(m.Region), OS: m.OS,
		Hours: millionths(m.Hours), CPUAvg: newQuantilesView(m.CPUAvg), CPUMax: newQuantilesView(m.CPUMax),
		Memory: newQuantilesView(m.Memory), NetworkOut: newNetworkView(m.NetworkOut), State: string(m.State),
		HybridBenefit: m.HybridBenefit, Spot: m.Spot, ScaleSet: m.ScaleSet,
		Covered: millionths(m.Covered), PlanCovered: millionths(m.PlanCovered),
		FirstSeen: optionalInstant(m.FirstSeen), LastSeen: optionalInstant(m.LastSeen),
		Warnings: list(m.Warnings, newWarningView),
	}
}

type warningView struct {
	Code    string `json:"code"`
	Subject string `json:"subject"`
	Detail  string `json:"detail"`
}

func newWarningView(w *analyzer.Warning) warningView {
	return warningView{Code: w.Code, Subject: w.Subject, Detail: w.Detail}
}
