package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/cmd/sizeterm/internal/plot"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend"
)

// machineSlug names a machine of a customer in addresses: a machine that had two sizes has two.
func machineSlug(customer, resource string, size catalog.Size) string {
	sum := sha256.Sum256([]byte("sizeterm.machine/1\x00" + customer + "\x00" + resource + "\x00" + string(size)))
	return hex.EncodeToString(sum[:8])
}

func slugOf(vm *analyzer.VM) string { return machineSlug(vm.Customer, vmKey(vm), vm.Size) }

// vmKey is what resizes call a machine by, with the instance's name where it is one of a scale set.
func vmKey(vm *analyzer.VM) string {
	if vm.ScaleSet {
		return vm.Resource + "\x00" + vm.Name
	}
	return cmp.Or(vm.Resource, vm.Name)
}

// machineRow is a machine in the list.
type machineRow struct {
	VM     *analyzer.VM
	Slug   string
	Name   string
	Resize *recommend.Resize // nil where nothing changes
}

// machinesPage is the machines of a customer, those that save the most first.
type machinesPage struct {
	*customerView
	Rows     []machineRow
	Asked    string // what the names are to hold
	Of, From int    // all that were found, and the first that is shown
	Before   int    // where the page before begins, -1 on the first
	Next     int    // where the next page begins, 0 on the last
}

// machinesShown is the number of machines of a page.
const machinesShown = 200

func (s *Server) machines(w http.ResponseWriter, r *http.Request) error {
	_, c, err := s.customerOf(r)
	if err != nil {
		return err
	}
	page := machinesPage{customerView: c, Asked: strings.TrimSpace(r.URL.Query().Get("name")), Before: -1}
	rows := machineRows(c.Plan, page.Asked)
	page.Of = len(rows)
	if page.From, _ = strconv.Atoi(r.URL.Query().Get("from")); page.From < 0 || page.From > len(rows) { // what is no number is the first
		page.From = 0
	}
	if page.From > 0 {
		page.Before = max(0, page.From-machinesShown)
	}
	rows = rows[page.From:]
	if len(rows) > machinesShown {
		rows, page.Next = rows[:machinesShown], page.From+machinesShown
	}
	page.Rows = rows
	s.render(w, r, http.StatusOK, "machines", "Machines of "+c.Name, page)
	return nil
}

// machineRows lists the machines whose name, resource or size holds what is asked for.
func machineRows(p *recommend.Plan, asked string) []machineRow {
	changes := map[string]*recommend.Resize{}
	for i := range p.Resizes {
		r := &p.Resizes[i]
		changes[r.VM+"\x00"+string(r.From)] = r
	}
	asked = strings.ToLower(asked)
	var rows []machineRow
	for i := range p.VMs {
		vm := &p.VMs[i]
		if !strings.Contains(strings.ToLower(vm.Name+" "+vm.Resource+" "+string(vm.Size)), asked) {
			continue
		}
		resource := cmp.Or(vm.Resource, vm.Name)
		rows = append(rows, machineRow{vm, slugOf(vm), cmp.Or(vm.Name, resource[strings.LastIndexByte(resource, '/')+1:]), changes[resource+"\x00"+string(vm.Size)]})
	}
	slices.SortStableFunc(rows, func(a, b machineRow) int {
		return cmp.Or(cmp.Compare(savedBy(b.Resize), savedBy(a.Resize)), cmp.Compare(a.Name, b.Name))
	})
	return rows
}

// savedBy orders machines by what their change saves; those without one come last.
func savedBy(r *recommend.Resize) int64 {
	if r == nil {
		return -1 << 62
	}
	return r.SavingMonth.Micros + r.SoftwareMonth.Micros
}

// machinePage is one machine: what was billed and measured, what changes or why nothing does, and the drawings of the evidence.
type machinePage struct {
	*customerView
	Machine  *report.Machine
	Evidence []drawnEvidence
}

// drawnEvidence is a drawing for a page.
type drawnEvidence struct {
	plot.Evidence
	Drawing template.HTML
}

func (s *Server) machine(w http.ResponseWriter, r *http.Request) error {
	_, c, err := s.customerOf(r)
	if err != nil {
		return err
	}
	vm := machineCalled(c.Plan, r.PathValue("machine"))
	if vm == nil {
		return ErrNone
	}
	page := machinePage{customerView: c, Machine: report.MachineOf(c.Plan, vm)}
	for _, e := range plot.OfMachine(c.Plan, vm) {
		page.Evidence = append(page.Evidence, drawnEvidence{e, template.HTML(e.SVG)}) // made by us, every text in it escaped
	}
	s.render(w, r, http.StatusOK, "machine", page.Machine.Name, page)
	return nil
}

// machineCalled finds the machine behind a slug, the first instance of a scale set where it names the set; nil where there is none.
func machineCalled(p *recommend.Plan, slugged string) *analyzer.VM {
	var set *analyzer.VM
	for i := range p.VMs {
		vm := &p.VMs[i]
		if slugOf(vm) == slugged {
			return vm
		}
		if set == nil && vm.ScaleSet && machineSlug(vm.Customer, vm.Resource, vm.Size) == slugged {
			set = vm
		}
	}
	return set
}
