// Package tiktokshop talks to TikTok Shop and is the only room that knows its
// wire format: what comes out are the words of internal/returns, what goes
// wrong is a *platform.Error. It makes each call once, without waiting or
// repeating, and remembers nothing but how far its clock is off; who calls, how
// often and what follows is decided elsewhere. Personal data (addresses, names,
// buyer messages) is never decoded.
//
// Ids are decimal strings, money is decimal in major units with its currency,
// times are UTC; words of TikTok's (statuses, types, roles, reasons) are open
// sets and come out as they are.
//
// Every error has a class (contract 1.7). For any call: Retry, throttled or not
// sent; RefreshToken, the access token is no longer taken; Human, a person or the
// configuration must act, also for codes nobody documented; Permanent, refused
// for good or not sent because TikTok could not have taken it. A call without a
// usable answer is Retry for a read and OutcomeUnknown for a write. What more a
// call can say stands at the call.
//
// Section numbers and Txx in comments are those of the TikTok Shop wire contract
// and its assumption register; the comment that names a Txx is at its home.
package tiktokshop
