package main

import (
	"bufio"
	"encoding/json"
	"errors"
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
	cmd.AddCommand(newPricesShow(c))
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
	f.StringVar(&s.currency, "currency", "USD", "currency of the prices")
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

// explained is everything that the book and the catalog know of one size in one region.
type explained struct {
	Size     catalog.Size   `json:"size"`
	Region   catalog.Region `json:"region"`
	Shape    *catalog.Shape `json:"shape"`
	Family   string         `json:"family"`
	Group    string         `json:"group"`
	Ratio    string         `json:"ratio"`
	Offered  string         `json:"offered"`
	Prices   []shownPrice   `json:"prices"`
	Eligible []shownVerdict `json:"eligibility"`
}

type shownPrice struct {
	Kind   string `json:"kind"`
	Price  string `json:"price"`
	Hourly string `json:"hourly"`
	Share  string `json:"of_payg"`
	Source string `json:"source"`
	Since  string `json:"since"`
	Why    string `json:"refused,omitempty"`
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
	if !ok {
		return usageError("Regions are written like polandcentral or Poland Central.", "--region: %q: no such region", s.region)
	}
	currency, err := money.ParseCode(s.currency)
	if err != nil {
		return usageError("", "--currency: %w", err)
	}
	day, err := s.day(book)
	if err != nil {
		return err
	}
	x := explained{Size: size, Region: region, Family: size.Family(), Offered: offered(size, region), Prices: []shownPrice{}}
	if shape, ok := size.Shape(); ok {
		x.Shape = &shape
	}
	if group, ok := size.Group(); ok {
		x.Group, x.Ratio = group.Name, money.Rate(group.Ratio*100_000_000).Decimal()
	}
	for _, os := range []pricing.OS{pricing.Linux, pricing.Windows} {
		for _, term := range []pricing.Term{pricing.PayAsYouGo, pricing.OneYear, pricing.ThreeYear} {
			if os == pricing.Windows && term != pricing.PayAsYouGo {
				continue
			}
			x.Prices = append(x.Prices, priceOf(book, size, region, os, term, currency))
		}
	}
	for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
		v := catalog.Eligible(size, term.Years(), day)
		x.Eligible = append(x.Eligible, shownVerdict{term.String(), v.OK, v.Detail, v.Source})
	}
	if s.output == "json" {
		return json.NewEncoder(out).Encode(x)
	}
	x.print(out, currency, day)
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

func priceOf(book *pricing.Book, size catalog.Size, region catalog.Region, os pricing.OS, term pricing.Term, currency money.Code) shownPrice {
	p := shownPrice{Kind: strings.TrimSpace(os.String() + " " + term.String())}
	offer, err := book.Offer(size, region, os, term, currency)
	if err != nil {
		p.Why = err.Error()
		var none *pricing.NoOfferError
		if errors.As(err, &none) {
			p.Why = none.Error()
		}
		return p
	}
	p.Source = offer.Source
	if !offer.Since.IsZero() {
		p.Since = offer.Since.Format(time.DateOnly)
	}
	if term == pricing.PayAsYouGo {
		p.Price = offer.Rate.Decimal()
		p.Hourly = p.Price
		return p
	}
	p.Price = offer.Total.Decimal()
	if hourly, err := offer.Hourly(); err == nil {
		p.Hourly = hourly.Decimal()
		if payg, err := book.Offer(size, region, os, pricing.PayAsYouGo, currency); err == nil {
			p.Share = fmt.Sprintf("%.1f %%", float64(hourly.Micros)*10_000/float64(payg.Rate)*100)
		}
	}
	return p
}

func offered(size catalog.Size, region catalog.Region) string {
	is, known := size.OfferedIn(region)
	switch {
	case !known:
		return "not known"
	case !is:
		return "no"
	}
	if zones := size.Zones(region); len(zones) > 0 {
		return "yes, zones " + strings.Join(zones, ", ")
	}
	return "yes, without zones"
}

func (x *explained) print(out io.Writer, currency money.Code, day time.Time) {
	fmt.Fprintf(out, "%s in %s (%s)\n\n", x.Size, x.Region.Name(), x.Region)
	line := func(label, format string, args ...any) {
		fmt.Fprintf(out, "  %-14s %s\n", label, fmt.Sprintf(format, args...))
	}
	if s := x.Shape; s != nil {
		line("shape", "%d vCPU (%d for licences), %.1f GiB, %d data disks, %d NICs, %s", s.VCPUs, s.VCPUsAvailable, float64(s.MemoryMiB)/1024, s.MaxDataDisks, s.MaxNICs, s.Arch)
		line("", "premium storage %v, accelerated network %v, generations %s", s.PremiumIO, s.AcceleratedNet, strings.Join(s.Generations, " and "))
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
	fmt.Fprintf(out, "\n  %-14s %14s %12s %8s  %s\n", "price in "+string(currency), "as printed", "an hour", "of PAYG", "source")
	for _, p := range x.Prices {
		if p.Why != "" {
			fmt.Fprintf(out, "  %-14s %14s %12s %8s  %s\n", p.Kind, "none", "", "", printable(p.Why))
			continue
		}
		source := p.Source
		if p.Since != "" {
			source += ", since " + p.Since
		}
		fmt.Fprintf(out, "  %-14s %14s %12s %8s  %s\n", p.Kind, p.Price, p.Hourly, p.Share, printable(source))
	}
	fmt.Fprintf(out, "\n  reservations on %s\n", day.Format(time.DateOnly))
	for _, v := range x.Eligible {
		text := "sold"
		if !v.OK {
			text = "not sold: " + v.Detail
		}
		fmt.Fprintf(out, "  %-14s %s\n", v.Term, text)
	}
}

func orNone(text string) string {
	if text == "" {
		return "not known"
	}
	return text
}
