// Package ingest reads what a partner's portals give: cost and usage exports, metrics, reservation lists. Discover finds
// the inputs, a Reader turns one of them into Arrow records of package usage, with whatever it could not accept beside
// them as RowErrors.
//
// The header decides what a file is and where each column lies, never its name or the position of a column. Every row is
// accepted, rejected with a reason, or set apart (storage, network, other services: sound rows that concern no machine
// and no commitment), and the three add up to the rows read. Sums of cost are kept exactly, to the last printed digit.
// How a file writes numbers and dates is settled once for the whole file, from all of its columns or by Options.Locale.
//
// Units are those of package usage: micro-hours, micro-units of currency, rates at 1e-10 an hour, hundredths of a percent
// point, UTC seconds. Texts that identify something are lower case. A cell that says nothing is null and never zero.
//
// A file is refused as a whole when it is empty, has no rows, is of no known kind, lacks a required column, is damaged or
// passes one of the Limits; the error says which and what to do. The package never guesses row by row, and never reads a
// clock: the time of the run comes in Options.
package ingest
