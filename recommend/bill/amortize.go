package bill

// Amortize returns the part of a prepaid total that falls on some days of a term: total x days / term. Charges that were already
// billed are verified with the real days of the term (366 where it holds a 29 February), comparisons with 365. It panics on a term
// below one day: a caller's mistake.
func Amortize(total Exact, days, term int64) Exact {
	if term < 1 {
		panic("bill: amortisation over no days")
	}
	return total.Mul(Frac(days, term))
}
