// Package bill is the one bill simulator: usage and commitments in, money out, exactly. Optimiser, what-if, back-test and verification
// all call it, and no saving is printed that it did not produce.
//
// A Problem holds slots of identical hours, VM rows with their usage per slot, the sizes with flexibility group, ratio and
// pay-as-you-go price, offers, existing commitments and rules; Parse reads it from the JSON form resopt-case/1. A Decision says how
// much of each offer is bought and which candidate size each VM takes. Evaluate applies, slot by slot:
//
//  1. reservations, the deepest scope first; units cover usage of their flexibility group inside their scope in the Order of the
//     rules; what finds no usage in an hour is lost, nothing is carried over;
//  2. savings plans, the deepest scope first, then by id; inside a plan the greatest percentage discount first, the last instance in
//     part; what is not spent in an hour is lost;
//  3. the pay-as-you-go price on the rest. Software meters continue whatever covers the compute.
//
// Existing commitments are sunk: they apply like new ones and cost nothing. Partial hours of different VMs fill one reservation,
// because usage is counted in fractions of an instance-hour (VM.Run over Problem.RunDenominator).
//
// Nothing is rounded: every part of a Bill is an Exact. Round once, where it is printed. For thousands of hourly slots keep one
// Simulator; a run over 8 760 slots and ten rows takes some milliseconds. Proportional coverage yields a fraction in every slot, which
// costs some ten times more.
//
// What is refused: negative quantities, hours, usage or prices, unknown sizes, ranges outside the slots, ids used twice. A missing
// price is an error and never 0.
package bill
