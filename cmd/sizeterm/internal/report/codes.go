package report

import "strings"

// words explains the codes of remarks to someone who knows cloud billing but not this program. A code that is missing
// here is shown with blanks for underscores.
var words = map[string]string{
	// why nothing is recommended
	"no_price":            "no price is known, so nothing can be compared",
	"price_basis":         "a negotiated reservation price cannot be set against a public list price",
	"too_few_days":        "the files cover too few complete days",
	"too_young":           "machines too new to count as lasting demand",
	"not_used_enough":     "used too few hours for a reservation to pay",
	"loses_at_worst":      "pays only in the better reading of the hours",
	"saving_too_small":    "the saving would be too small for an order",
	"covered_by_existing": "covered already by existing reservations",
	"policy_terms":        "the policy does not allow this term",
	"spot":                "Spot machines, which no reservation covers",
	"size_unknown":        "the size is not in the catalog",
	"exempt":              "left out because the policy says so",
	// warnings
	"price_mismatch":        "the price on the customer's rows and the price book differ",
	"price_suspect":         "the price source itself looks doubtful",
	"prices_old":            "prices are old",
	"prices_younger":        "prices are younger than the day of this plan",
	"rates_differ":          "one size is billed at several prices",
	"software_unknown":      "a software licence has no price",
	"reservations_inferred": "reservations are known only from the rows they cover",
	"reservation_expired":   "reservations that have ended",
	"reservation_expires":   "reservations that end within a year",
	"reservation_idle":      "reservations that find no use",
	"auto_renew":            "reservations that renew themselves",
	"ea_reservation":        "reservations under another agreement are not counted",
	"no_metrics":            "no measurement of this machine was given",
	"memory_unknown":        "memory was not measured",
	"metrics_unknown_vm":    "measured, but never billed in these files",
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
