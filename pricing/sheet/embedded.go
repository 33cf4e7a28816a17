package sheet

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

//go:embed payg.csv.gz reservations.csv.gz
var tables embed.FS

// Embedded returns the compiled-in price lists, one snapshot per public list
// they were collected from. Each call parses anew and hands over fresh offers.
func Embedded() []Snapshot {
	p := newTableParser()
	p.read("payg.csv.gz", p.payg)
	p.read("reservations.csv.gz", p.reservation)
	return p.snapshots()
}

// NewBook builds the book of the embedded prices with further snapshots over
// them, the last with the highest precedence.
func NewBook(over ...Snapshot) (*pricing.Book, error) {
	b := pricing.NewBuilder()
	for _, s := range append(Embedded(), over...) {
		b.Add(s.Source, s.Offers)
	}
	return b.Build()
}

// EmbeddedBook returns the book of the embedded prices alone, built once.
var EmbeddedBook = sync.OnceValues(func() (*pricing.Book, error) { return NewBook() })

// lists are the public price lists by their letter in the tables.
var lists = []struct{ letter, name, asOf string }{
	{"k", "embedded: Azure/karpenter-provider-azure 352646f", "2026-06-18"},
	{"i", "embedded: sstybel/azure-vm-price-importer 6c01879", "2026-01-26"},
	{"d", "embedded: DarrenJohns/djtools-azure-vm-sku-locator f31f817", "2026-08-01"},
	{"r", "embedded: andy-diericks/azure-pricing-radar cf741f2", "2026-08-20"},
	{"m", "embedded: tivec8740-lab/azure-price-my 0b6ed98", "2026-09-28"},
}

// tableParser reads the embedded tables. They are made by our own generator
// and tested: a broken one is a broken build.
type tableParser struct {
	offers map[string][]pricing.Offer // by letter of the list
	sizes  map[string]catalog.Size
	flags  map[string][]string
	hashes []string
	table  string
	region catalog.Region
	line   int
	at     string // table and line, what Offer.Line says
}

func newTableParser() *tableParser {
	p := &tableParser{offers: map[string][]pricing.Offer{}, sizes: map[string]catalog.Size{}, flags: map[string][]string{"": nil}}
	p.offers["d"] = make([]pricing.Offer, 0, 80_000) // the largest two lists
	p.offers["k"] = make([]pricing.Offer, 0, 24_000)
	return p
}

func (p *tableParser) read(table string, take func(string) error) {
	text, err := unpack(table)
	if err != nil {
		panic(fmt.Sprintf("sheet: %s: %v", table, err))
	}
	sum := sha256.Sum256(text)
	p.hashes = append(p.hashes, hex.EncodeToString(sum[:]))
	p.table, p.line = table, 0
	for line := range strings.Lines(string(text)) {
		p.line++
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '@' {
			p.region = catalog.Region(line[1:])
			continue
		}
		p.at = p.table + ":" + strconv.Itoa(p.line)
		if err := take(line); err != nil {
			panic(fmt.Sprintf("sheet: %s:%d: %v", table, p.line, err))
		}
	}
}

func unpack(table string) ([]byte, error) {
	packed, err := tables.ReadFile(table)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// payg takes size,linux,source,windows,source,flags.
func (p *tableParser) payg(line string) error {
	var c [6]string
	if !cut(line, c[:]) {
		return fmt.Errorf("%q: six columns wanted", line)
	}
	size := p.size(c[0])
	if err := p.add(size, pricing.Linux, c[1], c[2], c[5]); err != nil {
		return err
	}
	return p.add(size, pricing.Windows, c[3], c[4], "")
}

func (p *tableParser) add(size catalog.Size, os pricing.OS, price, list, flags string) error {
	if list == "" {
		return nil
	}
	rate, err := money.ParseRate(price)
	if err != nil {
		return err
	}
	set, ok := p.flags[flags]
	if !ok {
		set = strings.Split(flags, "|")
		p.flags[flags] = set
	}
	p.offers[list] = append(p.offers[list], pricing.Offer{Size: size, Region: p.region, OS: os, Rate: rate, Currency: "USD",
		Line: p.at, Suspect: set})
	return nil
}

// reservation takes size,term,total,source.
func (p *tableParser) reservation(line string) error {
	var c [4]string
	if !cut(line, c[:]) {
		return fmt.Errorf("%q: four columns wanted", line)
	}
	term, err := pricing.ParseTerm(c[1])
	if err != nil {
		return err
	}
	total, err := money.Parse(c[2], "USD")
	if err != nil {
		return err
	}
	p.offers[c[3]] = append(p.offers[c[3]], pricing.Offer{Size: p.size(c[0]), Region: p.region, Term: term, Total: total,
		Currency: "USD", Line: p.at})
	return nil
}

// size returns the one string of a name that stands in many rows.
func (p *tableParser) size(short string) catalog.Size {
	s, ok := p.sizes[short]
	if !ok {
		s = catalog.Size("Standard_" + short)
		p.sizes[strings.Clone(short)] = s
	}
	return s
}

func (p *tableParser) snapshots() []Snapshot {
	both := sha256.Sum256([]byte(strings.Join(p.hashes, "\n")))
	var out []Snapshot
	for _, l := range lists {
		asOf, err := time.Parse(time.DateOnly, l.asOf)
		if err != nil {
			panic(fmt.Sprintf("sheet: %v", err))
		}
		out = append(out, Snapshot{Offers: p.offers[l.letter], Source: pricing.Source{Name: l.name, AsOf: asOf,
			SHA256: hex.EncodeToString(both[:]), Currency: "USD", Kind: "embedded", Rows: len(p.offers[l.letter])}})
	}
	return out
}

// cut splits a line at its commas into exactly the cells of out.
func cut(line string, out []string) bool {
	for i := range out[:len(out)-1] {
		cell, rest, ok := strings.Cut(line, ",")
		if !ok {
			return false
		}
		out[i], line = cell, rest
	}
	out[len(out)-1] = line
	return !strings.Contains(line, ",")
}
