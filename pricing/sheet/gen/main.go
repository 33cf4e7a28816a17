//go:build ignore

// Command gen writes the embedded price tables of package sheet from the
// collected public price files in ../shared/data. Run it from the root of the
// repository:
//
//	go run pricing/sheet/gen/main.go ../shared/data
//
// It writes payg.csv.gz, reservations.csv.gz and conversions.csv; the same input
// gives the same bytes. It takes prices as they are printed and never derives
// one. A Linux price that may be that of Windows is marked, so that the book
// refuses it.
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"log"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	data := "../shared/data"
	if len(os.Args) > 1 {
		data = os.Args[1]
	}
	if err := run(data, "pricing/sheet"); err != nil {
		log.Fatal(err)
	}
}

func run(data, out string) error {
	g := &generator{prices: map[cell]map[string]price{}, services: map[string]bool{}, groups: map[string]group{}}
	if err := g.read(data); err != nil {
		return err
	}
	if err := write(filepath.Join(out, "payg.csv.gz"), g.payg()); err != nil {
		return err
	}
	if err := write(filepath.Join(out, "reservations.csv.gz"), g.reservations()); err != nil {
		return err
	}
	return writeConversions(data, filepath.Join(out, "conversions.csv"))
}

// writeConversions takes the factors by which the retail list itself is shown
// in other currencies.
func writeConversions(data, path string) error {
	out := bytes.NewBufferString("# What the public retail list takes for one USD where it shows other currencies: reference, not a rate to pay by.\n" +
		"# as_of 2026-01-26 pricing calculator (sstybel/azure-vm-price-importer 6c01879)\ncurrency,for_one_usd\n")
	err := each(filepath.Join(data, "fx_rates_azure_2026-01-26.csv"), func(row map[string]string) {
		if row["currency"] != "USD" {
			fmt.Fprintf(out, "%s,%s\n", row["currency"], row["retail_conversion_from_usd"])
		}
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// The sources by the letter that stands for them in the tables.
const (
	apac      = "m" // tivec8740-lab/azure-price-my 0b6ed98, 2026-09-28
	radar     = "r" // andy-diericks/azure-pricing-radar cf741f2, 2026-08-20
	djtools   = "d" // DarrenJohns/djtools-azure-vm-sku-locator f31f817, 2026-08-01
	karpenter = "k" // Azure/karpenter-provider-azure 352646f, 2026-06-18
	importer  = "i" // sstybel/azure-vm-price-importer 6c01879, 2026-01-26
)

var letterOf = map[string]string{"azure-pricing-radar": radar, "djtools": djtools, "karpenter-azure": karpenter, "azure-vm-price-importer": importer}

const sourceLines = `# sources: m azure-price-my 0b6ed98 2026-09-28; r azure-pricing-radar cf741f2 2026-08-20; d djtools-azure-vm-sku-locator f31f817 2026-08-01;
#   k karpenter-provider-azure 352646f 2026-06-18; i azure-vm-price-importer 6c01879 2026-01-26; all USD list prices of the public Retail Prices API
`

// cell is what has one pay-as-you-go price.
type cell struct{ region, size, os string }

type price struct {
	text  string // as printed
	value float64
	flags string
}

type group struct {
	name  string
	ratio float64
}

type reservation struct{ region, size, term, total, source string }

type generator struct {
	prices   map[cell]map[string]price // by source letter
	reserved []reservation
	services map[string]bool // sizes that a Cloud Services product shares the name of
	groups   map[string]group
	best     [][]string // rows of payg_best, in their order
}

func (g *generator) read(data string) error {
	for _, file := range []struct {
		name string
		take func(map[string]string)
	}{
		{"isf_ratio.csv", g.takeRatio},
		{"retail_prices.csv.gz", g.takeRetail},
		{"retail_prices_apac_v5.csv", g.takeAPAC},
		{"payg_best.csv.gz", func(row map[string]string) {
			if row["linux_payg"] != "" || row["windows_payg"] != "" {
				g.best = append(g.best, []string{row["region"], row["arm_sku_name"], row["linux_payg_source"], row["linux_payg_quality"]})
			}
		}},
	} {
		if err := each(filepath.Join(data, file.name), file.take); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) takeRatio(row map[string]string) {
	ratio, err := strconv.ParseFloat(row["Ratio"], 64)
	if err != nil {
		log.Fatalf("ratio %q: %v", row["Ratio"], err)
	}
	g.groups[row["ArmSkuName"]] = group{row["InstanceSizeFlexibilityGroup"], ratio}
}

var sizeName = regexp.MustCompile(`^Standard_[A-Z]+[0-9][A-Za-z0-9_-]*$`)

func (g *generator) takeRetail(row map[string]string) {
	source, size := letterOf[row["source"]], strings.TrimSpace(row["arm_sku_name"])
	switch {
	case !sizeName.MatchString(size) || strings.Contains(strings.ToLower(size), "_type") || strings.Contains(size, "ADHType") || strings.HasSuffix(size, "_SPECIAL"):
		return
	case row["currency"] != "USD" || row["hybrid_benefit"] != "":
		return
	case row["os"] == "CloudServices":
		g.services[size] = true
	case row["price_type"] == "Reservation" && row["os"] == "Linux" && row["term"] != "5 Years":
		g.reserved = append(g.reserved, reservation{row["region"], size, map[string]string{"1 Year": "P1Y", "3 Years": "P3Y"}[row["term"]], row["term_total"], source})
	case row["price_type"] == "Consumption" && (row["os"] == "Linux" || row["os"] == "Windows"):
		if source == radar && !plainProduct(row, size) {
			return
		}
		g.take(cell{row["region"], size, row["os"]}, source, row["price_per_hour"], row["flags"])
	}
}

// plainProduct keeps rows whose product is that of the size itself.
func plainProduct(row map[string]string, size string) bool {
	product := row["product_name"]
	return row["flags"] == "" && !strings.Contains(product, "Basic") &&
		strings.Contains(product, "Promo") == strings.HasSuffix(size, "_Promo")
}

func (g *generator) takeAPAC(row map[string]string) {
	if row["price_type"] == "Consumption" {
		g.take(cell{row["region"], row["arm_sku_name"], row["os"]}, apac, row["price_per_hour"], "")
	}
	if row["price_type"] == "Reservation" {
		g.reserved = append(g.reserved, reservation{row["region"], row["arm_sku_name"],
			map[string]string{"1 Year": "P1Y", "3 Years": "P3Y"}[row["term"]], row["term_total"], apac})
	}
}

// take keeps a price above zero; two different ones of one source are marked.
func (g *generator) take(c cell, source, text, flags string) {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		log.Fatalf("%v: price %q: %v", c, text, err)
	}
	if value <= 0 {
		return
	}
	if g.prices[c] == nil {
		g.prices[c] = map[string]price{}
	}
	if old, taken := g.prices[c][source]; taken && old.value != value {
		flags = "conflict_in_source"
	}
	g.prices[c][source] = price{text, value, flags}
}

// pick returns the price of a cell from the best of sources.
func (g *generator) pick(c cell, sources ...string) (price, string) {
	for _, source := range sources {
		if p, ok := g.prices[c][source]; ok && source != "" {
			return p, source
		}
	}
	return price{}, ""
}

type line struct {
	region, size               string
	linux, windows             price
	linuxSource, windowsSource string
	flags                      []string
}

const paygHeader = `# Pay-as-you-go list prices, USD per hour: base compute (Linux) and with Windows. "@region" opens the rows of a region.
# size,linux,source,windows,source,flags; a price with a flag may be another product's (see package sheet) and is refused by the book
` + sourceLines

func (g *generator) payg() []byte {
	var lines []*line
	for _, row := range g.best {
		region, size := row[0], strings.TrimSpace(row[1])
		l := &line{region: region, size: size}
		l.linux, l.linuxSource = g.pick(cell{region, size, "Linux"}, apac, radar, letterOf[row[2]])
		l.windows, l.windowsSource = g.pick(cell{region, size, "Windows"}, radar, djtools, importer)
		if l.linuxSource == "" && l.windowsSource == "" {
			continue
		}
		l.flags = marks(l, row[3])
		lines = append(lines, l)
	}
	g.verify(lines)
	slices.SortFunc(lines, func(a, b *line) int { return cmp.Or(cmp.Compare(a.region, b.region), cmp.Compare(a.size, b.size)) })
	out, region := bytes.NewBufferString(paygHeader), ""
	for _, l := range lines {
		if l.region != region {
			region = l.region
			fmt.Fprintf(out, "@%s\n", region)
		}
		fmt.Fprintf(out, "%s,%s,%s,%s,%s,%s\n", strings.TrimPrefix(l.size, "Standard_"), l.linux.text, l.linuxSource,
			l.windows.text, l.windowsSource, strings.Join(l.flags, "|"))
	}
	return out.Bytes()
}

// marks returns why the source's own quality marks distrust the Linux price.
func marks(l *line, quality string) []string {
	if l.linuxSource == "" || l.linuxSource == apac || l.linuxSource == radar {
		return nil // these name the product
	}
	flags := strings.FieldsFunc(l.linux.flags, func(r rune) bool { return r == '|' })
	if quality == "suspect" && len(flags) == 0 {
		flags = []string{"suspect_in_source"}
	}
	if l.linux.value == l.windows.value && !slices.Contains(flags, "linux_equals_windows") {
		flags = append(flags, "linux_equals_windows")
	}
	slices.Sort(flags)
	return flags
}

// verify marks the Linux prices of sizes that share their name with a Cloud
// Services product, which costs as much as Windows, unless something speaks for
// them: a source that names the product, the Windows price less the licence
// (which costs the same everywhere), or a size of the same group and region
// that is itself verified and costs as much per unit.
func (g *generator) verify(lines []*line) {
	licence := g.licences()
	unit := map[string]float64{} // region and group -> verified price per unit
	var open []*line
	for _, l := range lines {
		if !g.services[l.size] || l.linuxSource == "" || len(l.flags) > 0 {
			continue
		}
		delta := l.windows.value - l.linux.value
		fits := slices.ContainsFunc(licence[l.size], func(d float64) bool { return math.Abs(d-delta) < 0.0011 && delta > d/2 })
		if l.linuxSource != apac && l.linuxSource != radar && (l.windowsSource == "" || !fits) {
			open = append(open, l)
			continue
		}
		if gr, ok := g.groups[l.size]; ok {
			unit[l.region+"|"+gr.name] = l.linux.value / gr.ratio
		}
	}
	for _, l := range open {
		gr, grouped := g.groups[l.size]
		verified := unit[l.region+"|"+gr.name]
		if !grouped || verified == 0 || math.Abs(l.linux.value/gr.ratio/verified-1) > 0.02 {
			l.flags = append(l.flags, "unverified_linux")
		}
	}
}

// licences returns what Windows adds to a size, from the source that names products.
func (g *generator) licences() map[string][]float64 {
	out := map[string][]float64{}
	for c := range g.prices {
		linux, lok := g.prices[cell{c.region, c.size, "Linux"}][radar]
		windows, wok := g.prices[cell{c.region, c.size, "Windows"}][radar]
		if c.os == "Linux" && lok && wok {
			out[c.size] = append(out[c.size], windows.value-linux.value)
		}
	}
	return out
}

const reservationsHeader = `# Reservation list prices, USD for the whole term of one instance, base compute. "@region" opens the rows of a region.
# size,term,total,source
` + sourceLines

func (g *generator) reservations() []byte {
	slices.SortFunc(g.reserved, func(a, b reservation) int {
		return cmp.Or(cmp.Compare(a.region, b.region), cmp.Compare(a.size, b.size), cmp.Compare(a.term, b.term))
	})
	g.reserved = slices.Compact(g.reserved) // the source lists one size twice, with equal totals
	out, region := bytes.NewBufferString(reservationsHeader), ""
	for i, r := range g.reserved {
		if i > 0 && g.reserved[i-1].region == r.region && g.reserved[i-1].size == r.size && g.reserved[i-1].term == r.term {
			log.Fatalf("%v: two totals", r)
		}
		if r.region != region {
			region = r.region
			fmt.Fprintf(out, "@%s\n", region)
		}
		fmt.Fprintf(out, "%s,%s,%s,%s\n", strings.TrimPrefix(r.size, "Standard_"), r.term, r.total, r.source)
	}
	return out.Bytes()
}

func each(path string, take func(map[string]string)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	rows := csv.NewReader(r)
	header, err := rows.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for {
		cells, err := rows.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		row := maps.Collect(func(yield func(string, string) bool) {
			for i, name := range header {
				if !yield(name, cells[i]) {
					return
				}
			}
		})
		take(row)
	}
}

func write(path string, text []byte) error {
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, buf.Bytes(), 0o644)
}
