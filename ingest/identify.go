package ingest

import (
	"strings"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
)

// machine is what AdditionalInfo says, in canonical words.
type machine struct {
	dialect.Info
	size, vm string
	ratio    int64
	byol     bool
	known    bool // the catalog knows the size
}

// identify reads who and what the row is about.
func (m *chargeMapper) identify(r *row, f *facts) {
	m.owner(r, f)
	if cell := r.text(cSubscription); !absent(cell) && !zeroGUID(cell) {
		f.Subscription = m.subscriptions.get(cell, subscriptionOf)
	}
	if cell := r.text(cSubscriptionName); !absent(cell) {
		f.SubscriptionName = m.names.get(cell, plain)
	}
	if cell := r.text(cResource); !absent(cell) {
		f.Resource, f.VM = machineIn(cell)
	}
	if f.Subscription == "" && f.Resource != "" {
		f.Subscription = subscriptionIn(r.text(cResource))
	}
	if cell := r.text(cGroup); !absent(cell) {
		f.ResourceGroup = m.groups.get(cell, lower)
	} else if f.Resource != "" {
		f.ResourceGroup = groupOf(f.Resource)
	}
	if f.ResourceGroup == "others" || f.ResourceGroup == "not applicable" {
		f.ResourceGroup = ""
	}
	f.Region = m.regionOf(r, f)
	f.Tags = tagsOf(r.text(cTags))
	m.benefitOf(r, f)
	if f.info == nil {
		if f.Kind == usage.Compute {
			f.note("no_size", "rows without AdditionalInfo have no size")
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
		f.Customer = m.customers.get(cell, lower)
		if cell := r.text(cAccountName); !absent(cell) {
			f.CustomerName = m.names.get(cell, plain)
		}
		return
	}
	if f.Customer = m.customer; f.Customer != unnamed {
		return
	}
	f.note("customer_unnamed", "the file names no customer; say who it is where several customers are read together")
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

// machineIn returns the resource of an id and the name of its machine. An instance of a scale set that has an id of its own
// (.../virtualmachinescalesets/web/virtualmachines/3) is the instance web_3 of the resource web, as in rows that name the set.
func machineIn(cell []byte) (resource, vm string) {
	resource = strings.TrimRight(lower(cell), "/")
	if set, number, ok := strings.Cut(resource, "/virtualmachines/"); ok && strings.Contains(set, "/virtualmachinescalesets/") {
		return set, set[strings.LastIndexByte(set, '/')+1:] + "_" + number
	}
	return resource, lastPart(cell)
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
func (m *chargeMapper) regionOf(r *row, f *facts) string {
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
		f.note("unknown_region", "regions that the catalog does not know, such as "+region.name)
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
			f.note("damaged_info", "AdditionalInfo that is no JSON; size and name were searched for in it")
		case f.Size == "":
			f.note("no_size", "rows without ServiceType have no size")
		case !f.info.known:
			f.note("unknown_size", "sizes that the catalog does not know, such as "+f.Size)
		}
	}
}

// system says what was billed: Windows when the meter includes the licence, or is the licence.
func (m *chargeMapper) system(r *row, f *facts) {
	if f.Kind == usage.Software {
		if hasFold(r.text(cSubcategory), "windows") || hasFold(r.text(cProduct), "windows") || hasFold(r.text(cMeter), "windows") {
			f.OS = "windows"
		}
		return
	}
	if f.Kind != usage.Compute && f.Kind != usage.Adjustment || f.category != categoryVM {
		return
	}
	sub, product := r.text(cSubcategory), r.text(cProduct)
	switch {
	case f.Licence != "":
		f.OS = "linux"
	case endsFold(sub, "windows"), hasFold(product, "series windows"):
		f.OS = "windows"
	case len(sub) > 0, len(product) > 0:
		f.OS = "linux"
	}
}
