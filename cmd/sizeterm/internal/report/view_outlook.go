package report

import "sizeterm/recommend"

// refundView is what the right to cancel would add; no other figure holds it.
type refundView struct {
	SavingMonth  string `json:"saving_month"`
	CancelledP95 string `json:"cancelled_p95"`
	CapShare     number `json:"cap_share"`
}

// exchangeView is what exchanges could add at most; no other figure holds it.
type exchangeView struct {
	SavingMonth string  `json:"saving_month_at_most"`
	ReplacedP95 string  `json:"replaced_p95"`
	Ends        *string `json:"ends"`
}

// stressView is what is left when no machine that ends is replaced.
type stressView struct {
	Lasts       [3]number `json:"lasts"`
	MonthlyEnd  number    `json:"monthly_end"`
	Machines    int       `json:"machines"`
	Ended       int       `json:"ended"`
	Months      number    `json:"machine_months"`
	SavingMonth string    `json:"saving_month"`
}

// trancheView is a part of a purchase that the policy's ladder buys later.
type trancheView struct {
	Term     string `json:"term"`
	Quarters int    `json:"quarters"`
	Quantity int64  `json:"quantity"`
	Delay    string `json:"saving_forgone"`
}

// refundOf returns the refund option of a pool; null where there is none.
func refundOf(o *recommend.Outlook) *refundView {
	if o == nil || o.Refund == nil {
		return nil
	}
	return &refundView{exact(o.Refund.SavingMonth), exact(o.Refund.CancelledP95), share(o.Refund.CapShare)}
}

// exchangeOf returns the exchange option of a pool; null where there is none.
func exchangeOf(o *recommend.Outlook) *exchangeView {
	if o == nil || o.Exchange == nil {
		return nil
	}
	return &exchangeView{exact(o.Exchange.SavingMonth), exact(o.Exchange.ReplacedP95), optionalInstant(o.Exchange.Ends)}
}

// stressOf returns the stress case of a pool; null where there is none.
func stressOf(o *recommend.Outlook) *stressView {
	if o == nil || o.Stress == nil {
		return nil
	}
	s := o.Stress
	view := &stressView{MonthlyEnd: share(s.MonthlyEnd), Machines: s.Machines, Ended: s.Ended, Months: share(s.Months), SavingMonth: exact(s.SavingMonth)}
	for i, left := range s.Lasts {
		view.Lasts[i] = share(left)
	}
	return view
}

// ladderOf returns the ladder of a pool; empty where the policy has no limit.
func ladderOf(o *recommend.Outlook) []trancheView {
	ladder := []trancheView{}
	if o == nil {
		return ladder
	}
	for _, t := range o.Ladder {
		ladder = append(ladder, trancheView{t.Term.String(), t.Quarters, t.Quantity, exact(t.Delay)})
	}
	return ladder
}
