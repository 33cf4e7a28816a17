package ingest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"time"

	"sizeterm/ingest"
)

// benchMetrics returns a file of form A: 5-minute metrics, eleven columns, about 280 bytes a row.
func benchMetrics(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("timestamp,subscription_id,resource_id,vm_size,region,cpu_percent,available_memory_bytes,network_in_bytes,network_out_bytes,disk_read_bytes,disk_write_bytes\n")
	start := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		vm := i % 400
		fmt.Fprintf(&b, "%s,76f1dc36-0f7b-480d-b17a-3032d5888c40,/subscriptions/76f1dc36-0f7b-480d-b17a-3032d5888c40/resourceGroups/rg-app-%03d/providers/Microsoft.Compute/virtualMachines/vm-west-%05d,Standard_D%ds_v5,westeurope,%d.%04d,%d,%d,%d,%d,%d\n",
			start.Add(time.Duration(i/400)*5*time.Minute).Format(time.RFC3339), vm%20, vm, 2<<(vm%4), i*7%100, i*7919%10000, 2_000_000_000+i*13, 800_000+i, 900_000+i*3, 36_206_822+i, 15_064_484+i)
	}
	return b.Bytes()
}

// benchCosts returns a file of form B: a partner's cost export of 70 columns, one row in six a machine.
func benchCosts(rows int) []byte {
	var b strings.Builder
	tags := `"env": "prod","app": "shop","costcenter": "CC-1000","owner": "team@contoso.example"`
	for i := range rows {
		row := vmRow(cells{"date": fmt.Sprintf("10/%02d/2026", 1+i%30), "tags": tags, "costinbillingcurrency": fmt.Sprintf("2.7%013d", i), "invoiceid": "G104482731"})
		if i%6 > 0 {
			row["metercategory"], row["additionalinfo"], row["unitofmeasure"] = "Storage", "", "1 GB"
		}
		text := table(mpaHeader, row)
		if i == 0 {
			b.WriteString(text)
			continue
		}
		_, line, _ := strings.Cut(text, "\n")
		b.WriteString(line)
	}
	return []byte(b.String())
}

func benchmark(b *testing.B, data []byte, text int) {
	in := input("bench.csv", data)
	b.SetBytes(int64(text))
	b.ReportAllocs()
	for b.Loop() {
		if got := skim(in, ingest.Options{SkipHash: true}); got.err != nil || got.summary.Rejected > 0 {
			b.Fatal(got.err, got.summary.Rejected)
		}
	}
}

func BenchmarkMetrics(b *testing.B) {
	data := benchMetrics(200_000)
	benchmark(b, data, len(data))
}

func BenchmarkCosts(b *testing.B) {
	data := benchCosts(20_000)
	benchmark(b, data, len(data))
}

func BenchmarkGzipMetrics(b *testing.B) {
	data := benchMetrics(100_000)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(data)
	_ = w.Close()
	benchmark(b, packed.Bytes(), len(data))
}

func BenchmarkParquet(b *testing.B) {
	benchmark(b, parquetFile(b, 20_000), 20_000*400)
}
