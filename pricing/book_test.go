package pricing

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

func rate(t require.TestingT, text string) money.Rate {
	r, err := money.ParseRate(text)
	require.NoError(t, err)
	return r
}

// payg returns a pay-as-you-go offer in West Europe in USD.
func payg(t require.TestingT, size catalog.Size, os OS, price string) Offer {
	return Offer{Size: size, Region: "westeurope", OS: os, Rate: rate(t, price), Currency: "USD", Line: "1"}
}

// reserved returns a reservation in West Europe in whole USD.
func reserved(size catalog.Size, term Term, total int64) Offer {
	return Offer{Size: size, Region: "westeurope", Term: term, Total: money.New(total*1_000_000, "USD"), Currency: "USD", Line: "2"}
}

func build(t require.TestingT, batches ...[]Offer) *Book {
	b := NewBuilder()
	for i, offers := range batches {
		b.Add(Source{Name: string(rune('a' + i)), AsOf: day("2026-11-01")}, offers)
	}
	book, err := b.Build()
	require.NoError(t, err)
	return book
}

func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

func TestOfferAnswersOrSaysWhy(t *testing.T) {
	book := build(t, []Offer{
		payg(t, "Standard_D4s_v5", Linux, "0.23"), payg(t, "Standard_D4s_v5", Windows, "0.414"), reserved("Standard_D4s_v5", OneYear, 1189),
		{Size: "Standard_D8s_v5", Region: "westeurope", Rate: 1, Currency: "EUR"},
	})
	o, err := book.Offer("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "USD")
	require.NoError(t, err)
	require.Equal(t, "0.23", o.Rate.Decimal())
	require.Equal(t, "a", o.Source)
	o, err = book.Offer("Standard_D4s_v5", "westeurope", Linux, OneYear, "USD")
	require.NoError(t, err)
	require.Equal(t, "1189.00 USD", o.Total.String())
	why := func(size catalog.Size, region catalog.Region, os OS, term Term, c money.Code) string {
		t.Helper()
		o, err := book.Offer(size, region, os, term, c)
		require.ErrorIs(t, err, ErrNoOffer)
		require.Zero(t, o)
		var e *NoOfferError
		require.True(t, errors.As(err, &e))
		require.Contains(t, err.Error(), string(size))
		return e.Reason
	}
	require.Equal(t, ReasonNoPrice, why("Standard_D4s_v5", "northeurope", Linux, PayAsYouGo, "USD"))
	require.Equal(t, ReasonNoPrice, why("Standard_D4s_v5", "westeurope", Linux, ThreeYear, "USD"))
	require.Equal(t, ReasonNoPrice, why("Standard_E4s_v5", "westeurope", Linux, PayAsYouGo, "USD"))
	require.Equal(t, ReasonOtherCurrency, why("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "EUR"))
	require.Equal(t, ReasonOtherCurrency, why("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "CHF"))
	require.Equal(t, ReasonBaseCompute, why("Standard_D4s_v5", "westeurope", Windows, OneYear, "USD"))
	require.Equal(t, ReasonNoPrice, why("Standard_D4s_v5", "westeurope", OS(7), PayAsYouGo, "USD"))
	licence, err := book.SoftwareRate("Standard_D4s_v5", "westeurope", "USD")
	require.NoError(t, err)
	require.Equal(t, "0.184", licence.Decimal()) // 0.414 - 0.230
}

func TestLaterSourcesWinAndEarlierStayVisible(t *testing.T) {
	list := []Offer{payg(t, "Standard_D4s_v5", Linux, "0.23"), payg(t, "Standard_D8s_v5", Linux, "0.46")}
	deal := []Offer{payg(t, "Standard_D4s_v5", Linux, "0.20")}
	book := build(t, list, deal)
	o, err := book.Offer("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "USD")
	require.NoError(t, err)
	require.Equal(t, "0.2", o.Rate.Decimal())
	both := book.Candidates("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "USD")
	require.Len(t, both, 2)
	require.Equal(t, []string{"b", "a"}, []string{both[0].Source, both[1].Source})
	require.Equal(t, 2, book.Len())
	require.Len(t, book.Offers("Standard_D4s_v5", "westeurope"), 1)
	require.Empty(t, book.Suspects())
}

func TestNewestDateCountsAndAConflictIsRefused(t *testing.T) {
	at := func(price, since string) Offer {
		o := payg(t, "Standard_D4s_v5", Linux, price)
		o.Since = day(since)
		return o
	}
	for _, offers := range [][]Offer{{at("0.25", "2025-01-01"), at("0.23", "2026-01-01")}, {at("0.23", "2026-01-01"), at("0.25", "2025-01-01")}} {
		o, err := build(t, offers).Offer("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "USD")
		require.NoError(t, err)
		require.Equal(t, "0.23", o.Rate.Decimal())
	}
	twice := build(t, []Offer{at("0.23", "2026-01-01"), at("0.23", "2026-01-01")})
	require.Empty(t, twice.Suspects(), "the same price twice is one price")
	conflict := build(t, []Offer{at("0.23", "2026-01-01"), at("0.25", "2026-01-01")})
	_, err := conflict.Offer("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "USD")
	require.ErrorIs(t, err, ErrNoOffer)
	require.ErrorContains(t, err, FlagConflict)
	newer := build(t, []Offer{at("0.5", "2026-01-01")}, []Offer{at("0.24", "2025-06-01"), at("0.23", "2026-01-01")})
	require.Len(t, newer.Candidates("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "USD"), 2, "the outdated line of b is gone, a's stays below")
}

func TestSuspects(t *testing.T) {
	flags := func(book *Book, size catalog.Size, os OS, term Term) []string {
		return book.Candidates(size, "westeurope", os, term, "USD")[0].Suspect
	}
	equal := build(t, []Offer{payg(t, "Standard_D4as_v5", Linux, "0.392"), payg(t, "Standard_D4as_v5", Windows, "0.392")})
	require.Equal(t, []string{FlagLinuxEqualsWindows}, flags(equal, "Standard_D4as_v5", Linux, PayAsYouGo))
	_, err := equal.Offer("Standard_D4as_v5", "westeurope", Linux, PayAsYouGo, "USD")
	require.ErrorIs(t, err, ErrNoOffer)
	require.ErrorContains(t, err, "a (1)", "the error names the source and its line")
	_, err = equal.Offer("Standard_D4as_v5", "westeurope", Windows, PayAsYouGo, "USD")
	require.NoError(t, err, "the Windows price is true")
	_, err = equal.SoftwareRate("Standard_D4as_v5", "westeurope", "USD")
	require.ErrorIs(t, err, ErrNoOffer)

	above := build(t, []Offer{payg(t, "Standard_D4s_v5", Linux, "0.10"), reserved("Standard_D4s_v5", OneYear, 877), reserved("Standard_D4s_v5", ThreeYear, 2628)})
	require.Equal(t, []string{FlagAbovePAYG}, flags(above, "Standard_D4s_v5", Linux, OneYear), "876 is a year of 0.10")
	require.Empty(t, flags(above, "Standard_D4s_v5", Linux, ThreeYear), "2628 is three years, not above")
	_, err = above.Offer("Standard_D4s_v5", "westeurope", Linux, OneYear, "USD")
	require.NoError(t, err, "a dear reservation is flagged, not refused")

	twice := build(t, []Offer{payg(t, "Standard_D4s_v5", Linux, "0.23")}, []Offer{payg(t, "Standard_D4s_v5", Linux, "0.115")})
	require.Equal(t, []string{FlagTwiceOther}, flags(twice, "Standard_D4s_v5", Linux, PayAsYouGo))

	given := payg(t, "Standard_D4s_v5", Linux, "0.23")
	given.Suspect = []string{FlagUnverified}
	_, err = build(t, []Offer{given}).Offer("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "USD")
	require.ErrorIs(t, err, ErrNoOffer, "the reader's own flags count")
}

// Ratios of Dsv5 are 2, 4, 8, 16, 32: at 0.05 a unit the true prices are 0.1, 0.2, 0.4, 0.8, 1.6.
func TestPricesFarFromTheirGroup(t *testing.T) {
	group := func(d16 string) *Book {
		return build(t, []Offer{payg(t, "Standard_D2s_v5", Linux, "0.1"), payg(t, "Standard_D4s_v5", Linux, "0.2"),
			payg(t, "Standard_D8s_v5", Linux, "0.4"), payg(t, "Standard_D16s_v5", Linux, d16), payg(t, "Standard_D32s_v5", Linux, "1.6")})
	}
	check := func(price string, want ...string) {
		t.Helper()
		book := group(price)
		got := book.Candidates("Standard_D16s_v5", "westeurope", Linux, PayAsYouGo, "USD")[0].Suspect
		require.Equal(t, want, got, price)
		require.LessOrEqual(t, len(book.Suspects()), 1, "the others are innocent")
	}
	check("0.8")
	check("1.0")                  // a quarter above: the edge
	check("1.01", FlagOffGroup)   //
	check("0.64")                 // a fifth below: the edge
	check("0.63", FlagOffGroup)   //
	check("1.6", FlagFarOffGroup) // twice
	check("0.4", FlagFarOffGroup) // half
	check("0.008", FlagFarOffGroup)
	pair := build(t, []Offer{payg(t, "Standard_D2s_v5", Linux, "0.1"), payg(t, "Standard_D4s_v5", Linux, "0.9")})
	require.Empty(t, pair.Suspects(), "of two nobody knows which is wrong")
}

// A negotiated price far below list is a good deal, not a wrong price.
func TestListPricesAreComparedWithListPrices(t *testing.T) {
	list := []Offer{payg(t, "Standard_D2s_v5", Linux, "0.1"), payg(t, "Standard_D4s_v5", Linux, "0.2"), payg(t, "Standard_D8s_v5", Linux, "0.4"),
		payg(t, "Standard_D16s_v5", Linux, "0.8")}
	b := NewBuilder()
	b.Add(Source{Name: "list", Kind: "embedded"}, list)
	b.Add(Source{Name: "deal", Kind: "negotiated"}, []Offer{payg(t, "Standard_D16s_v5", Linux, "0.39")})
	book, err := b.Build()
	require.NoError(t, err)
	o, err := book.Offer("Standard_D16s_v5", "westeurope", Linux, PayAsYouGo, "USD")
	require.NoError(t, err)
	require.Equal(t, []string{FlagTwiceOther}, o.Suspect, "shown, not refused")
	b = NewBuilder()
	b.Add(Source{Name: "list", Kind: "embedded"}, list)
	b.Add(Source{Name: "newer list", Kind: "retail"}, []Offer{payg(t, "Standard_D16s_v5", Linux, "0.39")})
	book, err = b.Build()
	require.NoError(t, err)
	_, err = book.Offer("Standard_D16s_v5", "westeurope", Linux, PayAsYouGo, "USD")
	require.ErrorIs(t, err, ErrNoOffer, "both are list prices: one of them is wrong")
}

func TestBuildRefusesWhatIsNoPrice(t *testing.T) {
	refuse := func(o Offer) {
		t.Helper()
		b := NewBuilder()
		b.Add(Source{Name: "a"}, []Offer{o})
		_, err := b.Build()
		require.Error(t, err)
	}
	good := payg(t, "Standard_D4s_v5", Linux, "0.23")
	change := func(f func(*Offer)) Offer { o := good; f(&o); return o }
	refuse(change(func(o *Offer) { o.Rate = 0 }))
	refuse(change(func(o *Offer) { o.Rate = -1 }))
	refuse(change(func(o *Offer) { o.Currency = "" }))
	refuse(change(func(o *Offer) { o.Size = "" }))
	refuse(change(func(o *Offer) { o.Region = "" }))
	refuse(change(func(o *Offer) { o.OS = systems }))
	refuse(change(func(o *Offer) { o.Term = OneYear }))
	refuse(change(func(o *Offer) { o.Total = money.New(1, "USD") }))
	refuse(change(func(o *Offer) { o.Term, o.Rate, o.Total = OneYear, 0, money.New(1, "EUR") }))
	b := NewBuilder()
	b.Add(Source{Name: "a"}, nil)
	b.Add(Source{Name: "a"}, nil)
	_, err := b.Build()
	require.Error(t, err, "two sources of one name")
	empty, err := NewBuilder().Build()
	require.NoError(t, err)
	_, err = empty.Offer("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "USD")
	require.ErrorIs(t, err, ErrNoOffer)
}

// However the rows of a source are ordered, the book is the same; and what a
// book answers is exactly what was put in.
func TestBookIsItsRows(t *testing.T) {
	sizes := []catalog.Size{"Standard_D2s_v5", "Standard_D4s_v5", "Standard_E4s_v5", "Standard_B2s_v2"}
	rapid.Check(t, func(t *rapid.T) {
		type cell struct {
			size catalog.Size
			os   OS
			term Term
		}
		cells := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) cell {
			return cell{rapid.SampledFrom(sizes).Draw(t, "size"), OS(rapid.IntRange(0, 1).Draw(t, "os")), Term(rapid.IntRange(0, 2).Draw(t, "term"))}
		}), 0, 12, rapid.ID).Draw(t, "cells")
		var offers []Offer
		for _, c := range cells {
			price := rapid.Int64Range(1, 1e12).Draw(t, "price")
			o := Offer{Size: c.size, Region: "westeurope", OS: c.os, Term: c.term, Currency: "USD"}
			if c.term == PayAsYouGo {
				o.Rate = money.Rate(price)
			} else {
				o.Total = money.New(price, "USD")
			}
			offers = append(offers, o)
		}
		book := build(t, slices.Clone(offers))
		shuffled := build(t, rapid.Permutation(offers).Draw(t, "shuffled"))
		require.Equal(t, book.Hash(), shuffled.Hash())
		require.Equal(t, len(offers), book.Len())
		require.Len(t, slices.Collect(book.All()), len(offers))
		for _, o := range offers {
			got := book.Candidates(o.Size, o.Region, o.OS, o.Term, o.Currency)
			require.Len(t, got, 1)
			require.Equal(t, o.Rate, got[0].Rate)
			require.Equal(t, o.Total, got[0].Total)
		}
	})
}

func TestHashSeesEveryPrice(t *testing.T) {
	base := build(t, []Offer{payg(t, "Standard_D4s_v5", Linux, "0.23")}).Hash()
	require.NotEqual(t, base, build(t, []Offer{payg(t, "Standard_D4s_v5", Linux, "0.2300000001")}).Hash())
	require.NotEqual(t, base, build(t, []Offer{payg(t, "Standard_D4s_v5", Windows, "0.23")}).Hash())
	require.Equal(t, base, build(t, []Offer{payg(t, "Standard_D4s_v5", Linux, "0.23")}).Hash())
	require.Len(t, base, 64)
}

func TestTerms(t *testing.T) {
	for _, term := range []Term{PayAsYouGo, OneYear, ThreeYear} {
		back, err := ParseTerm(term.String())
		require.NoError(t, err)
		require.Equal(t, term, back)
	}
	three, err := ParseTerm(" 3 Years ")
	require.NoError(t, err)
	require.Equal(t, ThreeYear, three)
	require.Equal(t, int64(26_280), three.Hours())
	require.Equal(t, 36, three.Months())
	require.Equal(t, HoursOfMonth*12, HoursOfYear)
	for _, text := range []string{"", "P5Y", "5 Years", "monthly"} {
		_, err := ParseTerm(text)
		require.Error(t, err, text)
	}
	os, err := ParseOS("WINDOWS")
	require.NoError(t, err)
	require.Equal(t, Windows, os)
	_, err = ParseOS("RHEL")
	require.Error(t, err)
	require.Equal(t, "Term(9) OS(9)", Term(9).String()+" "+OS(9).String())
}

func TestCostAndHourly(t *testing.T) {
	// A real line: D8_v4 in West Europe, 1 year 2377, 3 years 4594, pay-as-you-go 0.46.
	o := payg(t, "Standard_D8_v4", Linux, "0.46")
	year, err := o.Cost(OneYear)
	require.NoError(t, err)
	require.Equal(t, "4029.60 USD", year.String()) // 0.46 x 8760
	three, err := o.Cost(ThreeYear)
	require.NoError(t, err)
	require.Equal(t, "12088.80 USD", three.String())
	hour, err := reserved("Standard_D8_v4", ThreeYear, 4594).Hourly()
	require.NoError(t, err)
	require.Equal(t, "0.17481", hour.Decimal()) // 4594 / 26280 = 0.17480974..
	total, err := reserved("Standard_D8_v4", OneYear, 2377).Cost(OneYear)
	require.NoError(t, err)
	require.Equal(t, "2377.00 USD", total.String())
	require.Equal(t, 23, Source{AsOf: day("2026-11-01")}.AgeDays(day("2026-11-24")))
	require.Zero(t, Source{AsOf: day("2026-11-01")}.AgeDays(day("2026-10-24")))
}
