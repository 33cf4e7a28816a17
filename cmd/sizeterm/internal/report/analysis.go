package report

import (
	"fmt"
	"io"
	"strings"

	"sizeterm/analyzer"
)

// writeAnalysisTable writes profiles and machines for a terminal.
func writeAnalysisTable(w io.Writer, a *analyzer.Analysis, opts Options) error {
	out := &page{width: opts.width(), color: opts.Color}
	out.heading("Utilisation as of " + day(a.AsOf))
	out.paragraph(0, fmt.Sprintf("Usage from %s to %s (%s). CPU and memory are percent of the size: of all time that was measured, nearest rank; "+
		"CPU is the average of each interval, peak its maximum.", day(a.Window.From), lastDay(a.Window.To), countOf(a.Window.Days(), "day")))
	for i := range a.Coverage {
		out.coverage(&a.Coverage[i])
	}
	out.section("Sizes")
	columns, rows := profileGrid(a)
	out.indented(grid(columns, rows, out.width))
	out.machines(a.VMs, opts.Verbose)
	out.remarks("Warnings", groupWarnings(a.Warnings), opts.Verbose)
	return out.flush(w)
}

// coverage says which days of a customer the files hold.
func (p *page) coverage(c *analyzer.Coverage) {
	name := c.Customer
	if c.Name != "" && c.Name != c.Customer {
		name = c.Name + " (" + c.Customer + ")"
	}
	text := fmt.Sprintf("%s: %s from %s to %s, %s", name, countOf(c.Days, "complete day"), day(c.From), lastDay(c.To), join(c.Currencies))
	if len(c.Missing) > 0 {
		text += fmt.Sprintf("; %s without usage rows, first %s", countOf(len(c.Missing), "day"), day(c.Missing[0]))
	}
	p.bullet(clean(text))
}

// profileColumns are the columns of the sizes in use.
var profileColumns = []column{
	{Head: "Customer", Min: 9}, {Head: "Region", Min: 8}, {Head: "Size", Min: 8}, {Head: "VMs", Right: true}, {Head: "Hours", Right: true},
	{Head: "At once P50", Right: true, Optional: 1}, {Head: "P95", Right: true, Optional: 2}, {Head: "CPU P95", Right: true}, {Head: "Peak P95", Right: true},
	{Head: "Memory P95", Right: true},
}

// profileGrid is the table of sizes; the customer is named where there are several.
func profileGrid(a *analyzer.Analysis) ([]column, [][]string) {
	names, several := map[string]string{}, map[string]bool{}
	for i := range a.Coverage {
		names[a.Coverage[i].Customer] = a.Coverage[i].Name
	}
	for i := range a.Profiles {
		several[a.Profiles[i].Customer] = true
	}
	columns, first := profileColumns, 0
	if len(several) < 2 {
		first = 1
	}
	rows := rowsOf(a.Profiles, func(p *analyzer.Profile) []string {
		name := names[p.Customer]
		if name == "" {
			name = p.Customer
		}
		return append([]string{name}, profileRow(p)...)[first:]
	})
	return columns[first:], rows
}

func profileRow(p *analyzer.Profile) []string {
	hours, half, most := units(p.Hours), units(p.Concurrency.P50), units(p.Concurrency.P95)
	if p.Untimed {
		hours, half, most = "-", "-", "-"
	}
	return []string{
		string(p.Region), shortSize(p.Size), count(int64(p.VMs)), hours, half, most,
		percentile(p.CPUAvg, p.CPUAvg.P95), percentile(p.CPUMax, p.CPUMax.P95), percentile(p.Memory, p.Memory.P95),
	}
}

// percentile is a measured percent for people, a dash where nothing was measured.
func percentile(d analyzer.Distribution, p analyzer.Percent) string {
	if d.Samples == 0 {
		return "-"
	}
	tenth := (int64(p) + 5) / 10
	return fmt.Sprintf("%d.%d %%", tenth/10, tenth%10)
}

// machinesShown is the number of machines that are listed without Verbose.
const machinesShown = 40

// machines lists the machines.
func (p *page) machines(list []analyzer.VM, verbose bool) {
	if len(list) == 0 {
		return
	}
	p.section("Machines")
	columns := []column{
		{Head: "Machine", Min: 10}, {Head: "Resource group", Min: 8, Optional: 1}, {Head: "Size", Min: 8}, {Head: "Region", Min: 8}, {Head: "Hours", Right: true},
		{Head: "CPU P95", Right: true}, {Head: "Peak P95", Right: true}, {Head: "Memory P95", Right: true}, {Head: "State"},
	}
	shown := list
	if !verbose && len(list) > machinesShown+1 {
		shown = list[:machinesShown]
	}
	p.indented(grid(columns, rowsOf(shown, func(m *analyzer.VM) []string {
		return []string{
			m.Name, m.ResourceGroup, shortSize(m.Size), string(m.Region), units(m.Hours),
			percentile(m.CPUAvg, m.CPUAvg.P95), percentile(m.CPUMax, m.CPUMax.P95), percentile(m.Memory, m.Memory.P95),
			strings.ReplaceAll(string(m.State), "_", " "),
		}
	}), p.width))
	if len(shown) < len(list) {
		fmt.Fprintf(p, "… and %s more; --verbose, --output csv or json lists them\n", count(int64(len(list)-len(shown))))
	}
}

// usageRow is one size or one machine of an analysis as a row: the kind of row says which.
type usageRow struct {
	Row           string `csv:"row"` // "profile" or "vm"
	Customer      string `csv:"customer"`
	Subscription  string `csv:"subscription"`
	ResourceGroup string `csv:"resource_group"`
	Resource      string `csv:"resource"`
	Name          string `csv:"name"`
	Region        string `csv:"region"`
	Size          string `csv:"size"`
	OS            string `csv:"os"`
	State         string `csv:"state"`
	VMs           int    `csv:"vms"`
	Hours         string `csv:"vm_hours"`
	AtOnceP50     string `csv:"concurrency_p50"`
	AtOnceP95     string `csv:"concurrency_p95"`
	AtOnceMax     string `csv:"concurrency_max"`
	CPUAvgP50     string `csv:"cpu_avg_p50"`
	CPUAvgP95     string `csv:"cpu_avg_p95"`
	CPUAvgP99     string `csv:"cpu_avg_p99"`
	CPUAvgMax     string `csv:"cpu_avg_max"`
	CPUMaxP50     string `csv:"cpu_max_p50"`
	CPUMaxP95     string `csv:"cpu_max_p95"`
	CPUMaxP99     string `csv:"cpu_max_p99"`
	CPUMaxMax     string `csv:"cpu_max_max"`
	MemoryP50     string `csv:"memory_p50"`
	MemoryP95     string `csv:"memory_p95"`
	MemoryP99     string `csv:"memory_p99"`
	MemoryMax     string `csv:"memory_max"`
}

// measure fills the columns of the three measures; what was not measured stays empty.
func (r *usageRow) measure(avg, peak, memory analyzer.Distribution) {
	four := func(d analyzer.Distribution) (p50, p95, p99, highest string) {
		if d.Samples == 0 {
			return "", "", "", ""
		}
		return string(percentOf(d.P50)), string(percentOf(d.P95)), string(percentOf(d.P99)), string(percentOf(d.Max))
	}
	r.CPUAvgP50, r.CPUAvgP95, r.CPUAvgP99, r.CPUAvgMax = four(avg)
	r.CPUMaxP50, r.CPUMaxP95, r.CPUMaxP99, r.CPUMaxMax = four(peak)
	r.MemoryP50, r.MemoryP95, r.MemoryP99, r.MemoryMax = four(memory)
}

// writeAnalysisCSV writes a row for each size, then one for each machine.
func writeAnalysisCSV(w io.Writer, a *analyzer.Analysis) error {
	rows := make([]usageRow, 0, len(a.Profiles)+len(a.VMs))
	for i := range a.Profiles {
		p := &a.Profiles[i]
		row := usageRow{
			Row: "profile", Customer: cell(p.Customer), Region: cell(string(p.Region)), Size: cell(string(p.Size)),
			VMs: p.VMs, Hours: string(millionths(p.Hours)), AtOnceP50: string(millionths(p.Concurrency.P50)),
			AtOnceP95: string(millionths(p.Concurrency.P95)), AtOnceMax: string(millionths(p.Concurrency.Max)),
		}
		if p.Untimed {
			row.Hours, row.AtOnceP50, row.AtOnceP95, row.AtOnceMax = "", "", "", ""
		}
		row.measure(p.CPUAvg, p.CPUMax, p.Memory)
		rows = append(rows, row)
	}
	for i := range a.VMs {
		m := &a.VMs[i]
		row := usageRow{
			Row: "vm", Customer: cell(m.Customer), Subscription: cell(m.Subscription), ResourceGroup: cell(m.ResourceGroup),
			Resource: cell(m.Resource), Name: cell(m.Name), Region: cell(string(m.Region)), Size: cell(string(m.Size)),
			OS: cell(m.OS), State: cell(string(m.State)), VMs: 1, Hours: string(millionths(m.Hours)),
		}
		row.measure(m.CPUAvg, m.CPUMax, m.Memory)
		rows = append(rows, row)
	}
	return writeRows(w, rows)
}
