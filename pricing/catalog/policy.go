package catalog

import (
	"strings"
	"time"
)

const policySource = "MicrosoftDocs: exchange-and-refund-azure-reservations, reservation-exchange-policy-changes (01/2026); Partner Center docs (10/2023)"

// Rules are the vendor's terms of exchange, refund and waiting that hold on one
// day. They are facts with dates, inputs of a policy, not the policy.
type Rules struct {
	RefundCapUSD     int64 // cancelled commitment per customer in RefundWindow
	RefundWindowDays int
	// FeeBasisPoints is charged for early termination today (0); the vendor
	// reserves ReservedFeeBasisPoints (12 %) for the future.
	FeeBasisPoints, ReservedFeeBasisPoints int
	// ExchangeEnds is the day from which a newly bought reservation of virtual
	// machines cannot be exchanged for another; Exchangeable says whether one
	// bought on the day asked about can.
	ExchangeEnds time.Time
	Exchangeable bool
	// WaitDays is how long to wait after a purchase before a further one is
	// judged on new usage. The documents disagree, WaitDaysSaid lists them; the
	// longest is used.
	WaitDays     int
	WaitDaysSaid []int
	Source       string
}

// RulesOn returns the terms that hold for a purchase on the day of on, UTC.
func RulesOn(on time.Time) Rules {
	ends := date("2027-02-01")
	return Rules{
		RefundCapUSD: 50_000, RefundWindowDays: 365,
		FeeBasisPoints: 0, ReservedFeeBasisPoints: 1200,
		ExchangeEnds: ends, Exchangeable: on.UTC().Before(ends),
		WaitDays: 25, WaitDaysSaid: []int{3, 5, 7, 25},
		Source: policySource,
	}
}

// MarketSells tells whether reservations are sold to customers of a country,
// given by its ISO 3166 code of two letters. China and Russia are excluded; of
// Brazil and Azerbaijan the documents disagree, which is OK with a reason. Some
// hundred small markets are excluded too and are not listed publicly: the
// vendor's product list for the country decides at the purchase.
func MarketSells(country string) Verdict {
	switch strings.ToUpper(strings.TrimSpace(country)) {
	case "CN", "RU":
		return Verdict{Reason: ReasonMarket, Detail: "reservations are not sold in this market", Source: policySource}
	case "BR", "AZ":
		return Verdict{OK: true, Reason: ReasonMarketUnclear, Source: policySource,
			Detail: "one page lists this market as not sold, another does not: ask the product list before buying"}
	}
	return Verdict{OK: true, Source: policySource}
}
