package contoso

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Bought is a reservation that the customer bought for the month after: what a vendor's ledger holds of it.
type Bought struct {
	Order, ReservationOrder string // Partner Center's order, "" where there is none, and Azure's
	Name                    string
	Size, Region, Term      string
	Quantity                int64
	Total                   money.Amount // of the whole term
	Monthly                 bool
	At                      time.Time
}

// Course says how the month after goes.
type Course struct {
	// Slack names pools, as "region/size of the line", whose machines stop on the 3rd but for the first that no older reservation
	// covers: the line is used in part. Deaf names lines that apply to nothing, as if their scope were wrong.
	Slack, Deaf []string
}

func (b *Bought) key() string { return b.Region + "/" + b.Size }

// monthAfter is the month of the first purchase, November 2026 where there is none. It repeats the first 30 days of October,
// or as many as it has.
func monthAfter(list []Bought) time.Time {
	first := time.Time{}
	for _, b := range list {
		if first.IsZero() || b.At.Before(first) {
			first = b.At
		}
	}
	if first.IsZero() {
		return monthStart.AddDate(0, 1, 0)
	}
	return time.Date(first.UTC().Year(), first.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
}

// nextDays is how many days the export of the month has.
func (c *customer) nextDays() int { return min(30, c.month.AddDate(0, 1, -1).Day()) }

// bought is a reservation at work: how many unit-hours of a day are left.
type bought struct {
	*Bought
	held  reservation
	group catalog.Group
	month time.Time
	slack bool
	deaf  bool
	left  int64 // ratio x 100 x micro-hours
}

// Next makes the files of the month after: the cost export, the invoice reconciliation file and the reservation details. The
// new reservations cover what runs on demand in their region and flexibility group, in the order of the export.
func Next(seed uint64, list []Bought, course Course) ([]File, error) {
	c := newCustomer(seed)
	c.month, c.invoice = monthAfter(list), "G105519204"
	for i := range c.reservations {
		c.reservations[i].instalmentDay = min(c.reservations[i].instalmentDay, c.nextDays())
	}
	var all []*bought
	for i := range list {
		b := &list[i]
		group, ok := catalog.Size(b.Size).Group()
		if !ok {
			return nil, fmt.Errorf("%s: no flexibility group", b.Size)
		}
		all = append(all, &bought{Bought: b, group: group, month: c.month, slack: slices.Contains(course.Slack, b.key()), deaf: slices.Contains(course.Deaf, b.key()),
			held: reservation{id: c.guid("reservation of " + b.ReservationOrder), order: b.ReservationOrder, name: b.Name, region: b.Region, size: strings.TrimPrefix(b.Size, "Standard_"),
				term: b.Term, quantity: int(b.Quantity), ratio: ratios(group)}})
	}
	costs, details := c.nextCosts(all)
	name := c.month.Format("2006-01")
	files := []File{{Name: "cost-export-" + name + ".csv.gz", Text: costs}, {Name: "reconciliation-" + name + ".csv", Text: c.reconciliation(all)}, {Name: "reservation-details-" + name + ".csv", Text: details}}
	for i := range files {
		files[i].Data = files[i].Text
		if strings.HasSuffix(files[i].Name, ".gz") {
			packed, err := pack(files[i].Text)
			if err != nil {
				return nil, err
			}
			files[i].Data = packed
		}
	}
	return files, nil
}

// ratios are those of the sizes of a group to the reserved size, as AdditionalInfo prints them.
func ratios(g catalog.Group) map[string]string {
	out := map[string]string{}
	for _, s := range catalog.GroupSizes(g.Name) {
		of, _ := s.Group()
		out[strings.TrimPrefix(string(s), "Standard_")] = strconv.FormatFloat(float64(of.Ratio)/float64(g.Ratio), 'f', -1, 64)
	}
	return out
}

// nextCosts prints the export and, beside it, what each machine used of each new reservation.
func (c *customer) nextCosts(all []*bought) (costs, details []byte) {
	var b, d bytes.Buffer
	b.WriteString("\ufeff")
	w, use := csv.NewWriter(&b), csv.NewWriter(&d)
	w.UseCRLF, use.UseCRLF = true, true
	put := func(w *csv.Writer, cells []string) {
		if err := w.Write(cells); err != nil {
			panic(fmt.Sprintf("contoso: a buffer refused a row: %v", err))
		}
	}
	put(w, columns)
	put(use, strings.Split("InstanceFlexibilityGroup,InstanceFlexibilityRatio,InstanceId,Kind,ReservationOrderId,ReservationId,ReservedHours,SkuName,TotalReservedQuantity,UsageDate,UsedHours", ","))
	stopped := c.slackened(all)
	for day := range c.nextDays() {
		for _, x := range all {
			x.left = x.capacity(day)
		}
		used := map[*bought]int64{}
		for i := range c.machines {
			m := &c.machines[i]
			if stopped[i] && day >= 2 {
				continue
			}
			for _, row := range c.machineRows(m, day) {
				for _, part := range c.reserve(m, row, all, func(x *bought, hours int64, resource string) {
					used[x] += hours
					put(use, x.use(c, day, hours, resource))
				}) {
					put(w, c.cells(&part))
				}
			}
		}
		for _, x := range all {
			if used[x] == 0 && x.capacity(day) > 0 {
				put(use, x.use(c, day, 0, ""))
			}
			if row, ok := c.payment(x, day); ok {
				put(w, c.cells(&row))
			}
		}
		for _, row := range c.otherRows(day) {
			put(w, c.cells(&row))
		}
	}
	w.Flush()
	use.Flush()
	return b.Bytes(), d.Bytes()
}

// capacity is what a reservation can cover on a day: from the hour of its purchase on.
func (x *bought) capacity(day int) int64 {
	from := x.month.AddDate(0, 0, day)
	hours := min(24, max(0, int64(from.AddDate(0, 0, 1).Sub(x.At)/time.Hour)))
	return x.Quantity * x.group.Ratio * hours * 1_000_000
}

// slackened returns the machines that stop because their pool has a line that is to be used in part: all but the first that no
// older reservation covers.
func (c *customer) slackened(all []*bought) map[int]bool {
	stopped, kept := map[int]bool{}, map[*bought]bool{}
	for i := range c.machines {
		m := &c.machines[i]
		group, ok := catalog.Size("Standard_" + m.size).Group()
		for _, x := range all {
			if held, _ := c.coverage(m); !ok || !x.slack || x.Region != m.region || x.group.Name != group.Name || held != nil {
				continue
			}
			stopped[i] = kept[x]
			kept[x] = true
		}
	}
	return stopped
}

// reserve splits a row on demand into what the new reservations cover and the rest.
func (c *customer) reserve(m *machine, row charge, all []*bought, used func(*bought, int64, string)) []charge {
	size := catalog.Size("Standard_" + m.size)
	group, ok := size.Group()
	if !ok || row.category != "Virtual Machines" || row.model != "OnDemand" || row.held != nil {
		return []charge{row}
	}
	var out []charge
	rest := row.quantity
	for _, x := range all {
		if x.deaf || x.Region != m.region || x.group.Name != group.Name || rest == 0 {
			continue
		}
		hours := min(rest, x.left/group.Ratio)
		if hours <= 0 {
			continue
		}
		x.left -= hours * group.Ratio
		rest -= hours
		out = append(out, c.compute(m, row.day, hours, &x.held))
		if m.os == "windows" {
			out = append(out, c.licence(m, row.day, hours))
		}
		used(x, hours*group.Ratio/x.group.Ratio, row.resource)
	}
	if rest > 0 {
		row.quantity = rest
		out = append(out, row)
	}
	return out
}

// use is a row of the reservation details.
func (x *bought) use(c *customer, day int, hours int64, resource string) []string {
	reserved := x.capacity(day) / x.group.Ratio
	return []string{x.group.Name, "1", resource, "Microsoft.Compute", x.ReservationOrder, x.held.id, decimal(reserved, 6), x.Size, strconv.FormatInt(x.Quantity, 10), c.date(day), decimal(hours, 6)}
}

// payment is the purchase row of a day: the total, or the first instalment.
func (c *customer) payment(x *bought, day int) (charge, bool) {
	if c.month.AddDate(0, 0, day).Format(time.DateOnly) != x.At.UTC().Format(time.DateOnly) {
		return charge{}, false
	}
	held := x.held
	held.instalment = unitText(x)
	row := c.instalment(day, &held)
	if !x.Monthly {
		row.frequency = "OneTime"
	}
	return row, true
}

// unitText is what one instance is charged at the purchase, to the cent below as invoices cut it.
func unitText(x *bought) string {
	n := x.Quantity
	if x.Monthly {
		n *= int64(12 * years(x.Term))
	}
	return decimal(x.Total.Micros/n/10_000, 2)
}

func years(term string) int { return int(term[1] - '0') }

// reconciliation prints the invoice reconciliation file: a line for each new reservation, the instalment of an old one, and
// a licence that has nothing to do with machines.
func (c *customer) reconciliation(all []*bought) []byte {
	head := strings.Split("PartnerId,CustomerId,CustomerName,CustomerDomainName,CustomerCountry,InvoiceNumber,MPNID,ResellerMPNID,OrderId,OrderDate,ProductId,SkuId,AvailabilityId,SkuName,ProductName,ChargeType,"+
		"UnitPrice,Quantity,Subtotal,TaxTotal,Total,Currency,PriceAdjustmentDescription,PublisherName,PublisherId,SubscriptionDescription,SubscriptionId,ChargeStartDate,ChargeEndDate,TermAndBillingCycle,EffectiveUnitPrice,"+
		"UnitType,AlternateId,BillableQuantity,BillingFrequency,PricingCurrency,PCToBCExchangeRate,PCToBCExchangeRateDate,MeterDescription,ReservationOrderId,CreditReasonCode,SubscriptionStartDate,SubscriptionEndDate,"+
		"ReferenceID,ProductQualifiers,PromotionID", ",")
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	line := func(cells map[string]string) {
		row := make([]string, len(head))
		for i, name := range head {
			row[i] = cells[name]
		}
		if err := w.Write(row); err != nil {
			panic(fmt.Sprintf("contoso: a buffer refused a row: %v", err))
		}
	}
	base := func(day int, product, unit string, quantity int64) map[string]string {
		cents := int64(usd(unit)) / 1_000_000 * quantity // a price is 1e-8
		return map[string]string{"PartnerId": c.partnerTenant, "CustomerId": c.tenant, "CustomerName": "Contoso Ltd", "CustomerDomainName": "contoso.example", "CustomerCountry": "PL", "InvoiceNumber": c.invoice,
			"MPNID": "5357564", "ResellerMPNID": "6123456", "OrderDate": c.slashed(day), "ProductName": product, "SkuName": product, "ChargeType": "new", "UnitPrice": unit, "EffectiveUnitPrice": unit,
			"Quantity": strconv.FormatInt(quantity, 10), "BillableQuantity": strconv.FormatInt(quantity, 10), "Subtotal": decimal(cents, 2), "TaxTotal": "0", "Total": decimal(cents, 2), "Currency": "USD", "PricingCurrency": "USD",
			"PCToBCExchangeRate": "1", "PublisherName": "Microsoft", "ChargeStartDate": c.slashed(day), "ChargeEndDate": c.slashed(day), "SubscriptionId": c.subscriptions[0].id}
	}
	line(head2row(head))
	for _, x := range all {
		day := int(x.At.UTC().Sub(c.month) / (24 * time.Hour))
		cells := base(day, "Reserved VM Instance, "+x.Size+", "+meterRegions[x.Region]+", "+map[string]string{"P1Y": "1 Year", "P3Y": "3 Years"}[x.Term], unitText(x), x.Quantity)
		cells["OrderId"], cells["ReservationOrderId"], cells["TermAndBillingCycle"] = x.Order, x.ReservationOrder, "Reservation - "+x.Term
		if x.Monthly {
			cells["BillingFrequency"] = "Monthly"
		}
		line(cells)
	}
	for i := range c.reservations {
		if r := &c.reservations[i]; r.instalment != "" {
			cells := base(r.instalmentDay-1, "Reserved VM Instance, Standard_"+r.size+", "+meterRegions[r.region]+", 3 Years", r.instalment, int64(r.quantity))
			cells["ChargeType"], cells["ReservationOrderId"], cells["TermAndBillingCycle"], cells["BillingFrequency"], cells["OrderId"] = "cycleCharge", r.order, "Reservation - P3Y", "Monthly", "order-of-2024"
			line(cells)
		}
	}
	office := base(0, "Microsoft 365 E3", "33.75", 40)
	office["TermAndBillingCycle"], office["BillingFrequency"], office["OrderId"] = "1 Year Commitment", "Monthly", "order-office"
	line(office)
	w.Flush()
	return b.Bytes()
}

func head2row(head []string) map[string]string {
	row := map[string]string{}
	for _, name := range head {
		row[name] = name
	}
	return row
}

// slashed prints a date as reconciliation files do: M/D/YYYY.
func (c *customer) slashed(day int) string { return c.month.AddDate(0, 0, day).Format("1/2/2006") }
