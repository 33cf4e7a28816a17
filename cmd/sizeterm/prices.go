package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

func newPrices(c *common) *cobra.Command {
	cmd := &cobra.Command{
		Use: "prices", Short: "The price book: what it holds, from where, of which date",
		RunE: func(cmd *cobra.Command, args []string) error {
			return usageError("Try: sizeterm prices show --size Standard_D4s_v5 --region polandcentral", "no subcommand of prices given")
		},
	}
	cmd.AddCommand(newPricesShow(c), newPricesImport(c), newPricesFetch(c))
	return cmd
}

// showing are the flags of prices show.
type showing struct {
	*common
	size, region, currency, asOf, output string
	prices                               []string
}

func newPricesShow(c *common) *cobra.Command {
	s := &showing{common: c}
	cmd := &cobra.Command{
		Use:   "show [--size SIZE --region REGION]",
		Short: "Explain one size in one region, or list the sources of the book",
		Example: `  sizeterm prices show
  sizeterm prices show --size D4s_v5 --region "Poland Central"
  sizeterm prices show --size D4s_v5 --region westeurope --prices my-price-sheet.csv`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return s.run() },
	}
	f := cmd.Flags()
	f.StringVar(&s.size, "size", "", "size in any spelling")
	f.StringVar(&s.region, "region", "", "region in any spelling")
	f.StringVar(&s.currency, "currency", "", "show prices in this currency only")
	f.StringVar(&s.asOf, "as-of", "", "day for which eligibility is judged, YYYY-MM-DD (default: the newest date of the book)")
	f.StringArrayVar(&s.prices, "prices", nil, "price sheet over the embedded prices (repeatable)")
	f.StringVar(&s.output, "output", "table", "table or json")
	return cmd
}

func (s *showing) run() error {
	if err := choose("output", s.output, "table", "json"); err != nil {
		return err
	}
	r := &recommending{common: s.common, prices: s.prices}
	g := &gathered{}
	book, err := r.book(g)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(s.out)
	if s.size == "" && s.region == "" {
		err = s.sources(out, book)
	} else {
		err = s.explain(out, book)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// sources lists where the book comes from.
func (s *showing) sources(out io.Writer, book *pricing.Book) error {
	if s.output == "json" {
		return json.NewEncoder(out).Encode(book.Sources())
	}
	fmt.Fprintf(out, "%d prices, book %s\n\n", book.Len(), book.Hash()[:12])
	for _, source := range book.Sources() {
		fmt.Fprintf(out, "  %-58s %s  %s  %7d rows  %s\n", printable(source.Name), source.AsOf.Format(time.DateOnly), source.Currency, source.Rows, source.Kind)
	}
	fmt.Fprintf(out, "\nOne size: sizeterm prices show --size Standard_D4s_v5 --region polandcentral\n")
	return nil
}

// explained is an explanation in JSON.
type explained struct {
	Size     catalog.Size   `json:"size"`
	Region   catalog.Region `json:"region"`
	On       string         `json:"on"`
	Shape    *catalog.Shape `json:"shape"`
	Family   string         `json:"family"`
	Group    string         `json:"group"`
	Ratio    string         `json:"ratio"`
	Offered  string         `json:"offered"`
	Prices   []shownPrice   `json:"prices"`
	Eligible []shownVerdict `json:"eligibility"`
}

type shownPrice struct {
	Kind     string `json:"kind"`
	Price    string `json:"price"`
	Hourly   string `json:"hourly"`
	Currency string `json:"currency"`
	Discount string `json:"discount"`
	Counts   bool   `json:"counts"`
	Refused  string `json:"refused,omitempty"`
	Suspect  string `json:"suspect,omitempty"`
	Source   string `json:"source"`
	AsOf     string `json:"as_of"`
	Since    string `json:"since,omitempty"`
}

type shownVerdict struct {
	Term   string `json:"term"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Source string `json:"source"`
}

func (s *showing) explain(out io.Writer, book *pricing.Book) error {
	size, ok := catalog.SizeOf(s.size)
	if !ok {
		return usageError("Sizes are written like Standard_D4s_v5 or D4s v5.", "--size: %q: no such size in the catalog", s.size)
	}
	region, ok := catalog.RegionOf(s.region)
	if s.region == "" {
		return usageError("Try: sizeterm prices show --size "+s.size+" --region polandcentral", "--size needs --region")
	}
	if !ok {
		return usageError("Regions are written like polandcentral or Poland Central.", "--region: %q: no such region", s.region)
	}
	day, err := s.day(book)
	if err != nil {
		return err
	}
	e := book.Explain(size, region, day)
	x := explained{Size: size, Region: region, On: day.Format(time.DateOnly), Family: e.Family, Offered: offered(e), Prices: []shownPrice{}}
	if e.ShapeKnown {
		x.Shape = &e.Shape
	}
	if e.Grouped {
		x.Group, x.Ratio = e.Group.Name, money.Rate(e.Group.Ratio*100_000_000).Decimal()
	}
	for _, line := range e.Prices {
		if s.currency == "" || string(line.Offer.Currency) == strings.ToUpper(s.currency) {
			x.Prices = append(x.Prices, priceOf(line))
		}
	}
	for i, v := range []catalog.Verdict{e.OneYear, e.ThreeYear} {
		x.Eligible = append(x.Eligible, shownVerdict{[]string{"P1Y", "P3Y"}[i], v.OK, v.Detail, v.Source})
	}
	if s.output == "json" {
		return json.NewEncoder(out).Encode(x)
	}
	x.print(out)
	return nil
}

// day is the day for which eligibility is judged: a flag, or the newest date of the book, never the clock.
func (s *showing) day(book *pricing.Book) (time.Time, error) {
	if s.asOf != "" {
		day, err := time.Parse(time.DateOnly, s.asOf)
		if err != nil {
			return day, usageError("", "--as-of: %q: want a day as YYYY-MM-DD", s.asOf)
		}
		return day, nil
	}
	var newest time.Time
	for _, source := range book.Sources() {
		if source.AsOf.After(newest) {
			newest = source.AsOf
		}
	}
	return newest, nil
}

func priceOf(line pricing.PriceLine) shownPrice {
	o := line.Offer
	p := shownPrice{Kind: o.OS.String() + " " + o.Term.String(), Currency: string(o.Currency), Counts: line.Counts, Refused: line.Refused,
		Suspect: strings.Join(o.Suspect, ", "), Source: o.Source, AsOf: line.Source.AsOf.Format(time.DateOnly)}
	if !o.Since.IsZero() {
		p.Since = o.Since.Format(time.DateOnly)
	}
	if p.Price = o.Rate.Decimal(); o.Term != pricing.PayAsYouGo {
		p.Price = o.Total.Decimal()
	}
	if hourly, err := o.Hourly(); err == nil {
		p.Hourly = hourly.Decimal()
	}
	if line.HasDiscount {
		p.Discount = fmt.Sprintf("%d.%d %%", line.DiscountBasisPoints/100, line.DiscountBasisPoints%100/10)
	}
	return p
}

func offered(e pricing.Explanation) string {
	switch {
	case !e.OfferedKnown:
		return "not known"
	case !e.Offered:
		return "no"
	case len(e.Zones) > 0:
		return "yes, zones " + strings.Join(e.Zones, ", ")
	}
	return "yes, without zones"
}

func (x *explained) print(out io.Writer) {
	fmt.Fprintf(out, "%s in %s (%s)\n\n", x.Size, x.Region.Name(), x.Region)
	line := func(label, format string, args ...any) {
		fmt.Fprintf(out, "  %-14s %s\n", label, fmt.Sprintf(format, args...))
	}
	if s := x.Shape; s != nil {
		line("shape", "%d vCPU (%d for licences), %.1f GiB, %d data disks, %d NICs, %s", s.VCPUs, s.VCPUsAvailable, float64(s.MemoryMiB)/1024, s.MaxDataDisks, s.MaxNICs, s.Arch)
		line("", "premium storage %s, accelerated network %s, generations %s", yesNo(s.PremiumIO), yesNo(s.AcceleratedNet), strings.Join(s.Generations, " and "))
	} else {
		line("shape", "not known")
	}
	line("quota family", "%s", orNone(x.Family))
	if x.Group != "" {
		line("group", "%s, ratio %s", x.Group, x.Ratio)
	} else {
		line("group", "none: a reservation fits this size only")
	}
	line("offered", "%s", x.Offered)
	x.printPrices(out)
	fmt.Fprintf(out, "\n  reservations on %s\n", x.On)
	for _, v := range x.Eligible {
		text := "sold"
		if !v.OK {
			text = "not sold: " + v.Detail
		}
		line(v.Term, "%s", text)
	}
}

func (x *explained) printPrices(out io.Writer) {
	if len(x.Prices) == 0 {
		fmt.Fprintln(out, "\n  no price: give a price sheet with --prices, or fetch live prices with prices fetch")
		return
	}
	fmt.Fprintf(out, "\n  %-14s %12s %4s %12s %9s  %s\n", "price", "as printed", "", "an hour", "saves", "source")
	for _, p := range x.Prices {
		source := p.Source + ", " + p.AsOf
		switch {
		case p.Refused != "":
			source += "; REFUSED: " + p.Refused
		case !p.Counts:
			source += "; another source counts"
		case p.Suspect != "":
			source += "; " + p.Suspect
		}
		fmt.Fprintf(out, "  %-14s %12s %4s %12s %9s  %s\n", p.Kind, p.Price, p.Currency, p.Hourly, p.Discount, printable(source))
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func orNone(text string) string {
	if text == "" {
		return "not known"
	}
	return text
}
