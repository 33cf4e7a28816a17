package report

import (
	"fmt"
	"io"
	"time"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
	"sizeterm/recommend/forecast"
)

// Past is a backtest to be shown: what past advice would have earned.
type Past struct {
	AsOf    time.Time
	Window  demand.Window
	Spec    recommend.PastSpec
	Results []recommend.Past
	Left    []recommend.NotRecommended
	Prices  []pricing.Source
	Names   map[string]string // of customers
}

// WritePast writes a backtest to w as Table, JSON or CSV; another format is ErrFormat.
func WritePast(w io.Writer, p *Past, format Format, opts Options) error {
	switch format {
	case Table:
		return writePastTable(w, p, opts)
	case JSON:
		v, err := newPastView(p, opts.Version)
		if err != nil {
			return err
		}
		return writeJSON(w, v)
	case CSV:
		return writeRows(w, trialRows(p))
	}
	return fmt.Errorf("backtest as %q: %w; there are table, json and csv", string(format), ErrFormat)
}

// pastView is `sizeterm.backtest/1`.
type pastView struct {
	Schema   string       `json:"schema"`
	Version  string       `json:"version"`
	AsOf     string       `json:"as_of"`
	Window   windowView   `json:"window"`
	First    int          `json:"first_days"`
	Every    int          `json:"every_days"`
	Replay   int          `json:"replay_days"`
	Again    int          `json:"again_days"`
	Results  []resultView `json:"results"`
	Trials   []trialView  `json:"trials"`
	LeftOut  []notView    `json:"left_out"`
	Prices   []sourceView `json:"prices"`
	Nominal  number       `json:"interval_nominal"`
	Baseline []string     `json:"rules"`
}

// resultView is the sum over trials of one currency: of all customers where Customer is empty, or of one.
type resultView struct {
	Currency    string      `json:"currency"`
	Customer    string      `json:"customer"`
	Trials      int         `json:"trials"`
	Complete    int         `json:"complete"`
	Censored    int         `json:"censored"`
	TooLate     int         `json:"too_late"`
	Payg        string      `json:"payg"`
	Clairvoyant string      `json:"clairvoyant_saving"`
	Bought      int         `json:"purchases"`
	Holds       number      `json:"interval_holds"`
	Calibrated  number      `json:"interval_holds_ties_shared"`
	Less        number      `json:"saved_less"`
	More        number      `json:"saved_more"`
	MoreBy      number      `json:"saved_more_by"`
	Demand      number      `json:"demand_interval_holds"`
	Rules       []scoreView `json:"rules"`
}

type scoreView struct {
	Rule        string `json:"rule"`
	Saving      string `json:"saving"`
	SavingShare number `json:"saving_share"`
	Capture     number `json:"capture"`
	Regret      string `json:"regret"`
	Loss        number `json:"p_loss"`
	Worst       number `json:"worst_loss_share"`
}

type trialView struct {
	Pool        string         `json:"pool"`
	Customer    string         `json:"customer"`
	Region      string         `json:"region"`
	Group       string         `json:"group"`
	Origin      string         `json:"origin"`
	Days        int            `json:"days"`
	Censored    bool           `json:"censored"`
	Currency    string         `json:"currency"`
	Payg        string         `json:"payg"`
	Clairvoyant string         `json:"clairvoyant_saving"`
	Predicted   *predictedView `json:"predicted"`
	Rules       []outcomeView  `json:"rules"`
	Reasons     []string       `json:"reasons"`
}

type predictedView struct {
	Mean     string `json:"saving_mean"`
	P5       string `json:"p5"`
	P95      string `json:"p95"`
	Realised string `json:"realised"`
	Inside   bool   `json:"inside"`
}

type outcomeView struct {
	Rule      string `json:"rule"`
	OneYear   number `json:"p1y"`
	ThreeYear number `json:"p3y"`
	Saving    string `json:"saving"`
}

func newPastView(p *Past, version string) (*pastView, error) {
	v := &pastView{Schema: "sizeterm.backtest/1", Version: version, AsOf: instant(p.AsOf), Window: newWindowView(p.Window),
		First: p.Spec.FirstDays, Every: p.Spec.EveryDays, Replay: p.Spec.ReplayDays, Again: p.Spec.AgainDays, Nominal: share(0.9),
		LeftOut: list(p.Left, newNotView), Prices: list(p.Prices, newSourceView), Results: []resultView{}, Trials: []trialView{}, Baseline: []string{}}
	for _, r := range forecast.Rules() {
		v.Baseline = append(v.Baseline, string(r))
	}
	for i := range p.Results {
		r := &p.Results[i]
		for _, customer := range append([]string{""}, customersOf(r)...) {
			s, err := r.Result.Summarize(ofCustomer(customer))
			if err != nil {
				return nil, err
			}
			v.Results = append(v.Results, newResultView(r, customer, &s))
		}
		for j := range r.Result.Trials {
			v.Trials = append(v.Trials, newTrialView(p, r, &r.Result.Trials[j]))
		}
	}
	return v, nil
}

// customersOf lists the customers of the trials, in their order.
func customersOf(r *recommend.Past) []string {
	var customers []string
	seen := map[string]bool{}
	for _, p := range r.Pools {
		if !seen[p.Customer] {
			seen[p.Customer] = true
			customers = append(customers, p.Customer)
		}
	}
	return customers
}

func ofCustomer(customer string) func(*forecast.Trial) bool {
	return func(t *forecast.Trial) bool { return customer == "" || t.Customer == customer }
}

func newResultView(r *recommend.Past, customer string, s *forecast.Summary) resultView {
	v := resultView{Currency: string(r.Currency), Customer: clean(customer), Trials: s.Trials, Complete: s.Complete, Censored: s.Censored,
		Payg: exact(s.Payg), Clairvoyant: exact(s.Clairvoyant), Bought: s.Bought, Demand: share(s.Demand)}
	if customer == "" {
		v.TooLate = r.Result.TooLate
	}
	if s.Bought > 0 {
		v.Holds, v.Calibrated = share(s.Coverage), share(s.Calibrated)
		v.Less, v.More, v.MoreBy = share(s.Less), share(s.More), share(s.MoreBy)
	}
	for _, score := range s.Scores {
		v.Rules = append(v.Rules, scoreView{Rule: string(score.Rule), Saving: exact(score.Saving), SavingShare: ratioOf(score.Saving, s.Payg),
			Capture: share(score.Capture), Regret: exact(score.Regret), Loss: share(score.Loss), Worst: share(score.Worst)})
	}
	return v
}

func ratioOf(part, whole money.Amount) number {
	if whole.Micros == 0 {
		return ""
	}
	return share(float64(part.Micros) / float64(whole.Micros))
}

func newTrialView(p *Past, r *recommend.Past, t *forecast.Trial) trialView {
	v := trialView{Pool: t.Pool, Customer: clean(t.Customer), Origin: instant(p.Window.From.AddDate(0, 0, t.Origin)), Days: t.Days, Censored: t.Censored,
		Currency: string(r.Currency), Payg: exact(t.Payg), Clairvoyant: exact(t.Clairvoyant), Reasons: []string{}}
	for _, pool := range r.Pools {
		if pool.ID == t.Pool {
			v.Region, v.Group = string(pool.Region), pool.Group
		}
	}
	for _, reason := range t.Reasons {
		v.Reasons = append(v.Reasons, reason.Code+": "+reason.Detail)
	}
	if t.Has {
		v.Predicted = &predictedView{Mean: exact(t.Predicted.Mean), P5: exact(t.Predicted.P5), P95: exact(t.Predicted.P95), Realised: exact(t.Realised),
			Inside: t.Inside()}
	}
	for _, o := range t.Outcomes {
		v.Rules = append(v.Rules, outcomeView{string(o.Rule), share(o.OneYear), share(o.ThreeYear), exact(o.Saving)})
	}
	return v
}

// trialRow is one rule on one pool and day as a row.
type trialRow struct {
	Customer    string `csv:"customer"`
	Region      string `csv:"region"`
	Group       string `csv:"group"`
	Origin      string `csv:"origin"`
	Days        int    `csv:"days"`
	Censored    bool   `csv:"censored"`
	Currency    string `csv:"currency"`
	Payg        string `csv:"payg"`
	Clairvoyant string `csv:"clairvoyant_saving"`
	Rule        string `csv:"rule"`
	OneYear     string `csv:"p1y"`
	ThreeYear   string `csv:"p3y"`
	Saving      string `csv:"saving"`
	P5          string `csv:"predicted_p5"`
	P95         string `csv:"predicted_p95"`
}

func trialRows(p *Past) []trialRow {
	rows := []trialRow{}
	for i := range p.Results {
		r := &p.Results[i]
		for j := range r.Result.Trials {
			v := newTrialView(p, r, &r.Result.Trials[j])
			for k, o := range v.Rules {
				row := trialRow{cell(v.Customer), cell(v.Region), cell(v.Group), v.Origin, v.Days, v.Censored, v.Currency, v.Payg, v.Clairvoyant,
					o.Rule, string(o.OneYear), string(o.ThreeYear), o.Saving, "", ""}
				if k == 0 && v.Predicted != nil {
					row.P5, row.P95 = v.Predicted.P5, v.Predicted.P95
				}
				rows = append(rows, row)
			}
		}
	}
	return rows
}
