package sheet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing/catalog"
)

// sheetOf streams an EA price sheet of n rows, a quarter of them machines, as
// in real sheets, without holding it.
func sheetOf(n int) io.Reader {
	r, w := io.Pipe()
	sizes, regions := catalog.Sizes(), catalog.Regions()
	go func() {
		out := bufio.NewWriterSize(w, 1<<16)
		_, err := io.WriteString(out, eaExport)
		for i := 0; i < n && err == nil; i++ {
			category, meter, region := "Storage", "P10 LRS Disk", regions[i%len(regions)].Name()
			if i%4 == 0 {
				category, meter = "Virtual Machines", strings.ReplaceAll(strings.TrimPrefix(string(sizes[i/4%len(sizes)]), "Standard_"), "_", " ")
			}
			_, err = fmt.Fprintf(out, "12345678,%08d-0000-0000-0000-000000000000,%s,1 Compute Hour,%s,Some Series,Compute,%s Some Series - %s - %s,DZH318Z0BQ36/004G,DZH318Z0BQ36,%s,100 Hours,AAF-%05d,11/01/2026 00:00:00,,12.3456,13.5,14.2,EUR,0,MS-AZR-0017P,,Consumption\n",
				i, meter, category, category, meter, region, region, i%100000)
		}
		w.CloseWithError(errors.Join(err, out.Flush()))
	}()
	return r
}

// Dates with a midnight behind them are days.
func TestLargeSheetIsAccountedFor(t *testing.T) {
	source, offers, rejects, err := ReadAt("large.csv", sheetOf(20_000), time.Time{})
	require.NoError(t, err)
	account(t, source, offers, rejects)
	require.Equal(t, 20_000, source.Read)
	require.Zero(t, len(rejects))
	require.Equal(t, 15_000, skipsOf(source)[skipService])
}

func BenchmarkSheet300k(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := Read("large.csv", sheetOf(300_000)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSheet300kWritingAlone is what making the rows costs of the figure above.
func BenchmarkSheet300kWritingAlone(b *testing.B) {
	for b.Loop() {
		n, err := io.Copy(io.Discard, sheetOf(300_000))
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
}

func BenchmarkHash(b *testing.B) {
	for b.Loop() {
		prices, err := NewBook()
		if err != nil {
			b.Fatal(err)
		}
		prices.Hash()
	}
}
