package contoso

import (
	"sizeterm/benchmarks/fleet"
)

// machine is one virtual machine, or one instance of a scale set, of one size.
type machine struct {
	name    string
	group   string // resource group
	sub     int    // index of subscriptions
	region  string
	size    string // without "Standard_"
	os      string // "linux", "windows" (licence in the meter) or "byol" (Windows under Hybrid Benefit)
	kind    fleet.Archetype
	level   int // average CPU in hundredths of a percent; 0 draws it
	when    schedule
	set     string // the scale set, "" for a machine of its own
	spot    bool
	app     string
	image   string // ImageType where it is not the usual one of the system
	metrics visibility

	spans []span
}

// visibility says what Azure Monitor has of a machine.
type visibility uint8

const (
	full visibility = iota
	noMemory
	noMetrics
)

// machines returns the fleet. What each group is for is in the README of the demo.
func machines() []machine {
	var out []machine
	out = append(out, polandBase()...)
	out = append(out, polandRest()...)
	out = append(out, shopScaleSet()...)
	out = append(out, singaporeMachines()...)
	return append(out, westEuropeMachines()...)
}

// polandBase is the steady base of Dsv5 in Poland Central: 14 machines that run all month.
func polandBase() []machine {
	base := func(name, group, size, os string, kind fleet.Archetype, app string) machine {
		return machine{name: name, group: group, region: "polandcentral", size: size, os: os, kind: kind, when: always, app: app}
	}
	idle := base("erp-stage-01", "rg-erp-prod", "D8s_v5", "windows", fleet.Flat, "erp")
	idle.level = 60
	blind := base("mon-02", "rg-shared-prod", "D2s_v5", "linux", fleet.Steady, "monitoring")
	blind.metrics = noMemory
	custom := base("shop-search-01", "rg-shop-prod", "D16s_v5", "linux", fleet.Bursty, "shop")
	custom.image, custom.level = "null", 1_450
	return []machine{
		base("shop-web-01", "rg-shop-prod", "D4s_v5", "linux", fleet.Interactive, "shop"),
		base("shop-web-02", "rg-shop-prod", "D4s_v5", "linux", fleet.Interactive, "shop"),
		base("shop-web-03", "rg-shop-prod", "D4s_v5", "linux", fleet.Interactive, "shop"),
		base("shop-web-04", "rg-shop-prod", "D4s_v5", "linux", fleet.Interactive, "shop"),
		base("shop-api-01", "rg-shop-prod", "D8s_v5", "linux", fleet.Office, "shop"),
		base("shop-api-02", "rg-shop-prod", "D8s_v5", "linux", fleet.Office, "shop"),
		custom,
		base("erp-app-01", "rg-erp-prod", "D8s_v5", "windows", fleet.Office, "erp"),
		base("erp-app-02", "rg-erp-prod", "D8s_v5", "windows", fleet.Office, "erp"),
		idle,
		base("file-01", "rg-shared-prod", "D4s_v5", "byol", fleet.Flat, "files"),
		base("ad-01", "rg-shared-prod", "D2s_v5", "byol", fleet.Steady, "directory"),
		base("mon-01", "rg-shared-prod", "D2s_v5", "linux", fleet.Steady, "monitoring"),
		blind,
	}
}

// polandRest is what stands on top of the base and beside it.
func polandRest() []machine {
	m := func(name, group, size, os string, kind fleet.Archetype, when schedule, app string) machine {
		return machine{name: name, group: group, region: "polandcentral", size: size, os: os, kind: kind, when: when, app: app}
	}
	out := []machine{
		m("bi-01", "rg-erp-prod", "D8s_v5", "linux", fleet.Office, office(6, 18), "bi"),
		m("bi-02", "rg-erp-prod", "D8s_v5", "linux", fleet.Office, office(6, 18), "bi"),
		m("sap-db-01", "rg-erp-prod", "E16s_v5", "linux", fleet.Steady, always, "erp"),
		m("sql-01", "rg-erp-prod", "E8s_v5", "windows", fleet.Nightly, always, "erp"),
		m("sql-02", "rg-erp-prod", "E8s_v5", "windows", fleet.Nightly, always, "erp"),
		m("sql-03", "rg-erp-prod", "E4s_v5", "byol", fleet.Steady, always, "erp"),
		m("kafka-01", "rg-shop-prod", "D4ds_v5", "linux", fleet.Steady, always, "shop"),
		m("kafka-02", "rg-shop-prod", "D4ds_v5", "linux", fleet.Steady, always, "shop"),
		m("kafka-03", "rg-shop-prod", "D4ds_v5", "linux", fleet.Steady, always, "shop"),
		m("shop-cache-01", "rg-shop-prod", "D4as_v5", "linux", fleet.Evening, always, "shop"),
		m("shop-cache-02", "rg-shop-prod", "D4as_v5", "linux", fleet.Evening, always, "shop"),
		m("jump-01", "rg-shared-prod", "B2s_v2", "windows", fleet.Flat, always, "admin"),
		m("eda-01", "rg-erp-prod", "FX4mds_v2", "linux", fleet.Bursty, always, "design"),
	}
	for _, name := range []string{"build-01", "build-02", "build-03", "build-04"} {
		b := m(name, "rg-ci-dev", "D4s_v5", "linux", fleet.Office, office(7, 19), "ci")
		b.sub = 2
		out = append(out, b)
	}
	for _, name := range []string{"batch-spot-01", "batch-spot-02"} {
		b := m(name, "rg-batch-dev", "D8as_v5", "linux", fleet.Nightly, nights, "forecast")
		b.sub, b.spot, b.level = 2, true, 4_200
		out = append(out, b)
	}
	return out
}

// shopScaleSet is a scale set whose instances change: two that stay, one of which is replaced on the 17th, and every week two
// new ones for the opening hours.
func shopScaleSet() []machine {
	instance := func(name string, when schedule) machine {
		return machine{
			name: name, set: "vmss-shop", group: "rg-shop-prod", region: "polandcentral", size: "D2as_v5", os: "linux",
			kind: fleet.Interactive, when: when, app: "shop", level: 820,
		}
	}
	out := []machine{
		instance("vmss-shop_0", always),
		instance("vmss-shop_1", during(0, at(17, 3, 12))),
		instance("vmss-shop_8", during(at(17, 3, 16), monthLen)),
	}
	for week, names := range [5][2]string{
		{"vmss-shop_2", "vmss-shop_3"}, {"vmss-shop_4", "vmss-shop_5"}, {"vmss-shop_6", "vmss-shop_7"},
		{"vmss-shop_9", "vmss-shop_10"}, {"vmss-shop_11", "vmss-shop_12"},
	} {
		for _, name := range names {
			out = append(out, instance(name, weekdaysOf(week)))
		}
	}
	return out
}

func singaporeMachines() []machine {
	m := func(name, size, os string, kind fleet.Archetype, when schedule, app string) machine {
		return machine{name: name, group: "rg-apac-prod", sub: 1, region: "southeastasia", size: size, os: os, kind: kind, when: when, app: app}
	}
	before, after := m("sg-dwh-01", "E16s_v5", "linux", fleet.Nightly, during(0, at(14, 10, 20)), "warehouse"),
		m("sg-dwh-01", "E8s_v5", "linux", fleet.Nightly, during(at(14, 10, 34), monthLen), "warehouse")
	before.level, after.level = 700, 1_400
	blind := m("sg-rep-01", "D8ds_v5", "linux", fleet.Steady, always, "reporting")
	blind.metrics = noMetrics
	return []machine{
		m("sg-web-01", "D4s_v5", "linux", fleet.Interactive, always, "shop"),
		m("sg-web-02", "D4s_v5", "linux", fleet.Interactive, always, "shop"),
		m("sg-web-03", "D4s_v5", "linux", fleet.Interactive, always, "shop"),
		m("sg-app-01", "D8s_v5", "linux", fleet.Office, always, "shop"),
		m("sg-app-02", "D8s_v5", "windows", fleet.Office, always, "erp"),
		m("sg-test-01", "D2s_v5", "linux", fleet.Office, office(8, 20), "shop"),
		m("sg-test-02", "D2s_v5", "linux", fleet.Office, office(8, 20), "shop"),
		m("sg-db-01", "E8s_v5", "linux", fleet.Steady, always, "shop"),
		m("sg-db-02", "E8s_v5", "linux", fleet.Steady, always, "shop"),
		before, after, blind,
		m("sg-jump-01", "B2s_v2", "linux", fleet.Flat, always, "admin"),
		m("sg-cache-01", "D4as_v5", "linux", fleet.Steady, during(at(27, 8, 5), monthLen), "shop"),
		m("sg-cache-02", "D4as_v5", "linux", fleet.Steady, during(at(27, 8, 9), monthLen), "shop"),
	}
}

func westEuropeMachines() []machine {
	m := func(name, group, size, os string, kind fleet.Archetype, when schedule, app string) machine {
		return machine{name: name, group: group, sub: 2, region: "westeurope", size: size, os: os, kind: kind, when: when, app: app}
	}
	prod := func(name, size, os string, kind fleet.Archetype, app string) machine {
		v := m(name, "rg-portal-prod", size, os, kind, always, app)
		v.sub = 0
		return v
	}
	idle := prod("portal-old-01", "D4s_v3", "linux", fleet.Steady, "portal")
	idle.level = 40
	return []machine{
		prod("portal-web-01", "D4s_v5", "linux", fleet.Interactive, "portal"),
		prod("portal-web-02", "D4s_v5", "linux", fleet.Interactive, "portal"),
		prod("portal-web-03", "D4s_v5", "linux", fleet.Interactive, "portal"),
		prod("portal-app-01", "D8s_v5", "windows", fleet.Office, "portal"),
		prod("portal-etl-01", "D4ds_v5", "linux", fleet.Nightly, "portal"),
		prod("portal-etl-02", "D4ds_v5", "linux", fleet.Nightly, "portal"),
		prod("portal-sql-01", "E8s_v5", "byol", fleet.Steady, "portal"),
		idle,
		prod("legacy-crm-01", "D8s_v3", "windows", fleet.Office, "crm"),
		prod("legacy-crm-02", "D4s_v3", "linux", fleet.Flat, "crm"),
		m("dev-01", "rg-dev", "B2s_v2", "linux", fleet.Office, office(8, 18), "dev"),
		m("dev-02", "rg-dev", "B2s_v2", "linux", fleet.Office, office(8, 18), "dev"),
		m("dev-03", "rg-dev", "B2s_v2", "windows", fleet.Office, office(9, 17), "dev"),
		m("dev-04", "rg-dev", "B2s_v2", "linux", fleet.Office, always, "dev"),
		m("loadtest-01", "rg-dev", "D8s_v5", "linux", fleet.Bursty, during(at(12, 9, 30), at(16, 15, 0)), "portal"),
		m("loadtest-02", "rg-dev", "D8s_v5", "linux", fleet.Bursty, during(at(12, 9, 31), at(16, 15, 2)), "portal"),
	}
}
