package forecast

import (
	"fmt"

	"sizeterm/pricing/money"
)

// Score is what one rule earned over many trials.
type Score struct {
	Rule   Rule
	Saving money.Amount // realised, against pay-as-you-go
	// Regret is what the clairvoyant saved beyond it, Capture the share of the clairvoyant's saving that was realised.
	Regret  money.Amount
	Capture float64
	// Loss is the share of trials that cost more than pay-as-you-go, Worst the greatest such loss as a share of Trial.Before.
	Loss, Worst float64
}

// Summary is what many trials say together.
type Summary struct {
	Trials, Complete, Censored int
	Payg, Clairvoyant          money.Amount
	Scores                     []Score // in the order of Rules
	// Bought is the number of trials with a purchase: those that the coverages of savings speak of.
	Bought int
	// Coverage is the share of purchases whose saving was inside the interval from P5 to P95. Savings have a greatest value, all hours in
	// use, that many paths share; P95 is then that value, and a calibrated interval covers up to 95 %. Calibrated counts a saving that
	// ties with paths by the part of their ranks that lies between 5 % and 95 %: its nominal value is 90 % whatever ties.
	Coverage, Calibrated float64
	// Less and More are the shares of purchases that saved less than P5 and more than P95, MoreBy the most by which one saved more, as a
	// share of what its replay cost at pay-as-you-go: where hardly anything moves, many savings lie a little above a range.
	Less, More, MoreBy float64
	// Demand is Calibrated for the mean demand of the replay, and Below and Above the parts that were below and above its interval.
	Demand, Below, Above float64
}

// Summarize adds up the trials for which keep is true, all where keep is nil.
func (b *Backtest) Summarize(keep func(*Trial) bool) (Summary, error) {
	var s Summary
	var payg, clairvoyant, saved = money.Sum{}, money.Sum{}, make([]money.Sum, len(Rules()))
	s.Scores = make([]Score, len(Rules()))
	judged, currency := 0.0, money.Code("")
	for i := range b.Trials {
		t := &b.Trials[i]
		if keep != nil && !keep(t) {
			continue
		}
		s.Trials++
		if t.Censored {
			s.Censored++
		}
		currency = t.Payg.Currency
		payg.AddAmount(t.Payg)
		clairvoyant.AddAmount(t.Clairvoyant)
		for k, o := range t.Outcomes {
			saved[k].AddAmount(o.Saving)
			s.Scores[k].count(o.Saving, t.Before)
		}
		s.judge(t, &judged)
	}
	s.Complete = s.Trials - s.Censored
	if s.Trials == 0 {
		return s, nil
	}
	if s.Bought > 0 {
		s.Coverage, s.Calibrated = s.Coverage/float64(s.Bought), s.Calibrated/float64(s.Bought)
		s.Less, s.More = s.Less/float64(s.Bought), s.More/float64(s.Bought)
	}
	if judged > 0 {
		s.Demand, s.Below, s.Above = s.Demand/judged, s.Below/judged, s.Above/judged
	}
	return s, s.total(payg, clairvoyant, saved, currency)
}

func (s *Score) count(saving, before money.Amount) {
	if saving.Micros < 0 {
		s.Loss++
		if before.Micros > 0 {
			s.Worst = max(s.Worst, -float64(saving.Micros)/float64(before.Micros))
		}
	}
}

// judge counts a trial for the coverages.
func (s *Summary) judge(t *Trial, judged *float64) {
	if t.DemandRank != [2]float64{} || t.Has {
		*judged++
		s.Demand += between(t.DemandRank)
		s.Below += overlap(t.DemandRank, 0, 0.05)
		s.Above += overlap(t.DemandRank, 0.95, 1)
	}
	if !t.Has {
		return
	}
	s.Bought++
	switch {
	case t.Inside():
		s.Coverage++
	case t.Realised.Cmp(t.Predicted.P5) < 0:
		s.Less++
	default:
		s.More++
		s.MoreBy = max(s.MoreBy, float64(t.Realised.Micros-t.Predicted.P95.Micros)/float64(max(1, t.Payg.Micros)))
	}
	s.Calibrated += between(t.Rank)
}

// Inside reports whether the saving of what was bought lay between the 5th and the 95th percentile of the forecast, the ends included.
func (t *Trial) Inside() bool {
	return t.Has && t.Realised.Cmp(t.Predicted.P5) >= 0 && t.Realised.Cmp(t.Predicted.P95) <= 0
}

// between returns the part of the ranks of a value that lies between 5 % and 95 %.
func between(rank [2]float64) float64 { return overlap(rank, 0.05, 0.95) }

func overlap(rank [2]float64, low, high float64) float64 {
	if rank[1]-rank[0] < 1e-9 {
		if rank[0] >= low && (rank[0] < high || high == 1) {
			return 1
		}
		return 0
	}
	return max(0, min(rank[1], high)-max(rank[0], low)) / (rank[1] - rank[0])
}

// total turns sums into amounts and shares.
func (s *Summary) total(payg, clairvoyant money.Sum, saved []money.Sum, currency money.Code) error {
	var err error
	if s.Payg, err = payg.Amount(currency); err != nil {
		return fmt.Errorf("sum of costs: %w", err)
	}
	if s.Clairvoyant, err = clairvoyant.Amount(currency); err != nil {
		return fmt.Errorf("sum of savings: %w", err)
	}
	for k, rule := range Rules() {
		score := &s.Scores[k]
		score.Rule = rule
		score.Loss /= float64(s.Trials)
		if score.Saving, err = saved[k].Amount(currency); err != nil {
			return fmt.Errorf("sum of savings: %w", err)
		}
		if score.Regret, err = s.Clairvoyant.Sub(score.Saving); err != nil {
			return fmt.Errorf("sum of savings: %w", err)
		}
		if s.Clairvoyant.Micros > 0 {
			score.Capture = float64(score.Saving.Micros) / float64(s.Clairvoyant.Micros)
		}
	}
	return nil
}
