// Package store keeps everything that must outlive the process: partners and their customers, people, keys and sessions,
// uploads, plans, orders with their journal, the audit, progress and leases. It keeps them in one SQLite file, or in
// PostgreSQL when the address says so; both pass the same tests.
//
// A tenant is a partner, and everything but sign-in belongs to one. Store.Partner returns the view of one tenant; each of
// its queries binds the tenant, and a query that does not is a panic. What another tenant owns looks like what does not
// exist: ErrNotFound. Files are not here: an upload names its bytes by SHA-256, and package archive keeps them.
//
// Times are UTC to the microsecond, the zero time being "never". Money is in micro-units with its currency. Secrets are
// never stored, only their MAC: of API keys, of one-time links, of session tokens. Ids are random 128-bit numbers in hex.
//
// What a method has returned survives the end of the process and a power cut (SQLite: synchronous=FULL). Methods are safe
// for several goroutines, and several processes may share a file on one machine or a PostgreSQL anywhere.
//
// The rules of package order stand in the database again, as constraints and triggers: an order is born as a draft, moves
// only along the listed transitions, one revision at a time, is never deleted, and at most one order of a lineage is open;
// a row of the journal and of the audit follows from the one before it and is never changed.
//
// A database of a newer program and a database that is not ours are refused, as is an SQLite below 3.51.3, which can
// damage its write-ahead log.
package store
