// Package returngosandbox is a double of the ReturnGO API: the fifteen
// operations, their limits and quirks, the webhooks, and a control side on
// which customers, merchant staff and a warehouse act.
//
// It is written from the wire contract alone (its sections and assumptions,
// Axx, are named in the comments) and knows nothing of any client, so that a
// misreading on either side shows as a disagreement.
package returngosandbox
