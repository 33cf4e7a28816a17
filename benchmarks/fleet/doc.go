// Package fleet makes up virtual machines: what they do, and the files that a partner would have of them. It is the one
// source of made-up input: the demo customer of testdata/contoso (package contoso below it), the metrics and cost files of
// the benchmarks at any size, and fleets over months for backtests.
//
// Every output is a function of a seed and of the options alone: all arithmetic is on integers, no clock is read, no map is
// walked, so the same seed gives the same bytes on every machine and for every number of processors.
//
// Loads follow figures measured on public traces (shapes.go), not a sine: the hour of the week gives the mean, an empirical
// distribution gives how far an interval lies from it, and the rank in that distribution stays for a while as it does in the
// trace. Units: CPU is in hundredths of a percent, memory and network in bytes, times are UTC seconds.
package fleet
