package tiktokshop

import (
	"encoding/json"
	"slices"
)

// failure is one reason TikTok gives for not having done something.
type failure struct{ code, message string }

// unreadableFailure stands for a data.errors that is there but cannot be read;
// a code nobody documented goes to a person.
var unreadableFailure = failure{code: "data.errors", message: "failures that cannot be read"}

type wireFailure struct {
	Code    text                    `json:"code"`
	Message text                    `json:"message"`
	Detail  object[wireFailureCase] `json:"detail"`
	Extra   list[wireExtraFailure]  `json:"extra_errors"`
}

type wireFailureCase struct {
	SKUID text                   `json:"sku_id"`
	Extra list[wireExtraFailure] `json:"extra_errors"`
}

type wireExtraFailure struct {
	WarehouseID text `json:"warehouse_id"`
	Code        text `json:"code"`
	Message     text `json:"message"`
}

// failuresIn finds the partial failures that stand below code 0 (contract 1.6):
// data.errors, and inside each one its extra_errors. 12052990 says no more than
// that the reason is inside.
func failuresIn(data json.RawMessage) []failure {
	var frame struct {
		Errors json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(data, &frame) != nil || len(frame.Errors) == 0 {
		return nil
	}
	var wire list[wireFailure]
	if json.Unmarshal(frame.Errors, &wire) != nil {
		return []failure{unreadableFailure}
	}
	var found []failure
	for _, w := range wire {
		extra := slices.Concat(w.Detail.v.Extra, w.Extra)
		if len(extra) == 0 || classes[string(w.Code)] != inside {
			found = append(found, failure{code: string(w.Code), message: about(w.Detail.v.SKUID, "", w.Message)})
		}
		for _, x := range extra {
			found = append(found, failure{code: string(x.Code), message: about(w.Detail.v.SKUID, x.WarehouseID, x.Message)})
		}
	}
	return found
}

// about says which SKU and warehouse a failure is of, as far as told.
func about(sku, warehouse, message text) string {
	s := ""
	if sku != "" {
		s += "SKU " + string(sku) + ": "
	}
	if warehouse != "" {
		s += "warehouse " + string(warehouse) + ": "
	}
	return s + string(message)
}
