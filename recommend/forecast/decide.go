package forecast

import (
	"fmt"
	"math"
	"slices"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/solve"
)

// Terms says which terms may be bought.
type Terms struct {
	OneYear, ThreeYear bool
}

// Decision is what to buy now, why, and what it is expected to save.
type Decision struct {
	// OneYear and ThreeYear are quantities of Pool.Step; Renewed is the mean quantity of one-year reservations that the plan expects to
	// buy again after one and after two years.
	OneYear, ThreeYear int64
	Renewed            [years - 1]float64
	// Neutral are the quantities of least expected cost, before risk aversion and short history took some away.
	Neutral solve.Mix
	// Saving is what three years save with the renewals that are best then: what the term was chosen on. A month.
	Saving money.Amount
	// Lines are the purchases, three years first, each with what it adds.
	Lines []Line
	Basis Basis
	// Why says in one sentence why one year, three, or nothing.
	Why string
}

// Line is one purchase of a decision and what it is expected to save over its own term, without any renewal.
type Line struct {
	Term     pricing.Term
	Quantity int64
	// SavingMonth is the mean and the interval of the saving in a month of the term.
	SavingMonth Interval
	// Loss is the probability that the line costs more than pay-as-you-go would have; Shortfall is the mean saving a month of the worst
	// Tail of paths, a loss where negative.
	Loss      float64
	Shortfall money.Amount
	// BreakEvenMonths is when the expected saving at pay-as-you-go has earned the total back; EarnedBack is false beyond the term.
	BreakEvenMonths float64
	EarnedBack      bool
	// DropToLoss is the share by which demand must fall at once, and stay, for the line to become a loss. 1 means that no fall does.
	DropToLoss float64
}

// Interval is a mean and the 5th and 95th percentile over paths, by nearest rank.
type Interval struct {
	Mean, P5, P95 money.Amount
}

// Decide returns the quantities of least cost on the fan. Without risk aversion they are exact for the sample; with it they are the best
// of a search over a cost that is convex, closed by trying the neighbours.
func (f *Fan) Decide(terms Terms) (Decision, error) {
	d := Decision{Basis: f.basis}
	if f.basis.Stopped() {
		d.Why = f.stopped()
		return d, nil
	}
	short := f.out.past.days < f.policy.MinDaysNormal
	m, err := marketOf(f.pool.Prices, terms.OneYear, terms.ThreeYear && !short)
	if err != nil {
		return d, fmt.Errorf("pool %q: %w", f.pool.ID, err)
	}
	h, branches, err := f.horizon(m)
	if err != nil {
		return d, err
	}
	if d.Neutral, err = h.Best(); err != nil {
		return d, fmt.Errorf("pool %q: %w", f.pool.ID, err)
	}
	d.OneYear, d.ThreeYear = d.Neutral.OneYear[0], d.Neutral.ThreeYear
	risk, err := f.newRisk(h, m)
	if err != nil {
		return d, err
	}
	if f.policy.RiskAversion > 0 {
		d.ThreeYear, d.OneYear = risk.search(d.ThreeYear, d.OneYear, limits{math.MaxInt64, math.MaxInt64})
	}
	if short {
		d.OneYear = min(d.OneYear, f.pool.surely(&f.out.past, m, f.out.use))
	}
	d.Saving = f.amount(risk.saving(d.ThreeYear, d.OneYear) / (years * 12))
	for i, b := range branches {
		if b.year > 0 {
			z := max(0, d.Neutral.OneYear[i]+d.Neutral.ThreeYear-d.ThreeYear)
			d.Renewed[b.year-1] += float64(z) * float64(len(b.paths)) / float64(f.paths)
		}
	}
	d.Lines = f.lines(d.ThreeYear, d.OneYear)
	d.Why = f.why(&d)
	return d, nil
}

func (f *Fan) stopped() string {
	i := slices.IndexFunc(f.basis.Reasons, func(r Reason) bool { return r.Stops })
	return "nothing is bought: " + f.basis.Reasons[i].Detail
}

// why says what decided between the terms.
func (f *Fan) why(d *Decision) string {
	b := &f.basis
	last := fmt.Sprintf("of today's level %.0f %%, %.0f %% and %.0f %% are expected after one, two and three years (a loss of %.2g %% a month: %s)",
		100*b.Persistence[0], 100*b.Persistence[1], 100*b.Persistence[2], 100*b.MonthlyLoss, b.Source)
	switch {
	case d.OneYear == 0 && d.ThreeYear == 0:
		return "nothing is bought: no reservation is expected to earn its price; " + last
	case d.OneYear == 0:
		return "three years: the expected cost is least although the demand may end before; " + last
	case d.ThreeYear == 0:
		return "one year, renewed while the demand lasts, is expected to cost less than three; " + last
	}
	return "three years for the part that is expected to stay, one year for the rest; " + last
}

// amount turns micro-units into money.
func (f *Fan) amount(micros float64) money.Amount {
	return money.New(int64(math.RoundToEven(micros)), f.pool.currency())
}

// Flip is the monthly loss at which the choice between one year and three turns. Below it three years are the greater part.
type Flip struct {
	MonthlyLoss float64
	Has         bool // false: one of the two is the better whatever the loss
}

// flipPaths is how many paths a flip is looked for on: a quarter of a decision's, for its answer needs one digit.
const flipPaths = 50

// FlipsAt looks for the monthly loss at which three years stop being the greater part of what is bought: the same luck on every path,
// another probability that the demand breaks away. It is sought between 0.05 % and 30 %, to a twentieth of its value.
func (f *Fan) FlipsAt(terms Terms) (Flip, error) {
	if f.basis.Stopped() || !terms.OneYear || !terms.ThreeYear {
		return Flip{}, nil
	}
	m, err := marketOf(f.pool.Prices, true, true)
	if err != nil {
		return Flip{}, fmt.Errorf("pool %q: %w", f.pool.ID, err)
	}
	low, high := 0.0005, 0.3
	atLow, err := f.mostlyThree(low, m)
	if err != nil || !atLow {
		return Flip{}, err
	}
	if atHigh, err := f.mostlyThree(high, m); err != nil || atHigh {
		return Flip{}, err
	}
	for high/low > 1.1 {
		mid := math.Sqrt(low * high)
		three, err := f.mostlyThree(mid, m)
		if err != nil {
			return Flip{}, err
		}
		if three {
			low = mid
		} else {
			high = mid
		}
	}
	return Flip{MonthlyLoss: math.Sqrt(low * high), Has: true}, nil
}

// mostlyThree reports whether at least half of what is bought is for three years.
func (f *Fan) mostlyThree(loss float64, m market) (bool, error) {
	g := *f
	g.paths = min(f.paths, flipPaths)
	g.draw(&loss)
	h, _, err := g.horizon(m)
	if err != nil {
		return false, err
	}
	mix, err := h.Best()
	return mix.ThreeYear > 0 && mix.ThreeYear >= mix.OneYear[0], err
}
