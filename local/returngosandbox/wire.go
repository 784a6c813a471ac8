package returngosandbox

import (
	"encoding/json"
	"time"
)

// obj is a JSON object on its way out.
type obj = map[string]any

// Invented personal data that a leak test can search for.
const (
	sampleName   = "Pat Sample-PII"
	sampleStreet = "1 Privacy-PII Lane"
	sampleEmail  = "pat.pii@example.invalid"
	samplePhone  = "+44 0000 PII"
	sampleAnswer = "Answer-PII: too tight"
	sampleIBAN   = "GB00PII00000000000000"
	staffEmail   = "morgan.staff-pii@example.invalid"
)

// wireTime is RFC 3339 with a numeric offset, never Z (contract 1.5).
func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") + "+00:00" }

// flag is a boolean the API answers as 0 or 1 (contract 1.7).
func (s *Sandbox) flag(value bool) any {
	if s.options.StrictSchema {
		return value
	}
	if value {
		return 1
	}
	return 0
}

// orNull is a string the API answers as null while unknown (contract 1.7).
func (s *Sandbox) orNull(text string) any {
	if text == "" && !s.options.StrictSchema {
		return nil
	}
	return text
}

// orNone is an object the API answers as null (contract 1.7).
func (s *Sandbox) orNone(strict obj) any {
	if s.options.StrictSchema {
		return strict
	}
	return nil
}

// transactionID is a number on the wire although the schema says string (contract 1.7).
func (s *Sandbox) transactionID(id string) any {
	if s.options.StrictSchema {
		return id
	}
	return json.Number(id)
}

func money(amount Amount, currency string) obj {
	return obj{"amount": amount, "currency": currency, "shopAmount": amount, "shopCurrency": currency}
}

func (s *Sandbox) summaryView(r *RMA) obj {
	events := []obj{}
	for _, e := range r.Events {
		events = append(events, obj{"eventName": e.Name, "eventDate": wireTime(e.At), "triggeredVia": e.TriggeredVia,
			"storeLocationId": "online", "userDetails": s.noUser()})
	}
	return obj{"rmaId": r.ID, "status": r.Status, "order_name": r.OrderName, "events": events}
}

func (s *Sandbox) rmaView(r *RMA, media bool) obj {
	shipments, items, comments, transactions := []obj{}, []obj{}, []obj{}, []obj{}
	for i := range r.Shipments {
		shipments = append(shipments, s.shipmentView(&r.Shipments[i]))
	}
	for i := range r.Items {
		items = append(items, s.itemView(&r.Items[i], media))
	}
	for _, c := range r.Comments {
		comments = append(comments, obj{"commentType": c.Type, "triggeredBy": c.TriggeredBy, "htmlText": c.HTML, "datetime": wireTime(c.At)})
	}
	for i := range r.Transactions {
		transactions = append(transactions, s.transactionView(&r.Transactions[i]))
	}
	return obj{
		"rmaSummary":   s.summaryView(r),
		"orderDetails": obj{"orderId": r.OrderID, "order_name": r.OrderName},
		"shipments":    shipments, "items": items, "comments": comments, "transactions": transactions,
		"exchangeOrders": exchangeOrders(r), "exchangeItems": []obj{}, "cancellationFee": r.CancellationFee,
		"createdAt": wireTime(r.CreatedAt), "lastUpdated": wireTime(r.LastUpdated), "isOutOfPolicy": s.flag(r.OutOfPolicy),
	}
}

func (s *Sandbox) itemView(i *Item, media bool) obj {
	view := obj{
		"returnedItemId": i.ID, "shopLineItemId": i.Line.ID, "shopProductId": i.Line.ProductID, "variantId": i.Line.VariantID,
		"sku": i.Line.SKU, "fullName": fullName(i.Line), "productName": i.Line.ProductName, "image": "",
		"paidPrice": money(i.Price, i.Currency), "paidTax": money(i.Tax, i.Currency), "taxIncluded": i.Line.TaxIncluded,
		"returnReason": i.Reason, "extendedReason": sampleAnswer + "<br />",
		"resolutionName": i.ResolutionName, "resolutionType": i.ResolutionType, "policyRuleName": i.PolicyRule,
		"isAutoApprove": s.flag(i.AutoApprove), "restockingFee": i.RestockingFee, "returnFee": i.ReturnFee,
		"shipmentFee": i.ShipmentFee, "shipmentId": i.ShipmentID,
		"returnMethod":                 obj{"type": i.ReturnMethod, "name": i.ReturnMethodName},
		"itemValidationStatusResponse": s.validationView(i),
		"exchangeItems":                exchangeItems(i), "followUpQuestions": s.questions(media),
	}
	s.putUnlessMissing(view, "barcode", i.Line.Barcode)
	s.putUnlessMissing(view, "variantName", i.Line.VariantName)
	return view
}

// putUnlessMissing leaves the key out when there is nothing to say (contract 1.7).
func (s *Sandbox) putUnlessMissing(view obj, key, value string) {
	if value != "" || s.options.StrictSchema {
		view[key] = value
	}
}

func fullName(l Line) string {
	if l.VariantName == "" {
		return l.ProductName
	}
	return l.ProductName + " / " + l.VariantName
}

// validationView shows an uninspected unit as a double no with nulls, and only
// lastValidationDate tells it from an inspected one (contract 3.6, A22).
func (s *Sandbox) validationView(i *Item) obj {
	v, done := i.Validation, i.Validation != nil
	if !done {
		v = &Validation{}
	}
	view := obj{
		"isReturned": v.Returned, "isRestockable": v.Restockable,
		"nonReturnedReason": s.orNull(v.NotReturnedReason), "nonRestockableReason": s.orNull(v.NotRestockableReason),
		"storeLocationId": s.orNull(v.Location), "lastValidatedBy": s.orNull(v.By),
		"thirdPartyName": s.orNull(v.ThirdParty), "userDetails": s.inspector(v), "lastValidationDate": s.orNull(""),
	}
	if done {
		view["lastValidationDate"] = wireTime(v.At)
	}
	if done || s.options.StrictSchema {
		view["returnedItemId"] = i.ID
	}
	return view
}

func (s *Sandbox) noUser() any {
	return s.orNone(obj{"userFirstName": "", "userLastName": "", "userEmailAddress": "", "userRole": ""})
}

// inspector is filled in when a person at the dashboard inspected (contract 3.6).
func (s *Sandbox) inspector(v *Validation) any {
	if v.By != staff.by {
		return s.noUser()
	}
	return obj{"userFirstName": "Morgan", "userLastName": "Staff-PII", "userEmailAddress": staffEmail, "userRole": "Staff"}
}

// questions holds text answers and one media answer, which is {} unless asked for (contract 2.3).
func (s *Sandbox) questions(media bool) []obj {
	full := func() obj {
		if !s.options.StrictSchema {
			return obj{}
		}
		return obj{"textAnswer": "", "textArrayAnswer": []string{}, "mediaAnswer": []obj{}, "numericAnswer": 0}
	}
	text, list, picture := full(), full(), full()
	text["textAnswer"] = sampleAnswer
	list["textArrayAnswer"] = []string{sampleAnswer, "other"}
	if media {
		picture["mediaAnswer"] = []obj{{"mediaType": "image/jpeg", "mediaFileSize": 1024, "tempDownloadUrl": "https://media.example/photo-PII.jpg"}}
	}
	return []obj{
		{"type": "Text", "name": "What was wrong?", "answer": text},
		{"type": "TextArray", "name": "What else?", "answer": list},
		{"type": "Media", "name": "A photo, please", "answer": picture},
	}
}

func (s *Sandbox) shipmentView(sh *Shipment) obj {
	return obj{
		"shipmentId": sh.ID, "status": sh.Status, "carrierName": s.orNull(sh.Carrier),
		"requestedServiceLevel": s.orNull(""), "actualServiceLevel": s.orNull(""),
		"trackingNumber": s.orNull(sh.TrackingNumber), "trackingURL": s.orNull(sh.TrackingURL), "labelURL": s.orNull(sh.LabelURL),
		"customerAddress": address(sampleName, sampleStreet, "Leeds"),
		"returnAddress":   address("Warehouse 1", "1 Dock Rd", "Hull"),
		"isOutbound":      sh.Outbound,
	}
}

func address(name, street, city string) obj {
	a := obj{"name": name, "street1": street, "street2": "", "city": city, "state": "", "zip": "HU1", "country": "GB", "phone": "", "email": ""}
	if name == sampleName {
		a["phone"], a["email"] = samplePhone, sampleEmail
	}
	return a
}

func (s *Sandbox) transactionView(t *Transaction) obj {
	return obj{
		"id": s.transactionID(t.ID), "type": t.Type, "status": t.Status, "processor": t.Processor,
		"externalReferenceId": s.orNull(t.Reference), "externalReferenceType": s.orNull(t.ReferenceType),
		"amount": money(t.Amount, t.Currency), "bankAccountDetails": s.bankView(t), "returnItemIds": t.itemIDs(),
		"createdAt": wireTime(t.CreatedAt), "lastUpdated": wireTime(t.LastUpdated),
	}
}

// bankView is null where Shopify pays, as seen; elsewhere the documented object (contract 3.4).
func (s *Sandbox) bankView(t *Transaction) any {
	if t.Processor == "Shopify" {
		return s.orNone(obj{"iban": "", "firstName": "", "lastName": "", "branchName": "", "branchAddress": "", "comment": ""})
	}
	return obj{"iban": sampleIBAN, "firstName": "Pat", "lastName": "Sample-PII", "branchName": "Branch-PII", "branchAddress": sampleStreet, "comment": ""}
}

func (t *Transaction) itemIDs() []string { return append([]string{}, t.ItemIDs...) }
