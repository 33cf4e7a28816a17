package report

import (
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

type lineView struct {
	ID                 string        `json:"id"`
	Pool               string        `json:"pool"`
	Action             string        `json:"action"`
	Customer           string        `json:"customer"`
	Subscription       string        `json:"subscription"`
	Scope              string        `json:"scope"`
	Region             string        `json:"region"`
	Size               string        `json:"size"`
	Term               string        `json:"term"`
	Quantity           int64         `json:"quantity"`
	Ratio              number        `json:"ratio"`
	NormalizedSize     string        `json:"normalized_size"`
	QuantityNormalized number        `json:"quantity_normalized"`
	Flexibility        string        `json:"flexibility"`
	BillingPlan        string        `json:"billing_plan"`
	UnitPrice          string        `json:"unit_price"`
	TotalPrice         string        `json:"total_price"`
	Currency           string        `json:"currency"`
	PriceSource        string        `json:"price_source"`
	SavingWindow       string        `json:"saving_window"`
	SavingMonth        string        `json:"saving_month"`
	SavingMonthLow     string        `json:"saving_month_lo"`
	SavingMonthHigh    string        `json:"saving_month_hi"`
	SavingTerm         string        `json:"saving_term"`
	Forecast           *forecastView `json:"forecast"`
	BreakEvenMonths    number        `json:"break_even_months"`
	BreakEvenDate      *string       `json:"break_even_date"`
	Marginal           lineMarginal  `json:"marginal_utilization"`
	Partner            *partnerView  `json:"partner"`
	PartnerOnRecord    *string       `json:"partner_on_record"`
	Eligibility        []string      `json:"eligibility"`
	Reasons            []string      `json:"reasons"`
	Evidence           []string      `json:"evidence"`
}

// flexibility is the contract's word for whether a reservation serves other sizes of its group.
func flexibility(flexible bool) string {
	if flexible {
		return "on"
	}
	return "capacity_priority"
}

func newLineView(l *recommend.Line) lineView {
	return lineView{
		ID: l.ID, Pool: l.Pool, Action: "reserve", Customer: l.Customer, Subscription: l.Subscription, Scope: l.Scope,
		Region: string(l.Region), Size: string(l.Size), Term: l.Term.String(), Quantity: l.Quantity,
		Ratio: hundredths(l.Ratio), NormalizedSize: string(l.NormalizedSize), QuantityNormalized: share(l.QuantityNormalized),
		Flexibility: flexibility(l.Flexible), BillingPlan: l.BillingPlan,
		UnitPrice: exact(l.UnitPrice), TotalPrice: exact(l.TotalPrice), Currency: string(l.Currency), PriceSource: l.PriceSource,
		SavingWindow: exact(l.SavingWindow), SavingMonth: exact(l.SavingMonth),
		SavingMonthLow: exact(l.SavingMonthLow), SavingMonthHigh: exact(l.SavingMonthHigh), SavingTerm: exact(l.SavingTerm),
		Forecast: newForecastView(l.Forecast), BreakEvenMonths: fraction(l.BreakEvenMonths),
		BreakEvenDate: optionalInstant(l.BreakEvenDate),
		Marginal: lineMarginal{
			Last: fraction(l.Marginal.Last), Next: fraction(l.Marginal.Next), Threshold: share(l.Marginal.Threshold),
			Required: share(l.Marginal.Required), Unit: l.Marginal.Unit, Tie: l.Marginal.TieAtThreshold,
		},
		Partner: newPartnerView(l.Partner), PartnerOnRecord: optionalText(l.PartnerOnRecord),
		Eligibility: texts(l.Eligibility), Reasons: texts(l.Reasons), Evidence: texts(l.Evidence),
	}
}

type lineMarginal struct {
	Last      number `json:"last"`
	Next      number `json:"next"`
	Threshold number `json:"threshold"`
	Required  number `json:"required"`
	Unit      string `json:"unit"`
	Tie       bool   `json:"tie_at_threshold"`
}

type forecastView struct {
	Mean  string   `json:"saving_month_mean"`
	P5    string   `json:"p5"`
	P95   string   `json:"p95"`
	PLoss number   `json:"p_loss"`
	Back  number   `json:"break_even_months"`
	On    *string  `json:"break_even_date"`
	Drop  number   `json:"drop_to_loss"`
	Weeks int      `json:"weeks"`
	Drift number   `json:"weekly_drift"`
	Wide  []string `json:"wide"`
}

func newForecastView(f *recommend.LineForecast) *forecastView {
	if f == nil {
		return nil
	}
	return &forecastView{Mean: exact(f.SavingMonthMean), P5: exact(f.P5), P95: exact(f.P95), PLoss: share(f.LossProbability),
		Back: fraction(f.BreakEvenMonths), On: optionalInstant(f.BreakEvenDate),
		Drop: share(f.DropToLoss), Weeks: f.Weeks, Drift: share(f.WeeklyDrift), Wide: texts(f.Wide)}
}

type partnerView struct {
	CostMonth   string `json:"cost_month"`
	PriceMonth  string `json:"price_month"`
	MarginMonth string `json:"margin_month"`
	CreditLost  string `json:"pec_lost_month"`
	Threshold   number `json:"threshold"`

	SavingMonth       string `json:"saving_month"`
	CustomerSaving    string `json:"customer_saving_month"`
	CustomerThreshold number `json:"customer_threshold"`
	GoodFor           string `json:"good_for"`
}

func newPartnerView(p *recommend.PartnerView) *partnerView {
	if p == nil {
		return nil
	}
	return &partnerView{
		CostMonth: exact(p.CostMonth), PriceMonth: exact(p.PriceMonth), MarginMonth: exact(p.MarginMonth),
		CreditLost: exact(p.CreditLostMonth), Threshold: share(p.Threshold),
		SavingMonth: exact(p.SavingMonth), CustomerSaving: exact(p.CustomerSavingMonth), CustomerThreshold: share(p.CustomerThreshold), GoodFor: p.GoodFor,
	}
}

type totalView struct {
	Customer      string         `json:"customer"`
	Currency      string         `json:"currency"`
	PayGMonth     string         `json:"payg_month"`
	SoftwareMonth string         `json:"software_month"`
	PlanMonth     string         `json:"plan_month"`
	SavingMonth   savingView     `json:"saving_month"`
	Upfront       string         `json:"upfront"`
	Budget        *budgetView    `json:"budget"`
	Cash          []cashView     `json:"cash"`
	Calendar      []paymentView  `json:"calendar"`
	ShowBack      []showBackView `json:"show_back"`
	CustomerName  string         `json:"customer_name"`
	SoftwareSaved string         `json:"software_saving_month"`
	Rescoped      string         `json:"rescoped_month"`
	Forced        string         `json:"forced_cost_month"`
	Margin        *marginView    `json:"partner"`
}

// marginView is the partner's side of a total, a month, compute only.
type marginView struct {
	PriceToday  string `json:"price_today"`
	CostToday   string `json:"cost_today"`
	CreditToday string `json:"pec_today"`
	MarginToday string `json:"margin_today"`
	PricePlan   string `json:"price_plan"`
	CostPlan    string `json:"cost_plan"`
	CreditPlan  string `json:"pec_plan"`
	MarginPlan  string `json:"margin_plan"`
}

func newMarginView(m *recommend.Margin) *marginView {
	if m == nil {
		return nil
	}
	return &marginView{exact(m.PriceToday), exact(m.CostToday), exact(m.CreditToday), exact(m.Today), exact(m.PricePlan), exact(m.CostPlan), exact(m.CreditPlan), exact(m.Plan)}
}

type savingView struct {
	ResizeOnly  string `json:"resize_only"`
	ReserveOnly string `json:"reserve_only"`
	Joint       string `json:"joint"`
	Low         string `json:"joint_lo"`
	High        string `json:"joint_hi"`
}

type cashView struct {
	Date   string `json:"date"`
	Amount string `json:"amount"`
}

type showBackView struct {
	By        string `json:"by"`
	Key       string `json:"key"`
	PayGMonth string `json:"payg_month"`
	PlanMonth string `json:"plan_month"`
}

func newTotalView(t *recommend.Total) totalView {
	return totalView{
		Customer: t.Customer, Currency: string(t.Currency), PayGMonth: exact(t.PayGMonth),
		SoftwareMonth: exact(t.SoftwareMonth), PlanMonth: exact(t.PlanMonth),
		SavingMonth: savingView{
			ResizeOnly: exact(t.ResizeOnly), ReserveOnly: exact(t.ReserveOnly), Joint: exact(t.Joint),
			Low: exact(t.SavingLow), High: exact(t.SavingHigh),
		},
		Upfront: exact(t.Upfront), Budget: newBudgetView(t.Budget),
		Cash: list(t.Cash, func(c *recommend.Cash) cashView {
			return cashView{Date: instant(c.Date), Amount: exact(c.Amount)}
		}),
		Calendar: list(t.Calendar, newPaymentView),
		ShowBack: list(t.ShowBack, func(s *recommend.ShowBack) showBackView {
			return showBackView{By: s.By, Key: s.Key, PayGMonth: exact(s.PayGMonth), PlanMonth: exact(s.PlanMonth)}
		}),
		CustomerName: t.CustomerName, SoftwareSaved: exact(t.SoftwareSaved), Rescoped: exact(t.Rescoped), Forced: exact(t.Forced), Margin: newMarginView(t.Margin),
	}
}

// limitText is a limit in its customer's currency, null where there is none.
func limitText(micros *int64) *string {
	if micros == nil {
		return nil
	}
	return optionalText(exact(money.New(*micros, "USD")))
}

// budgetView is how the limits on cash are met.
type budgetView struct {
	UpfrontLimit *string `json:"upfront_limit"`
	MonthLimit   *string `json:"month_limit"`
	Upfront      string  `json:"upfront"`
	Month        string  `json:"month"`
	SavingLost   string  `json:"expected_saving_month_lost"`
	Gap          number  `json:"gap"`
	LaterLost    string  `json:"expected_saving_month_lost_later"`
}

func newBudgetView(b *recommend.Budget) *budgetView {
	if b == nil {
		return nil
	}
	limit := func(a money.Amount) *string {
		if a.Micros < 0 {
			return nil
		}
		return optionalText(exact(a))
	}
	return &budgetView{limit(b.UpfrontLimit), limit(b.MonthLimit), exact(b.Upfront), exact(b.Month), exact(b.SavingLost), share(b.Gap), exact(b.LaterLost)}
}

// policyView is the rules that decided, so that a plan can be made again.
type policyView struct {
	MinDaysOneYear    int      `json:"min_days_one_year"`
	MinDaysNormal     int      `json:"min_days_normal"`
	MinAgeHours       number   `json:"min_age_hours"`
	MonthlyLoss       number   `json:"monthly_loss"`
	HorizonMonths     int      `json:"horizon_months"`
	LossMonths        number   `json:"loss_months"`
	ExpirePerQuarter  number   `json:"expire_per_quarter"`
	Decide            string   `json:"decide"`
	RiskAversion      number   `json:"risk_aversion"`
	MinSavingMonth    int64    `json:"min_saving_month"`
	BillingPlan       string   `json:"billing_plan"`
	MaxUpfront        *string  `json:"max_upfront"`
	MaxMonth          *string  `json:"max_month"`
	Terms             []string `json:"terms"`
	CapacityPriority  []string `json:"capacity_priority"`
	PriceAgeDays      number   `json:"price_age_days"`
	PriceTolerance    number   `json:"price_tolerance"`
	Objective         string   `json:"objective"`
	PartnerCreditRate number   `json:"partner_credit_rate"`
	Markup            number   `json:"markup"`
	CustomerPrices    string   `json:"customer_prices,omitempty"`
	PartnerOnRecord   string   `json:"partner_on_record"`

	Resize bool             `json:"resize"`
	Sizing sizingPolicyView `json:"sizing"`
}

func newPolicyView(p recommend.Policy) policyView {
	return policyView{
		MinDaysOneYear: p.MinDaysOneYear, MinDaysNormal: p.MinDaysNormal, MinAgeHours: share(p.MinAge.Hours()),
		MonthlyLoss: share(p.MonthlyLoss), LossMonths: share(p.LossMonths), ExpirePerQuarter: share(p.ExpirePerQuarter), Decide: p.Decide, RiskAversion: share(p.RiskAversion), HorizonMonths: p.HorizonMonths, MinSavingMonth: p.MinSavingMonth,
		BillingPlan: p.BillingPlan, Terms: texts(p.Terms), CapacityPriority: texts(p.CapacityPriority), PriceAgeDays: share(p.PriceAge.Hours() / 24),
		PriceTolerance: share(p.PriceTolerance), Objective: p.Objective, PartnerCreditRate: share(p.PartnerCreditRate), Markup: share(p.Markup), CustomerPrices: p.CustomerPrices,
		PartnerOnRecord: p.PartnerOnRecord, MaxUpfront: limitText(p.MaxUpfront), MaxMonth: limitText(p.MaxMonth),
		Resize: !p.NoResize, Sizing: newSizingPolicyView(&p.Sizing),
	}
}
