package tiktokshop_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// served gives a fake that answers with one printed sample.
func served(t *testing.T, id string) *fake {
	t.Helper()
	s, ok := samples(t)[id]
	require.True(t, ok, id)
	return newFake(t, says(string(s.Payload)))
}

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

func TestSampleOrders(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	orders, err := served(t, "order-detail-202507-bundle").shop.Orders(ctx, "107939834033948852")
	require.NoError(t, err)
	part := returns.BundlePart{SKUID: "8039850844746131128", SellerSKU: "yellow-29-XL", ProductID: "2724266497201701403", Count: 1}
	want := returns.Order{
		ID: "107939834033948852", Status: "UNPAID", Currency: "IDR", WarehouseID: "5849263275961223691",
		Fulfillment: returns.FulfilledBySeller, CreatedAt: at(1620216361), UpdatedAt: at(1620226155),
		ReadyAt: at(1620216363), CollectedAt: at(1678994418), DeliveredAt: at(1678994418), CancelledAt: at(1678994418),
		Lines: []returns.OrderLine{{
			ID: "735928664759597707", SKUID: "7408271849431394196", SellerSKU: "red_iphone_256", ProductID: "4661687492570753707",
			Price: amount(t, "0.01", "IDR"), Status: "TO_SHIP", PackageID: "8468816899170117591", Parts: []returns.BundlePart{part},
			SubLines: []returns.SubLine{{
				ID: "735928664759597707", SKUID: "7408271849431394196", SellerSKU: "red_iphone_256", ProductID: "4661687492570753707",
				Price: amount(t, "0.01", "USD"), WarehouseID: "5849263275961223691",
			}},
		}},
	}
	require.Equal(t, []returns.Order{want}, orders)

	found, next, err := served(t, "order-list-202309").shop.SearchOrders(ctx, tiktokshop.OrderFilter{}, tiktokshop.Page{})
	require.NoError(t, err)
	require.Equal(t, "text 26b738", next)
	require.Equal(t, "yellow-18-XL ", found[0].Lines[0].Parts[0].SellerSKU, "opaque, with its space")
}

func TestSampleReturns(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	usd := amount(t, "1.23", "USD")
	found, next, err := served(t, "returns-search-202602").shop.SearchReturns(ctx, tiktokshop.ReturnFilter{}, "")
	require.NoError(t, err)
	require.Equal(t, "text 060f01", next)
	require.Equal(t, []returns.TikTokReturn{{
		ID: "7666834862923493042", OrderID: "529786003534571117", Type: returns.TypeRefund, Status: returns.TikTokPending,
		Arbitration: returns.ArbitrationInProgress, Role: "BUYER", Reason: "ecom_order_to_ship_canceled_reason_created_by_mistakes",
		Refund: usd, NextID: "4087415025258445568", PreviousID: "4340099235726393409", CombinedID: "8719088311173331329", Tracked: true,
		CreatedAt: at(1691055936), UpdatedAt: at(1691057936),
		Actions: []returns.SellerAction{{Action: "SELLER_RESPOND_REFUND", Deadline: at(1691159480)}},
		Lines: []returns.TikTokReturnLine{{
			ID: "8766748120541585863", OrderLineID: "202783480897761808", SKUID: "7408271849431394196", SellerSKU: "PUTIH 8 TALI", Refund: usd,
			SubLines: []returns.TikTokReturnSubLine{{
				ID: "4551585546330532233", OrderSubLineID: "649004433529824431", SKUID: "7408271849431394196", Refund: usd,
			}},
		}},
	}}, found)

	created, receipt, err := served(t, "return-create-202602").shop.CreateReturn(ctx, aReturn(t), "k")
	require.NoError(t, err)
	require.Equal(t, tiktokshop.CreatedReturn{ID: "9719572844744629729", Status: returns.TikTokPending}, created)
	require.Equal(t, tiktokshop.Receipt{RequestID: "text aabbbf", At: now}, receipt)

	require.NoError(t, write(served(t, "return-approve").shop))
	_, err = served(t, "return-reject").shop.Reject(ctx, "4", tiktokshop.Rejection{}, "k")
	require.NoError(t, err)
}

func TestSampleQuestions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	reasons, err := served(t, "reject-reasons").shop.RejectReasons(ctx, "4")
	require.NoError(t, err)
	require.Equal(t, []tiktokshop.Reason{{Name: "seller_reject_apply_you_have_reached_an_agreement_with_the_buyer", Text: "text 3fcfff"}}, reasons)

	total, err := served(t, "refund-calculate-202602").shop.CalculateRefund(ctx, tiktokshop.CalculateRefund{Lines: []tiktokshop.LineRef{{OrderLineID: "1"}}})
	require.NoError(t, err)
	require.Equal(t, "1.23 USD", total.String())

	eligible, err := served(t, "aftersale-eligibility-202602").shop.Eligibility(ctx, "1")
	require.NoError(t, err)
	require.Equal(t, []tiktokshop.Eligibility{{
		SKUID: "3350337775999464579", RequestType: "REFUND", Eligible: true, OrderLineIDs: []string{"571627537923664426"},
		Lines:   []tiktokshop.LineRef{{OrderLineID: "944832274391516402", SubLineID: "897985958038453297"}},
		Reasons: []string{"text aad216"},
	}}, eligible)

	decisions, err := served(t, "decision-eligibility-202601").shop.DecisionEligibility(ctx, "1")
	require.NoError(t, err)
	require.Equal(t, map[string]tiktokshop.Eligible{"APPROVE_REFUND": {Yes: true}}, decisions, "the reason beside a yes is none")
}

func TestSampleCancellations(t *testing.T) {
	t.Parallel()
	found, next, err := served(t, "cancellations-search-202602").shop.SearchCancellations(t.Context(), tiktokshop.CancellationFilter{}, "")
	require.NoError(t, err)
	require.Equal(t, "text 060f01", next)
	usd, no := amount(t, "1.23", "USD"), false
	require.Equal(t, []tiktokshop.Cancellation{{
		ID: "7666834862923493042", OrderID: "529139298192251383", Type: "REQUEST_CANCEL_REFUND", Status: "CANCELLATION_REQUEST_PENDING",
		Role: "BUYER", Reason: "ecom_order_to_ship_canceled_reason_created_by_mistakes", Refund: usd, ShouldReplenishStock: &no,
		Lines: []tiktokshop.CancelledLine{{
			OrderLineID: "839042575055667132", SKUID: "7408271849431394196", SellerSKU: "YYAPC23078TRT30", Refund: usd,
			OrderSubLineIDs: []string{"649004433529824431"},
		}},
		Actions:   []returns.SellerAction{{Action: "SELLER_RESPOND_CANCEL", Deadline: at(1691159480)}},
		CreatedAt: at(1691055936), UpdatedAt: at(1691055936),
	}}, found)
}

func TestSampleStockAndSettings(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	levels, err := served(t, "inventory-search").shop.Inventory(ctx, tiktokshop.InventoryFilter{SKUIDs: []string{"1"}})
	require.NoError(t, err)
	require.Equal(t, []returns.StockLevel{{
		ProductID: "9145807648133207529", SKUID: "7566698840292571503", WarehouseID: "8575436756674126728", Available: 100, Committed: 10,
	}}, levels)

	_, err = served(t, "inventory-update-partial-failure").shop.UpdateInventory(ctx, "1", oneLevel, time.Time{})
	e := failed(t, err)
	require.Equal(t, platform.Human, e.Class)
	require.Equal(t, "12052097", e.Code)
	require.Contains(t, e.Message, "warehouse 7068085648681814105")

	warehouses, err := served(t, "warehouses").shop.Warehouses(ctx)
	require.NoError(t, err)
	require.Equal(t, []tiktokshop.Warehouse{{
		ID: "7052866111718373415", EntityID: "9442624759821862178", Name: "text 494d78", Type: tiktokshop.SalesWarehouse,
		SubType: "DOMESTIC_WAREHOUSE", Status: tiktokshop.WarehouseEnabled, Default: true,
	}}, warehouses)

	shops, err := served(t, "authorized-shops").client.AuthorizedShops(ctx, token)
	require.NoError(t, err)
	require.Equal(t, "4310230842392536051 text 45f972 GB", shops[0].ID+" "+shops[0].Cipher+" "+shops[0].Region)

	webhooks, err := served(t, "webhooks-list").shop.Webhooks(ctx)
	require.NoError(t, err)
	require.Equal(t, []tiktokshop.Webhook{{"ORDER_STATUS_CHANGE", "https://example.invalid/x", at(1635942986), at(1635942986)}}, webhooks)
}

func TestSampleErrors(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]platform.Class{
		"error-36009003": platform.OutcomeUnknown, "error-36009002": platform.Retry, "error-105002": platform.RefreshToken,
		"error-106001": platform.Permanent, "error-36009004": platform.Permanent, "error-106013": platform.Permanent,
	} {
		e := failed(t, write(served(t, id).shop))
		require.Equal(t, want, e.Class, id)
		require.Equal(t, "text aabbbf", e.RequestID)
	}
}

// The samples of calls we do not make have the same frame.
func TestEverySampleHasAReadableFrame(t *testing.T) {
	t.Parallel()
	seen := 0
	for id, s := range samples(t) {
		switch s.Kind {
		case "api_response":
			_, err := tiktokshop.ReadAnswer(s.Payload, false, nil)
			require.Equal(t, id == "inventory-update-partial-failure", err != nil, id)
		case "webhook_body":
			e, err := tiktokshop.ParseEvent(s.Payload)
			require.NoError(t, err, id)
			require.NotEmpty(t, e.ID, id)
		case "error_envelope":
			_, err := tiktokshop.ReadAnswer(s.Payload, false, nil)
			require.Error(t, err, id)
		default:
			t.Errorf("%s: unknown kind %s", id, s.Kind)
		}
		seen++
	}
	require.Greater(t, seen, 40)
}

// Product has no sample; this is the form of contract 2.7.
func TestProduct(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0,"data":{"id":"1728","title":"Tea set","status":"LIVE","product_status":"ACTIVATE",
		"product_types":["COMBINED_PRODUCT"],"skus":[{"id":"1729","seller_sku":"TEA-SET","price":{"currency":"GBP"},
		"inventory":[{"warehouse_id":"70","quantity":4},{"warehouse_id":71}],
		"combined_skus":[{"product_id":"1","sku_id":"2","seller_sku":"MUG","sku_count":"2","inventory":[]}]}]}}`))
	p, err := f.shop.Product(t.Context(), "1728")
	require.NoError(t, err)
	require.True(t, p.Bundle())
	require.Equal(t, tiktokshop.Product{
		ID: "1728", Title: "Tea set", Status: "ACTIVATE", Types: []string{"COMBINED_PRODUCT"},
		SKUs: []tiktokshop.ProductSKU{{
			ID: "1729", SellerSKU: "TEA-SET", WarehouseIDs: []string{"70", "71"},
			Parts: []returns.BundlePart{{SKUID: "2", SellerSKU: "MUG", ProductID: "1", Count: 2}},
		}},
	}, p)
	require.Equal(t, http.MethodGet, f.only(t).Method)
}
