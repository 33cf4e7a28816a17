package forecast

import (
	"errors"
	"fmt"
	"sync"

	"sizeterm/pricing/money"
)

// Spec says how a backtest is made.
type Spec struct {
	Policy Policy
	Terms  Terms
	// FirstDay is the first origin, in days from the start of the series (28 where 0), and EveryDays the distance to the next (7).
	FirstDay, EveryDays int
	// ReplayDays is how long a decision is followed (365, at most 1 095). A replay that the series cut short counts as censored; one of fewer than
	// LeastDays (28) is left out and counted.
	ReplayDays, LeastDays int
	// AgainDays is after how many days a rule is asked again during a replay, what it holds taken into account (365: when one-year
	// reservations end; 30: every month, as a partner does who buys what each month's plan says).
	AgainDays int
	// PricesAt returns the prices of a pool on the day of an origin; nil: those of the pool.
	PricesAt func(p *Pool, day int) Prices
	// Threads is how many origins are worked on at once; the result does not depend on it. 1 where 0.
	Threads int
}

// ErrTooShort says that no origin leaves enough days to replay.
var ErrTooShort = errors.New("the series are too short for a backtest")

// Outcome is what one rule did and earned.
type Outcome struct {
	Rule Rule
	// Bought are units in steps that the rule bought at the origin for one and for three years.
	OneYear, ThreeYear float64
	// Saving is against pay-as-you-go over the replay. Reservations are charged by the day of their term; one-year reservations that
	// end inside the replay are decided anew on what is known by then.
	Saving money.Amount
}

// Trial is one pool at one origin.
type Trial struct {
	Pool, Customer string
	Origin, Days   int  // day of the series, and days replayed
	Censored       bool // the series ended before the replay did
	// Payg is what the replay cost at pay-as-you-go, Clairvoyant what was saved by who knew the future: the best three-year quantity and
	// the best one-year quantity of every year.
	Payg, Clairvoyant money.Amount
	// Before is what the replay would have cost at pay-as-you-go had the last weeks before it gone on: the size of what is at stake.
	Before   money.Amount
	Outcomes []Outcome // in the order of Rules
	// Predicted is the forecast's interval of the saving of what it bought at the origin, over the replay without later purchases,
	// Realised what that was, and Rank the share of paths below it and up to it. Has is false where nothing was bought.
	Predicted Interval
	Realised  money.Amount
	Rank      [2]float64
	// DemandRank is the same of the mean demand of the replay.
	DemandRank [2]float64
	Has        bool
	Reasons    []Reason
}

// Backtest holds what past advice would have earned: at each origin every pool is decided on what was known by then, and what really
// came is billed exactly.
type Backtest struct {
	Trials  []Trial // by origin, then pool
	TooLate int     // pools at origins that leave too few days to replay
}

// Run backtests pools over a whole past. It fails on a pool or a policy that is meaningless, on two currencies, and with ErrTooShort.
func Run(pools []Pool, spec Spec) (*Backtest, error) {
	spec = spec.withDefaults()
	days := 0
	for i := range pools {
		if err := pools[i].check(); err != nil {
			return nil, err
		}
		if pools[i].currency() != pools[0].currency() {
			return nil, fmt.Errorf("pool %q: %s: want one currency, %s", pools[i].ID, pools[i].currency(), pools[0].currency())
		}
		days = max(days, pools[i].days())
	}
	var origins []int
	for day := spec.FirstDay; day+spec.LeastDays <= days; day += spec.EveryDays {
		origins = append(origins, day)
	}
	if len(origins) == 0 {
		return nil, fmt.Errorf("%d days, first origin %d, at least %d to replay: %w", days, spec.FirstDay, spec.LeastDays, ErrTooShort)
	}
	b := &Backtest{}
	known := &portfolios{pools: pools, spec: spec, at: map[int]*Portfolio{}}
	for _, day := range origins {
		trials, late, err := origin(pools, day, known, spec)
		if err != nil {
			return nil, fmt.Errorf("origin on day %d: %w", day, err)
		}
		b.Trials, b.TooLate = append(b.Trials, trials...), b.TooLate+late
	}
	return b, nil
}

func (s Spec) withDefaults() Spec {
	for _, d := range []struct {
		field *int
		value int
	}{{&s.FirstDay, 28}, {&s.EveryDays, 7}, {&s.ReplayDays, daysOfYear}, {&s.LeastDays, 28}, {&s.AgainDays, daysOfYear}, {&s.Threads, 1}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	s.ReplayDays = min(s.ReplayDays, daysOfFan)
	s.LeastDays = min(s.LeastDays, s.ReplayDays)
	return s
}

// portfolios are what was known of all pools on a day.
type portfolios struct {
	pools []Pool
	spec  Spec
	lock  sync.Mutex
	at    map[int]*Portfolio
}

func (k *portfolios) on(day int) (*Portfolio, error) {
	k.lock.Lock()
	defer k.lock.Unlock()
	if k.at[day] != nil {
		return k.at[day], nil
	}
	var past []Pool
	for i := range k.pools {
		if k.pools[i].days() >= day { // a series that ends before has nothing to say of this day
			past = append(past, k.pools[i].until(day))
		}
	}
	pf, err := NewPortfolio(past, k.spec.Policy)
	k.at[day] = pf
	return pf, err
}

// origin tries every pool on one day.
func origin(pools []Pool, day int, known *portfolios, spec Spec) ([]Trial, int, error) {
	trials := make([]*Trial, len(pools))
	errs := make([]error, len(pools))
	var group sync.WaitGroup
	turn := make(chan struct{}, spec.Threads)
	for i := range pools {
		if pools[i].days() < day+spec.LeastDays {
			continue
		}
		turn <- struct{}{}
		group.Go(func() {
			defer func() { <-turn }()
			trials[i], errs[i] = newReplay(&pools[i], day, known).run()
		})
	}
	group.Wait()
	var done []Trial
	for _, t := range trials {
		if t != nil {
			done = append(done, *t)
		}
	}
	return done, len(pools) - len(done), errors.Join(errs...)
}
