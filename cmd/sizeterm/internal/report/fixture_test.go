package report

import (
	"math"
	"time"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// Figures of the hand-made plans. The prices are invented; the sums between them are worked by hand:
//
//	D4s v5, three years: 6 x 2,345.00 = 14,070.00; pay-as-you-go 0.230 an hour, so r/p = 2345 / (26280 x 0.230) = 0.387957
//	E8s v5, one year:    2 x 2,900.00 =  5,800.00; pay-as-you-go 0.528 an hour, so r/p = 2900 / (8760 x 0.528)  = 0.626989
const (
	contoso   = "6f1c1a52-3b1e-4c66-9a55-0d9a3f2f1e77"
	fabrikam  = "c0ffee00-0000-4000-8000-00000000fab1"
	poolD     = "pool-7d2f5b10"
	poolE     = "pool-19ab44c3"
	frontends = "/subscriptions/11111111-1111-4111-8111-111111111111/resourcegroups/rg-web/providers/microsoft.compute/virtualmachines/web-01"
)

func usd(micros int64) money.Amount { return money.New(micros, "USD") }

// dollars is an amount from cents.
func dollars(cents int64) money.Amount { return usd(cents * 10_000) }

func date(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

func has(v float64) recommend.Fraction { return recommend.Fraction{Value: v, Has: true} }

// contosoPlan is a plan of one customer with two lines, one of them of partly used days, and everything else that a plan
// can hold.
func contosoPlan() *recommend.Plan {
	return &recommend.Plan{
		AsOf: date(2026, 11, 24), Policy: recommend.DefaultPolicy(),
		Window:         demand.Window{From: date(2026, 10, 27), To: date(2026, 11, 24)},
		Files:          contosoFiles(),
		Prices:         contosoPrices(),
		Profiles:       contosoProfiles(),
		VMs:            contosoVMs(),
		Pools:          contosoPools(),
		Lines:          contosoLines(),
		NotRecommended: contosoNot(),
		Later:          contosoLater(),
		Reference: []recommend.Reference{{
			Customer: contoso, Scope: "shared", Region: "polandcentral", Size: "Standard_D4s_v5", Term: pricing.ThreeYear, Currency: "USD",
			LookbackDays: 30, Quantity: 8, CostWithout: dollars(1_545_60), CostWith: dollars(1_190_12), NetSavings: dollars(355_48),
			Difference: "it counts 8 machines that ran at once in the busiest hours; units 7 and 8 were busy 31.0 % of the hours, below the threshold",
		}},
		Asked: []recommend.Reference{
			askedOf("/subscriptions/11111111-2222-3333-4444-555555555555", 7, 6, 88_87), askedOf("shared", 7, 8, 88_87), askedOf("shared", 30, 9, 391_20),
		},
		Lookbacks: []recommend.Reach{{Customer: contoso, Days: 7, Covered: true}, {Customer: contoso, Days: 30, Covered: true, Detail: "2 of the days have no row and are left out"},
			{Customer: contoso, Days: 60, Detail: "not covered: the files hold the last 31 days before 2026-11-24"}},
		Totals:   []recommend.Total{contosoTotal()},
		Warnings: []analyzer.Warning{{Code: "price_old", Subject: "Standard_E8s_v5 in polandcentral", Detail: "the price is of 2026-08-01, 115 days before the day of this plan"}},
	}
}

// askedOf is what Microsoft's recommender says of D4s at a scope.
func askedOf(scope string, days int, quantity, cents int64) recommend.Reference {
	return recommend.Reference{Customer: contoso, Scope: scope, Region: "polandcentral", Size: "Standard_D4s_v5", Term: pricing.ThreeYear, Currency: "USD", Billed: true,
		LookbackDays: days, Quantity: quantity, CostWithout: dollars(3 * cents), CostWith: dollars(2 * cents), NetSavings: dollars(cents), Difference: "it repeats these days"}
}

// contosoLater is an owned reservation that ends and what is planned for that day.
func contosoLater() []recommend.Later {
	end := date(2027, 3, 1)
	return []recommend.Later{
		{ID: "later-1", Action: "buy", Date: end, Pool: poolD, Customer: contoso, Region: "polandcentral", Size: "Standard_D4s_v5", Term: pricing.ThreeYear, Quantity: 1,
			Currency: "USD", UnitPrice: dollars(2_345_00), TotalPrice: dollars(2_345_00), SavingMonth: dollars(102_76), Reason: "its demand is served by 2 x D2s_v5 until then"},
		{ID: "due-1", Action: "expires", Date: end, Pool: poolD, Customer: contoso, Reservation: "res-1", Region: "polandcentral", Size: "Standard_D2s_v5", Quantity: 2,
			Currency: "USD", UnitPrice: usd(0), TotalPrice: usd(0), SavingMonth: usd(0), Reason: "an owned reservation ends"},
	}
}

func contosoFiles() []recommend.File {
	return []recommend.File{
		{Name: "contoso/cost-2026-11.csv.gz", SHA256: "9f2feb0f1ef425b292f2f94bdf0b5f0e4b9e0e6e1f9b5f2f1c7a3f7a0f9c1b11", Kind: "charges", Dialect: "mpa-2021-10",
			Rows: 4312, Accepted: 4310, Rejected: 2, SetApart: 611, From: date(2026, 10, 27), To: date(2026, 11, 24), Grain: "day"},
		{Name: "contoso/reservations.csv", SHA256: "11aa", Kind: "reservations", Dialect: "portal", Rows: 1, Accepted: 1},
	}
}

func contosoPrices() []pricing.Source {
	return []pricing.Source{
		{Name: "embedded retail book", AsOf: date(2026, 8, 1), SHA256: "77c0ffee77c0ffee", Currency: "USD", Kind: "embedded", Rows: 31022},
		{Name: "=HYPERLINK(\"http://x\")", AsOf: date(2026, 11, 1), SHA256: "ab", Currency: "USD", Kind: "negotiated", Rows: 12},
	}
}

func contosoProfiles() []analyzer.Profile {
	return []analyzer.Profile{
		{
			Key: analyzer.Key{Customer: contoso, Region: "polandcentral", Size: "Standard_D4s_v5"}, VMs: 9, Hours: 4_704_500_000,
			Concurrency: analyzer.Concurrency{P50: 7_000_000, P90: 8_000_000, P95: 8_000_000, P99: 9_000_000, Max: 9_000_000, Mean: 7_000_744},
			CPUAvg:      analyzer.Distribution{Samples: 18_816, Seconds: 16_934_400, P50: 612, P90: 2250, P95: 3107, P99: 5590, Max: 9999, Mean: 1012},
			Memory:      analyzer.Distribution{Samples: 18_816, Seconds: 16_934_400, P50: 4100, P90: 5500, P95: 6075, P99: 7001, Max: 8800, Mean: 4300},
			VMP95:       analyzer.Spread{N: 9, P50: 3000, P90: 4550, Max: 6000},
		},
		{
			Key: analyzer.Key{Customer: contoso, Region: "polandcentral", Size: "Standard_E8s_v5"}, VMs: 2, Hours: 1_344_000_000, Exact: true,
			Concurrency: analyzer.Concurrency{P50: 2_000_000, P90: 2_000_000, P95: 2_000_000, P99: 2_000_000, Max: 2_000_000, Mean: 2_000_000},
			Warnings:    []analyzer.Warning{{Code: "no_metrics", Subject: "Standard_E8s_v5", Detail: "2 machines have no measurement"}},
		},
	}
}

func contosoVMs() []analyzer.VM {
	return []analyzer.VM{
		{
			Customer: contoso, Subscription: "11111111-1111-4111-8111-111111111111", ResourceGroup: "rg-web", Resource: frontends, Name: "web-01",
			Size: "Standard_D4s_v5", Region: "polandcentral", OS: "linux", Hours: 672_000_000, FirstSeen: date(2026, 1, 3), LastSeen: date(2026, 11, 24),
			CPUAvg:     analyzer.Distribution{Samples: 2688, Seconds: 2_419_200, P50: 700, P90: 2500, P95: 3001, P99: 5000, Max: 9000, Mean: 1100},
			CPUMax:     analyzer.Distribution{Samples: 2688, Seconds: 2_419_200, P50: 1400, P90: 4500, P95: 6000, P99: 9000, Max: 10000, Mean: 2000},
			NetworkOut: analyzer.Distribution{Samples: 2688, Seconds: 2_419_200, P50: 120, P90: 900, P95: 1200, P99: 4000, Max: 80000, Mean: 300},
			State:      analyzer.StateMemoryUnknown, Currency: "USD",
		},
		{
			Customer: contoso, ResourceGroup: "rg-\x1b[31mred", Resource: "evil", Name: "=cmd|' /C calc'!A0", Size: "Standard_E8s_v5", Region: "polandcentral",
			OS: "windows", HybridBenefit: true, Hours: 672_000_000, State: analyzer.StateNoMetrics, Currency: "USD",
		},
	}
}

func contosoPools() []recommend.Pool {
	return []recommend.Pool{
		{
			ID: poolD, Customer: contoso, Currency: "USD", Region: "polandcentral", Group: "Dsv5 Series", Flexible: true, Scope: "shared",
			Hours: 672, Days: 28, UnitRatio: 200, UnitSize: "Standard_D2s_v5",
			Units:    recommend.Units{P50: 14_000_000, P95: 16_000_000, Max: 18_000_000, Mean: 14_001_488},
			PayGCost: dollars(1_082_03), SoftwareCost: dollars(412_00), GrossCost: dollars(1_236_59),
			Compare: []recommend.Compared{
				{Choice: recommend.PAYG, Basis: recommend.Forecast, HorizonMonths: 36, PayGCost: dollars(1_082_03), Cost: dollars(1_082_03)},
				{Choice: recommend.P1Y, Basis: recommend.Forecast, HorizonMonths: 36, Buy: []recommend.Purchase{{Size: "Standard_D4s_v5", Term: pricing.OneYear, Quantity: 6}},
					PayGCost: dollars(1_082_03), Cost: dollars(792_10), Saving: dollars(289_93), SavingLow: dollars(280_00), SavingHigh: dollars(300_00), SavingShare: 0.26795,
					Threshold: has(0.6205), BreakEvenMonths: has(7.4), BreakEvenUtilization: has(0.6205), Utilization: has(0.9912)},
				{Choice: recommend.P3Y, Basis: recommend.Forecast, HorizonMonths: 36, Buy: []recommend.Purchase{{Size: "Standard_D4s_v5", Term: pricing.ThreeYear, Quantity: 6}},
					PayGCost: dollars(1_082_03), Cost: dollars(598_40), Saving: dollars(483_63), SavingLow: dollars(470_20), SavingHigh: dollars(497_06), SavingShare: 0.446965,
					Threshold: has(0.387957), BreakEvenMonths: has(14.1), BreakEvenUtilization: has(0.387957), Utilization: has(0.9912)},
			},
			Chosen:      recommend.P3Y,
			Marginal:    []recommend.Marginal{{Term: pricing.ThreeYear, Last: has(0.9821), Next: has(0.31), Threshold: 0.387957, Unit: "1 x Standard_D4s_v5"}},
			Certificate: recommend.Certificate{Cost: dollars(598_40), Bound: dollars(598_40)},
			Existing: []recommend.Existing{{ID: "res-1", Customer: contoso, Scope: "shared", Size: "Standard_D2s_v5", Region: "polandcentral",
				Quantity: 2, From: date(2024, 3, 1), Until: date(2027, 3, 1), Agreement: "csp"}},
			Rates: []recommend.SizeRate{{Size: "Standard_D4s_v5", Rate: 2_300_000_000, Source: "embedded retail book",
				Totals: map[pricing.Term]money.Amount{pricing.ThreeYear: dollars(2_345_00)}}},
			Persistence: recommend.Persistence{MonthlyLoss: 0.02, Source: "policy", FlipsAt: has(0.0512)},
		},
		{
			ID: poolE, Customer: contoso, Currency: "USD", Region: "polandcentral", Group: "Esv5 Series", Flexible: true, Scope: "shared",
			Hours: 672, Days: 14, Exact: true, UnitRatio: 800, UnitSize: "Standard_E8s_v5", Units: recommend.Units{P50: 2_000_000, P95: 2_000_000, Max: 2_000_000, Mean: 2_000_000},
			PayGCost: dollars(709_63), Chosen: recommend.P1Y, Certificate: recommend.Certificate{Cost: dollars(444_93), Bound: dollars(440_00), Gap: 0.01108},
		},
	}
}

func contosoLines() []recommend.Line {
	return []recommend.Line{
		{
			ID: "line-3f0a", Pool: poolD, Customer: contoso, Scope: "shared", Region: "polandcentral", Size: "Standard_D4s_v5", Term: pricing.ThreeYear,
			Quantity: 6, Ratio: 400, NormalizedSize: "Standard_D2s_v5", QuantityNormalized: 12, Flexible: true, BillingPlan: "monthly",
			UnitPrice: dollars(2_345_00), TotalPrice: dollars(14_070_00), Currency: "USD", PriceSource: "embedded retail book",
			SavingWindow: dollars(483_63), SavingMonth: dollars(525_37), SavingMonthLow: dollars(510_78), SavingMonthHigh: dollars(539_96), SavingTerm: dollars(18_913_32),
			BreakEvenMonths: has(14.1), BreakEvenDate: date(2028, 1, 27),
			Marginal:        recommend.Marginal{Term: pricing.ThreeYear, Last: has(0.9821), Next: has(0.31), Threshold: 0.387957, Unit: "1 x Standard_D4s_v5"},
			Partner:         &recommend.PartnerView{CostMonth: dollars(332_20), PriceMonth: dollars(390_83), MarginMonth: dollars(58_63), CreditLostMonth: dollars(81_15), Threshold: 0.99, CustomerThreshold: 0.387957, SavingMonth: dollars(444_22), CustomerSavingMonth: dollars(525_37), GoodFor: recommend.Customer},
			PartnerOnRecord: "4711", Eligibility: []string{"sold for three years until further notice"},
			Reasons:  []string{"three years cost less than one year under every tested loss below 5.1 % a month"},
			Evidence: []string{"contoso/cost-2026-11.csv.gz: 252 rows"},
		},
		{
			ID: "line-88c1", Pool: poolE, Customer: contoso, Subscription: "11111111-1111-4111-8111-111111111111", Scope: "/subscriptions/11111111-1111-4111-8111-111111111111",
			Region: "polandcentral", Size: "Standard_E8s_v5", Term: pricing.OneYear,
			Quantity: 2, Ratio: 800, NormalizedSize: "Standard_E8s_v5", QuantityNormalized: 2, BillingPlan: "upfront",
			UnitPrice: dollars(2_900_00), TotalPrice: dollars(5_800_00), Currency: "USD", PriceSource: "=HYPERLINK(\"http://x\")",
			SavingWindow: dollars(264_70), SavingMonth: dollars(287_55), SavingMonthLow: dollars(287_55), SavingMonthHigh: dollars(287_55), SavingTerm: dollars(3_450_60),
			Forecast: &recommend.LineForecast{SavingMonthMean: dollars(270_00), P5: dollars(-40_00), P95: dollars(287_55), LossProbability: 0.062},
			Marginal: recommend.Marginal{Term: pricing.OneYear, Last: has(1), Threshold: 0.626989, TieAtThreshold: true},
		},
	}
}

func contosoNot() []recommend.NotRecommended {
	list := []recommend.NotRecommended{
		{Subject: "Standard_M128s in westeurope", Reason: "no_price", Detail: "no price in the book or on the rows"},
		{Subject: "evil\x1b]0;owned\x07\u202eexe", Reason: "no_metrics"},
	}
	for _, name := range []string{"batch-01", "batch-02", "batch-03", "batch-04", "batch-05"} {
		list = append(list, recommend.NotRecommended{Subject: name, Reason: "spot", Detail: "Spot machine, 400.00 hours"})
	}
	return list
}

func contosoTotal() recommend.Total {
	t := recommend.Total{
		Customer: contoso, CustomerName: "Contoso <b>Ltd</b>", Currency: "USD",
		PayGMonth: dollars(1_946_33), SoftwareMonth: dollars(447_57), PlanMonth: dollars(1_133_41),
		ReserveOnly: dollars(812_92), Joint: dollars(812_92), SavingLow: dollars(798_33), SavingHigh: dollars(827_51), Upfront: dollars(5_800_00),
		ShowBack: []recommend.ShowBack{
			{By: "resource_group", Key: "rg-web", PayGMonth: dollars(1_172_20), PlanMonth: dollars(646_83)},
			{By: "tag:owner", Key: "@sales", PayGMonth: dollars(774_13), PlanMonth: dollars(486_58)},
		},
	}
	t.Cash = append(t.Cash, recommend.Cash{Date: date(2026, 11, 24), Amount: dollars(6_190_83)})
	for i := 1; i < 36; i++ {
		t.Cash = append(t.Cash, recommend.Cash{Date: date(2026, time.Month(11+i), 24), Amount: dollars(390_83)})
	}
	return t
}

// twoCustomers is contosoPlan with a second customer that must not show in a page for the first.
func twoCustomers() *recommend.Plan {
	p := contosoPlan()
	p.Totals = append(p.Totals, recommend.Total{Customer: fabrikam, CustomerName: "Fabrikam", Currency: "JPY",
		PayGMonth: money.New(120_500_000_000, "JPY"), PlanMonth: money.New(120_500_000_000, "JPY")})
	p.VMs = append(p.VMs, analyzer.VM{Customer: fabrikam, Resource: "fabrikam-vm", Name: "fabrikam-vm", Size: "Standard_B2ms", Region: "japaneast"})
	p.NotRecommended = append(p.NotRecommended,
		recommend.NotRecommended{Subject: "fabrikam-vm", Reason: "young", Detail: "first seen on 2026-11-22"},
		recommend.NotRecommended{Subject: frontends, Reason: "covered", Detail: "by res-1"})
	p.Warnings = append(p.Warnings, analyzer.Warning{Code: "no_list", Subject: fabrikam, Detail: "no list of existing reservations was given for fabrikam"})
	return p
}

// emptyPlan is the plan of nothing.
func emptyPlan() *recommend.Plan { return &recommend.Plan{} }

// infinite holds a share that no one can print.
var infinite = math.Inf(1)

// longName is a name wider than any table.
const longName = catalog.Size("Standard_a_size_name_that_no_one_should_ever_have_chosen_because_it_is_wider_than_a_table_of_one_hundred_columns_v99")
