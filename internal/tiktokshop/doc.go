// Package tiktokshop talks to TikTok Shop and is the only room that knows its
// wire format: what comes out are the words of internal/returns, what goes
// wrong is a *platform.Error. It makes each call once, without waiting or
// repeating, and remembers nothing; who calls, how often and what follows is
// decided elsewhere. Personal data (addresses, names, buyer messages) is never
// decoded. Section numbers and Txx in comments are those of the TikTok Shop
// wire contract and its assumption register.
package tiktokshop
