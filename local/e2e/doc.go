// Package e2e holds the tests of the program's promises: worker and starter as a
// merchant runs them, a real Temporal server, and doubles of both platforms that
// misbehave. Every figure comes from the platforms' books and from the server;
// the ledger is asked about exceptions only.
package e2e
