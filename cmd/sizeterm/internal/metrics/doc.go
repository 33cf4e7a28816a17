// Package metrics holds every series that the program shows to Prometheus: what it did (uploads, rows, stages, jobs,
// requests) and what the plans say (amounts a month, coverage, commitments that end).
//
// Units are base units: seconds, bytes, ratios in [0, 1]; amounts are in the currency of their label and for a month of 730
// hours where the name says month. No label holds a customer, a subscription, a machine or any other word of a file, so the
// number of series does not grow with the number of customers. An amount that no plan gives is absent, never zero.
//
// Every method may be called by several goroutines at once.
package metrics
