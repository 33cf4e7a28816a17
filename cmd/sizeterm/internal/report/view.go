package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/recommend"
)

// Schemas of the two JSON documents. They change only by adding.
const (
	planSchema     = "sizeterm.plan/1"
	analysisSchema = "sizeterm.analysis/1"
)

// planView is the plan as docs/CONTRACT fixes it: names, order and kinds of all fields.
type planView struct {
	Schema         string          `json:"schema"`
	Version        string          `json:"version"`
	AsOf           string          `json:"as_of"`
	Inputs         []inputView     `json:"inputs"`
	Prices         []sourceView    `json:"prices"`
	Window         windowView      `json:"window"`
	Profiles       []profileView   `json:"profiles"`
	VMs            []vmView        `json:"vms"`
	Resizes        []resizeView    `json:"resizes"`
	Pools          []poolView      `json:"pools"`
	Lines          []lineView      `json:"lines"`
	NotRecommended []notView       `json:"not_recommended"`
	Reference      []referenceView `json:"reference"`
	Totals         []totalView     `json:"totals"`
	Warnings       []warningView   `json:"warnings"`
	Policy         policyView      `json:"policy"`
	Later          []laterView     `json:"later"`
	Rescopes       []rescopeView   `json:"rescopes"`
	Answer         *answerView     `json:"what_if"`
	Sizing         sizingView      `json:"sizing"`
	Quotas         []quotaView     `json:"quotas"`
	Display        []displayView   `json:"display"`
	Lookbacks      []lookbackView  `json:"reference_lookbacks"`
}

// newPlanView lays a plan out for JSON.
func newPlanView(p *recommend.Plan, version string, conversions []pricing.Conversion) planView {
	return planView{
		Schema: planSchema, Version: version, AsOf: instant(p.AsOf),
		Inputs:         list(p.Files, newInputView),
		Prices:         list(p.Prices, newSourceView),
		Window:         newWindowView(p.Window),
		Profiles:       list(p.Profiles, newProfileView),
		VMs:            sizedViews(p),
		Resizes:        list(p.Resizes, newResizeView),
		Pools:          list(p.Pools, newPoolView),
		Lines:          list(p.Lines, newLineView),
		NotRecommended: list(p.NotRecommended, newNotView),
		Reference:      list(slices.Concat(p.Reference, p.Asked), newReferenceView),
		Totals:         list(p.Totals, newTotalView),
		Warnings:       list(p.Warnings, newWarningView),
		Policy:         newPolicyView(p.Policy),
		Later:          list(p.Later, newLaterView),
		Rescopes:       list(p.Rescopes, newRescopeView),
		Answer:         newAnswerView(p.Answer),
		Sizing:         newSizingView(&p.Sizing),
		Quotas:         list(p.Quotas, newQuotaView),
		Display:        list(conversions, newDisplayView),
		Lookbacks:      list(p.Lookbacks, newLookbackView),
	}
}

// analysisView is the analysis as `sizeterm analyze --output json` prints it.
type analysisView struct {
	Schema   string         `json:"schema"`
	Version  string         `json:"version"`
	AsOf     string         `json:"as_of"`
	Window   windowView     `json:"window"`
	Coverage []coverageView `json:"coverage"`
	Profiles []profileView  `json:"profiles"`
	VMs      []vmView       `json:"vms"`
	Warnings []warningView  `json:"warnings"`

	Groupings []groupingView `json:"groupings"`
	Inferred  []inferredView `json:"inferred"`
}

// newAnalysisView lays an analysis out for JSON.
func newAnalysisView(a *analyzer.Analysis, version string) analysisView {
	return analysisView{
		Schema: analysisSchema, Version: version, AsOf: instant(a.AsOf),
		Window:   newWindowView(a.Window),
		Coverage: list(a.Coverage, newCoverageView),
		Profiles: list(a.Profiles, newProfileView),
		VMs: list(a.VMs, func(m *analyzer.VM) vmView {
			v := newVMView(m)
			v.CPUWeek = weekView(m)
			return v
		}),
		Warnings: list(a.Warnings, newWarningView),

		Groupings: list(a.Groupings, newGroupingView),
		Inferred:  list(a.Inferred, newInferredView),
	}
}

// list maps a slice; the result is never nil, so that JSON shows [] and not null.
func list[T, U any](in []T, view func(*T) U) []U {
	out := make([]U, len(in))
	for i := range in {
		out[i] = view(&in[i])
	}
	return out
}

// texts is a list of texts, never nil.
func texts(in []string) []string { return append(make([]string, 0, len(in)), in...) }

// writeJSON writes one indented object and a newline. Characters that a terminal would obey are escaped, which JSON
// allows in every string, so that the document may be looked at in one.
func writeJSON(w io.Writer, view any) error {
	plain, err := json.MarshalIndent(view, "", "  ")
	if err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	if _, err := w.Write(append(escapeHidden(plain), '\n')); err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	return nil
}

// escapeHidden replaces invisible characters, which can stand only inside strings, by their \u escapes.
func escapeHidden(doc []byte) []byte {
	if plainLines(doc) {
		return doc
	}
	out := make([]byte, 0, len(doc)+64)
	for _, r := range string(doc) {
		switch {
		case r == '\n' || r < 0x7f || visible(r):
			out = append(out, string(r)...)
		case r > 0xffff:
			high, low := 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// plainLines reports whether doc is printable ASCII and line ends.
func plainLines(doc []byte) bool {
	for _, c := range doc {
		if c != '\n' && (c < 0x20 || c >= 0x7f) {
			return false
		}
	}
	return true
}
