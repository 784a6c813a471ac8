// Package chaos takes things away while returns are under way: workers and
// starters are killed, Temporal is restarted or forgets everything, the ledger
// fills up, goes away or comes back as it was yesterday, clocks are wrong. The
// figures of the demo must stay as they are.
//
// All of it is tests. `make chaos` runs the long form and prints what it proved;
// `make test` runs the short one, with the same seeds.
package chaos
