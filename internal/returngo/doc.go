// Package returngo is the ReturnGO client: the only room that knows ReturnGO's
// wire format (ReturnGO contract 1 to 4). What the contract only assumes of the
// wire stands in the comment of the one place that rests on it.
//
// One call is one HTTP request: nothing is repeated, delayed or cached here.
// Every failure is a *platform.Error whose class says what it means. Personal
// data (addresses, answers, comment texts, bank details, user details) is never
// decoded, so it cannot leave this package.
//
// Not all that ReturnGO offers is here: nothing of ours writes or deletes a
// shipment, has a parcel tracked, or writes the inspection of a unit.
//
// It must not know rules, the ledger, Temporal or TikTok Shop.
package returngo
