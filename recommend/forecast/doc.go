// Package forecast says how long the demand of a pool lasts, and how many one-year and three-year reservations that supports.
//
// On a repeated window three years always beat one, because they are cheaper an hour. The question is whether the demand is still
// there. The answer has four parts:
//
//   - A Portfolio learns from the past of all pools of a partner how much demand moves in a week and how often it ends.
//   - A Fan is a few hundred possible futures of one pool over three years: whole past weeks as shapes, a level that drifts, ends
//     and is priced anew at renewal.
//   - A plan's quantities are chosen on the recent hours with the loss that the evidence gives (Choose), and judged on the fan (Worth): what
//     each line is expected to save, the interval of that saving and the probability that it is a loss. A Decision on the fan's own paths,
//     with one-year renewals as recourse, is the rule beside it.
//   - A Backtest asks what the same advice would have earned in the past, and whether the intervals held what they promise.
//
// # Units
//
// Demand is in units in use during each hour, of which a quantity of 1 covers Pool.Step; an hour holds the units of that hour, so that
// the sum over hours is unit-hours (package solve has the same convention). The last hour of a series is the one before the day of
// the decision, and days are whole: hours come in twenty-fours. Rates are 1e-10 of the currency an hour and totals are of a whole term,
// both for a quantity of 1. Savings are against pay-as-you-go.
//
// # Randomness
//
// A draw is a hash of the policy's seed, the pool, the path and the week. Nothing depends on the order of work, so a fan is the same
// bytes on any number of threads, and two fans of one pool share their luck (common random numbers): a higher loss ends each path
// sooner and changes nothing else.
//
// # What is exact
//
// A path's demand is rounded to 1/256 of a step and its level to 1/32 of an octave (2.2 %); this is the sample. For the sample the
// quantities are exact: the demand above a whole number of steps is kept exactly by splitting each hour between the two whole numbers
// around it, so that a whole fan becomes one small solve.Demand for each year and group of paths, and solve.Horizon decides.
//
// # What is refused
//
// Negative units, steps below 1, hours that are not whole days, prices in two currencies. A pool that ended, a window below the
// policy's days and a missing price stop the advice with a Reason; gaps, few weeks and unknown hours widen the interval with one.
package forecast
