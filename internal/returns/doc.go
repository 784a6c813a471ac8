// Package returns holds the words everybody here uses: unit, RMA, TikTok
// return, plan, effect, exception and owner, money. It knows no platform's wire
// format, no database, no Temporal, and imports nothing of ours.
package returns
