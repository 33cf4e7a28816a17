package dialect

import "strings"

// descriptions says what the files of a dialect are, by the beginning of its name; the longest beginning counts.
var descriptions = map[string]string{
	"ea-":                          "cost and usage export of an Enterprise Agreement",
	"ea-classic":                   "usage download of an Enterprise Agreement in its classic form",
	"ea-2023-sample":               "cost and usage export of an Enterprise Agreement with older column names",
	"mca-":                         "cost and usage export of a Microsoft Customer Agreement",
	"mpa-":                         "cost and usage export of a partner's billing account",
	"csp-":                         "cost and usage export of a subscription or resource group under a partner's plan",
	"payg-":                        "usage export of a pay-as-you-go subscription",
	"focus-":                       "cost and usage in the FOCUS format",
	"partner-center-daily-rated":   "daily rated usage of Partner Center",
	"partner-center-utilization":   "utilization records of Partner Center, without prices",
	"partner-center-invoice":       "invoice reconciliation of Partner Center",
	"partner-center-onetime-2018":  "one-time invoice reconciliation of Partner Center",
	"partner-center-usage-145p":    "usage-based reconciliation of the old CSP offer, which names no machine",
	"reservation-list":             "list of reservations",
	"reservation-details":          "use of reservations by machine and day",
	"reservation-summaries":        "use of reservations by day",
	"reservation-transactions":     "purchases and refunds of reservations",
	"reservation-recommendations":  "Microsoft's own reservation recommendations, an opinion beside ours",
	"metrics-long":                 "metrics, one row a machine and time",
	"metrics-wide":                 "average CPU, one column a machine",
	"azure-metrics":                "platform metrics of Azure Monitor",
	"insights-metrics":             "guest metrics of VM insights (Log Analytics)",
	"perf":                         "performance counters of Log Analytics",
	"bitbrains":                    "Bitbrains trace of one machine",
	"azure-public-dataset-vmtable": "list of machines of the Azure public dataset",
}

// Describe returns what the files of a dialect are, for people; the name itself where it is unknown.
func Describe(name string) string {
	best, text := "", name
	for prefix, what := range descriptions {
		if strings.HasPrefix(name, prefix) && len(prefix) > len(best) {
			best, text = prefix, what
		}
	}
	return text
}
