package dialect

import "strings"

// family is a set of dialects that share their columns: versions differ in names and in which columns there are.
type family struct {
	name    string
	kind    Kind
	marks   []string // folded headers of which each must be there; "a|b" is one of them
	without []string // folded headers of which none may be there
	need    []string // fields without which nothing can be done
	fields  map[string][]string
	version func(has func(string) bool, first string) string
	orders  Order // what dates with slashes are in the files that the vendor writes; OrderUnknown: no vendor
	wide    bool  // columns beyond the first are times
}

// fieldsOf reads a table of lines "field: header header ...": the folded headers of a field, the best first.
func fieldsOf(text string) map[string][]string {
	fields := map[string][]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		name, headers, _ := strings.Cut(strings.TrimSpace(line), ":")
		fields[name] = strings.Fields(headers)
	}
	return fields
}

// costFields are the columns of Cost Management exports of every agreement and version since 2019 and of the classic EA
// download (domain.md 1.3 and 1.4; azure-docs, dataset-schema, 2026-05).
var costFields = fieldsOf(`
day: date usagedatetime usagedate usagestart
periodstart: billingperiodstartdate
periodend: billingperiodenddate
quantity: quantity usagequantity consumedquantity
unit: unitofmeasure unit meterunitofmeasure
cost: costinbillingcurrency cost pretaxcost extendedcost
effectiveprice: effectiveprice resourcerate rate
unitprice: unitprice
listprice: paygprice marketprice
currency: billingcurrencycode billingcurrency currency
pricingcurrency: pricingcurrency pricingcurrencycode
fx: exchangeratepricingtobilling exchangerate
customer: customertenantid
customername: customername
account: billingaccountid
accountname: billingaccountname
subscription: subscriptionid subscriptionguid
subscriptionname: subscriptionname
group: resourcegroup resourcegroupname
resource: resourceid instanceid instancename
region: resourcelocationnormalized resourcelocation location
location: location
product: productname product
category: metercategory metermetercategory
subcategory: metersubcategory metermetersubcategory
meter: metername metermetername
service: consumedservice
charge: chargetype
model: pricingmodel
term: term
reservation: reservationid
reservationname: reservationname
benefit: benefitid
benefitname: benefitname
order: productorderid
ordername: productordername
info: additionalinfo
tags: tags
publisher: publishertype
isactual: isactualcost
isamortized: isamortizedcost
pecapplied: partnerearnedcreditapplied
servicestart: serviceperiodstartdate
serviceend: serviceperiodenddate
`)

// focusFields are the columns of FOCUS 1.0 to 1.2 with Microsoft's x_ columns.
var focusFields = fieldsOf(`
day: chargeperiodstart
dayend: chargeperiodend
quantity: consumedquantity
unit: consumedunit
pricingquantity: pricingquantity
pricingunit: xpricingunitdescription pricingunit
block: xpricingblocksize
cost: billedcost
effectivecost: effectivecost
effectiveprice: xeffectiveunitprice
unitprice: contractedunitprice
listprice: listunitprice
currency: billingcurrency
customer: xcustomerid
customername: xcustomername
account: xbillingaccountid billingaccountid
accountname: xbillingaccountname billingaccountname
subscription: subaccountid
subscriptionname: subaccountname
group: xresourcegroupname
resource: resourceid
region: regionid regionname
location: regionname
product: chargedescription
category: xskumetercategory
subcategory: xskumetersubcategory
meter: xskumetername skumeter
service: xconsumedservice
servicename: servicename
resourcetype: resourcetype
charge: chargecategory
class: chargeclass
model: pricingcategory
modelsub: xpricingsubcategory
status: commitmentdiscountstatus
benefittype: commitmentdiscounttype
benefit: commitmentdiscountid
benefitname: commitmentdiscountname
order: xskuorderid
ordername: xskuordername
info: xskudetails skupricedetails
tags: tags
publisher: xpublishercategory
zone: availabilityzone
`)

// partnerFields are the columns of the Partner Center daily rated usage file, its JSON and the billed and unbilled usage
// of Microsoft Graph. SubscriptionId there is an id of the billing platform; the Azure subscription is EntitlementId.
var partnerFields = fieldsOf(`
day: usagedate
quantity: quantity
unit: unit unitofmeasure unittype
cost: billingpretaxtotal
effectiveprice: effectiveunitprice
unitprice: unitprice
listprice: unitprice
currency: billingcurrency
pricingcurrency: pricingcurrency
fx: pctobcexchangerate
customer: customerid
customername: customername
subscription: entitlementid
subscriptionname: entitlementdescription
group: resourcegroup
resource: resourceuri
region: resourcelocation
product: productname
category: metercategory
subcategory: metersubcategory
meter: metername
service: consumedservice
charge: chargetype
benefittype: benefittype
benefit: benefitid
order: benefitorderid
info: additionalinfo
tags: tags
`)

// sampleFields are the columns of metrics in a long table: our own form and the names that tools give to Azure Monitor's
// metrics when they write one column a metric.
var sampleFields = fieldsOf(`
time: timestamp time timegenerated starttime datetime date timestamps
seconds: grainseconds seconds intervalseconds
grain: grain timegrain interval
resource: resourceid resource vm vmid vmname computer machine instance name
vm: instancename vminstance
size: vmsize size sku armskuname
region: region location resourcelocation
subscription: subscriptionid
cpuavg: cpuavg percentagecpu percentagecpuaverage percentagecpuavg cpupercent avgcpu cpu cpuaverage cpuusage% averagecpu
cpumax: cpumax percentagecpumaximum percentagecpumax maxcpu maximumcpu
cpumin: cpumin percentagecpuminimum percentagecpumin mincpu minimumcpu
memavail: memoryavailablebytes availablememorybytes availablememorybytesminimum availablememorybytesmin availablememorybytesaverage
memavailmb: memoryavailablemb availablemb availablembytes
memused: memoryusedpercent memorypercent %usedmemory memusedpercent usedmemorypercent
memfree: availablememorypercentage memoryavailablepercent availablememorypercentageminimum
netin: networkinbytes networkintotal networkin networkintotaltotal
netout: networkoutbytes networkouttotal networkout networkouttotaltotal
netinrate: networkinbytespersecond netinbytespersecond
netoutrate: networkoutbytespersecond netoutbytespersecond
diskread: diskreadbytes diskreadbytestotal
diskwrite: diskwritebytes diskwritebytestotal
diskreadrate: diskreadbytespersecond
diskwriterate: diskwritebytespersecond
diskops: diskoperationspersecond diskoperations/sec diskiops
diskreadops: diskreadoperations/sec
diskwriteops: diskwriteoperations/sec
`)

var reservationFields = fieldsOf(`
id: reservationid id
order: reservationorderid orderid
customer: customer customerid customertenantid
scope: scope appliedscope appliedscopes appliedscopetype
scopetype: appliedscopetype userfriendlyappliedscopetype scopetype
scopesubscription: scopesubscription scopesubscriptionid appliedscopesubscriptionid appliedscopepropertysubscriptionid
subscription: billingsubscription billingsubscriptionid billingscopeid billingscope
scopegroup: scoperesourcegroup scoperesourcegroupid appliedscoperesourcegroupid appliedscopepropertyresourcegroupid
state: status state provisioningstate displayprovisioningstate
resourcetype: reservedresourcetype type resourcetype
region: region location
size: size sku skuname armskuname vmsize productname
quantity: quantity totalreservedquantity
term: term
start: start startdate purchasedate effectivedate effectivedatetime
end: end enddate expirydate expirationdate expiry expirydatetime
renew: autorenew renew
flexibility: flexibility instanceflexibility instancesizeflexibility
agreement: agreement agreementtype
`)

// families lists every known form, the narrow ones before the wide ones.
var families = append(moreFamilies, mainFamilies...)

var mainFamilies = []*family{
	{name: "focus", kind: Charges, marks: []string{"chargeperiodstart", "billedcost", "chargecategory"},
		need: []string{"day", "cost", "currency", "charge", "resource"}, fields: focusFields, version: focusVersion, orders: MonthFirst},
	{name: "partner-center-daily-rated", kind: Charges, marks: []string{"billingpretaxtotal", "usagedate", "quantity"},
		need: []string{"day", "quantity", "cost", "currency", "resource", "category", "info"}, fields: partnerFields, orders: MonthFirst},
	{name: "cost", kind: Charges, marks: []string{"metercategory|meterid|consumedservice", "resourceid|instanceid|instancename",
		"quantity|usagequantity|consumedquantity|costinbillingcurrency|pretaxcost|cost|additionalinfo"},
		without: []string{"billingpretaxtotal", "billedcost"},
		need:    []string{"day", "quantity", "unit", "cost", "resource", "category", "info"}, fields: costFields, version: costVersion, orders: MonthFirst},
	{name: "reservation-list", kind: Reservations, marks: []string{"reservationid|id", "size|sku|skuname|vmsize|armskuname|productname", "quantity", "end|enddate|expirydate|expirationdate|expiry|expirydatetime"},
		need: []string{"id", "size", "region", "quantity", "end"}, fields: reservationFields},
	{name: "metrics-long", kind: Samples, marks: []string{
		"timestamp|time|timegenerated|starttime|datetime|date|timestamps",
		"resourceid|resource|vm|vmid|vmname|computer|machine|instance|name",
		strings.Join(measureHeaders(), "|")},
		without: []string{"metricname", "countername"},
		need:    []string{"time", "resource"}, fields: sampleFields},
	{name: "metrics-wide", kind: Samples, marks: []string{"timestamp|time|timegenerated"}, need: []string{"time"},
		fields: map[string][]string{"time": {"timestamp", "time", "timegenerated"}}, wide: true},
}

// measureHeaders returns the headers that hold a measure of the long form.
func measureHeaders() []string {
	var all []string
	for field, headers := range sampleFields {
		switch field {
		case "time", "seconds", "grain", "resource", "vm", "size", "region", "subscription":
		default:
			all = append(all, headers...)
		}
	}
	return all
}

// costVersion names agreement and dataset version of a Cost Management file by its columns; the order of columns tells
// only two EA versions apart.
func costVersion(has func(string) bool, first string) string {
	switch {
	case has("extendedcost") || (has("consumedquantity") && has("instanceid")):
		return "ea-classic"
	case has("isactualcost"):
		return "ea-2019-07-02-preview"
	case has("departmentname") && has("subscriptionguid"):
		return "ea-2019-10-01"
	case has("subscriptionguid") && has("usagedatetime"):
		return "payg-2019-11-01"
	case has("partnertenantid"):
		return "mpa-" + partnerVersion(has)
	case has("customertenantid"):
		return "csp-2021-10-01"
	case has("costinusd") || has("previousinvoiceid"):
		return "mca-" + partnerVersion(has)
	case has("accountid") && has("resourcelocationnormalized"):
		return "ea-2024-08-01"
	case has("billingcurrency"):
		return "ea-2023-sample"
	case has("benefitid") && first == "costinbillingcurrency":
		return "ea-2021-10-01"
	case has("benefitid"):
		return "ea-2023-12-01"
	case has("costallocationrulename"):
		return "ea-2021-01-01"
	}
	return "ea-2020-01-01"
}

func partnerVersion(has func(string) bool) string {
	switch {
	case has("benefitid"):
		return "2021-10-01"
	case has("pricingmodel"):
		return "2021-01-01"
	case has("marketprice") || has("exchangerate"):
		return "2019-10-01"
	}
	return "2019-11-01"
}

func focusVersion(has func(string) bool, _ string) string {
	switch {
	case has("skupricedetails") && has("xskudetails"):
		return "focus-1.2-preview"
	case has("skupricedetails"):
		return "focus-1.2"
	}
	return "focus-1.0"
}
