package returns

// meanings says what each answer does, in words that end a sentence "this means:".
var meanings = map[AnswerName]string{
	AnswerAcceptPayable:   "pay the amount shown, which TikTok can pay, instead of the authorised one",
	AnswerSetAmount:       "this amount is authorised: pay it",
	AnswerHandledManually: "a person has dealt with it outside of the program; the reference says how",
	AnswerDoNotRefund:     "do not refund it",
	AnswerSkipRestock:     "do not put it into stock: people have, or nobody will",
	AnswerRetry:           "try once more",
	AnswerNotOurs:         "this return has nothing to do with TikTok Shop: leave it alone",
	AnswerAcknowledge:     "seen: nothing is done about it, and nobody is asked again",
	AnswerPayRest:         "pay what is missing up to the authorised amount",
	AnswerRestockNow:      "it is not in stock: put it there",
	AnswerGoByRead:        "the event is wrong or out of date: go on with what the platform shows",
	AnswerLiftToday:       "let refunds go on until midnight (UTC)",
	AnswerPay:             "pay exactly the amount shown",
}

// Meaning says in words what an answer does; empty if there is no such answer.
func (a AnswerName) Meaning() string { return meanings[a] }
