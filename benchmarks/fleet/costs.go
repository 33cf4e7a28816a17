package fleet

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// CostsHeader is the header of a cost file: the first 60 columns of an MCA export of dataset 2021-10-01, up to the pricing
// model. Form B of the benchmarks has no more, so that every peer reads the same columns.
const CostsHeader = "invoiceId,previousInvoiceId,billingAccountId,billingAccountName,billingProfileId,billingProfileName," +
	"invoiceSectionId,invoiceSectionName,resellerName,resellerMpnId,costCenter,billingPeriodEndDate,billingPeriodStartDate," +
	"servicePeriodEndDate,servicePeriodStartDate,date,serviceFamily,productOrderId,productOrderName,consumedService,meterId," +
	"meterName,meterCategory,meterSubCategory,meterRegion,ProductId,ProductName,SubscriptionId,subscriptionName,publisherType," +
	"publisherId,publisherName,resourceGroupName,ResourceId,resourceLocation,location,effectivePrice,quantity,unitOfMeasure," +
	"chargeType,billingCurrency,pricingCurrency,costInBillingCurrency,costInPricingCurrency,costInUsd," +
	"paygCostInBillingCurrency,paygCostInUsd,exchangeRatePricingToBilling,exchangeRateDate,isAzureCreditEligible,serviceInfo1," +
	"serviceInfo2,additionalInfo,tags,PayGPrice,frequency,term,reservationId,reservationName,pricingModel"

// Costs is a cost export for benchmarks (form B): UTF-8 with BOM, CRLF, about 1.3 kB a row, quotes only where needed, six
// meters a machine and day of which one is compute, costs of up to 17 digits, and in one row of 20 000 a line break
// inside the tags.
type Costs struct {
	Seed     uint64
	Machines int // at least 1
	Days     int // at least 1, from 2026-10-01
}

// costsRow is the mean length of a row in bytes, for CostsOf.
const costsRow = 1_286

// CostsOf returns the file of about so many bytes over 30 days.
func CostsOf(seed uint64, bytes int64) Costs {
	return Costs{Seed: seed, Machines: int(max(1, bytes/(costsRow*6*30))), Days: 30}
}

// fx is dollars to euro, as long as exports write it.
const (
	fxText = "0.858663918942126052"
	fx     = 0.858663918942126052
)

// Write writes the file and says how much it is.
func (c Costs) Write(w io.Writer) (Count, error) {
	out := chunks{w: w, buf: make([]byte, 0, chunkSize+4096)}
	out.buf = append(out.buf, "\ufeff"+CostsHeader+"\r\n"...)
	owners := make([]owner, c.Machines)
	for i := range owners {
		owners[i] = newOwner(c.Seed, i)
	}
	for day := range c.Days {
		date := time.Date(2026, time.October, 1+day, 0, 0, 0, 0, time.UTC).Format("01/02/2006")
		for i := range owners {
			for m := range meters {
				out.buf = owners[i].row(out.buf, date, day, m)
				if err := out.endRow(); err != nil {
					return out.count, err
				}
			}
		}
	}
	return out.count, out.flush()
}

// meter is a kind of row that every machine has.
type meter struct {
	family, service, category, subcategory, name, product, unit, info, price string
	most                                                                     int // of the quantity a day, in 1e-6
}

// meters are the six rows of a machine and day. The first is compute; its names come from the size.
var meters = [...]meter{
	{family: "Compute", service: "Microsoft.Compute", category: "Virtual Machines", unit: "1 Hour"},
	{"Storage", "Microsoft.Compute", "Storage", "Premium SSD Managed Disks", "P10 LRS Disk", "Premium SSD Managed Disks - P10 - LRS", "1/Month", "", "21.68", 32_258},
	{"Storage", "Microsoft.Compute", "Storage", "Standard HDD Managed Disks", "S4 LRS Disk Operations", "Standard HDD Managed Disks - S4 - LRS - Operations", "10K", "", "0.0005", 9_000_000},
	{"Networking", "Microsoft.Network", "Bandwidth", "Rtn Preference: MGN", "Standard Data Transfer Out", "Rtn Preference: MGN - Standard Data Transfer Out", "1 GB", "", "0.087", 4_000_000},
	{"Networking", "Microsoft.Network", "Virtual Network", "IP Addresses", "Standard IPv4 Static Public IP", "IP Addresses - Standard IPv4 Static Public IP", "1 Hour", `"{""PlatformType"":""V2-Agg""}"`, "0.005", 24_000_000},
	{"Management and Governance", "microsoft.operationalinsights", "Log Analytics", "Analytics Logs", "Analytics Logs Data Ingestion", "Log Analytics - Analytics Logs Data Ingestion", "1 GB", "", "2.99", 900_000},
}

// owner is one machine of a cost file with the texts that its rows share.
type owner struct {
	key                 uint64
	office, reserved    bool
	account             string     // up to the dates of the billing period
	subscription, place string     // the texts behind the product, and the region
	group, resource     string     // of the machine
	product             [6]string  // from the service family to the name of the product
	price               [6]float64 // dollars a unit
	priceText, info     [6]string  // the same as text; AdditionalInfo, quoted
	tags                string     // inside the quotes
}

func newOwner(seed uint64, i int) owner {
	r, sub := NewRand(seed, "owner", strconv.Itoa(i)), NewRand(seed, "account", strconv.Itoa(i/40))
	size, place := models[skewed(&r, len(models))], places[skewed(&r, len(places))]
	account := NewRand(seed, "billing")
	id, profile := account.GUID()+":"+account.GUID()+"_2019-05-31", "FA4B-X7QC-BG7-PGB"
	guid, n := sub.GUID(), i/40
	o := owner{
		key: r.Uint64(), office: r.Below(10) == 0, reserved: r.Below(5) == 0,
		account: fmt.Sprintf(`G%09d,,%s,"Fabrikam Cloud Services, Inc.",%s,Fabrikam Azure plan,%s,Invoice section %d,Adatum IT,6123456,CC-%04d,10/31/2026,10/01/2026,`,
			104_482_731, id, profile, profile[:9]+"-PGB", n%7, 1000+n),
		subscription: fmt.Sprintf("%s,Contoso subscription %03d,Microsoft,,Microsoft,", guid, n),
		place:        place[0] + "," + place[1] + ",",
		group:        fmt.Sprintf("rg-app-%03d", i/5%200),
		tags: fmt.Sprintf(`""env"": ""%s"",""app"": ""app-%03d"",""costcenter"": ""CC-%04d"",""owner"": ""team-%02d@contoso.example"",""managed-by"": ""terraform"",""deployment-id"": ""%s"",""business-unit"": ""retail operations europe"",""backup-policy"": ""daily-30d""`,
			[]string{"prod", "prod", "test", "dev"}[i%4], i/5%200, 1000+n, i%31, guid),
	}
	vm := fmt.Sprintf("vm-%s-%05d", place[0][:4], i)
	o.resource = fmt.Sprintf("%s,/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/virtualMachines/%s,", o.group, guid, o.group, vm)
	for m, mt := range meters {
		if m == 0 {
			mt.subcategory, mt.name, mt.price = size.series+" Series", size.short, size.rate
			mt.product = "Virtual Machines " + size.series + " Series - " + size.short
			mt.info = fmt.Sprintf(`"{""UsageType"":""ComputeHR"",""ImageType"":""Canonical"",""ServiceType"":""%s"",""VMName"":""%s"",""VMProperties"":"""",""VCPUs"":%d,""ConsumedQuantity"":1.0}"`, size.name, vm, size.vcpus)
		}
		ids := NewRand(seed, "meter", mt.name, place[0])
		product := mt.product + " - " + place[1]
		if m == 0 {
			product = fmt.Sprintf(`"%s, %s"`, mt.product, place[1])
		}
		o.product[m] = strings.Join([]string{mt.family, guid, "Azure plan", mt.service, ids.GUID(), mt.name, mt.category, mt.subcategory, place[1],
			"DZH318Z0BP2V000" + strconv.Itoa(m), product}, ",") + ","
		o.priceText[m], o.info[m] = mt.price, mt.info
		o.price[m], _ = strconv.ParseFloat(mt.price, 64) // of our own table
	}
	return o
}

// row appends one row. The quantity of compute is 24 hours, or the hours of an office.
func (o *owner) row(b []byte, date string, day, m int) []byte {
	x := scramble(o.key ^ uint64(day)<<8 ^ uint64(m))
	quantity := int64(24_000_000)
	switch {
	case m == 0 && o.office:
		quantity = 0
		if (day+3)%7 < 5 {
			quantity = 12_000_000 + int64(x%2_000_000)
		}
	case m > 0 && m != 4:
		quantity = int64(x%uint64(meters[m].most)) + 1
	}
	covered := m == 0 && o.reserved
	price, priceText := o.price[m], o.priceText[m]
	if covered {
		price, priceText = 0, "0"
	}
	b = append(b, o.account...)
	for range 3 { // service period and date
		b = append(append(b, date...), ',')
	}
	b = append(b, o.product[m]...)
	b = append(b, o.subscription...)
	b = append(b, o.resource...)
	b = append(b, o.place...)
	b = append(append(b, priceText...), ',')
	b = append(appendMicro(b, quantity), ',')
	b = append(b, meters[m].unit...)
	b = append(b, ",Usage,EUR,USD,"...)
	b = o.money(b, price, quantity)
	b = append(b, fxText+",10/01/2026,True,,,"...)
	b = append(b, o.info[m]...)
	b = append(b, ",\""...)
	b = append(b, o.tags...)
	if x>>32%20_000 == 0 {
		b = append(b, ",\"\"note\"\": \"\"first line\nsecond line\"\""...)
	}
	b = append(b, "\","...)
	b = append(append(b, priceText...), ",UsageBased,"...)
	if covered {
		b = append(b, "12,00000000-0000-4000-8000-0000000000aa,VM_RI_2026,Reservation"...)
	} else {
		b = append(b, ",,,OnDemand"...)
	}
	return append(b, "\r\n"...)
}

// money appends the five costs: in euro, in dollars twice, at list in euro and in dollars.
func (o *owner) money(b []byte, price float64, quantity int64) []byte {
	usd := price * float64(quantity) / 1e6
	from := len(b)
	b = append(strconv.AppendFloat(b, usd*fx, 'f', -1, 64), ',')
	euro := len(b)
	b = append(strconv.AppendFloat(b, usd, 'f', -1, 64), ',')
	dollars := len(b)
	b = append(b, b[euro:dollars]...)
	b = append(b, b[from:euro]...)
	return append(b, b[euro:dollars]...)
}

// appendMicro prints millionths as a decimal without the zeros at its end.
func appendMicro(b []byte, v int64) []byte {
	b = strconv.AppendInt(b, v/1_000_000, 10)
	if v %= 1_000_000; v == 0 {
		return b
	}
	b = append(b, '.')
	digits := strconv.Itoa(int(1_000_000 + v))[1:]
	return append(b, strings.TrimRight(digits, "0")...)
}
