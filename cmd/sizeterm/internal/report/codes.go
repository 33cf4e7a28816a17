package report

import "strings"

// words explains the codes of remarks to someone who knows cloud billing but not this program. A code that is missing
// here is shown with blanks for underscores.
var words = map[string]string{
	// why nothing is recommended
	"set_to_nothing":            "set to nothing by hand",
	"ended":                     "the demand has ended",
	"expected_loss":             "not expected to pay while demand moves and ends",
	"no_price":                  "no price is known, so nothing can be compared",
	"price_basis":               "a negotiated reservation price cannot be set against a public list price",
	"too_few_days":              "the files cover too few complete days",
	"too_young":                 "machines too new to count as lasting demand",
	"not_used_enough":           "used too few hours for a reservation to pay",
	"loses_at_worst":            "pays only in the better reading of the hours",
	"saving_too_small":          "the saving would be too small for an order",
	"buy_later":                 "better bought when an owned reservation ends",
	"covered_by_existing":       "covered already by existing reservations",
	"policy_terms":              "the policy does not allow this term",
	"classic":                   "classic deployments, which no reservation is recommended for",
	"spot":                      "Spot machines, which no reservation covers",
	"size_unknown":              "the size is not in the catalog",
	"unknown_size":              "the size is not in the catalog",
	"unknown_term":              "reservations run one or three years",
	"promo_size":                "promotional sizes, which no reservation covers",
	"series_not_covered":        "series that no reservation covers",
	"no_longer_sold":            "reservations of this series and term are no longer sold",
	"retires_in_term":           "the size retires before the term ends",
	"market_not_sold":           "reservations are not sold in this market",
	"exempt":                    "left out because the policy says so",
	"few_measured_days":         "measured on too few days for a smaller size",
	"average_only":              "only averages were measured, which hide peaks",
	"resized":                   "had several sizes in the window",
	"not_billed":                "measured, but in no charge row",
	"ambiguous_name":            "metrics under a name that several machines have",
	"cpu_above_100":             "CPU above 100 % was measured, which is no share of the machine",
	"memory_of_another_size":    "more memory was measured than the size has",
	"scale_set_average":         "measured as the average of a scale set only",
	"size_price_basis":          "the rows bill more than the public list, so that other sizes cannot be compared",
	"size_reservations_unknown": "reserved, but without a reservation list what a resize frees is unknown",
	"size_savings_plan":         "under a savings plan, so that what a resize frees is unknown",
	"size_reserved_exactly":     "reserved without size flexibility",
	// warnings
	"price_mismatch":            "the price on the customer's rows and the price book differ",
	"price_suspect":             "the price source itself looks doubtful",
	"prices_old":                "prices are old",
	"prices_younger":            "prices are younger than the day of this plan",
	"rates_differ":              "one size is billed at several prices",
	"software_unknown":          "a software licence has no price",
	"reservations_inferred":     "reservations are known only from the rows they cover",
	"reservation_expired":       "reservations that have ended",
	"reservation_expires":       "reservations that end within a year",
	"reservation_idle":          "reservations that find no use",
	"savings_plan_usage":        "usage under a savings plan, which no reservation saves",
	"auto_renew":                "reservations that renew themselves",
	"ea_reservation":            "reservations under another agreement are not counted",
	"narrow_scope":              "reservations of one subscription each save more than shared ones",
	"capacity_priority_owned":   "what is owned is counted as if it lasted",
	"partner_objective":         "costs and savings are the partner's own",
	"demand_fell":               "used less of late: the figures rest on the last four weeks",
	"demand_rose":               "used more of late: the figures rest on the last four weeks",
	"too_few":                   "measured on too few days",
	"gone":                      "not billed in the window any more",
	"no_metrics":                "no measurement of this machine was given",
	"memory_unknown":            "memory was not measured",
	"charges_without_metrics":   "billed, but never measured in these files",
	"metrics_without_charges":   "measured, but never billed in these files",
	"missing_days":              "days without any usage row",
	"partial_last_day":          "the last day is not complete",
	"superseded_rows":           "rows that a later file corrects",
	"impossible_samples":        "measurements that cannot be",
	"impossible_times":          "times that cannot be",
	"market_documents_disagree": "the documents disagree on this market",
}

// codeWords explains a code.
func codeWords(code string) string {
	if text, ok := words[code]; ok {
		return text
	}
	if code == "" {
		return "no reason given"
	}
	return strings.ReplaceAll(code, "_", " ")
}
