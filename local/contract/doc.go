// Package contract asks both platforms, through our clients, whether they keep
// what the code relies on. `make contract` runs it. It has no code of its own,
// only tests, and each runs twice:
//
//   - against the sandbox, filled with orders, returns and RMAs: a break there
//     is a fault of the sandbox or of the client;
//   - against the real platform, if the environment gives credentials; else it
//     says that it skipped. What the contract leaves open and turns out to be
//     otherwise, such as a status that nobody knew, is printed with "REPORT"
//     and fails nothing. With -v all of it is shown.
//
// Nothing is written: a transport beneath the clients lets no call pass that
// could change anything, and no more calls than one run may cost. Printed are
// ids and the platforms' own words, never addresses, tokens or webhook URLs.
//
// For ReturnGO, at most 40 calls of the day's quota:
//
//	CONTRACT_RETURNGO_API_KEY   the key of one store owner
//	CONTRACT_RETURNGO_STORE     the store's name as the dashboard copies it
//	CONTRACT_RETURNGO_BASE_URL  left out: https://api.returngo.ai
//
// For TikTok Shop, at most 120 calls:
//
//	CONTRACT_TIKTOK_APP_KEY       the app in Partner Center
//	CONTRACT_TIKTOK_APP_SECRET
//	CONTRACT_TIKTOK_ACCESS_TOKEN  a living one; it is never renewed here, which
//	                              would end the refresh token in the ledger
//	CONTRACT_TIKTOK_SHOP_ID       as webhooks call it
//	CONTRACT_TIKTOK_BASE_URL      left out: https://open-api.tiktokglobalshop.com
package contract
