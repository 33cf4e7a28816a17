package order

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Line is what one order buys: Quantity reservations of one size for one term, and what the plan promised for them.
type Line struct {
	ID       string `json:"id"`       // of the plan's line, stable across runs
	Customer string `json:"customer"` // customer tenant or billing account, lower case
	// Subscription is the Azure subscription that carries the purchase, a lower-case GUID; empty until somebody names it.
	Subscription string         `json:"subscription"`
	Scope        string         `json:"scope"` // "shared", "/subscriptions/{guid}" or "/subscriptions/{guid}/resourcegroups/{name}"
	Region       catalog.Region `json:"region"`
	Size         catalog.Size   `json:"size"`
	Term         pricing.Term   `json:"term"`
	Quantity     int64          `json:"quantity"`
	Flexible     bool           `json:"flexible"`     // instance size flexibility; false is capacity priority
	BillingPlan  string         `json:"billing_plan"` // "upfront" or "monthly"
	// UnitPrice is one instance for the whole term, TotalPrice = Quantity x UnitPrice: the commitment.
	UnitPrice   money.Amount `json:"unit_price"`
	TotalPrice  money.Amount `json:"total_price"`
	PriceSource string       `json:"price_source"`
	PriceAsOf   time.Time    `json:"price_as_of"` // zero where the plan does not say
	// PartnerOnRecord is inherited from the subscription and cannot be changed after the purchase; empty where not known.
	PartnerOnRecord string `json:"partner_on_record"`

	// What the plan promised, for the proof: the saving of 730 hours, the pay-as-you-go rate of one instance, and the day.
	SavingMonth money.Amount `json:"saving_month"`
	Rate        money.Rate   `json:"rate"` // 0 where the plan does not say
	AsOf        time.Time    `json:"as_of"`
	// Resizes are the plan's resizes of machines that this line counts on at their new size.
	Resizes []string `json:"resizes,omitempty"`
	// Resized are the names of the machines of Resizes, in their order; empty in orders of older plans.
	Resized []string `json:"resized,omitempty"`
}

// maxQuantity is more than any one line should ask for; a slip of the keyboard is more likely beyond it.
const maxQuantity = 10_000

// Check refuses a line that cannot be bought as it stands, whatever the vendor says.
func (l *Line) Check() error {
	bad := func(field, format string, args ...any) error {
		return fmt.Errorf("line %s: %s: %s", l.ID, field, fmt.Sprintf(format, args...))
	}
	if size, ok := catalog.SizeOf(string(l.Size)); !ok || size != l.Size {
		return bad("size", "%q: not a size of the catalog", l.Size)
	}
	if region, ok := catalog.RegionOf(string(l.Region)); !ok || region != l.Region {
		return bad("region", "%q: not a region of the catalog", l.Region)
	}
	switch {
	case l.ID == "":
		return fmt.Errorf("line of %q: it has no id", l.Customer)
	case l.Customer == "":
		return bad("customer", "it has none")
	case l.Term.Years() == 0:
		return bad("term", "%q: a reservation runs one year or three", l.Term)
	case l.Quantity < 1 || l.Quantity > maxQuantity:
		return bad("quantity", "%d: not between 1 and %d", l.Quantity, maxQuantity)
	case l.BillingPlan != "upfront" && l.BillingPlan != "monthly":
		return bad("billing_plan", "%q: not upfront or monthly", l.BillingPlan)
	case l.Scope != "shared" && !strings.HasPrefix(l.Scope, "/subscriptions/"):
		return bad("scope", "%q: not shared, a subscription or a resource group", l.Scope)
	case l.UnitPrice.Micros <= 0 || l.UnitPrice.Currency == "":
		return bad("unit_price", "%q: not a price", l.UnitPrice)
	case l.TotalPrice.Currency != l.UnitPrice.Currency:
		return bad("total_price", "in %s, the unit price is in %s", l.TotalPrice.Currency, l.UnitPrice.Currency)
	}
	total, err := l.UnitPrice.Mul(l.Quantity)
	if err != nil {
		return bad("total_price", "%v", err)
	}
	if total != l.TotalPrice {
		return bad("total_price", "%s is not %d x %s = %s", l.TotalPrice, l.Quantity, l.UnitPrice, total)
	}
	return nil
}

// Hash names what an approval is about: everything that is bought, at which price, in which currency, for whom and by
// whom. A change in any of it is another hash.
func (l *Line) Hash() string {
	return hashOf("sizeterm.approval/1", l.ID, l.Customer, l.Subscription, l.Scope, string(l.Region), string(l.Size), l.Term.String(),
		fmt.Sprint(l.Quantity), fmt.Sprint(l.Flexible), l.BillingPlan, l.UnitPrice.String(), l.TotalPrice.String(), l.PartnerOnRecord)
}

// lineage names the need that the line serves, whatever its quantity, price and payments: the same need in the same month
// is the same order.
func (l *Line) lineage() string {
	return hashOf("sizeterm.lineage/1", l.Customer, l.Scope, string(l.Region), string(l.Size), l.Term.String(), l.AsOf.UTC().Format("2006-01"))
}

// hashOf hashes texts so that no two lists of texts share a hash by moving a border between them.
func hashOf(parts ...string) string {
	text, err := json.Marshal(parts)
	if err != nil {
		panic(fmt.Sprintf("order: %v", err)) // texts always encode
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
