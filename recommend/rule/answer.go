package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"sizeterm/recommend/bill"
)

// ErrNoAnswer is wrapped where a document holds no answer of the recommender.
var ErrNoAnswer = errors.New("no reservation recommendation")

// Answer is one recommendation as Microsoft's recommender gave it, with what our rule makes of it.
type Answer struct {
	Kind         string // "legacy", "modern", or "details" of the answer with the curve
	Scope        string // "Shared" or "Single", as written
	Subscription string
	Size, Region string
	Term         string
	LookbackDays int
	Currency     string // "" where the answer does not say
	Quantity     bill.Exact
	// Normalized counts NormalizedSize, Quantity counts Size: mixing them buys another number of machines.
	Normalized     bill.Exact
	NormalizedSize string
	Group          string // of size flexibility; "" where none is said
	NetSavings     bill.Exact

	Curve *Curve   // nil where the answer carries none
	Wrong []string // what contradicts itself or our rule; empty where all agrees
}

// Curve is the savings of each quantity, theirs and ours.
type Curve struct {
	Hours int64  // that the money covers
	From  string // "usage" where our figures come from the usage of the answer, "curve" where it is cut short and the hours are made from the curve
	Ours  int64  // the quantity that our rule recommends
	// Most is Ours, but for a curve that was cut short and leaves out the quantity that is recommended: it tells only that our rule takes Ours
	// to Most.
	Most   int64
	Points []Point
}

// Point is one quantity of a curve.
type Point struct {
	Quantity                                      bill.Exact
	OnDemand, Reservation, Overage, Total, Saving bill.Exact // as the answer says
	Ours                                          Option
}

// Read returns the answers of a JSON document: a list of recommendations or its rows, the details of one, or a published sample that wraps
// either in its responses. It fails with ErrNoAnswer where there is none, and on figures that are no numbers.
func Read(r io.Reader) ([]Answer, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("no JSON object: %w", err)
	}
	for _, response := range doc.Responses {
		if response.Body != nil {
			doc = *response.Body
			break
		}
	}
	rows := doc.Value
	if len(rows) == 0 {
		rows = []document{doc}
	}
	var all []Answer
	for i := range rows {
		a, ok, err := rows[i].answer()
		if err != nil {
			return nil, fmt.Errorf("value[%d]: %w", i, err)
		}
		if ok {
			all = append(all, a)
		}
	}
	if len(all) == 0 {
		return nil, ErrNoAnswer
	}
	return all, nil
}

// document is any of the bodies.
type document struct {
	Type, Kind, Sku, Location string
	Value                     []document
	Properties                *properties
	Responses                 map[string]struct{ Body *document }
}

// properties are those of a row and of the details; each has some.
type properties struct {
	Scope, Term, SubscriptionID, SkuName, Location, NormalizedSize, InstanceFlexibilityGroup, Currency string
	LookBackPeriod                                                                                     json.RawMessage
	RecommendedQuantity, RecommendedQuantityNormalized, InstanceFlexibilityRatio                       number
	CostWithNoReservedInstances, TotalCostWithReservedInstances, NetSavings                            cash
	Resource                                                                                           struct {
		OnDemandRate, ReservationRate number
		Product, Region               string
		AppliedScopes                 []string
	}
	Savings *struct {
		CalculatedSavings []struct {
			Quantity, OnDemandCost, OverageCost, ReservationCost, TotalReservationCost, Savings number
		}
		LookBackPeriod       json.RawMessage
		RecommendedQuantity  number
		ReservationOrderTerm string
	}
	Usage struct{ UsageData []number }
}

// number is a JSON number, the text of one, or an amount {currency, value}, without rounding.
type number struct {
	bill.Exact
	given bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), "{") {
		amount := cash{}
		err := amount.UnmarshalJSON(text)
		*n = amount.number
		return err
	}
	plain := strings.Trim(string(text), `"`)
	if plain == "null" || plain == "" {
		return nil
	}
	if len(plain) > 40 {
		return fmt.Errorf("%.40q…: not a number", plain)
	}
	if exponent := strings.IndexAny(plain, "eE"); exponent >= 0 { // a huge exponent would be a huge number
		if e, err := strconv.Atoi(plain[exponent+1:]); err != nil || e < -30 || e > 30 {
			return fmt.Errorf("%q: not a number", plain)
		}
	}
	r, ok := new(big.Rat).SetString(plain)
	if !ok || strings.Contains(plain, "/") {
		return fmt.Errorf("%q: not a number", plain)
	}
	n.Exact, n.given = bill.FromRat(r), true
	return nil
}

// cash is an amount: a number of the legacy kind, {currency, value} of the modern.
type cash struct {
	number
	currency string
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *cash) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), "{") {
		var both struct {
			Currency string
			Value    number
		}
		err := json.Unmarshal(text, &both)
		c.number, c.currency = both.Value, both.Currency
		return err
	}
	return c.number.UnmarshalJSON(text)
}

// days reads a lookback: "Last7Days" or 7.
func days(text json.RawMessage) int {
	plain := strings.Trim(string(text), `"`)
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(plain, "Last"), "Days"))
	if err != nil {
		return 0
	}
	return n
}

// answer reads a row or the details; ok is false where the document is neither.
func (d *document) answer() (a Answer, ok bool, err error) {
	kind := strings.ToLower(d.Type[strings.LastIndexByte(d.Type, '/')+1:])
	p := d.Properties
	switch {
	case p == nil || kind != "reservationrecommendations" && kind != "reservationrecommendationdetails":
		return a, false, nil
	case kind == "reservationrecommendationdetails" && p.Savings != nil:
		return p.details(), true, nil
	case kind == "reservationrecommendationdetails":
		return a, false, fmt.Errorf("no savings: %w", ErrNoAnswer)
	}
	a = Answer{Kind: d.Kind, Scope: p.Scope, Subscription: p.SubscriptionID, Size: or(p.SkuName, d.Sku), Region: or(p.Location, d.Location), Term: p.Term,
		LookbackDays: days(p.LookBackPeriod), Currency: p.NetSavings.currency, Quantity: p.RecommendedQuantity.Exact, Normalized: p.RecommendedQuantityNormalized.Exact,
		NormalizedSize: p.NormalizedSize, NetSavings: p.NetSavings.Exact}
	if p.InstanceFlexibilityGroup != "NA" {
		a.Group = p.InstanceFlexibilityGroup
	}
	a.judge()
	without, with := p.CostWithNoReservedInstances, p.TotalCostWithReservedInstances
	if without.Sign() != 0 && !near(without.Sub(with.Exact), a.NetSavings) { // published rows leave the costs blank
		a.Wrong = append(a.Wrong, "netSavings is not the difference of the costs")
	}
	if ratio := p.InstanceFlexibilityRatio; ratio.Sign() > 0 && p.RecommendedQuantityNormalized.given && !near(a.Quantity.Mul(ratio.Exact), a.Normalized) {
		a.Wrong = append(a.Wrong, "recommendedQuantityNormalized is not recommendedQuantity x instanceFlexibilityRatio")
	}
	return a, true, nil
}

// judge asks what every answer must say.
func (a *Answer) judge() {
	if a.LookbackDays != 7 && a.LookbackDays != 30 && a.LookbackDays != 60 {
		a.Wrong = append(a.Wrong, "lookBackPeriod is not 7, 30 or 60 days")
	}
	if a.Term != "P1Y" && a.Term != "P3Y" {
		a.Wrong = append(a.Wrong, fmt.Sprintf("term %q is not P1Y or P3Y", a.Term))
	}
	if strings.EqualFold(a.Scope, "single") && a.Subscription == "" {
		a.Wrong = append(a.Wrong, "a single scope names no subscription")
	}
}

// near reports whether two figures agree to a millionth; the samples print money of a window with at least six digits.
func near(a, b bill.Exact) bool {
	off := a.Sub(b).Float()
	return max(off, -off) <= 1e-6*(1+max(a.Float(), -a.Float()))
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
