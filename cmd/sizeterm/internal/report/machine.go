package report

import (
	"cmp"
	"fmt"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
	"sizeterm/recommend/rightsize"
)

// Machine is what a plan knows of one machine, in words.
type Machine struct {
	VM           *analyzer.VM
	Name         string
	Resize       *recommend.Resize // nil where nothing changes
	Pool         string            // id of the pool that it is in today, "" where it is in none
	Facts        []fact
	Kept         []string // why nothing changes
	Alternatives []MachineSize
	Warnings     []string
}

// MachineSize is a size that a machine could have.
type MachineSize struct {
	*rightsize.Alternative
	Chosen, Today bool
}

// MachineOf tells what p knows of a machine, vm being one of p.VMs.
func MachineOf(p *recommend.Plan, vm *analyzer.VM) *Machine {
	m := &Machine{VM: vm, Name: cmp.Or(vm.Name, lastPart(vm.Resource))}
	resource := cmp.Or(vm.Resource, vm.Name)
	for i := range p.Resizes {
		if r := &p.Resizes[i]; r.Customer == vm.Customer && r.VM == resource && r.From == vm.Size {
			m.Resize = r
			for j := range r.Alternatives {
				m.Alternatives = append(m.Alternatives, MachineSize{&r.Alternatives[j], r.Action == string(rightsize.Resize) && j == r.Chosen, j == 0})
			}
		}
	}
	for i := range p.Sized {
		if s := &p.Sized[i]; m.Resize == nil && s.Customer == vm.Customer && s.VM == resource && s.Size == vm.Size && (s.Name == vm.Name || len(m.Kept) == 0) {
			m.Kept = nil
			for _, r := range s.Reasons {
				m.Kept = append(m.Kept, codeWords(r.Code)+": "+r.Detail)
			}
		}
	}
	for i := range p.NotRecommended {
		if x := &p.NotRecommended[i]; (x.Customer == "" || x.Customer == vm.Customer) && (x.Subject == resource || x.Subject == vm.Name) {
			m.Kept = append(m.Kept, codeWords(x.Reason)+": "+x.Detail)
		}
	}
	for i := range vm.Warnings {
		m.Warnings = append(m.Warnings, codeWords(vm.Warnings[i].Code)+": "+vm.Warnings[i].Detail)
	}
	m.Pool = poolOfMachine(p, vm)
	m.facts()
	return m
}

func poolOfMachine(p *recommend.Plan, vm *analyzer.VM) string {
	group, grouped := vm.Size.Group()
	for i := range p.Pools {
		pool := &p.Pools[i]
		if pool.Customer == vm.Customer && pool.Region == vm.Region && string(pool.Currency) == vm.Currency && (grouped && pool.Flexible && pool.Group == group.Name || pool.Group == string(vm.Size)) {
			return pool.ID
		}
	}
	return ""
}

// facts says what was billed and measured.
func (m *Machine) facts() {
	vm := m.VM
	add := func(label string, texts ...string) { m.Facts = append(m.Facts, fact{label, texts}) }
	where := []string{shortSize(vm.Size) + " in " + string(vm.Region)}
	if vm.OS != "" {
		where = append(where, vm.OS)
	}
	if vm.HybridBenefit {
		where = append(where, "Hybrid Benefit")
	}
	if vm.Spot {
		where = append(where, "Spot")
	}
	add("Is", strings.Join(where, ", "))
	add("Ran", units(vm.Hours)+" hours in the window, "+units(vm.Covered)+" of them under a reservation; in the files from "+day(vm.FirstSeen)+" to "+lastDay(vm.LastSeen))
	if vm.State != analyzer.StateOK {
		add("Judged", codeWords(string(vm.State)))
	}
	for _, d := range []struct {
		label string
		*analyzer.Distribution
	}{{"CPU", &vm.CPUAvg}, {"CPU, highest of intervals", &vm.CPUMax}, {"Memory", &vm.Memory}} {
		if d.Samples == 0 {
			add(d.label, "not measured")
			continue
		}
		quantile := func(v analyzer.Percent) string { return string(hundredths(int64(v))) + " %" }
		add(d.label, fmt.Sprintf("half of the time at most %s, 95 %% of it %s, 99 %% of it %s, most %s; %s on %s", quantile(d.P50), quantile(d.P95), quantile(d.P99), quantile(d.Max), plural(count(d.Samples), "sample"), countOf(vm.SampleDays, "day")))
	}
	if vm.Cost != 0 && vm.Currency != "" {
		add("Billed", amount(money.New(vm.Cost, money.Code(vm.Currency)))+" in the window, software included")
	}
}
