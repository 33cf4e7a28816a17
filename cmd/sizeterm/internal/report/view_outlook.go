package report

import "sizeterm/recommend"

// refundView is what the right to cancel would add; no other figure holds it.
type refundView struct {
	SavingMonth  string `json:"saving_month"`
	CancelledP95 string `json:"cancelled_p95"`
	CapShare     number `json:"cap_share"`
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
