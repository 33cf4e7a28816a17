package report

import (
	"encoding/csv"
	"fmt"
	"io"

	"github.com/gocarina/gocsv"

	"sizeterm/recommend"
)

// lineRow is one order line as a row: the fields of `lines[]` in their order, nested ones with the name of their object in
// front. Absent values are empty cells.
type lineRow struct {
	ID                 string `csv:"id"`
	Pool               string `csv:"pool"`
	Action             string `csv:"action"`
	Customer           string `csv:"customer"`
	Subscription       string `csv:"subscription"`
	Scope              string `csv:"scope"`
	Region             string `csv:"region"`
	Size               string `csv:"size"`
	Term               string `csv:"term"`
	Quantity           int64  `csv:"quantity"`
	Ratio              string `csv:"ratio"`
	NormalizedSize     string `csv:"normalized_size"`
	QuantityNormalized string `csv:"quantity_normalized"`
	Flexibility        string `csv:"flexibility"`
	BillingPlan        string `csv:"billing_plan"`
	UnitPrice          string `csv:"unit_price"`
	TotalPrice         string `csv:"total_price"`
	Currency           string `csv:"currency"`
	PriceSource        string `csv:"price_source"`
	SavingWindow       string `csv:"saving_window"`
	SavingMonth        string `csv:"saving_month"`
	SavingMonthLow     string `csv:"saving_month_lo"`
	SavingMonthHigh    string `csv:"saving_month_hi"`
	SavingTerm         string `csv:"saving_term"`
	ForecastMean       string `csv:"forecast_saving_month_mean"`
	ForecastP5         string `csv:"forecast_p5"`
	ForecastP95        string `csv:"forecast_p95"`
	ForecastLoss       string `csv:"forecast_p_loss"`
	BreakEvenMonths    string `csv:"break_even_months"`
	BreakEvenDate      string `csv:"break_even_date"`
	MarginalLast       string `csv:"marginal_utilization_last"`
	MarginalNext       string `csv:"marginal_utilization_next"`
	MarginalThreshold  string `csv:"marginal_utilization_threshold"`
	PartnerCost        string `csv:"partner_cost_month"`
	PartnerPrice       string `csv:"partner_price_month"`
	PartnerMargin      string `csv:"partner_margin_month"`
	PartnerCredit      string `csv:"partner_pec_lost_month"`
	PartnerThreshold   string `csv:"partner_threshold"`
	PartnerOnRecord    string `csv:"partner_on_record"`
	Eligibility        string `csv:"eligibility"`
	Reasons            string `csv:"reasons"`
	Evidence           string `csv:"evidence"`
	VM                 string `csv:"vm"`
	FromSize           string `csv:"from_size"`
	OverloadLow        string `csv:"overload_lo"`
	OverloadHigh       string `csv:"overload_hi"`
	CostMonthBefore    string `csv:"cost_month_before"`
	CostMonthAfter     string `csv:"cost_month_after"`
	AloneMonth         string `csv:"saving_month_alone"`
	SoftwareMonth      string `csv:"software_saving_month"`
}

// newLineRow flattens a line.
func newLineRow(l *recommend.Line) lineRow {
	v := newLineView(l)
	row := lineRow{
		ID: cell(v.ID), Pool: cell(v.Pool), Action: v.Action, Customer: cell(v.Customer),
		Subscription: cell(v.Subscription), Scope: cell(v.Scope), Region: cell(v.Region), Size: cell(v.Size),
		Term: v.Term, Quantity: v.Quantity, Ratio: string(v.Ratio), NormalizedSize: cell(v.NormalizedSize),
		QuantityNormalized: string(v.QuantityNormalized), Flexibility: v.Flexibility, BillingPlan: cell(v.BillingPlan),
		UnitPrice: v.UnitPrice, TotalPrice: v.TotalPrice, Currency: cell(v.Currency), PriceSource: cell(v.PriceSource),
		SavingWindow: v.SavingWindow, SavingMonth: v.SavingMonth, SavingMonthLow: v.SavingMonthLow,
		SavingMonthHigh: v.SavingMonthHigh, SavingTerm: v.SavingTerm,
		BreakEvenMonths: string(v.BreakEvenMonths), BreakEvenDate: instant(l.BreakEvenDate),
		MarginalLast: string(v.Marginal.Last), MarginalNext: string(v.Marginal.Next),
		MarginalThreshold: string(v.Marginal.Threshold), PartnerOnRecord: cell(l.PartnerOnRecord),
		Eligibility: cells(l.Eligibility), Reasons: cells(l.Reasons), Evidence: cells(l.Evidence),
	}
	if f := v.Forecast; f != nil {
		row.ForecastMean, row.ForecastP5, row.ForecastP95, row.ForecastLoss = f.Mean, f.P5, f.P95, string(f.PLoss)
	}
	if p := v.Partner; p != nil {
		row.PartnerCost, row.PartnerPrice, row.PartnerMargin = p.CostMonth, p.PriceMonth, p.MarginMonth
		row.PartnerCredit, row.PartnerThreshold = p.CreditLost, string(p.Threshold)
	}
	return row
}

// newResizeRow is a change of a machine as a row beside the lines: action says which it is, size is the new one, and quantity counts
// machines.
func newResizeRow(r *recommend.Resize) lineRow {
	v := newResizeView(r)
	return lineRow{
		ID: cell(v.ID), Action: cell(v.Action), Customer: cell(v.Customer), Region: cell(v.Region), Size: cell(v.ToSize), Quantity: int64(v.Machines),
		Currency: cell(v.Currency), SavingMonth: v.SavingMonth, Reasons: cells(r.Reasons), VM: cell(v.VM), FromSize: cell(v.FromSize),
		OverloadLow: string(v.Overload.Low), OverloadHigh: string(v.Overload.High), CostMonthBefore: v.CostMonthBefore, CostMonthAfter: v.CostMonthAfter,
		AloneMonth: v.AloneMonth, SoftwareMonth: v.SoftwareMonth,
	}
}

// writeLinesCSV writes the order lines and then the changes of machines, one row each, with a heading even when there is none.
func writeLinesCSV(w io.Writer, p *recommend.Plan) error {
	return writeRows(w, append(list(p.Lines, newLineRow), list(p.Resizes, newResizeRow)...))
}

// writeRows writes structs with csv tags.
func writeRows[T any](w io.Writer, rows []T) error {
	out := csv.NewWriter(w)
	if err := gocsv.MarshalCSV(rows, out); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}
