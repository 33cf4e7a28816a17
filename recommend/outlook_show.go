package recommend

import (
	"fmt"
	"math"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/forecast"
)

// Outlook is the fan of futures of a pool as a picture shows it. Units are those of Pool.UnitSize; nil where nothing is bought.
type Outlook struct {
	// History is the mean of the units in use in each whole week of the window, the oldest first; NaN where a day is unknown. Bands are
	// the 5th, 25th, 50th, 75th and 95th percentile over the futures of each week ahead.
	History []float64
	Bands   [][]float64
	// Savings is what the pool's lines save a month together in each future, rising.
	Savings []money.Amount
	// Flip is what one unit that is always in use is expected to save a month, under losses of demand from none to 10 % a month; empty
	// where the two terms cannot be compared.
	Flip []FlipPoint
	// Refund is what the right to cancel would add, a line of its own; nil in currencies other than that of the cap.
	Refund *Refund
	// Exchange is what exchanging what falls idle for other reservations could add at most, a line of its own; nil where reservations
	// bought on the day of the plan cannot be exchanged.
	Exchange *Exchange
	// Stress is the hardest reading of the past; nil where no machine of the pool is known.
	Stress *Stress
	// Ladder is how the purchases would be spread over quarters; empty where the policy sets no limit.
	Ladder []Tranche
}

// FlipPoint is the expected saving of one unit a month over three years: for three years, and for one year renewed while the demand lasts.
type FlipPoint struct {
	MonthlyLoss        float64
	OneYear, ThreeYear money.Amount
}

// Refund is the worth of cancelling what fell idle, never part of a saving that is stated elsewhere.
type Refund struct {
	SavingMonth  money.Amount // mean, a month of three years
	CancelledP95 money.Amount // commitment cancelled in the worst twelve months, 95th percentile over the futures
	CapShare     float64      // of the customer's cap that this takes; shares of pools add up
}

// Exchange is the worth of giving what fell idle in return for other reservations, which takes none of the cap. It is an upper bound: the
// money counts in full, as if the customer had other use for reservations of as much in every future.
type Exchange struct {
	SavingMonth money.Amount // mean, a month of three years
	ReplacedP95 money.Amount // commitment that must find other use within twelve months, 95th percentile over the futures
	Ends        time.Time    // day from which what is bought cannot be exchanged
}

// Tranche is a part of a line that the policy's ladder buys some quarters later.
type Tranche struct {
	Term     pricing.Term
	Quarters int
	Quantity int64        // of Pool.UnitSize
	Delay    money.Amount // expected saving that waiting forgoes
}

// show fills what pictures and options need from the fan.
func (d *decision) show(fan *forecast.Fan, buy []forecast.Purchase, in *Input) error {
	scale := 1 / float64(d.ahead.Step)
	o := &Outlook{History: scaledBy(fan.History(), scale)}
	for _, band := range fan.Bands(0.05, 0.25, 0.5, 0.75, 0.95) {
		o.Bands = append(o.Bands, scaledBy(band, scale))
	}
	for _, s := range fan.Together(buy) {
		o.Savings = append(o.Savings, money.New(s, d.currency))
	}
	o.Flip = d.flipCurve()
	chosen := fan.Decision(buy)
	if d.currency == refundCurrency {
		option := fan.Refund(chosen)
		o.Refund = &Refund{CancelledP95: option.Cancelled.P95, CapShare: math.Round(option.CapShare*1e6) / 1e6}
		var err error
		if o.Refund.SavingMonth, err = option.Saving.MulDiv(1, 36); err != nil {
			return err
		}
	}
	if rules := catalog.RulesOn(d.asOf); rules.Exchangeable {
		option := fan.Exchange(chosen)
		o.Exchange = &Exchange{ReplacedP95: option.Cancelled.P95, Ends: rules.ExchangeEnds}
		var err error
		if o.Exchange.SavingMonth, err = option.Saving.MulDiv(1, 36); err != nil {
			return err
		}
	}
	o.Stress = d.stress(fan, chosen, in)
	if limit := in.Policy.ExpirePerQuarter; limit > 0 && limit < 1 {
		for _, t := range fan.Ladder(chosen) {
			o.Ladder = append(o.Ladder, Tranche(t))
		}
	}
	d.result.Outlook = o
	return nil
}

func scaledBy(values []float64, by float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v * by
	}
	return out
}

// flipLosses are the losses at which the two terms are compared, in thousandths a month.
var flipLosses = []int64{0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100}

// flipCurve compares the terms for one unit that is always in use while the demand lasts (algorithms 1.2): at a loss h with survival
// s(m) = (1-h)^m three years save p 730 sum s(m) - c3, one year renewed p 730 sum s(m) - c1 (1 + s(12) + s(24)); a 36th of each.
func (d *decision) flipCurve() []FlipPoint {
	prices := d.ahead.Prices
	if len(d.terms) < 2 || prices.OneYear.Micros <= 0 || prices.ThreeYear.Micros <= 0 {
		return nil
	}
	var curve []FlipPoint
	for _, loss := range flipLosses {
		h := float64(loss) / 1000
		months := int64(0)
		for m := range int64(36) {
			months += survivors(h, m)
		}
		covered := bill.Whole(int64(prices.Payg)).Mul(bill.Whole(pricing.HoursOfMonth)).Mul(bill.Frac(months, weightScale*10_000))
		renewed := bill.Whole(prices.OneYear.Micros).Mul(bill.Frac(weightScale+survivors(h, 12)+survivors(h, 24), weightScale))
		one, _ := covered.Sub(renewed).Quo(bill.Whole(36)).Round()
		three, _ := covered.Sub(bill.Whole(prices.ThreeYear.Micros)).Quo(bill.Whole(36)).Round()
		curve = append(curve, FlipPoint{h, money.New(one, d.currency), money.New(three, d.currency)})
	}
	return curve
}

// options says the refund option and the ladder of a pool in words, for its first line.
func (o *Outlook) options(currency money.Code) []string {
	var out []string
	if r := o.Refund; r != nil {
		out = append(out, fmt.Sprintf("not counted: cancelling what falls idle would add %s %s a month on average and take up to %s of the yearly cap (95 of 100 futures)",
			r.SavingMonth.Round(), currency, percent(r.CapShare)))
	}
	if e := o.Exchange; e != nil && (o.Refund == nil || e.SavingMonth.Cmp(o.Refund.SavingMonth) > 0) {
		out = append(out, fmt.Sprintf("not counted: exchanging what falls idle takes nothing of the cap and would add up to %s %s a month where the customer has other use for reservations of as much (%s %s in 95 of 100 futures); what is bought from %s on cannot be exchanged",
			e.SavingMonth.Round(), currency, e.ReplacedP95.Round(), currency, e.Ends.Format(time.DateOnly)))
	}
	if o.Stress != nil {
		out = append(out, o.Stress.words())
	}
	later := int64(0)
	for _, t := range o.Ladder {
		if t.Quarters > 0 {
			later += t.Quantity
		}
	}
	if later > 0 {
		last := o.Ladder[len(o.Ladder)-1]
		out = append(out, fmt.Sprintf("the policy's limit on what expires in one quarter asks to buy %d units later, the last in %d quarters; see the ladder", later, last.Quarters))
	}
	return out
}
