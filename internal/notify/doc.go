// Package notify says to people what happened: the words of a message, and the ways
// out (a chat's webhook, e-mail, a signed webhook). It knows the words of
// internal/returns, and nothing of the ledger, Temporal or the platforms. What it is
// given holds nothing personal, and it adds nothing; an error of a way out names no
// address and no secret.
package notify
