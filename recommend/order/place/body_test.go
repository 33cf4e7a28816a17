package place

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/order"
)

const (
	sampleOrder       = "/providers/microsoft.capacity/reservationOrders/1f14354c-dc12-4c8d-8090-6f295a3a34aa"
	sampleReservation = sampleOrder + "/reservations/c8c926bd-fc5d-4e29-9d43-b68340ac23a6"
)

// published is a body of ours beside what the vendor publishes of it. Fields are paths with the kind of their value. They are
// written out here from the source, so that the comparison needs nothing else; where the sample is at hand, as a file beside
// the repository, the list is compared with it first, and then the values that are of the same purchase.
type published struct {
	name, source string
	ours         any
	fields       string // "path kind" a line
	added        []string
	left         map[string]string // fields of the source that we leave out, and why
	sample       string            // file of published samples
	reference    string            // beginning of the sample in the reference of the domain
	other        []string          // fields whose value is another one by right
}

var bodies = []published{
	{
		name: "calculatePrice", source: "Microsoft.Capacity 2022-11-01, example CalculateReservationOrder", ours: Purchase(example()),
		fields: purchaseFields, added: []string{".properties.renew", ".tags.sizeterm"}, sample: "CalculateReservationOrder.json",
		other: []string{".sku.name", ".properties.displayName"},
	}, {
		name: "purchase", source: "Microsoft.Capacity 2022-11-01, example PurchaseReservationOrder", ours: Purchase(example()),
		fields: purchaseFields + "\n.properties.renew bool", added: []string{".tags.sizeterm"}, sample: "PurchaseReservationOrder.json",
		other: []string{".sku.name", ".properties.displayName"},
	}, {
		name: "calculateExchange", source: "Microsoft.Capacity 2022-11-01, example CalculateExchange", ours: CalculateExchange(example(), Returned{sampleReservation, 1}),
		fields: within(".properties.reservationsToPurchase[]", purchaseFields+"\n.properties.renew bool") + "\n.properties.reservationsToExchange[].reservationId string\n.properties.reservationsToExchange[].quantity float64",
		added:  []string{".properties.reservationsToPurchase[].tags.sizeterm"}, sample: "CalculateExchange.json",
		other: []string{".properties.reservationsToPurchase[].sku.name", ".properties.reservationsToPurchase[].properties.displayName", ".properties.reservationsToPurchase[].properties.billingPlan"},
	}, {
		name: "exchange", source: "Microsoft.Capacity 2022-11-01, example Exchange", ours: Exchange("66e2ac8f-439e-4345-8235-6fef07608081"),
		fields: ".properties.sessionId string", reference: `{"properties":{"sessionId"`, other: []string{".properties.sessionId"},
	}, {
		name: "calculateRefund", source: "Microsoft.Capacity 2022-11-01, definition CalculateRefundRequest (it has no example)", ours: CalculateRefund(sampleOrder, Returned{sampleReservation, 1}),
		fields:    ".id string\n.properties.scope string\n.properties.reservationToReturn.reservationId string\n.properties.reservationToReturn.quantity float64",
		reference: `{"id":"…","properties":{"scope":"Reservation"`, other: []string{".id", ".properties.reservationToReturn.reservationId"},
	}, {
		name: "return", source: "Microsoft.Capacity 2022-11-01, example Return", ours: Return("10000000-aaaa-bbbb-cccc-200000000000", Returned{"/providers/microsoft.capacity/reservationOrders/50000000-aaaa-bbbb-cccc-100000000004/reservations/40000000-aaaa-bbbb-cccc-100000000000", 1}, "PurchasedWrongProduct"),
		fields: ".properties.sessionId string\n.properties.scope string\n.properties.reservationToReturn.reservationId string\n.properties.reservationToReturn.quantity float64\n.properties.returnReason string",
		sample: "Return.json",
	}, {
		name: "scope (PATCH of a reservation)", source: "Microsoft.Capacity 2022-11-01, example UpdateReservation; appliedScopes from its definition Patch", ours: Scope(&order.Line{Scope: "/subscriptions/" + subscription}),
		fields: ".properties.appliedScopeType string\n.properties.instanceFlexibility string",
		added:  []string{".properties.appliedScopes[]"}, left: map[string]string{".properties.instanceFlexibility": "a PATCH changes what it names: the flexibility stays"},
	}, {
		name: "cart", source: "Partner Center, Purchase Azure reservations and Create a cart", ours: Cart(example(), "DZH318Z0BQ36:004G:DZH318Z08C0S", "5357564"),
		fields: ".PartnerOnRecordAttestationAccepted bool\n.lineItems[].id float64\n.lineItems[].catalogItemId string\n.lineItems[].friendlyName string\n.lineItems[].quantity float64\n.lineItems[].billingCycle string\n" +
			".lineItems[].termDuration string\n.lineItems[].participants[].key string\n.lineItems[].participants[].value string\n.lineItems[].provisioningContext.subscriptionId string\n.lineItems[].provisioningContext.scope string",
		reference: `{"PartnerOnRecordAttestationAccepted"`, other: []string{".lineItems[].friendlyName", ".lineItems[].billingCycle", ".lineItems[].provisioningContext.subscriptionId"},
	}, {
		name: "inventory check", source: "Partner Center, Check inventory", ours: Inventory(example(), "DZH318Z0BQ3P", "0039"),
		fields:    ".TargetItems[].ProductId string\n.TargetItems[].SkuId string\n.InventoryContext.customerId string\n.InventoryContext.azureSubscriptionId string\n.InventoryContext.armRegionName string",
		reference: `{"TargetItems"`, other: []string{".InventoryContext.customerId", ".InventoryContext.azureSubscriptionId", ".InventoryContext.armRegionName"},
	},
}

const purchaseFields = `.sku.name string
.location string
.properties.reservedResourceType string
.properties.billingScopeId string
.properties.term string
.properties.billingPlan string
.properties.quantity float64
.properties.displayName string
.properties.appliedScopes null
.properties.appliedScopeType string
.properties.reservedResourceProperties.instanceFlexibility string`

func within(path, fields string) string {
	return path + strings.ReplaceAll(fields, "\n", "\n"+path)
}

// TestBodiesBesideThePublished compares every body that is exported or sent, field by field: names, places and kinds are those
// of the source but for what is listed as added or left out, and values are equal where the sample is the same purchase. With
// -v it prints the fields side by side.
func TestBodiesBesideThePublished(t *testing.T) {
	for _, b := range bodies {
		t.Run(b.name, func(t *testing.T) {
			want := map[string]string{}
			for line := range strings.Lines(b.fields) {
				path, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
				want[path] = kind
			}
			theirs := b.theirs(t)
			if theirs != nil {
				require.Equal(t, want, kinds(theirs), "the list of fields against the sample")
			}
			ours := leaves(t, b.ours)
			got := kinds(ours)
			for _, path := range b.added {
				require.Contains(t, got, path)
				delete(got, path)
			}
			for path := range b.left {
				require.Contains(t, want, path)
				require.NotContains(t, got, path)
				delete(want, path)
			}
			require.Equal(t, want, got)
			t.Logf("%s (%s)", b.name, b.source)
			for _, path := range slices.Sorted(maps.Keys(ours)) {
				t.Logf("  %-75s %-30s %s", path, show(theirs, path), show(ours, path))
				if value, ok := theirs[path]; ok && !slices.Contains(b.other, path) {
					require.Equal(t, value, ours[path], path)
				}
			}
			for path, why := range b.left {
				t.Logf("  %-75s left out: %s", path, why)
			}
		})
	}
}

// A checkout and a registration have no body, and the checkout bears the key by which a repetition is known.
func TestCallsWithoutABody(t *testing.T) {
	steps := CartSteps(example(), order.Facts{Customer: "customer-1"})
	require.Nil(t, steps[0].Body)
	last := steps[len(steps)-1]
	require.True(t, strings.HasSuffix(last.URL, "/checkout"))
	require.Nil(t, last.Body)
	require.Contains(t, last.Headers, "MS-RequestId")
	body := leaves(t, Cart(example(), "a:b:c", ""))
	require.NotContains(t, body, ".lineItems[].participants[].key", "only with an indirect reseller")
}

// theirs is the sample, nil where it is not at hand.
func (b *published) theirs(t *testing.T) map[string]any {
	t.Helper()
	root := "../../../../shared/"
	switch {
	case b.sample != "":
		text, err := os.ReadFile(filepath.Join(root, "data/api_examples", b.sample))
		if err != nil {
			t.Logf("the published sample is not here: %v", err)
			return nil
		}
		var file struct {
			Parameters struct{ Body json.RawMessage }
		}
		require.NoError(t, json.Unmarshal(text, &file))
		return leaves(t, file.Parameters.Body)
	case b.reference != "":
		text, err := os.ReadFile(filepath.Join(root, "reference/domain.md"))
		if err != nil {
			t.Logf("the reference is not here: %v", err)
			return nil
		}
		_, from, ok := strings.Cut(string(text), "`"+b.reference)
		require.True(t, ok)
		body, _, ok := strings.Cut(from, "`")
		require.True(t, ok)
		return leaves(t, json.RawMessage(b.reference+body))
	}
	return nil
}

// leaves lists the values of a JSON document by their paths.
func leaves(t *testing.T, v any) map[string]any {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	var generic any
	require.NoError(t, json.Unmarshal(text, &generic))
	all := map[string]any{}
	walk("", generic, all)
	return all
}

func walk(at string, v any, into map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			walk(at+"."+name, inner, into)
		}
	case []any:
		for _, inner := range v {
			walk(at+"[]", inner, into)
		}
	default:
		into[at] = v
	}
}

func kinds(all map[string]any) map[string]string {
	out := map[string]string{}
	for path, v := range all {
		out[path] = "null"
		if v != nil {
			out[path] = reflect.TypeOf(v).String()
		}
	}
	return out
}

func show(all map[string]any, path string) string {
	if all == nil {
		return "(no sample at hand)"
	}
	v, ok := all[path]
	if !ok {
		return "-"
	}
	text := fmt.Sprint(v)
	return text[:min(len(text), 30)]
}
