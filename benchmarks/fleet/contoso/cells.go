package contoso

import (
	"fmt"

	"sizeterm/benchmarks/fleet"
)

// index is the place of each column.
var index = func() map[string]int {
	places := map[string]int{}
	for i, name := range columns {
		places[name] = i
	}
	return places
}()

// cells prints a row. Costs are the exact product of quantity and price, with as many decimals as it has.
func (c *customer) cells(row *charge) []string {
	out := make([]string, len(columns))
	set := func(pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			out[index[pairs[i]]] = pairs[i+1]
		}
	}
	set("invoiceId", c.invoice, "billingAccountId", c.account, "billingAccountName", "Fabrikam Cloud Services, Inc.",
		"billingProfileId", c.profile, "billingProfileName", "Fabrikam CSP", "invoiceSectionId", c.section,
		"invoiceSectionName", "Contoso", "partnerTenantId", c.partnerTenant, "partnerName", "Fabrikam Cloud Services, Inc.",
		"resellerName", "Adatum IT", "resellerMpnId", "6123456", "customerTenantId", c.tenant, "customerName", "Contoso Ltd",
		"billingPeriodEndDate", c.date(c.month.AddDate(0, 1, -1).Day()-1), "billingPeriodStartDate", c.date(0), "date", c.date(row.day),
		"servicePeriodStartDate", c.date(row.day), "servicePeriodEndDate", c.date(row.day),
		"serviceFamily", row.family, "consumedService", row.service, "ProductName", row.product,
		"chargeType", row.kind, "PricingModel", row.model, "frequency", row.frequency, "term", row.term, "unitOfMeasure", row.unit,
		"billingCurrency", "USD", "pricingCurrency", "USD", "exchangeRatePricingToBilling", "1", "exchangeRateDate", c.date(0),
		"publisherType", "Microsoft", "publisherName", "Microsoft", "provider", "Azure")
	if row.category != "" {
		set("meterId", c.meterID(row), "meterCategory", row.category, "meterSubCategory", row.subcategory, "meterName", row.meter,
			"meterRegion", meterRegions[row.region], "resourceLocation", row.region, "location", meterRegions[row.region],
			"ProductId", c.productID(row), "productOrderName", "Azure plan", "productOrderId", c.guid("azure plan"),
			"SubscriptionId", c.subscriptions[row.sub].id, "subscriptionName", c.subscriptions[row.sub].name,
			"costCenter", c.subscriptions[row.sub].costCenter, "resourceGroupName", row.group, "ResourceId", row.resource,
			"isAzureCreditEligible", "True", "serviceInfo2", row.serviceInfo2, "additionalInfo", row.info, "tags", row.tags)
	}
	c.setMoney(row, set)
	if row.held != nil {
		c.setReservation(row, set)
	}
	return out
}

// setMoney prints prices and costs. The partner earned credit takes 15 % off the price that is paid.
func (c *customer) setMoney(row *charge, set func(...string)) {
	if row.cost != "" {
		set("quantity", "1", "effectivePrice", row.cost, "costInBillingCurrency", row.cost, "costInPricingCurrency", row.cost,
			"costInUsd", row.cost, "PayGPrice", "0", "paygCostInBillingCurrency", "0", "paygCostInUsd", "0", "unitPrice", "0",
			"partnerEarnedCreditRate", "0", "partnerEarnedCreditApplied", "False")
		return
	}
	paid, rate, applied := row.own, "0", "False"
	if row.credit {
		paid, rate, applied = row.own*85/100, "0.15", "True"
	}
	cost, listed := decimal(int64(paid)*row.quantity, 14), decimal(int64(row.list)*row.quantity, 14)
	set("quantity", decimal(row.quantity, 6), "effectivePrice", paid.String(), "PayGPrice", row.list.String(), "unitPrice", row.own.String(),
		"costInBillingCurrency", cost, "costInPricingCurrency", cost, "costInUsd", cost,
		"paygCostInBillingCurrency", listed, "paygCostInUsd", listed,
		"partnerEarnedCreditRate", rate, "partnerEarnedCreditApplied", applied)
	if row.model == "Reservation" && row.kind == "Usage" {
		set("unitPrice", "") // empty on covered rows of these agreements
	}
}

// setReservation prints the reservation that covers a usage row, or the order that a purchase row pays.
func (c *customer) setReservation(row *charge, set func(...string)) {
	r := row.held
	years := map[string]string{"P1Y": "1 Year", "P3Y": "3 Years"}[r.term]
	benefit := "/providers/Microsoft.Capacity/reservationOrders/" + r.order + "/reservations/"
	id := r.order
	if row.kind == "Usage" {
		benefit += r.id
		id = r.id
	}
	set("reservationId", id, "reservationName", r.name, "benefitId", benefit, "benefitName", r.name,
		"productOrderId", r.order, "productOrderName", fmt.Sprintf("Reserved VM Instance, Standard_%s, %s, %s", r.size, meterRegions[r.region], years))
}

// meterID invents one id for each meter; the licence meters have Microsoft's own (azure-docs, reserved-instance-windows-software-costs).
func (c *customer) meterID(row *charge) string {
	switch row.meter {
	case "Reservation-Windows Svr (2 Core)":
		return "b99d40ae-41fe-4d1d-842b-56d72f3d15ee"
	case "Reservation-Windows Svr (4 Core)":
		return "1cb88381-0905-4843-9ba2-7914066aabe5"
	case "Reservation-Windows Svr (8 Core)":
		return "603f58d1-1e96-460b-a933-ce3775ac7e2e"
	}
	return c.guid("meter " + row.category + row.subcategory + row.meter + row.region)
}

func (c *customer) productID(row *charge) string {
	id := c.guid("product " + row.product)
	return "DZH318Z0" + upper(id[:4]) + "00" + upper(id[4:6])
}

func upper(text string) string {
	out := []byte(text)
	for i, b := range out {
		if b >= 'a' && b <= 'z' {
			out[i] = b - 32
		}
	}
	return string(out)
}

func (c *customer) guid(name string) string {
	r := fleet.NewRand(c.seed, "id", name)
	return r.GUID()
}

// date prints a day of the month as the exports do.
func (c *customer) date(day int) string { return c.month.AddDate(0, 0, day).Format("01/02/2006") }
