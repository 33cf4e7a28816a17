package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"sizeterm/recommend/bill"
	microsoft "sizeterm/recommend/rule"
)

func newRule(c *common) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "rule FILE...",
		Short: "What Microsoft's reservation recommender answered, computed again",
		Long: `Reads answers of Microsoft's API (reservationRecommendations and reservationRecommendationDetails, legacy and modern, as JSON) and says
whether its own rule gives the same: every quantity of the curve and the choice. Where the usage of an answer is cut short, the hours are
made from the curve. What the same rule says of your own files is in the plan: sizeterm recommend --verbose.`,
		Example: "  az rest --url '.../reservationRecommendationDetails?...' > answer.json\n  sizeterm rule answer.json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("Try: sizeterm rule --help", "no FILE given")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("output", output, "table", "json"); err != nil {
				return err
			}
			for _, path := range args {
				if err := c.ruleFile(path, output); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&output, "output", "table", "table, or json: one object a line for each answer")
	return cmd
}

// ruleFile prints the answers of one file; - is standard input.
func (c *common) ruleFile(path, output string) error {
	in, err := c.opened(path)
	if err != nil {
		return err
	}
	defer in.Close()
	answers, err := microsoft.Read(in)
	if err != nil {
		return refused("An answer of reservationRecommendations or reservationRecommendationDetails is one JSON object.", fmt.Errorf("%s: %w", path, err))
	}
	for i := range answers {
		a := newAnswerView(path, &answers[i])
		if output == "table" {
			a.print(c)
			continue
		}
		if err := json.NewEncoder(c.out).Encode(a); err != nil {
			return err
		}
	}
	return nil
}

// answerView is an answer as JSON; figures are decimal texts with six digits.
type answerView struct {
	File         string      `json:"file"`
	Kind         string      `json:"kind"`
	Scope        string      `json:"scope"`
	Subscription string      `json:"subscription"`
	Size         string      `json:"size"`
	Region       string      `json:"region"`
	Term         string      `json:"term"`
	LookbackDays int         `json:"lookback_days"`
	Currency     string      `json:"currency"`
	Quantity     string      `json:"recommended_quantity"`
	Normalized   string      `json:"recommended_quantity_normalized"`
	NormalSize   string      `json:"normalized_size"`
	NetSavings   string      `json:"net_savings"`
	Hours        int64       `json:"hours"`               // that the money covers; 0 where the answer carries no curve
	From         string      `json:"from"`                // "usage", "curve" or "": what our figures were computed from
	Ours         *int64      `json:"ours"`                // quantity of our rule; null where the answer carries neither usage nor curve
	Most         *int64      `json:"ours_most,omitempty"` // where a curve that is cut short tells only a range, its end
	Points       []pointView `json:"points"`              // by quantity
	Wrong        []string    `json:"wrong"`               // empty: all agrees
}

type pointView struct {
	Quantity string     `json:"quantity"`
	Theirs   figureView `json:"theirs"`
	Ours     figureView `json:"ours"`
}

type figureView struct {
	OnDemand    string `json:"on_demand"`
	Reservation string `json:"reservation"`
	Overage     string `json:"overage"`
	Total       string `json:"total"`
	Saving      string `json:"saving"`
}

func newAnswerView(path string, a *microsoft.Answer) answerView {
	v := answerView{File: path, Kind: a.Kind, Scope: a.Scope, Subscription: a.Subscription, Size: a.Size, Region: a.Region, Term: a.Term, LookbackDays: a.LookbackDays,
		Currency: a.Currency, Quantity: a.Quantity.String(), NormalSize: a.NormalizedSize, NetSavings: sixDigits(a.NetSavings), Points: []pointView{}, Wrong: append([]string{}, a.Wrong...)}
	if a.NormalizedSize != "" {
		v.Normalized = a.Normalized.String()
	}
	if a.Curve == nil {
		return v
	}
	v.Hours, v.From, v.Ours = a.Curve.Hours, a.Curve.From, &a.Curve.Ours
	if a.Curve.Most > a.Curve.Ours {
		v.Most = &a.Curve.Most
	}
	for i := range a.Curve.Points {
		p := &a.Curve.Points[i]
		v.Points = append(v.Points, pointView{p.Quantity.String(),
			figureView{sixDigits(p.OnDemand), sixDigits(p.Reservation), sixDigits(p.Overage), sixDigits(p.Total), sixDigits(p.Saving)},
			figureView{sixDigits(p.Ours.OnDemand), sixDigits(p.Ours.Reservation), sixDigits(p.Ours.Overage), sixDigits(p.Ours.Total()), sixDigits(p.Ours.Saving())}})
	}
	return v
}

func sixDigits(x bill.Exact) string { return x.Rat().FloatString(6) }

func (v *answerView) print(c *common) {
	say := func(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }
	say("%s: %s x %s in %s, %s, scope %s, looking back %d days", v.File, v.Quantity, v.Size, v.Region, v.Term, v.Scope, v.LookbackDays)
	if v.Normalized != "" {
		say("  that is %s x %s", v.Normalized, v.NormalSize)
	}
	switch {
	case v.Most != nil:
		say("  its usage and its curve are cut short, money of %d hours: they tell that the same rule takes %d to %d", v.Hours, *v.Ours, *v.Most)
	case v.From == "usage":
		say("  the same rule on its own usage, money of %d hours: %d", v.Hours, *v.Ours)
	case v.From == "curve":
		say("  the same rule on hours made from its curve (its usage is cut short), money of %d hours: %d", v.Hours, *v.Ours)
	default:
		say("  it carries no usage: only what ties its figures can be checked")
	}
	for _, p := range v.Points {
		say("  %6s: saves %s, ours %s", p.Quantity, p.Theirs.Saving, p.Ours.Saving)
	}
	if len(v.Wrong) == 0 {
		say("  all agrees")
	}
	for _, w := range v.Wrong {
		say("  differs: %s", w)
	}
}
