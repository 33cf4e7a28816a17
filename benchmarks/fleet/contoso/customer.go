package contoso

import (
	"strings"
	"time"

	"sizeterm/benchmarks/fleet"
)

// customer is the invented customer with its identifiers, machines and reservations.
type customer struct {
	seed                              uint64
	account, profile, section, tenant string
	partnerTenant, invoice            string
	subscriptions                     [3]subscription
	machines                          []machine
	reservations                      []reservation
	month                             time.Time // of the export
}

type subscription struct {
	id, name, env, costCenter string
	loud                      bool // its cost rows spell resource groups in capitals, as some services do
}

// reservation is one that the customer owns. covers names the machines that it covers in this month, with the share of
// their hours in thousandths; a machine covered in part has two rows a day.
type reservation struct {
	id, order, name    string
	region, size, term string
	quantity           int
	start, end         string
	renew              bool
	agreement          string
	covers             map[string]int
	ratio              map[string]string // RINormalizationRatio of the sizes covered
	instalment         string            // monthly instalment of one instance, "" where it was paid at once
	instalmentDay      int
}

func newCustomer(seed uint64) *customer {
	guid := func(name string) string {
		r := fleet.NewRand(seed, "id", name)
		return r.GUID()
	}
	c := &customer{
		seed: seed, tenant: guid("tenant"), partnerTenant: guid("partner"), invoice: "G104482731",
		account: guid("account") + ":" + guid("organisation") + "_2019-05-31",
		profile: code(seed, "profile"), section: code(seed, "section"),
		subscriptions: [3]subscription{
			{guid("production"), "Contoso Production", "prod", "CC-4100", false},
			{guid("apac"), "Contoso APAC", "prod", "CC-5200", false},
			{guid("development"), "Contoso Development", "dev", "CC-4900", true},
		},
		machines: machines(), month: monthStart,
	}
	for i := range c.machines {
		m := &c.machines[i]
		r := fleet.NewRand(seed, "schedule", m.name, m.size)
		m.spans = m.when(zoneOf(m.region), &r)
		if m.level == 0 {
			r = fleet.NewRand(seed, "level", m.name)
			m.level = fleet.Level(&r)
		}
	}
	c.reservations = reservations(guid)
	return c
}

func zoneOf(region string) zone {
	if region == "southeastasia" {
		return singapore
	}
	return europe
}

// reservations are four of the CSP customer and one that was bought under an enterprise agreement before the move.
func reservations(guid func(string) string) []reservation {
	list := []reservation{
		{name: "VM_RI_03-15-2024_09-12", region: "polandcentral", size: "D4s_v5", term: "P3Y", quantity: 5,
			start: "2024-03-15", end: "2027-03-15", agreement: "csp", instalment: "62.11", instalmentDay: 15,
			covers: map[string]int{"shop-web-01": 1000, "shop-web-02": 1000, "erp-app-01": 1000, "shop-api-01": 500},
			ratio:  map[string]string{"D4s_v5": "1.0", "D8s_v5": "2.0"}},
		{name: "VM_RI_08-20-2026_14-40", region: "polandcentral", size: "D4ds_v5", term: "P1Y", quantity: 3,
			start: "2026-08-20", end: "2027-08-20", renew: true, agreement: "csp",
			covers: map[string]int{"kafka-01": 1000, "kafka-02": 1000, "kafka-03": 1000},
			ratio:  map[string]string{"D4ds_v5": "1.0"}},
		{name: "VM_RI_05-10-2025_03-55", region: "southeastasia", size: "E8s_v5", term: "P3Y", quantity: 1,
			start: "2025-05-10", end: "2028-05-10", agreement: "csp",
			covers: map[string]int{"sg-db-01": 1000}, ratio: map[string]string{"E8s_v5": "1.0"}},
		{name: "VM_RI_06-30-2026_10-02", region: "westeurope", size: "D4as_v5", term: "P1Y", quantity: 2,
			start: "2026-06-30", end: "2027-06-30", agreement: "csp"},
		{name: "EA_VM_RI_01-31-2024_08-00", region: "westeurope", size: "D8s_v5", term: "P3Y", quantity: 1,
			start: "2024-01-31", end: "2027-01-31", agreement: "ea"},
	}
	for i := range list {
		list[i].id, list[i].order = guid("reservation "+list[i].name), guid("order "+list[i].name)
	}
	return list
}

// coverage returns the reservation that covers a machine and the share of its hours in thousandths.
func (c *customer) coverage(m *machine) (*reservation, int) {
	for i := range c.reservations {
		if share := c.reservations[i].covers[m.name]; share > 0 {
			return &c.reservations[i], share
		}
	}
	return nil, 0
}

// reservationList prints the list in the plain form of our own.
func (c *customer) reservationList() []byte {
	var b strings.Builder
	b.WriteString("reservation_id,order_id,customer,scope,region,size,quantity,term,start,end,auto_renew,flexibility,agreement\n")
	for _, r := range c.reservations {
		renew := "false"
		if r.renew {
			renew = "true"
		}
		b.WriteString(strings.Join([]string{
			r.id, r.order, c.tenant, "shared", r.region, "Standard_" + r.size, decimal(int64(r.quantity), 0), r.term,
			r.start, r.end, renew, "on", r.agreement,
		}, ","))
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// resource returns the ARM id of a machine, or of the scale set that it is an instance of.
func (c *customer) resource(m *machine, group string) string {
	kind, name := "virtualMachines", m.name
	if m.set != "" {
		kind, name = "virtualMachineScaleSets", m.set
	}
	return "/subscriptions/" + c.subscriptions[m.sub].id + "/resourceGroups/" + group + "/providers/Microsoft.Compute/" + kind + "/" + name
}

// code returns an identifier in the form of a billing profile: ABCD-EFGH-IJK-LMN.
func code(seed uint64, name string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	r := fleet.NewRand(seed, "code", name)
	out := []byte("0000-0000-000-000")
	for i := range out {
		if out[i] != '-' {
			out[i] = letters[r.Below(len(letters))]
		}
	}
	return string(out)
}
