package tiktokshop

import (
	"strings"

	"returnbridge/internal/returns"
)

// Every set of words is open (T02): what is not named here stays as it came.
// This file is the only place where spellings are brought together (contract 7).

// CancellationClosed is the one spelling of a closed cancellation. Filters know
// only this one, answers and webhooks also the longer one.
const CancellationClosed = "CANCELLATION_REQUEST_CANCEL"

func orderStatus(t text) string {
	if t == "CANCEL" { // webhook 1
		return returns.OrderCancelled
	}
	return string(t)
}

func returnStatus(t text) string {
	s := strings.ReplaceAll(string(t), "__", "_")
	if s == returns.TikTokCancelled+"LED" {
		return returns.TikTokCancelled
	}
	return s
}

func cancellationStatus(t text) string {
	if t == CancellationClosed+"LED" {
		return CancellationClosed
	}
	return string(t)
}

// requestType: RETURN is printed beside RETURN_AND_REFUND in eligibility answers.
func requestType(t text) string {
	if t == "RETURN" {
		return returns.TypeReturnAndRefund
	}
	return string(t)
}

func role(t text) string { return strings.ToUpper(string(t)) }
