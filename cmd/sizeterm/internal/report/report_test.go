package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/recommend"
)

var update = flag.Bool("update", false, "rewrite the files under testdata")

// golden compares got with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func render(t *testing.T, p *recommend.Plan, f Format, opts Options) []byte {
	t.Helper()
	var first, second bytes.Buffer
	require.NoError(t, Write(&first, p, f, opts))
	require.NoError(t, Write(&second, p, f, opts))
	require.True(t, bytes.Equal(first.Bytes(), second.Bytes()), "the same plan gave other bytes as %s", f)
	return first.Bytes()
}

var version = Options{Version: "1.2.3"}

func TestGoldenPlans(t *testing.T) {
	for name, plan := range map[string]*recommend.Plan{"contoso": contosoPlan(), "two": twoCustomers(), "empty": emptyPlan()} {
		golden(t, name+".txt", render(t, plan, Table, version))
		golden(t, name+".json", render(t, plan, JSON, version))
		golden(t, name+".csv", render(t, plan, CSV, version))
		golden(t, name+".md", render(t, plan, Markdown, version))
		golden(t, name+".html", render(t, plan, HTML, version))
	}
	verbose := Options{Verbose: true, Width: 80, Color: true}
	golden(t, "contoso-verbose-80.txt", render(t, contosoPlan(), Table, verbose))
}

func TestGoldenAnalysis(t *testing.T) {
	a := &analyzer.Analysis{
		AsOf: date(2026, 11, 24), Window: demand.Window{From: date(2026, 10, 27), To: date(2026, 11, 24)},
		Coverage: []analyzer.Coverage{{Customer: contoso, Name: "Contoso", Currencies: []string{"USD"}, From: date(2026, 10, 27), To: date(2026, 11, 24), Days: 27,
			Missing: []time.Time{date(2026, 11, 3)}}},
		Profiles: contosoProfiles(), VMs: contosoVMs(),
		Groupings: []analyzer.Grouping{{Customer: contoso, By: "family", Key: "standardDSv5Family", VMs: 9, VMP95: analyzer.Spread{N: 9, P50: 3000, P90: 4550, Max: 6000}}},
		Inferred:  []analyzer.Inferred{{Customer: contoso, Benefit: "res-7", Size: "Standard_D2s_v5", Region: "polandcentral", Covered: 1_344_000_000, Quantity: 2}},
		Warnings:  []analyzer.Warning{{Code: "metrics_without_charges", Subject: "ghost-7", Detail: "measured, but no cost row knows it"}},
	}
	for format, name := range map[Format]string{Table: "analysis.txt", JSON: "analysis.json", CSV: "analysis.csv"} {
		var out bytes.Buffer
		require.NoError(t, WriteAnalysis(&out, a, format, version))
		golden(t, name, out.Bytes())
	}
	require.ErrorIs(t, WriteAnalysis(&bytes.Buffer{}, a, Markdown, Options{}), ErrFormat)
}

func TestFormats(t *testing.T) {
	for _, f := range Formats() {
		got, err := ParseFormat(" " + strings.ToUpper(string(f)))
		require.NoError(t, err)
		require.Equal(t, f, got)
	}
	_, err := ParseFormat("pdf")
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, `output "pdf"`)
	require.ErrorIs(t, Write(&bytes.Buffer{}, emptyPlan(), "pdf", Options{}), ErrFormat)
}

// contract lists every field of sizeterm.plan/1 by path, in order; "|null" ends those that may be null.
var contract = []string{
	"schema", "version", "as_of",
	"inputs.name", "inputs.sha256", "inputs.kind", "inputs.dialect", "inputs.rows", "inputs.accepted", "inputs.rejected", "inputs.from", "inputs.to", "inputs.grain",
	"prices.source", "prices.as_of", "prices.sha256", "prices.currency",
	"window.from", "window.to", "window.hours",
	"profiles.customer", "profiles.region", "profiles.size", "profiles.vms", "profiles.vm_hours",
	"profiles.concurrency.p50", "profiles.concurrency.p90", "profiles.concurrency.p95", "profiles.concurrency.p99", "profiles.concurrency.max", "profiles.concurrency.mean",
	"profiles.exact", "profiles.cpu_avg.p50", "profiles.cpu_avg.p90", "profiles.cpu_avg.p95", "profiles.cpu_avg.p99", "profiles.cpu_avg.max", "profiles.cpu_avg.samples",
	"profiles.cpu_max", "profiles.memory.p50", "profiles.vm_p95_cpu.p50", "profiles.vm_p95_cpu.p90", "profiles.vm_p95_cpu.max", "profiles.warnings",
	"vms.customer", "vms.subscription", "vms.resource_group", "vms.resource", "vms.name", "vms.size", "vms.region", "vms.os", "vms.hours",
	"vms.cpu_avg", "vms.cpu_max", "vms.memory", "vms.network_out", "vms.state",
	"resizes.id", "resizes.vm", "resizes.from_size", "resizes.to_size", "resizes.action", "resizes.overload.lo", "resizes.overload.hi",
	"resizes.fit.cpu", "resizes.fit.memory", "resizes.fit.network", "resizes.fit.disk", "resizes.fit.features",
	"resizes.cost_month_before", "resizes.cost_month_after", "resizes.saving_month", "resizes.reasons", "resizes.alternatives",
	"pools.id", "pools.customer", "pools.currency", "pools.region", "pools.group", "pools.scope", "pools.hours",
	"pools.units.p50", "pools.units.p95", "pools.units.max", "pools.units.mean", "pools.exact", "pools.payg_cost", "pools.software_cost",
	"pools.compare.term", "pools.compare.basis", "pools.compare.buy.size", "pools.compare.buy.quantity", "pools.compare.buy.term",
	"pools.compare.cost", "pools.compare.saving", "pools.compare.saving_lo", "pools.compare.saving_hi", "pools.compare.saving_share",
	"pools.compare.threshold", "pools.compare.break_even_months", "pools.compare.break_even_utilization", "pools.compare.utilization",
	"pools.chosen", "pools.marginal.term", "pools.marginal.last", "pools.marginal.next", "pools.marginal.threshold",
	"pools.certificate.cost", "pools.certificate.bound", "pools.certificate.gap",
	"pools.existing.size", "pools.existing.quantity", "pools.existing.scope", "pools.existing.until",
	"lines.id", "lines.pool", "lines.action", "lines.customer", "lines.subscription", "lines.scope", "lines.region", "lines.size", "lines.term", "lines.quantity",
	"lines.ratio", "lines.normalized_size", "lines.quantity_normalized", "lines.flexibility", "lines.billing_plan", "lines.unit_price", "lines.total_price",
	"lines.currency", "lines.price_source", "lines.saving_window", "lines.saving_month", "lines.saving_month_lo", "lines.saving_month_hi", "lines.saving_term",
	"lines.forecast.saving_month_mean", "lines.forecast.p5", "lines.forecast.p95", "lines.forecast.p_loss",
	"lines.break_even_months", "lines.break_even_date",
	"lines.marginal_utilization.last", "lines.marginal_utilization.next", "lines.marginal_utilization.threshold",
	"lines.partner.cost_month", "lines.partner.price_month", "lines.partner.margin_month", "lines.partner.pec_lost_month", "lines.partner.threshold",
	"lines.partner_on_record", "lines.eligibility", "lines.reasons", "lines.evidence",
	"not_recommended.subject", "not_recommended.reason", "not_recommended.detail",
	"reference.customer", "reference.scope", "reference.region", "reference.size", "reference.term", "reference.lookback_days", "reference.recommended_quantity",
	"reference.cost_without", "reference.cost_with", "reference.net_savings", "reference.difference", "reference.sizes",
	"reference_lookbacks.customer", "reference_lookbacks.days", "reference_lookbacks.covered", "reference_lookbacks.detail",
	"totals.customer", "totals.currency", "totals.payg_month", "totals.software_month", "totals.plan_month",
	"totals.saving_month.resize_only", "totals.saving_month.reserve_only", "totals.saving_month.joint",
	"totals.upfront", "totals.cash.date", "totals.cash.amount",
	"totals.show_back.by", "totals.show_back.key", "totals.show_back.payg_month", "totals.show_back.plan_month",
	"warnings.code", "warnings.subject", "warnings.detail",
}

// A missing name would break those who build on the plan.
func TestJSONHoldsEveryFieldOfTheContract(t *testing.T) {
	plan := contosoPlan()
	plan.Resizes = []recommend.Resize{{ID: "r1", VM: frontends, From: "Standard_D4s_v5", To: "Standard_D2s_v5", Action: "resize", SavingMonth: dollars(10_00)}}
	var doc any
	require.NoError(t, json.Unmarshal(render(t, plan, JSON, version), &doc))
	for _, path := range contract {
		require.True(t, holds(doc, strings.Split(path, ".")), "%s is missing", path)
	}
}

// holds reports whether some branch of doc has the path; a null on the way counts only at its end.
func holds(doc any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch v := doc.(type) {
	case map[string]any:
		next, ok := v[path[0]]
		return ok && holds(next, path[1:])
	case []any:
		for _, item := range v {
			if holds(item, path) {
				return true
			}
		}
	}
	return false
}

// The kinds of the contract: arrays and objects are never null but where it says so, money is text, counts are numbers.
func TestJSONKinds(t *testing.T) {
	var plan struct {
		Inputs, Prices, Profiles, VMs, Resizes, Pools, Lines, Reference, Totals, Warnings []map[string]json.RawMessage
		Not                                                                               []json.RawMessage `json:"not_recommended"`
	}
	require.NoError(t, json.Unmarshal(render(t, contosoPlan(), JSON, version), &plan))
	line, pool := plan.Lines[0], plan.Pools[0]
	require.Equal(t, `"2345.00"`, string(line["unit_price"]))
	require.Equal(t, `6`, string(line["quantity"]))
	require.Equal(t, `4`, string(line["ratio"]))
	require.Equal(t, `"on"`, string(line["flexibility"]))
	require.Equal(t, `null`, string(line["forecast"]))
	require.Equal(t, `"2028-01-27T00:00:00Z"`, string(line["break_even_date"]))
	require.Equal(t, `"capacity_priority"`, string(plan.Lines[1]["flexibility"]))
	require.Equal(t, `null`, string(plan.Lines[1]["break_even_months"]))
	require.Equal(t, `null`, string(plan.Lines[1]["partner"]))
	require.Equal(t, `null`, string(plan.Lines[1]["partner_on_record"]))
	require.Equal(t, `4704.5`, string(plan.Profiles[0]["vm_hours"]))
	require.Equal(t, `null`, string(plan.Profiles[0]["cpu_max"]))
	require.Equal(t, `"P3Y"`, string(pool["chosen"]))
	require.Equal(t, `[]`, strings.ReplaceAll(string(plan.Pools[1]["compare"]), " ", ""))

	empty := string(render(t, emptyPlan(), JSON, version))
	for _, name := range []string{"inputs", "prices", "profiles", "vms", "resizes", "pools", "lines", "not_recommended", "reference", "totals", "warnings"} {
		require.Contains(t, empty, `"`+name+`": []`)
	}
}

func TestJSONOfAShareThatIsNotFinite(t *testing.T) {
	plan := contosoPlan()
	plan.Pools[0].Compare[1].SavingShare = infinite
	require.Contains(t, string(render(t, plan, JSON, version)), `"saving_share": null`)
}

// Nothing that a terminal obeys leaves through any face (reliability note, injection out).
func TestControlCharactersAreNeverEchoed(t *testing.T) {
	plan := contosoPlan()
	nasty := "a\x1b[2J\x07b\u009b31mc\u202ed\u200be\x7f\x00\xfff\r\ng"
	plan.Lines[0].PriceSource, plan.Lines[0].Reasons = nasty, []string{nasty}
	plan.Totals[0].CustomerName, plan.Files[0].Name = nasty, nasty
	plan.Warnings[0].Detail, plan.Warnings[0].Code = nasty, nasty
	for _, f := range Formats() {
		if f == "xlsx" {
			continue // not text; see the tests of the workbook
		}
		for _, r := range string(render(t, plan, f, version)) {
			require.True(t, r == '\n' || visible(r), "%s echoes %q", f, r)
		}
	}
}

func TestCSVIsSafeForSpreadsheets(t *testing.T) {
	plan := contosoPlan()
	plan.Lines[0].Scope = "=1+1"
	plan.Lines[0].PartnerOnRecord = "+49"
	plan.Lines[0].Reasons = []string{"@SUM(A1)", "second"}
	plan.Lines[0].Evidence = []string{"\t=x"}
	plan.Lines[0].SavingMonth = dollars(-12_00)
	rows, err := csv.NewReader(bytes.NewReader(render(t, plan, CSV, version))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	get := func(column string) string {
		for j, name := range rows[0] {
			if name == column {
				return rows[1][j]
			}
		}
		return "no column " + column
	}
	require.Equal(t, "'=1+1", get("scope"))
	require.Equal(t, "'+49", get("partner_on_record"))
	require.Equal(t, "'@SUM(A1); second", get("reasons"))
	require.Equal(t, `'\x09=x`, get("evidence"))
	require.Equal(t, "-12.00", get("saving_month"), "a number of our own stays a number")
}

// The text of a page for one customer names no other, whatever the plan holds.
func TestOnlyCustomer(t *testing.T) {
	for _, f := range Formats() {
		if f == "xlsx" {
			continue
		}
		text := strings.ToLower(string(render(t, twoCustomers(), f, Options{Customer: contoso, Verbose: true})))
		require.NotContains(t, text, "fabrikam", f)
		require.NotContains(t, text, fabrikam, f)
		require.Contains(t, text, "d4s", f)
	}
	text := string(render(t, twoCustomers(), Table, Options{Customer: contoso, Verbose: true}))
	require.Contains(t, text, "by res-1", "a remark about the customer's own machine stays")
	require.NotContains(t, string(render(t, twoCustomers(), JSON, Options{Customer: "nobody"})), "contoso")
}

// What a customer may see: the partner's cost and margin only where asked for.
func TestPartnerViewIsOptIn(t *testing.T) {
	require.NotContains(t, string(render(t, contosoPlan(), Markdown, Options{})), "margin")
	require.Contains(t, string(render(t, contosoPlan(), Markdown, Options{PartnerView: true})), "margin 58.63")
	require.Contains(t, string(render(t, contosoPlan(), Table, Options{Verbose: true})), "good for the customer only")
}

func TestColorOnlyWhereAllowed(t *testing.T) {
	require.NotContains(t, string(render(t, contosoPlan(), Table, Options{})), "\x1b")
	require.Contains(t, string(render(t, contosoPlan(), Table, Options{Color: true})), "\x1b[1m")
}

// The words of a headline, against figures worked by hand: 812.92 of 1,946.33 is 41.8 %.
func TestHeadline(t *testing.T) {
	text := string(render(t, contosoPlan(), Table, Options{Version: version.Version, Verbose: true}))
	for _, want := range []string{
		"1,946.33 USD a month for compute at pay-as-you-go prices",
		"812.92 USD a month (41.8 % of compute), between 798.33 and 827.51",
		"5,800.00 USD up front",
		"390.83 USD a month from 2026-12-24 to 2029-10-24 (35 payments)",
		"1. Buy 6 × Standard_D4s_v5 in polandcentral for 3 years",
		"1,082.03 USD; one year 792.10 USD (26.8 % less); three years 598.40 USD (44.7 % less, chosen)",
		"after 14.1 months, on 2028-01-27",
	} {
		require.Contains(t, strings.Join(strings.Fields(text), " "), want)
	}
}

// failing fails at the n-th write.
type failing struct{ left int }

var errDisk = errors.New("disk full")

func (f *failing) Write(b []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errDisk
	}
	return len(b), nil
}

func TestWriteErrorsComeBack(t *testing.T) {
	for _, f := range Formats() {
		require.ErrorIs(t, Write(&failing{}, contosoPlan(), f, version), errDisk, f)
	}
	for _, f := range []Format{Table, JSON, CSV} {
		require.ErrorIs(t, WriteAnalysis(&failing{}, &analyzer.Analysis{Profiles: contosoProfiles()}, f, version), errDisk, f)
	}
}

// requireNarrow holds every line to a width.
func requireNarrow(t *testing.T, doc []byte, width int) {
	t.Helper()
	for n, line := range strings.Split(string(doc), "\n") {
		require.LessOrEqual(t, text.StringWidthWithoutEscSequences(line), width, "line %d: %s", n+1, line)
	}
}
