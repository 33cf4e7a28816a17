package dialect

// narrowFields are the columns of metrics with one row a machine, time and metric: AzureMetrics and the REST API of Azure
// Monitor, InsightsMetrics and Perf of Log Analytics.
var narrowFields = fieldsOf(`
time: timegenerated timestamp
resource: resourceid resource
computer: computer
metric: metricname countername name
average: average
maximum: maximum
minimum: minimum
total: total
value: val countervalue
grain: timegrain interval
namespace: namespace objectname
instance: instancename
tags: tags
`)

// bitbrainsFields are the columns of the Bitbrains traces (GWA-T-12). The time column says milliseconds and holds seconds.
var bitbrainsFields = fieldsOf(`
time: timestamp[ms]
cpuavg: cpuusage[%]
memcapacity: memorycapacityprovisioned[kb]
memusedkb: memoryusage[kb]
diskreadkb: diskreadthroughput[kb/s]
diskwritekb: diskwritethroughput[kb/s]
netinkb: networkreceivedthroughput[kb/s]
netoutkb: networktransmittedthroughput[kb/s]
`)

// vmtableFields are the columns of the list of machines of the Azure public dataset: one sample a machine and life.
var vmtableFields = fieldsOf(`
time: timestampvmcreated vmcreated timestampvmcreateds
timeend: timestampvmdeleted vmdeleted timestampvmdeleteds
resource: vmid
cpumax: maxcpu
cpuavg: avgcpu
`)

var utilizationFields = fieldsOf(`
day: usagestarttime
dayend: usageendtime
quantity: quantity
unit: unit
resource: resourceuri
region: location
category: metercategory
subcategory: metersubcategory
meter: metername
info: additionalinfo
tags: tags
`)

// invoiceFields are the columns of the invoice reconciliation file of Partner Center and of its one-time form of 2018.
var invoiceFields = fieldsOf(`
day: chargestartdate orderdate
quantity: quantity
cost: subtotal
currency: currency
customer: customerid
customername: customername
subscription: subscriptionid
product: productname
meter: skuname
charge: chargetype
ordername: termandbillingcycle
order: reservationorderid
servicestart: chargestartdate
serviceend: chargeenddate
unitprice: unitprice
vendororder: orderid
alternate: alternateid
invoicenumber: invoicenumber
billable: billablequantity
pricedat: effectiveunitprice
pricedin: pricingcurrency
exchange: pctobcexchangerate
cycle: billingfrequency
tax: taxtotal
total: total
`)

var legacyFields = fieldsOf(`
day: usagedate chargestartdate
quantity: consumedquantity
cost: pretaxcharges
currency: currency
customer: customerid customercompanyname
customername: customername customercompanyname
subscription: subscriptionid
product: servicename
charge: chargetype
`)

var useFields = fieldsOf(`
day: usagedate
id: reservationid
order: reservationorderid
size: skuname
resource: instanceid
reserved: reservedhours
used: usedhours
quantity: totalreservedquantity purchasedquantity
ratio: instanceflexibilityratio
group: instanceflexibilitygroup
`)

var transactionFields = fieldsOf(`
day: eventdate
subscription: purchasingsubscriptionguid purchasingsubscriptionid
event: eventtype
order: reservationorderid
ordername: reservationordername
size: armskuname
region: region
term: term
quantity: quantity
amount: amount
currency: currency
frequency: billingfrequency
`)

var opinionFields = fieldsOf(`
size: sku skuname
region: location
quantity: recommendedquantity
term: term
scope: scope
lookback: lookbackperiod
without: costwithnoreservedinstances
with: totalcostwithreservedinstances
savings: netsavings
savingscurrency: netsavingscurrency
subscription: subscriptionid
resourcetype: resourcetype
currency: currency billingcurrency
`)

// moreFamilies are the forms that are told by marks of their own.
var moreFamilies = []*family{
	{name: "reservation-recommendations", kind: Recommendations, marks: []string{"recommendedquantity", "netsavings", "sku|skuname"},
		need: []string{"size", "region", "quantity", "term", "savings"}, fields: opinionFields, orders: MonthFirst},
	{name: "reservation-transactions", kind: Reservations, marks: []string{"reservationorderid", "eventtype", "armskuname"},
		need: []string{"day", "event", "order", "size", "region", "term", "quantity"}, fields: transactionFields, orders: MonthFirst},
	{name: "reservation-details", kind: Reservations, marks: []string{"reservationid", "usedhours", "reservedhours", "usagedate"},
		need: []string{"day", "id", "size", "reserved", "used"}, fields: useFields, orders: MonthFirst,
		version: func(has func(string) bool, _ string) string {
			if has("instanceid") {
				return "reservation-details"
			}
			return "reservation-summaries"
		}},
	{name: "partner-center-utilization", kind: Charges, marks: []string{"usagestarttime", "usageendtime", "quantity"},
		need: []string{"day", "dayend", "quantity", "unit", "resource", "info"}, fields: utilizationFields, orders: MonthFirst},
	{name: "partner-center-invoice", kind: Charges, marks: []string{"invoicenumber", "subtotal", "chargetype", "customerid"}, without: []string{"billingpretaxtotal", "pretaxcharges"},
		need: []string{"day", "cost", "currency", "customer"}, fields: invoiceFields, orders: MonthFirst,
		version: func(has func(string) bool, _ string) string {
			if has("billablequantity") {
				return "partner-center-invoice"
			}
			return "partner-center-onetime-2018"
		}},
	{name: "partner-center-usage-145p", kind: Charges, marks: []string{"pretaxcharges", "consumedquantity"},
		need: []string{"day", "cost", "currency"}, fields: legacyFields, orders: MonthFirst},
	{name: "bitbrains", kind: Samples, marks: []string{"timestamp[ms]", "cpuusage[%]", "memoryusage[kb]"}, need: []string{"time"}, fields: bitbrainsFields},
	{name: "azure-public-dataset-vmtable", kind: Samples, marks: []string{"vmid", "maxcpu", "avgcpu", "p95maxcpu"},
		need: []string{"time", "timeend", "resource"}, fields: vmtableFields},
	{name: "azure-metrics", kind: Samples, marks: []string{"metricname", "average|maximum|minimum|total", "timegenerated|timestamp"},
		need: []string{"time", "resource", "metric"}, fields: narrowFields, orders: MonthFirst},
	{name: "insights-metrics", kind: Samples, marks: []string{"namespace", "name", "val", "timegenerated"},
		need: []string{"time", "metric", "value"}, fields: narrowFields, orders: MonthFirst},
	{name: "perf", kind: Samples, marks: []string{"countername", "countervalue", "timegenerated"},
		need: []string{"time", "metric", "value"}, fields: narrowFields, orders: MonthFirst},
}
