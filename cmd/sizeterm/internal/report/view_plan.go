package report

import (
	"sizeterm/pricing"
	"sizeterm/recommend"
)

type poolUnitsView struct {
	P50  number `json:"p50"`
	P95  number `json:"p95"`
	Max  number `json:"max"`
	Mean number `json:"mean"`
}

type poolView struct {
	ID           string          `json:"id"`
	Customer     string          `json:"customer"`
	Currency     string          `json:"currency"`
	Region       string          `json:"region"`
	Group        string          `json:"group"`
	Scope        string          `json:"scope"`
	Hours        int             `json:"hours"`
	Units        poolUnitsView   `json:"units"`
	Exact        bool            `json:"exact"`
	PayGCost     string          `json:"payg_cost"`
	SoftwareCost string          `json:"software_cost"`
	Compare      []compareView   `json:"compare"`
	Chosen       string          `json:"chosen"`
	Marginal     []marginalView  `json:"marginal"`
	Certificate  certificateView `json:"certificate"`
	Existing     []existingView  `json:"existing"`
	Days         int             `json:"days"`
	Flexible     bool            `json:"flexible"`
	UnitSize     string          `json:"unit_size"`
	GrossCost    string          `json:"gross_cost"`
	Rates        []rateView      `json:"rates"`
	Persistence  persistenceView `json:"persistence"`
	Held         string          `json:"held"`
	Refund       *refundView     `json:"refund"`
	Exchange     *exchangeView   `json:"exchange"`
	Stress       *stressView     `json:"stress"`
	Ladder       []trancheView   `json:"ladder"`
}

func newPoolView(p *recommend.Pool) poolView {
	u := p.Units
	return poolView{
		ID: p.ID, Customer: p.Customer, Currency: string(p.Currency), Region: string(p.Region), Group: p.Group,
		Scope: p.Scope, Hours: p.Hours,
		Units: poolUnitsView{P50: millionths(u.P50), P95: millionths(u.P95), Max: millionths(u.Max), Mean: millionths(u.Mean)},
		Exact: p.Exact, PayGCost: exact(p.PayGCost), SoftwareCost: exact(p.SoftwareCost),
		Compare: list(p.Compare, newCompareView), Chosen: string(p.Chosen),
		Marginal: list(p.Marginal, newMarginalView),
		Certificate: certificateView{
			Cost: exact(p.Certificate.Cost), Bound: exact(p.Certificate.Bound), Gap: share(p.Certificate.Gap),
		},
		Existing: list(p.Existing, newExistingView),
		Days:     p.Days, Flexible: p.Flexible, UnitSize: string(p.UnitSize), GrossCost: exact(p.GrossCost),
		Rates: list(p.Rates, newRateView),
		Persistence: persistenceView{
			MonthlyLoss: share(p.Persistence.MonthlyLoss), Source: p.Persistence.Source, FlipsAt: fraction(p.Persistence.FlipsAt),
			Lasts: lastsOf(p.Persistence.Lasts),
		},
		Held: p.Held, Refund: refundOf(p.Outlook), Exchange: exchangeOf(p.Outlook), Stress: stressOf(p.Outlook), Ladder: ladderOf(p.Outlook),
	}
}

type compareView struct {
	Term                 string         `json:"term"`
	Basis                string         `json:"basis"`
	Buy                  []purchaseView `json:"buy"`
	Cost                 string         `json:"cost"`
	Saving               string         `json:"saving"`
	SavingLow            string         `json:"saving_lo"`
	SavingHigh           string         `json:"saving_hi"`
	SavingShare          number         `json:"saving_share"`
	Threshold            number         `json:"threshold"`
	BreakEvenMonths      number         `json:"break_even_months"`
	BreakEvenUtilization number         `json:"break_even_utilization"`
	Utilization          number         `json:"utilization"`
	PayGCost             string         `json:"payg_cost"`
	HorizonMonths        int            `json:"horizon_months"`
	ExpectedSaving       string         `json:"expected_saving"`
}

func newCompareView(c *recommend.Compared) compareView {
	return compareView{
		Term: string(c.Choice), Basis: string(c.Basis), Buy: list(c.Buy, newPurchaseView),
		Cost: exact(c.Cost), Saving: exact(c.Saving), SavingLow: exact(c.SavingLow), SavingHigh: exact(c.SavingHigh),
		SavingShare: share(c.SavingShare), Threshold: fraction(c.Threshold),
		BreakEvenMonths: fraction(c.BreakEvenMonths), BreakEvenUtilization: fraction(c.BreakEvenUtilization),
		Utilization: fraction(c.Utilization), PayGCost: exact(c.PayGCost), HorizonMonths: c.HorizonMonths,
		ExpectedSaving: exact(c.ExpectedSaving),
	}
}

type purchaseView struct {
	Size     string `json:"size"`
	Quantity int64  `json:"quantity"`
	Term     string `json:"term"`
}

func newPurchaseView(p *recommend.Purchase) purchaseView {
	return purchaseView{Size: string(p.Size), Quantity: p.Quantity, Term: p.Term.String()}
}

type marginalView struct {
	Term      string `json:"term"`
	Last      number `json:"last"`
	Next      number `json:"next"`
	Threshold number `json:"threshold"`
	Required  number `json:"required"`
	Unit      string `json:"unit"`
	Tie       bool   `json:"tie_at_threshold"`
}

func newMarginalView(m *recommend.Marginal) marginalView {
	return marginalView{
		Term: m.Term.String(), Last: fraction(m.Last), Next: fraction(m.Next), Threshold: share(m.Threshold),
		Required: share(m.Required), Unit: m.Unit, Tie: m.TieAtThreshold,
	}
}

type certificateView struct {
	Cost  string `json:"cost"`
	Bound string `json:"bound"`
	Gap   number `json:"gap"`
}

type existingView struct {
	Size      string  `json:"size"`
	Quantity  int64   `json:"quantity"`
	Scope     string  `json:"scope"`
	Until     *string `json:"until"`
	ID        string  `json:"id"`
	From      *string `json:"from"`
	AutoRenew bool    `json:"auto_renew"`
	ExactSize bool    `json:"exact_size"`
	Agreement string  `json:"agreement"`
}

func newExistingView(e *recommend.Existing) existingView {
	return existingView{
		Size: string(e.Size), Quantity: e.Quantity, Scope: e.Scope, Until: optionalInstant(e.Until),
		ID: e.ID, From: optionalInstant(e.From), AutoRenew: e.AutoRenew, ExactSize: e.ExactSize, Agreement: e.Agreement,
	}
}

// rateView is the price of one size: an instance-hour at pay-as-you-go and the totals of the terms, null where not sold.
type rateView struct {
	Size   string  `json:"size"`
	Rate   string  `json:"rate"`
	Source string  `json:"source"`
	P1Y    *string `json:"p1y_total"`
	P3Y    *string `json:"p3y_total"`
}

func newRateView(r *recommend.SizeRate) rateView {
	v := rateView{Size: string(r.Size), Rate: r.Rate.Decimal(), Source: r.Source}
	if total, ok := r.Totals[pricing.OneYear]; ok {
		v.P1Y = optionalText(exact(total))
	}
	if total, ok := r.Totals[pricing.ThreeYear]; ok {
		v.P3Y = optionalText(exact(total))
	}
	return v
}

type persistenceView struct {
	MonthlyLoss number   `json:"monthly_loss"`
	Source      string   `json:"source"`
	FlipsAt     number   `json:"flips_at"`
	Lasts       []number `json:"lasts"`
}

// lastsOf is the share of today's demand that is expected after each year; empty where no forecast was made.
func lastsOf(lasts [3]float64) []number {
	out := []number{}
	for _, l := range lasts {
		if lasts[0] > 0 {
			out = append(out, share(l))
		}
	}
	return out
}

type notView struct {
	Subject string `json:"subject"`
	Reason  string `json:"reason"`
	Detail  string `json:"detail"`
	Way     string `json:"way"`
}

func newNotView(n *recommend.NotRecommended) notView {
	return notView{Subject: n.Subject, Reason: n.Reason, Detail: n.Detail, Way: n.Way}
}

type referenceView struct {
	Customer     string `json:"customer"`
	Scope        string `json:"scope"`
	Region       string `json:"region"`
	Size         string `json:"size"`
	Term         string `json:"term"`
	LookbackDays int    `json:"lookback_days"`
	Quantity     int64  `json:"recommended_quantity"`
	CostWithout  string `json:"cost_without"`
	CostWith     string `json:"cost_with"`
	NetSavings   string `json:"net_savings"`
	Difference   string `json:"difference"`
	Currency     string `json:"currency"`
	Sizes        string `json:"sizes"` // "planned" or "billed"
}

// lookbackView says whether the files cover one of Microsoft's lookbacks.
type lookbackView struct {
	Customer string `json:"customer"`
	Days     int    `json:"days"`
	Covered  bool   `json:"covered"`
	Detail   string `json:"detail"`
}

func newLookbackView(l *recommend.Reach) lookbackView {
	return lookbackView{l.Customer, l.Days, l.Covered, l.Detail}
}

func newReferenceView(r *recommend.Reference) referenceView {
	sizes := "planned"
	if r.Billed {
		sizes = "billed"
	}
	return referenceView{
		Sizes:    sizes,
		Customer: r.Customer, Scope: r.Scope, Region: string(r.Region), Size: string(r.Size), Term: r.Term.String(),
		LookbackDays: r.LookbackDays, Quantity: r.Quantity, CostWithout: exact(r.CostWithout), CostWith: exact(r.CostWith),
		NetSavings: exact(r.NetSavings), Difference: r.Difference, Currency: string(r.Currency),
	}
}
