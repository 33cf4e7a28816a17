package ingest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
)

// Whatever a file holds, it is read or refused: no fault of ours, and every row accepted, rejected or set apart once.
func FuzzFiles(f *testing.F) {
	for _, form := range costForms() {
		f.Add([]byte(csvOf(records(form.header, form.words, threeDays(form)[:1]...), ',', true)), "")
	}
	for _, header := range []string{reservationDetailsHeader, transactionsEA, recommendationsMCA} {
		f.Add([]byte(csvOf(records(header, reservationWords, cells{}), ';', false)), "de-DE")
	}
	f.Add([]byte(csvOf(records(invoiceHeader, invoiceWords, cells{}), ',', true)), "")
	f.Add([]byte(metrics(cpuCell("1,5"))), "en-GB")
	f.Add([]byte("timestamp;a;b;\n25.10.2026 00:00;1,5;;\n25.10.2026 01:00;1;2;\n"), "")
	f.Add(utf16Of(metrics(), false), "")
	f.Add(gzipped(metrics()), "")
	f.Add([]byte("["+sampleObject+"]"), "")
	f.Add([]byte(`{"value":[{"id":"/x/providers/Microsoft.Insights/metrics/Percentage CPU","name":{"value":"Percentage CPU"},"timeseries":[{"data":[{"timeStamp":"2026-10-05T00:00:00Z","average":1}]}]}],"interval":"PT1M"}`), "")
	f.Fuzz(func(t *testing.T, data []byte, locale string) {
		r, err := ingest.NewReader(input("fuzz", data), ingest.Options{Locale: locale, Workers: 2, Limits: ingest.Limits{Unpacked: 1 << 20, Rows: 10_000}})
		if err == nil {
			for r.Next() {
				require.Positive(t, r.Record().NumRows())
			}
			err = r.Err()
			s := r.Summary()
			var apart int64
			for _, a := range s.SetApart {
				apart += a.Rows
			}
			if err == nil {
				require.Equal(t, s.Rows, s.Accepted+s.Rejected+apart)
			}
		}
		if err != nil && strings.Contains(err.Error(), "fault of this program") {
			t.Fatal(err)
		}
	})
}
