package contoso

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"

	"sizeterm/benchmarks/fleet"
)

// columns are those of the MPA dialect of dataset 2021-10-01, 70 in this order and spelling (azure-docs,
// cost-usage-details-mca-partner, read 2026-11).
var columns = strings.Split("invoiceId,previousInvoiceId,billingAccountId,billingAccountName,billingProfileId,billingProfileName,"+
	"invoiceSectionId,invoiceSectionName,partnerTenantId,partnerName,resellerName,resellerMpnId,customerTenantId,customerName,"+
	"costCenter,billingPeriodEndDate,billingPeriodStartDate,servicePeriodEndDate,servicePeriodStartDate,date,serviceFamily,"+
	"productOrderId,productOrderName,consumedService,meterId,meterName,meterCategory,meterSubCategory,meterRegion,ProductId,"+
	"ProductName,SubscriptionId,subscriptionName,publisherType,publisherId,publisherName,resourceGroupName,ResourceId,"+
	"resourceLocation,location,effectivePrice,quantity,unitOfMeasure,chargeType,billingCurrency,pricingCurrency,"+
	"costInBillingCurrency,costInPricingCurrency,costInUsd,paygCostInBillingCurrency,paygCostInUsd,exchangeRatePricingToBilling,"+
	"exchangeRateDate,isAzureCreditEligible,serviceInfo1,serviceInfo2,additionalInfo,tags,partnerEarnedCreditRate,"+
	"partnerEarnedCreditApplied,PayGPrice,frequency,term,reservationId,reservationName,PricingModel,unitPrice,benefitId,"+
	"benefitName,provider", ",")

// meterRegions are the names of regions in meters.
var meterRegions = map[string]string{"polandcentral": "PL Central", "southeastasia": "AP Southeast", "westeurope": "EU West"}

// charge is one row of the export before it is text. Prices are 1e-8 of a dollar, the quantity is 1e-6 of its unit.
type charge struct {
	day                                           int // 0 is the first
	sub                                           int
	group, resource, region                       string
	family, service, category, subcategory, meter string
	product, unit                                 string
	quantity                                      int64
	list, own                                     price
	credit                                        bool // partner earned credit applies
	kind, model, frequency, term                  string
	info, tags                                    string
	held                                          *reservation // covers the row, or was bought by it
	serviceInfo2                                  string
	cost                                          string // of an adjustment, which has no price
}

// costExport prints all rows, by day, then in the order of the fleet.
func (c *customer) costExport() []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	put := func(cells []string) {
		if err := w.Write(cells); err != nil {
			panic(fmt.Sprintf("contoso: a buffer refused a row: %v", err))
		}
	}
	put(columns)
	for day := range days {
		for i := range c.machines {
			for _, row := range c.machineRows(&c.machines[i], day) {
				put(c.cells(&row))
			}
		}
		for _, row := range c.otherRows(day) {
			put(c.cells(&row))
		}
	}
	w.Flush()
	return b.Bytes()
}

// machineRows returns what a machine costs on a day: compute on demand, compute under a reservation, the Windows licence
// beside the latter, its disk and its traffic.
func (c *customer) machineRows(m *machine, day int) []charge {
	ran := minutes(m.spans, day*dayLen, (day+1)*dayLen)
	var out []charge
	hours := int64(ran) * 1_000_000 / 60
	held, share := c.coverage(m)
	covered := hours * int64(share) / 1000
	if covered > 0 {
		out = append(out, c.compute(m, day, covered, held))
		if m.os == "windows" {
			out = append(out, c.licence(m, day, covered))
		}
	}
	if hours > covered {
		out = append(out, c.compute(m, day, hours-covered, nil))
	}
	if m.exists(day) && !m.spot && m.set == "" {
		out = append(out, c.disk(m, day))
	}
	if r := fleet.NewRand(c.seed, "egress", m.name, m.size, decimal(int64(day), 0)); ran > 0 && r.Below(3) == 0 {
		out = append(out, c.egress(m, day, int64(r.Between(2_000, 4_000_000))))
	}
	return out
}

// exists reports whether a machine was there at the end of a day, running or not: its disk is billed by the day. Machines
// that start and stop on a schedule are there all month; a machine of one stretch lives as long as it.
func (m *machine) exists(day int) bool {
	end := (day + 1) * dayLen
	return len(m.spans) > 1 || (m.spans[0].from < end && m.spans[0].to >= end)
}

// base fills what all rows of a machine share.
func (c *customer) base(m *machine, day int) charge {
	s := &c.subscriptions[m.sub]
	group := m.group
	if s.loud {
		group = strings.ToUpper(group)
	}
	return charge{
		day: day, sub: m.sub, group: group, resource: c.resource(m, group), region: m.region,
		family: "Compute", service: "Microsoft.Compute", category: "Virtual Machines", unit: "1 Hour", credit: true,
		kind: "Usage", model: "OnDemand", frequency: "UsageBased",
		tags: fmt.Sprintf(`"env": "%s","app": "%s","costcenter": "%s"`, s.env, m.app, s.costCenter),
	}
}

// compute is a row of running time: on demand, Spot, or under a reservation, which costs nothing.
func (c *customer) compute(m *machine, day int, hours int64, held *reservation) charge {
	row := c.base(m, day)
	os := m.os
	if os == "byol" {
		os = "linux" // Hybrid Benefit: the base compute meter
	}
	series, short := seriesOf(m.size), strings.ReplaceAll(m.size, "_", " ")
	row.subcategory, row.meter, row.quantity = series+" Series", short, hours
	if os == "windows" {
		row.subcategory += " Windows"
	}
	row.product = fmt.Sprintf("Virtual Machines %s - %s - %s", row.subcategory, short, meterRegions[m.region])
	row.serviceInfo2 = m.imageType()
	switch {
	case m.spot:
		row.meter, row.model, row.credit = short+" Spot", "Spot", false
		row.list = listPrice(m.region, m.size+" Spot", "linux")
		row.own = row.list
	case held != nil:
		row.model, row.held, row.credit = "Reservation", held, false
		row.term = termMonths(held.term)
	default:
		row.list, row.own = listPrice(m.region, m.size, os), ownPrice(m.region, m.size, os)
	}
	row.info = c.info(m, "ComputeHR", held, c.meterID(&charge{category: row.category, subcategory: row.subcategory, meter: short, region: m.region}))
	return row
}

// licence is the Windows part of a machine whose compute a reservation covers.
func (c *customer) licence(m *machine, day int, hours int64) charge {
	row := c.base(m, day)
	row.category, row.subcategory = "Virtual Machines Licenses", "Windows Server"
	row.meter = fmt.Sprintf("Reservation-Windows Svr (%d Core)", coresOf(m.size))
	row.product = "Virtual Machines Licenses - Windows Server - " + row.meter
	row.quantity = hours
	row.list = listPrice(m.region, m.size, "windows") - listPrice(m.region, m.size, "linux")
	row.own = row.list
	row.info = c.info(m, "ComputeHR_SW", nil, "")
	return row
}

func (c *customer) disk(m *machine, day int) charge {
	row := c.base(m, day)
	row.family, row.category, row.subcategory, row.meter = "Storage", "Storage", "Premium SSD Managed Disks", "P10 LRS Disk"
	row.resource = strings.Replace(c.resource(m, row.group), "virtualMachines/"+m.name, "disks/"+m.name+"_OsDisk", 1)
	row.product = "Premium SSD Managed Disks - P10 LRS Disk - " + meterRegions[m.region]
	row.unit, row.quantity, row.list = "1/Month", 32_258, usd("21.68")
	row.own, row.info = row.list, ""
	return row
}

func (c *customer) egress(m *machine, day int, quantity int64) charge {
	row := c.base(m, day)
	row.family, row.category, row.subcategory, row.meter = "Networking", "Bandwidth", "Rtn Preference: MGN", "Standard Data Transfer Out"
	row.product = "Rtn Preference: MGN - Standard Data Transfer Out - " + meterRegions[m.region]
	row.unit, row.quantity, row.list = "1 GB", quantity, usd("0.087")
	row.own = row.list
	return row
}

// otherRows are rows of a day that no machine has: an address, a database whose size has the name of a machine's, an
// instalment of a reservation, a rounding adjustment.
func (c *customer) otherRows(day int) []charge {
	ip := c.service(day, "publicIPAddresses/pip-shop", "Microsoft.Network")
	ip.category, ip.subcategory, ip.meter, ip.family = "Virtual Network", "IP Addresses", "Standard IPv4 Static Public IP", "Networking"
	ip.product, ip.quantity, ip.list = "IP Addresses - Standard IPv4 Static Public IP", 24_000_000, usd("0.005")
	ip.own, ip.info = ip.list, `{"PlatformType":"V2-Agg"}`
	db := c.service(day, "flexibleServers/pg-shop", "Microsoft.DBforPostgreSQL")
	db.category, db.subcategory, db.meter = "Azure Database for PostgreSQL", "Flexible Server General Purpose Ddsv5 Series Compute", "vCore"
	db.family, db.product = "Databases", "Azure Database for PostgreSQL Flexible Server General Purpose Ddsv5 Series Compute - vCore - PL Central"
	db.quantity, db.list = 96_000_000, usd("0.1035")
	db.own, db.info = db.list, `{"ServerSku":"Standard_D4ds_v5","VCores":4}`
	out := []charge{ip, db}
	for i := range c.reservations {
		if r := &c.reservations[i]; r.instalment != "" && r.instalmentDay == day+1 {
			out = append(out, c.instalment(day, r))
		}
	}
	if day == days-1 {
		out = append(out, charge{day: day, region: "", category: "", kind: "RoundingAdjustment", frequency: "OneTime", model: "OnDemand",
			product: "Rounding adjustment", cost: "-0.000417", unit: "1"})
	}
	return out
}

func (c *customer) service(day int, resource, provider string) charge {
	return charge{
		day: day, group: "rg-shop-prod", region: "polandcentral", service: provider, unit: "1 Hour", credit: true,
		resource: "/subscriptions/" + c.subscriptions[0].id + "/resourceGroups/rg-shop-prod/providers/" + provider + "/" + resource,
		kind:     "Usage", model: "OnDemand", frequency: "UsageBased", tags: `"env": "prod","app": "shop","costcenter": "CC-4100"`,
	}
}

// instalment is the monthly payment of a reservation: unit "1 Hour", but no hour.
func (c *customer) instalment(day int, r *reservation) charge {
	return charge{
		day: day, region: r.region, family: "Compute", service: "Microsoft.Capacity", category: "Virtual Machines",
		subcategory: seriesOf(r.size) + " Series", meter: strings.ReplaceAll(r.size, "_", " "), unit: "1 Hour",
		product:  fmt.Sprintf("Virtual Machines %s Series - %s - %s", seriesOf(r.size), strings.ReplaceAll(r.size, "_", " "), meterRegions[r.region]),
		resource: "/providers/Microsoft.Capacity/reservationOrders/" + r.order + "/reservations/",
		quantity: int64(r.quantity) * 1_000_000, own: usd(r.instalment), kind: "Purchase", model: "Reservation", frequency: "Recurring",
		term: termMonths(r.term), held: r,
	}
}

// info is the AdditionalInfo of a row of a machine.
func (c *customer) info(m *machine, usageType string, held *reservation, onDemandMeter string) string {
	var b strings.Builder
	image := `"` + m.imageType() + `"`
	if m.image == "null" {
		image = "null"
	}
	fmt.Fprintf(&b, `{"UsageType":"%s","ImageType":%s,"ServiceType":"Standard_%s","VMName":"%s","VCPUs":%d,"ConsumedQuantity":1.0`,
		usageType, image, m.size, m.name, coresOf(m.size))
	if held != nil {
		fmt.Fprintf(&b, `,"ReservationOrderId":"%s","ReservationId":"%s","ConsumptionMeter":"%s","RINormalizationRatio":%s`,
			held.order, held.id, onDemandMeter, held.ratio[m.size])
	}
	b.WriteByte('}')
	return b.String()
}

func (m *machine) imageType() string {
	switch {
	case m.image == "null":
		return ""
	case m.os == "byol":
		return "Windows Server BYOL"
	case m.os == "windows":
		return "Windows Server"
	}
	return "Canonical"
}

// seriesOf returns "Dsv5" of "D4s_v5" and "FXmdsv2" of "FX4mds_v2".
func seriesOf(size string) string {
	return strings.Map(func(r rune) rune {
		if (r >= '0' && r <= '9') || r == '_' {
			return -1
		}
		return r
	}, size[:strings.Index(size, "_")]) + size[strings.Index(size, "_")+1:]
}

// coresOf returns 4 of "D4s_v5".
func coresOf(size string) int {
	n := 0
	for _, c := range size[:strings.Index(size, "_")] {
		if c >= '0' && c <= '9' {
			n = n*10 + int(c-'0')
		}
	}
	return n
}

func termMonths(term string) string {
	if term == "P1Y" {
		return "12"
	}
	return "36"
}
