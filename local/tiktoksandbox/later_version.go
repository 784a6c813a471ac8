package tiktoksandbox

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
)

// unknownState is a value from the future (T02).
const unknownState = "STATE_OF_A_LATER_VERSION"

var (
	stateFields = []string{"return_status", "cancel_status", "status", "display_status", "return_type"}
	enumForm    = regexp.MustCompile(`^[A-Z][A-Z_]{3,}$`) // longer than a currency
)

// ofLaterVersion replaces every state by an unknown one; everything means every
// enum value, and a field that nobody knows in every object.
func ofLaterVersion(answer reply, everything bool) reply {
	var content any
	decoder := json.NewDecoder(bytes.NewReader(answer.body))
	decoder.UseNumber()
	if decoder.Decode(&content) != nil {
		return answer
	}
	renewObject(content, everything)
	answer.body, _ = json.Marshal(content)
	return answer
}

func renewObject(node any, everything bool) {
	switch typed := node.(type) {
	case object:
		for key, value := range typed {
			text, isText := value.(string)
			switch {
			case isText && (slices.Contains(stateFields, key) || everything && enumForm.MatchString(text)):
				typed[key] = unknownState
			case !isText:
				renewObject(value, everything)
			}
		}
		if everything {
			typed["field_of_a_later_version"] = object{"value": 1}
		}
	case []any:
		for _, element := range typed {
			renewObject(element, everything)
		}
	}
}
