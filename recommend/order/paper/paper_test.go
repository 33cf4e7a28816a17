package paper

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

func orders() []order.Order {
	line := order.Line{
		ID: "line-1", Customer: "customer-1", Subscription: "11111111-1111-4111-8111-111111111111", Scope: "shared", Region: "polandcentral", Size: "Standard_D2s_v5",
		Term: pricing.ThreeYear, Quantity: 3, Flexible: true, BillingPlan: "monthly", UnitPrice: money.New(1_118_000_000, "USD"), TotalPrice: money.New(3_354_000_000, "USD"),
		SavingMonth: money.New(-128_000_000, "USD"), PartnerOnRecord: "=5357564",
	}
	approval := &order.Approval{By: "bob", Expires: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	return []order.Order{{ID: "o-1", State: order.Approved, Line: line, Requester: "anna", Approval: approval}, {ID: "o-2", State: order.Draft, Line: line}}
}

func written(t *testing.T) string {
	var b bytes.Buffer
	require.NoError(t, WriteCSV(&b, orders()))
	return b.String()
}

func TestCSVThereAndBackChangesNothing(t *testing.T) {
	text := written(t)
	require.Contains(t, text, "o-1,approved,customer-1,11111111-1111-4111-8111-111111111111,shared,polandcentral,Standard_D2s_v5,P3Y,3,on,monthly,1118.00,3354.00,USD,-128.00,'=5357564,anna,bob\n")
	for _, form := range []string{text, "\ufeff" + text, strings.ReplaceAll(text, "\n", "\r\n")} {
		changed, err := ReadCSV(strings.NewReader(form), orders(), "")
		require.NoError(t, err)
		require.Empty(t, changed)
	}
}

// What spreadsheets make of the file: semicolons and decimal commas, no zeros behind the point, tabs in UTF-16, a line
// that names the mark, empty rows at the end. Nothing that was not edited counts as edited.
func TestSpreadsheetsChangeNothing(t *testing.T) {
	text := written(t)
	semicolons := strings.NewReplacer(",", ";", "1118.00", "1118,00", "3354.00", "3.354,00", "-128.00", "-128,00").Replace(text)
	forms := map[string]string{
		"short numbers": strings.NewReplacer("1118.00", "1118", "3354.00", "3354", "-128.00", "-128").Replace(text),
		"semicolons":    semicolons,
		"sep line":      "sep=;\r\n" + semicolons,
		"empty rows":    text + strings.Repeat(",", len(columns)-1) + "\n",
		"tabs":          utf16LE(strings.ReplaceAll(text, ",", "\t")),
		"workbook":      workbook(t),
	}
	for name, form := range forms {
		changed, err := ReadCSV(strings.NewReader(form), orders(), "")
		require.NoError(t, err, name)
		require.Empty(t, changed, name)
	}
	changed, err := ReadCSV(strings.NewReader(strings.Replace(semicolons, ";3;on", ";2;on", 1)), orders(), "")
	require.NoError(t, err)
	require.EqualValues(t, 2, changed["o-1"].Quantity)
	_, err = ReadCSV(strings.NewReader(strings.Replace(semicolons, "1118,00", "1118,01", 1)), orders(), "")
	require.ErrorContains(t, err, "edited_unit_price")
	_, err = ReadCSV(strings.NewReader("PK\x03\x04not a workbook"), orders(), "")
	require.ErrorContains(t, err, "workbook")
	_, err = ReadCSV(strings.NewReader("order;\xff\n"), orders(), "")
	require.ErrorIs(t, err, errMarks)
}

func utf16LE(text string) string {
	var b bytes.Buffer
	b.WriteString("\xff\xfe")
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

func workbook(t *testing.T) string {
	var b bytes.Buffer
	require.NoError(t, WriteXLSX(&b, orders()))
	return b.String()
}

func TestReviewedQuantityIsTaken(t *testing.T) {
	for _, row := range []string{",2,on,monthly,1118.00,3354.00,", ",2,on,monthly,1118.00,2236.00,"} { // the total left alone, or worked out
		changed, err := ReadCSV(strings.NewReader(strings.Replace(written(t), ",3,on,monthly,1118.00,3354.00,", row, 1)), orders(), "")
		require.NoError(t, err)
		require.Len(t, changed, 1)
		l := changed["o-1"]
		require.EqualValues(t, 2, l.Quantity)
		require.Equal(t, money.New(2_236_000_000, "USD"), l.TotalPrice)
	}
	changed, err := ReadCSV(strings.NewReader(strings.Replace(written(t), ",on,monthly,", ",capacity_priority,upfront,", 1)), orders(), "")
	require.NoError(t, err)
	require.False(t, changed["o-1"].Flexible)
	require.Equal(t, "upfront", changed["o-1"].BillingPlan)
}

func TestEditsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, fresh, code string }{
		"another customer":     {"customer-1", "customer-2", "edited_customer"},
		"a price":              {"1118.00", "1.00", "edited_unit_price"},
		"a total":              {"3354.00", "1.00", "edited_total_price"},
		"a currency":           {",USD,", ",EUR,", "edited_currency"},
		"a size":               {"Standard_D2s_v5", "Standard_D4s_v5", "edited_size"},
		"a term":               {"P3Y", "P1Y", "edited_term"},
		"a region":             {"polandcentral", "westeurope", "edited_region"},
		"a scope":              {",shared,", ",/subscriptions/x,", "edited_scope"},
		"an unknown order":     {"o-1", "o-9", "unknown_order"},
		"an order twice":       {"o-1", "o-2", "twice"},
		"no quantity":          {",3,on", ",,on", "bad_quantity"},
		"a quantity of 0":      {",3,on", ",0,on", "bad_quantity"},
		"a quantity below 0":   {",3,on", ",-3,on", "bad_quantity"},
		"a decimal quantity":   {",3,on", ",2.5,on", "bad_quantity"},
		"a huge quantity":      {",3,on", ",99999999999999999,on", "bad_quantity"},
		"another flexibility":  {",on,", ",yes,", "bad_flexibility"},
		"another billing plan": {"monthly", "weekly", "bad_quantity"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadCSV(strings.NewReader(strings.Replace(written(t), c.old, c.fresh, 1)), orders(), "")
			require.ErrorIs(t, err, order.ErrRefused)
			var r *order.Refusal
			require.True(t, errors.As(err, &r))
			require.Equal(t, c.code, r.Code)
			require.NotEmpty(t, r.WayOut)
		})
	}
	for _, bad := range []string{"", "order\no-1\n", strings.Replace(written(t), "quantity", "amount", 1), strings.Replace(written(t), "size", "region", 1), written(t) + "o-1,short\n", written(t) + `"open`} {
		_, err := ReadCSV(strings.NewReader(bad), orders(), "")
		require.Error(t, err)
	}
}

func TestFileOfAnotherCustomer(t *testing.T) {
	_, err := ReadCSV(strings.NewReader(written(t)), orders(), "customer-2")
	require.ErrorContains(t, err, "other_customer")
	_, err = ReadCSV(strings.NewReader(written(t)), orders(), "CUSTOMER-1")
	require.NoError(t, err)
}

func FuzzReadCSV(f *testing.F) {
	var b bytes.Buffer
	_ = WriteCSV(&b, orders())
	f.Add(b.String())
	f.Fuzz(func(t *testing.T, text string) {
		changed, err := ReadCSV(strings.NewReader(text), orders(), "")
		if err != nil {
			return
		}
		for _, l := range changed {
			require.NoError(t, l.Check())
			require.Equal(t, orders()[0].Line.UnitPrice, l.UnitPrice)
			require.Equal(t, orders()[0].Line.Customer, l.Customer)
		}
	})
}

func TestStepsNameWhatToPick(t *testing.T) {
	all := orders()
	all[1].Line.Scope = "/subscriptions/11111111-1111-4111-8111-111111111111"
	all[1].Line.Customer = "<b>customer</b>"
	facts := map[string]order.Facts{"customer-1": {Reseller: "777"}}
	var text, html bytes.Buffer
	require.NoError(t, WriteSteps(&text, all, facts))
	require.NoError(t, WritePage(&html, all, facts))
	for _, want := range []string{"Order o-1: 3 x Standard_D2s_v5, Poland Central, 3 years, 3354.00 USD", "sizeterm-o-1", "Monthly (36 payments of about 93.17 USD)", "Reseller: 777", "approved                 by bob, until 2026-11-27T09:00:00Z",
		"Compare the total with 3354.00 USD", "change the scope to /subscriptions/11111111", "order bought o-1", " 12. "} {
		require.Contains(t, text.String(), want)
	}
	require.Contains(t, html.String(), "sizeterm-o-1")
	first, second, _ := strings.Cut(text.String(), "Order o-2")
	require.NotContains(t, first, "***", "approved: it may be bought")
	require.Contains(t, second, "*** NOT APPROVED (draft)")
	for state, want := range map[order.State]string{order.Executed: "SENT ALREADY", order.Unknown: "SENT ALREADY", order.Verified: "SENT ALREADY", order.Exchanged: "CLOSED", order.Expired: "NOT APPROVED"} {
		require.Contains(t, alarm(&order.Order{State: state}), want)
	}
	require.NotContains(t, html.String(), "<b>customer")
	require.Equal(t, 2, strings.Count(html.String(), "<section>"))
}
