// Package returngo is the ReturnGO client: the only room that knows ReturnGO's
// wire format, and the only one where the assumptions A01 to A26 of the
// ReturnGO contract that touch the wire are written into code, each in one place.
//
// One call is one HTTP request: nothing is repeated, delayed or cached here.
// Every failure is a *platform.Error whose class says what it means. Personal
// data (addresses, answers, comment texts, bank details, user details) is never
// decoded, so it cannot leave this package.
//
// It must not know rules, the ledger, Temporal or TikTok Shop.
package returngo
