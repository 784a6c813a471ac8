package messages

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
)

// What people search returns by in the Web UI (design section 7). Nothing
// personal: search attributes are never encrypted.
var (
	AttrStage           = temporal.NewSearchAttributeKeyKeyword("ReturnStage")
	AttrRMA             = temporal.NewSearchAttributeKeyKeyword("RmaId")
	AttrOrder           = temporal.NewSearchAttributeKeyKeyword("TikTokOrderId")
	AttrTikTokReturn    = temporal.NewSearchAttributeKeyKeyword("TikTokReturnId")
	AttrShop            = temporal.NewSearchAttributeKeyKeyword("Shop")
	AttrExceptionKinds  = temporal.NewSearchAttributeKeyKeywordList("ExceptionKinds")
	AttrExceptionOwners = temporal.NewSearchAttributeKeyKeywordList("ExceptionOwners")
	AttrSKUs            = temporal.NewSearchAttributeKeyKeywordList("ReturnSkus")
	AttrDeadline        = temporal.NewSearchAttributeKeyTime("SellerDeadline")
	AttrInspectedAt     = temporal.NewSearchAttributeKeyTime("InspectedAt")
)

// SearchAttributes are all of them with their types, for creating them.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	all := map[string]enumspb.IndexedValueType{}
	for _, k := range []interface {
		GetName() string
		GetValueType() enumspb.IndexedValueType
	}{AttrStage, AttrRMA, AttrOrder, AttrTikTokReturn, AttrShop, AttrExceptionKinds, AttrExceptionOwners, AttrSKUs, AttrDeadline, AttrInspectedAt} {
		all[k.GetName()] = k.GetValueType()
	}
	return all
}
