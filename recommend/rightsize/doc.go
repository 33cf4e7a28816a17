// Package rightsize says on which sizes a virtual machine could run, what each would risk and cost, and decides sizes and
// reservations together.
//
//	New(Options).Advise(Machine)   the feasible sizes of one machine, the frontier of overload against saving, other actions
//	Row                            a machine and its sizes as a row of a bill.Problem
//	Joint(bill.Problem)            sizes and reservations in one plan: resize only, reserve only, both; with bound and gap
//
// Units: percentages are hundredths of a point (Percent), hours are micro-hours, shares of time are fractions in [0, 1], money is
// money.Amount, a month has 730 hours. Capacities are percentages of the machine as it is: a target of half the vCPUs of the same
// series has the capacity 5000.
//
// A size is feasible when, for each resource, it is no worse than today or what was measured proves that it is enough. CPU and memory
// that were not measured therefore never let a machine shrink. Disks and network are hard conditions too: where their use was not measured,
// or a limit is not known, a size that has less of them, or may have, is refused as "unmeasured", and what it would save is said. So taking
// away a measure of whatever kind never makes a smaller size feasible. Policy.Proven false leaves the look at disks and network to a person
// (Alternative.Unproven). What the tables do not know is unknown and never assumed.
//
// The overload of a target is bounded from the lowest, average and highest value of each interval (reference 3.2): [Low, High] is
// guaranteed for what was measured and says nothing about the future; Advice.Bound is the statistical bound for that.
//
// # Which rule
//
// Sizes for the first half of a trace, judged on the second: how much CPU is given back, and how many machines were then above their
// size for more than 1 % of the time (guaranteed upper bound). Targets are halves of a machine, down to one vCPU and 1/16. Traces:
// 12 machines of the Azure v2 sample, 30 days of 5-minute lowest, average and highest; 236 machines of the Bitbrains "rnd" trace,
// three months, average and highest of each hour. TestBacktest logs and checks the table.
//
//	rule                   azure v2: saved, machines above   bitbrains: saved, machines above, of these with a level shift
//	P95(avg) <= 80 %       59.4 %   5 of 12                  46.2 %  17   9
//	P95(max) <= 80 %       37.5 %   0                        44.1 %   9   6
//	P99(max) <= 90 %        9.4 %   0                        42.0 %   5   5
//	ours                    9.4 %   0                        42.0 %   6   6
//	ours, first cycle       9.4 %   0                        38.4 %   5   5   at most half at once, unless 40 % busy after
//
// A level shift is a mean that rises by more than 5 points of the target and a quarter: no quantile of the past protects from it; the
// drift gate (reason "drift") stops the machine at the next look, and is what a resize is watched by.
package rightsize
