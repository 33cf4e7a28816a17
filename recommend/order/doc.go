// Package order takes a line of a plan to a verified saving: request, approval by another person, one purchase, proof. It
// is written so that nothing is ever bought twice.
//
// An Order buys one Line. Its State changes only by an Event that the table of transitions allows; every event, and every
// refusal, becomes an Entry of a journal in which each entry carries the hash of the one before it. A Desk is where people
// and programs act; a Store keeps orders and journal in one transaction; a Placer speaks to the vendor.
//
// What makes a purchase happen at most once:
//
//  1. An order is found by its lineage (customer, scope, size, region, term, plan, month), not by the attempt, and at most
//     one order of a lineage is open.
//  2. The state "sending" is written and synced before the vendor hears of the purchase, and only one caller can write it.
//  3. What the vendor needs to recognise a repetition (cart, request id, reservation order) is saved before the call that buys.
//  4. An outcome that was not heard is "unknown": it is asked about until the vendor's books answer, and never sent again.
//
// Money is money.Amount, instants are UTC and come from the clock of the Desk, never from the machine; the package opens no
// file and no connection. What it refuses it refuses with a Refusal: a code, a sentence and a way out.
package order
