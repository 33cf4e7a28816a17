package ingest

import (
	"bytes"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
)

// The slots of charges, in the order of chargeFields.
const (
	cDay = iota
	cDayEnd
	cQuantity
	cPricingQuantity
	cBlock
	cUnit
	cPricingUnit
	cCost
	cEffectivePrice
	cUnitPrice
	cListPrice
	cCurrency
	cPricingCurrency
	cFX
	cCustomer
	cCustomerName
	cAccount
	cAccountName
	cSubscription
	cSubscriptionName
	cGroup
	cResource
	cRegion
	cLocation
	cProduct
	cCategory
	cServiceName
	cSubcategory
	cMeter
	cService
	cCharge
	cClass
	cStatus
	cModel
	cModelSub
	cBenefitType
	cReservation
	cBenefit
	cOrder
	cOrderName
	cInfo
	cTags
	cPublisher
	cPECApplied
	cPeriodStart
	cPeriodEnd
)

var chargeFields = []string{
	"day", "dayend", "quantity", "pricingquantity", "block", "unit", "pricingunit", "cost", "effectiveprice", "unitprice", "listprice",
	"currency", "pricingcurrency", "fx", "customer", "customername", "account", "accountname", "subscription", "subscriptionname",
	"group", "resource", "region", "location", "product", "category", "servicename", "subcategory", "meter", "service", "charge", "class",
	"status", "model", "modelsub", "benefittype", "reservation", "benefit", "order", "ordername", "info", "tags", "publisher",
	"pecapplied", "periodstart", "periodend",
}

// daySeconds is the length of a billing day.
const daySeconds = 86400

// chargeMapper turns rows of a cost file into charges. It belongs to one goroutine.
type chargeMapper struct {
	base
	batch    usage.ChargeBatch
	clock    dialect.Clock
	mark     byte
	focus    bool
	partner  bool
	invoice  bool
	export   string
	dataset  string
	currency string // of files without a column for it
	customer string // of files that name none
	latest   int64  // rows that begin later are rejected

	day, dayEnd, periodEnd                       memo[dayOf]
	currencies                                   memo[string]
	customers, accounts, names, owners           memo[string]
	subscriptions, subscriptionNames, groups     memo[string]
	resources, tails, tags, benefits, orderSizes memo[string]
	regions                                      memo[place]
	infos                                        memo[*machine]
	charges                                      memo[string]
	windows, plans                               memo[bool]
	categories                                   memo[category]
	units                                        memo[dialect.Unit]
}

// dayOf is a parsed date.
type dayOf struct {
	second int64
	err    error
	serial bool
}

// machine is what AdditionalInfo says, in canonical words.
type machine struct {
	dialect.Info
	size, vm string
	ratio    int64
	byol     bool
	known    bool // the catalog knows the size
}

// category is what a meter category means.
type category uint8

const (
	categoryOther category = iota
	categoryVM
	categoryLicence
)

// categoryOf reads a meter category or a FOCUS service name.
func categoryOf(cell []byte) category {
	switch dialect.Fold(string(cell)) {
	case "virtualmachines", "virtualmachine", "virtualmachinescalesets":
		return categoryVM
	case "virtualmachineslicenses", "virtualmachinelicenses":
		return categoryLicence
	}
	return categoryOther
}

// facts is a row on its way to a charge.
type facts struct {
	usage.ChargeRow
	cost     dialect.Decimal
	charge   string // folded charge type
	category category
	info     *machine
	benefit  []byte
}

// take maps one row: it is accepted, rejected or set apart, exactly one of the three.
func (m *chargeMapper) take(r *row) {
	m.tally.rows++
	var f facts
	if !m.money(r, &f) || !m.dated(r, &f) {
		return
	}
	m.classify(r, &f)
	if reason := m.apart(r, &f); reason != "" {
		m.tally.cost(f.Currency, "apart", f.cost)
		m.tally.setApart(reason)
		return
	}
	if !m.amounts(r, &f) {
		return
	}
	m.identify(r, &f)
	m.prices(r, &f)
	f.Export, f.Dataset, f.Line = m.export, m.dataset, r.line
	m.batch.Append(f.ChargeRow)
	m.tally.accepted++
	m.tally.cost(f.Currency, f.Kind.String(), f.cost)
	m.tally.period(f.Start, f.End)
	if span := f.End - f.Start; f.Kind == usage.Compute && (m.tally.grain == 0 || span < m.tally.grain) {
		m.tally.grain = span
	}
	name(&m.tally.customers, f.Customer)
	name(&m.tally.currencies, f.Currency)
}

// money reads cost and currency, which every row must have.
func (m *chargeMapper) money(r *row, f *facts) bool {
	cell := r.text(cCost)
	if absent(cell) {
		if !m.partner { // Partner Center lists reserved hours without an amount
			return m.repeated(r, cCost, errBlank)
		}
	} else {
		var err error
		if f.cost, err = dialect.ParseDecimal(cell, m.mark); err != nil {
			return m.repeated(r, cCost, err)
		}
	}
	var err error
	if f.Cost, _, err = f.cost.Units(6); err != nil {
		return m.reject(r, cCost, err)
	}
	f.Currency = m.currency
	if m.has(cCurrency) {
		f.Currency = m.currencies.get(r.text(cCurrency), currencyOf)
	}
	if f.Currency == "" {
		return m.reject(r, cCurrency, errCurrency)
	}
	return true
}

// currencyOf returns a currency code in upper case, "" where it is none.
func currencyOf(cell []byte) string {
	if len(cell) != 3 {
		return ""
	}
	code := strings.ToUpper(string(cell))
	if strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return code
}

// repeated rejects a row, or sets it apart where it is the header once more.
func (m *chargeMapper) repeated(r *row, slot int, err error) bool {
	if dialect.Fold(string(r.text(slot))) == dialect.Fold(m.plan.names[m.plan.column[slot]]) {
		m.tally.setApart("header_repeated")
		return false
	}
	return m.reject(r, slot, err)
}

// dated reads the period.
func (m *chargeMapper) dated(r *row, f *facts) bool {
	day := m.day.get(r.text(cDay), m.readDay)
	if day.err != nil {
		return m.repeated(r, cDay, day.err)
	}
	if day.serial {
		m.tally.notice("serial_dates", "dates are day numbers of a spreadsheet")
	}
	f.Start, f.End = day.second, day.second-day.second%daySeconds+daySeconds
	if m.has(cDayEnd) {
		end := m.dayEnd.get(r.text(cDayEnd), m.readDay)
		if end.err != nil || end.second <= f.Start {
			return m.reject(r, cDayEnd, dialect.ErrTime)
		}
		f.End = end.second
	} else if day.second%daySeconds != 0 && !m.partner {
		f.Start = day.second - day.second%daySeconds
	}
	if m.tally.lastDay = max(m.tally.lastDay, f.End); m.has(cPeriodEnd) {
		if end := m.periodEnd.get(r.text(cPeriodEnd), m.readDay); end.err == nil {
			m.tally.periodEnd = max(m.tally.periodEnd, end.second)
		}
	}
	switch {
	case f.Start < firstDay:
		return m.reject(r, cDay, errPast)
	case m.latest > 0 && f.Start > m.latest:
		return m.reject(r, cDay, errFuture)
	}
	return true
}

// firstDay is 2014-01-01: Azure's virtual machines are hardly older, and exports never.
const firstDay = 1388534400

func (m *chargeMapper) readDay(cell []byte) dayOf {
	if absent(cell) {
		return dayOf{err: errBlank}
	}
	second, err := m.clock.Parse(cell)
	return dayOf{second: second, err: err, serial: err == nil && len(cell) == 5}
}

// classify finds charge type, category, machine and pricing model.
func (m *chargeMapper) classify(r *row, f *facts) {
	f.category = m.categories.get(r.text(cCategory), categoryOf)
	if f.category == categoryOther && m.focus && !m.has(cCategory) { // the published sample: only the description says it
		if product := r.text(cProduct); bytes.HasPrefix(product, []byte("Virtual Machines ")) {
			f.category = categoryVM
			if hasFold(product, "license") {
				f.category = categoryLicence
			}
		}
	}
	f.charge = m.chargeOf(r)
	f.benefit = r.text(cBenefit)
	if absent(f.benefit) {
		f.benefit = nil
	}
	f.Model = m.modelOf(r, f)
	if f.category == categoryOther && f.Model != usage.Reservation && f.Model != usage.SavingsPlan {
		return
	}
	if cell := r.raw(cInfo); len(cell) > 0 && f.category != categoryOther {
		f.info = m.infos.get(cell, func(cell []byte) *machine { return readInfo(r.text(cInfo)) })
		if f.info.UsageType == "ComputeHR_SW" {
			f.category = categoryLicence
		}
	}
}

// chargeOf returns the folded charge type in the words of Cost Management.
func (m *chargeMapper) chargeOf(r *row) string {
	charge := m.charges.get(r.text(cCharge), func(cell []byte) string { return dialect.Fold(string(cell)) })
	if m.focus {
		switch {
		case bytes.EqualFold(r.text(cStatus), []byte("Unused")):
			return "unusedreservation"
		case bytes.EqualFold(r.text(cClass), []byte("Correction")) && charge == "purchase":
			return "refund"
		}
		return charge
	}
	if m.partner {
		switch charge {
		case "refund", "cancelimmediate", "customercredit", "credit":
			return "refund"
		}
		return "usage"
	}
	if charge == "" || charge == "unusedbenefits" {
		return map[string]string{"": "usage", "unusedbenefits": "unusedreservation"}[charge]
	}
	return charge
}

// modelOf returns the pricing model, from the columns that say it and else from the signs that a benefit leaves.
func (m *chargeMapper) modelOf(r *row, f *facts) usage.Model {
	model := r.text(cModel)
	meter := r.text(cMeter)
	switch {
	case equalFold(model, "reservation"):
		return usage.Reservation
	case equalFold(model, "savingsplan"), equalFold(model, "savings plan"):
		return usage.SavingsPlan
	case equalFold(model, "spot"), equalFold(model, "dynamic"), endsFold(meter, "spot"), endsFold(meter, "low priority"):
		return usage.Spot
	case f.charge == "unusedsavingsplan", f.benefit != nil && m.plans.get(f.benefit, isPlan), hasFold(r.text(cBenefitType), "savings"), hasFold(r.text(cModelSub), "savings"):
		return usage.SavingsPlan
	case f.charge == "unusedreservation", f.benefit != nil, equalFold(model, "committed"):
		return usage.Reservation
	case m.has(cReservation) && !absent(r.text(cReservation)) && !zeroGUID(r.text(cReservation)):
		return usage.Reservation
	}
	return usage.OnDemand
}

// isPlan reports whether a benefit is a savings plan.
func isPlan(benefit []byte) bool {
	return hasFold(benefit, "billingbenefits") || hasFold(benefit, "savingsplan")
}

func equalFold(cell []byte, word string) bool {
	return len(cell) == len(word) && bytes.EqualFold(cell, []byte(word))
}

func endsFold(cell []byte, word string) bool {
	return len(cell) >= len(word) && bytes.EqualFold(cell[len(cell)-len(word):], []byte(word))
}

func hasFold(cell []byte, word string) bool {
	return len(cell) >= len(word) && bytes.Contains(bytes.ToLower(cell), []byte(word))
}

// zeroGUID reports whether a cell is the GUID that stands for none.
func zeroGUID(cell []byte) bool { return len(cell) > 0 && len(bytes.Trim(cell, "0-")) == 0 }

// apart returns why a sound row is no charge of a machine or commitment, "" where it is one, and sets its kind.
func (m *chargeMapper) apart(r *row, f *facts) string {
	if m.invoice {
		return m.invoiced(r, f)
	}
	commitment := f.Model == usage.Reservation || f.Model == usage.SavingsPlan
	machines := f.category != categoryOther || f.Model == usage.SavingsPlan || (commitment && m.reservesMachines(r))
	switch {
	case f.charge == "purchase" && !commitment:
		return "other_purchase"
	case f.charge == "purchase" || strings.HasPrefix(f.charge, "unused"):
		if !machines {
			return "other_commitment"
		}
		f.Kind = usage.Purchase
		if f.charge != "purchase" {
			f.Kind = usage.Unused
		}
	case f.charge == "usage" || f.charge == "adjustment" && m.focus:
		switch f.category {
		case categoryOther:
			return "not_a_virtual_machine"
		case categoryLicence:
			f.Kind = usage.Software
		default:
			f.Kind = usage.Compute
			if f.info != nil && f.info.UsageType == "ComputeCR" {
				return "capacity_reservation"
			}
			if !m.units.get(r.text(m.unitSlot()), func(cell []byte) dialect.Unit { return dialect.UnitOf(string(cell)) }).Hours {
				return "not_hours"
			}
		}
		if f.charge == "adjustment" {
			f.Kind = usage.Adjustment
		}
	case f.category != categoryOther || commitment && machines:
		f.Kind = usage.Adjustment
	default:
		return "other_adjustment"
	}
	return ""
}

// invoiced returns why a line of an invoice is no purchase of a reservation of machines. The order id stands on lines of
// other products as well, so that only the term and the product tell it.
func (m *chargeMapper) invoiced(r *row, f *facts) string {
	if !hasFold(r.text(cOrderName), "reservation") && !hasFold(r.text(cProduct), "reserv") {
		return "invoice_line"
	}
	if !m.reservesMachines(r) && !hasFold(r.text(cProduct), "vm") {
		return "other_commitment"
	}
	f.Kind, f.Model = usage.Purchase, usage.Reservation
	switch dialect.Fold(string(r.text(cCharge))) {
	case "cancelimmediate", "removequantity", "customercredit", "refund":
		f.Kind = usage.Adjustment
	}
	return ""
}

// reservesMachines reports whether a commitment row is about virtual machines, by what the order or product is called.
func (m *chargeMapper) reservesMachines(r *row) bool {
	for _, slot := range [...]int{cOrderName, cProduct, cMeter} {
		cell := r.text(slot)
		if hasFold(cell, "vm instance") || hasFold(cell, "virtual machine") {
			return true
		}
	}
	return false
}

// unitSlot returns the slot of the unit of the quantity.
func (m *chargeMapper) unitSlot() int {
	if m.focus && !m.has(cUnit) {
		return cPricingUnit
	}
	return cUnit
}

// amounts reads the hours of the row.
func (m *chargeMapper) amounts(r *row, f *facts) bool {
	if f.Kind == usage.Purchase || m.invoice {
		return true
	}
	slot := cQuantity
	cell := r.text(cQuantity)
	if absent(cell) && m.focus {
		slot, cell = cPricingQuantity, r.text(cPricingQuantity)
	}
	if absent(cell) {
		if f.Kind == usage.Unused || f.Kind == usage.Adjustment {
			return true
		}
		return m.reject(r, slot, errBlank)
	}
	quantity, err := dialect.ParseDecimal(cell, m.mark)
	if err != nil {
		return m.reject(r, slot, err)
	}
	if slot == cPricingQuantity {
		if block, err := dialect.ParseDecimal(r.text(cBlock), m.mark); err == nil && !block.IsZero() {
			quantity, _ = quantity.Mul(block)
		}
	}
	if f.Kind == usage.Adjustment && !m.units.get(r.text(m.unitSlot()), func(cell []byte) dialect.Unit { return dialect.UnitOf(string(cell)) }).Hours {
		return true
	}
	if quantity.Negative && !f.cost.Negative && f.Model != usage.Reservation && f.Model != usage.SavingsPlan && f.Kind == usage.Compute {
		return m.reject(r, slot, errNegative)
	}
	if f.Hours, _, err = quantity.Units(6); err != nil {
		return m.reject(r, slot, err)
	}
	f.HasHours = true
	return true
}

// identify reads who and what the row is about.
func (m *chargeMapper) identify(r *row, f *facts) {
	m.owner(r, f)
	if cell := r.text(cSubscription); !absent(cell) && !zeroGUID(cell) {
		f.Subscription = m.subscriptions.get(cell, subscriptionOf)
	}
	if cell := r.text(cSubscriptionName); !absent(cell) {
		f.SubscriptionName = m.subscriptionNames.get(cell, plain)
	}
	if cell := r.text(cResource); !absent(cell) {
		f.Resource = m.resources.get(cell, lower)
		f.VM = m.tails.get(cell, lastPart)
	}
	if f.Subscription == "" && f.Resource != "" {
		f.Subscription = m.owners.get(r.text(cResource), subscriptionIn)
	}
	if cell := r.text(cGroup); !absent(cell) {
		f.ResourceGroup = m.groups.get(cell, lower)
	} else if f.Resource != "" {
		f.ResourceGroup = groupOf(f.Resource)
	}
	if f.ResourceGroup == "others" || f.ResourceGroup == "not applicable" {
		f.ResourceGroup = ""
	}
	f.Region = m.regionOf(r)
	if cell := r.raw(cTags); len(cell) > 0 {
		f.Tags = m.tags.get(cell, func([]byte) string { return tagsOf(r.text(cTags)) })
	}
	m.benefitOf(r, f)
	if f.info == nil {
		if f.Kind == usage.Compute {
			m.tally.notice("no_size", "rows without AdditionalInfo have no size")
		}
	} else {
		m.machine(f)
	}
	m.system(r, f)
	if f.Kind == usage.Purchase || f.Kind == usage.Unused {
		f.VM = ""
	}
}

// owner reads the customer.
func (m *chargeMapper) owner(r *row, f *facts) {
	if cell := r.text(cCustomer); !absent(cell) {
		f.Customer = m.customers.get(cell, lower)
		if cell := r.text(cCustomerName); !absent(cell) {
			f.CustomerName = m.names.get(cell, plain)
		}
		return
	}
	if cell := r.text(cAccount); !absent(cell) {
		f.Customer = m.accounts.get(cell, lower)
		if cell := r.text(cAccountName); !absent(cell) {
			f.CustomerName = m.names.get(cell, plain)
		}
		return
	}
	if f.Customer = m.customer; f.Customer != unnamed {
		return
	}
	m.tally.notice("customer_unnamed", "the file names no customer; say who it is where several customers are read together")
}

// unnamed is the customer of files that name none, where Options do not name one either.
const unnamed = "unnamed"

// subscriptionOf returns a subscription GUID in lower case without the path of FOCUS.
func subscriptionOf(cell []byte) string { return strings.TrimPrefix(lower(cell), "/subscriptions/") }

// lastPart returns the last part of a resource id in lower case.
func lastPart(cell []byte) string {
	s := strings.TrimRight(lower(cell), "/")
	return s[strings.LastIndexByte(s, '/')+1:]
}

// subscriptionIn returns the subscription of a resource id, "" where it has none.
func subscriptionIn(cell []byte) string {
	rest, ok := strings.CutPrefix(lower(cell), "/subscriptions/")
	id, _, _ := strings.Cut(rest, "/")
	if !ok || zeroGUID([]byte(id)) {
		return ""
	}
	return id
}

// groupOf returns the resource group of a resource id.
func groupOf(resource string) string {
	_, rest, ok := strings.Cut(resource, "/resourcegroups/")
	if !ok {
		return ""
	}
	group, _, _ := strings.Cut(rest, "/")
	return group
}

// regionOf returns the canonical region: of the data centre's name, never of the billing region.
func (m *chargeMapper) regionOf(r *row) string {
	cell := r.text(cRegion)
	if absent(cell) {
		cell = r.text(cLocation)
	}
	if absent(cell) {
		return ""
	}
	region := m.regions.get(cell, func(cell []byte) place {
		region, ok := catalog.RegionOf(string(cell))
		if !ok {
			return place{name: string(cell)}
		}
		return place{string(region), true}
	})
	if !region.known {
		m.tally.notice("unknown_region", "regions that the catalog does not know, such as "+region.name)
	}
	return region.name
}

// place is a region and whether the catalog knows it.
type place struct {
	name  string
	known bool
}

// tagsOf returns tags as a JSON object: Enterprise Agreement exports write them without braces.
func tagsOf(cell []byte) string {
	if absent(cell) || string(cell) == "{}" || string(cell) == "[]" || string(cell) == `""` {
		return ""
	}
	if cell[0] == '"' {
		return "{" + string(cell) + "}"
	}
	return string(cell)
}

// benefitOf reads the commitment that covered the row, or that was bought.
func (m *chargeMapper) benefitOf(r *row, f *facts) {
	if f.Model != usage.Reservation && f.Model != usage.SavingsPlan {
		return
	}
	cell := r.text(cReservation)
	if absent(cell) || zeroGUID(cell) {
		cell = f.benefit
	}
	f.Benefit = m.benefits.get(cell, benefitID)
	if f.Benefit == "" {
		f.Benefit = m.benefits.get(r.text(cOrder), benefitID)
	}
	if f.Model == usage.Reservation {
		f.BenefitSize = m.orderSizes.get(r.text(cOrderName), orderSize)
	}
	if f.Benefit == "" && f.info != nil {
		f.Benefit = strings.ToLower(f.info.Reserved)
	}
}

// benefitID returns the last id of a benefit path: the reservation, or its order where the path ends there.
func benefitID(cell []byte) string {
	if absent(cell) || zeroGUID(cell) {
		return ""
	}
	s := strings.TrimSuffix(strings.TrimRight(lower(cell), "/"), "/reservations")
	s = strings.TrimSuffix(s, "/savingsplans")
	return s[strings.LastIndexByte(s, '/')+1:]
}

// orderSize returns the size in "Reserved VM Instance, Standard_DS1_v2, US East, 1 Year".
func orderSize(cell []byte) string {
	for part := range strings.SplitSeq(string(cell), ",") {
		if part = strings.TrimSpace(part); strings.HasPrefix(part, "Standard_") || strings.HasPrefix(part, "Basic_") {
			return sizeOf(part)
		}
	}
	return ""
}

// sizeOf returns the canonical size, or the text itself where the catalog does not know it.
func sizeOf(text string) string {
	if size, ok := catalog.SizeOf(text); ok {
		return string(size)
	}
	return text
}

// readInfo reads AdditionalInfo.
func readInfo(cell []byte) *machine {
	info := &machine{Info: dialect.ParseInfo(cell)}
	if info.Size != "" {
		info.size = info.Size
		size, ok := catalog.SizeOf(info.Size)
		if info.known = ok; ok {
			info.size = string(size)
		}
	}
	info.vm = strings.ToLower(info.VMName)
	info.ratio, _, _ = info.Ratio.Units(2)
	info.byol = strings.Contains(strings.ToUpper(info.ImageType), "BYOL")
	return info
}

// machine takes over what AdditionalInfo says.
func (m *chargeMapper) machine(f *facts) {
	f.Size = f.info.size
	if f.info.vm != "" {
		f.VM = f.info.vm
	}
	if f.info.ratio > 0 {
		f.BenefitRatio, f.HasRatio = f.info.ratio, true
	}
	if f.info.byol {
		f.Licence = "hybrid_benefit"
	}
	if f.Kind == usage.Compute {
		switch {
		case f.info.Damaged:
			m.tally.notice("damaged_info", "AdditionalInfo that is no JSON; size and name were searched for in it")
		case f.Size == "":
			m.tally.notice("no_size", "rows without ServiceType have no size")
		case !f.info.known:
			m.tally.notice("unknown_size", "sizes that the catalog does not know, such as "+f.Size)
		}
	}
}

// system says what was billed: Windows when the meter includes the licence.
func (m *chargeMapper) system(r *row, f *facts) {
	if f.Kind != usage.Compute && f.Kind != usage.Adjustment || f.category != categoryVM {
		return
	}
	sub, product := r.text(cSubcategory), r.text(cProduct)
	switch {
	case f.Licence != "":
		f.OS = "linux"
	case endsFold(sub, "windows"), m.windows.get(product, func(cell []byte) bool { return hasFold(cell, "series windows") }):
		f.OS = "windows"
	case len(sub) > 0, len(product) > 0:
		f.OS = "linux"
	}
}

// prices reads the on-demand and the list price an hour in billing currency.
func (m *chargeMapper) prices(r *row, f *facts) {
	if f.Kind != usage.Compute || f.Model == usage.Reservation || f.Model == usage.Spot {
		return
	}
	if m.focus && f.Model == usage.SavingsPlan && r.text(cUnitPrice) == nil {
		return
	}
	f.Rate, f.HasRate = m.rate(r, cUnitPrice)
	if !f.HasRate && f.Model == usage.OnDemand {
		if equalFold(r.text(cPECApplied), "true") || equalFold(r.text(cPECApplied), "1") {
			m.tally.notice("price_after_credit", "the only price of these rows is after the partner earned credit, so none was taken from them")
		} else {
			f.Rate, f.HasRate = m.rate(r, cEffectivePrice)
		}
	}
	f.ListRate, f.HasListRate = m.rate(r, cListPrice)
	if m.partner {
		f.ListRate, f.HasListRate = f.Rate, f.HasRate
	}
}

// rate reads a price an hour at 1e-10 of the billing currency: exact where it has at most ten decimals, rounded half to even
// once where it has more or is converted. A price of nothing is no price.
func (m *chargeMapper) rate(r *row, slot int) (int64, bool) {
	cell := r.text(slot)
	if absent(cell) {
		return 0, false
	}
	price, err := dialect.ParseDecimal(cell, m.mark)
	if err != nil || price.IsZero() || price.Negative {
		return 0, false
	}
	if !m.focus && m.has(cPricingCurrency) && !bytes.EqualFold(r.text(cPricingCurrency), r.text(cCurrency)) {
		fx, err := dialect.ParseDecimal(r.text(cFX), m.mark)
		if err != nil || fx.IsZero() || fx.Negative {
			m.tally.notice("no_exchange_rate", "prices in another currency than the bill, without an exchange rate, were not taken")
			return 0, false
		}
		var ok bool
		if price, ok = price.Mul(fx); !ok {
			m.tally.notice("rate_out_of_range", "prices that cannot be kept exactly enough were not taken")
			return 0, false
		}
	}
	units, exact, err := price.Units(10)
	if err != nil {
		m.tally.notice("rate_out_of_range", "prices that cannot be kept exactly enough were not taken")
		return 0, false
	}
	if !exact {
		m.tally.notice("rate_rounded", "prices with more than ten decimals, or converted, were rounded half to even to 1e-10 an hour")
	}
	return units, units > 0
}

// flush returns the gathered rows, nil when there are none.
func (m *chargeMapper) flush() arrow.Record {
	if m.batch.Len() == 0 {
		return nil
	}
	return m.batch.Record()
}

func (m *chargeMapper) len() int { return m.batch.Len() }
