package pricing

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// naive answers from the rows themselves: the last source that has the thing,
// in it the newest row; nil where rows of one day differ.
func naive(batches [][]Offer, size catalog.Size, region catalog.Region, os OS, term Term, currency money.Code) (found bool, price int64, conflict bool) {
	for _, offers := range slices.Backward(batches) {
		var newest *Offer
		for i := range offers {
			o := &offers[i]
			if o.Size != size || o.Region != region || o.OS != os || o.Term != term || o.Currency != currency {
				continue
			}
			switch {
			case newest == nil || o.Since.After(newest.Since):
				newest, conflict = o, false
			case o.Since.Equal(newest.Since) && (o.Rate != newest.Rate || o.Total != newest.Total):
				conflict = true
			}
		}
		if newest != nil {
			return true, int64(newest.Rate) + newest.Total.Micros, conflict
		}
	}
	return false, 0, false
}

var drawSizes = []catalog.Size{"Standard_D2s_v5", "Standard_E4s_v5", "Standard_B2s_v2", "Standard_F2s_v2"}

func drawOffer(t *rapid.T) Offer {
	o := Offer{Size: rapid.SampledFrom(drawSizes).Draw(t, "size"), Region: rapid.SampledFrom([]catalog.Region{"westeurope", "eastus"}).Draw(t, "region"),
		OS: OS(rapid.IntRange(0, 1).Draw(t, "os")), Term: Term(rapid.IntRange(0, 2).Draw(t, "term")),
		Currency: rapid.SampledFrom([]money.Code{"USD", "EUR"}).Draw(t, "currency"),
		Since:    day("2026-01-01").AddDate(0, rapid.IntRange(0, 2).Draw(t, "month"), 0), Line: "x"}
	price := rapid.Int64Range(1, 4).Draw(t, "price") * 1_000_000_000
	if o.Term == PayAsYouGo {
		o.Rate = money.Rate(price)
	} else {
		o.Total = money.New(price, o.Currency)
	}
	return o
}

// However many sources lie over each other, the book answers what reading the
// rows from the top answers.
func TestBookAgreesWithReadingTheRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batches := make([][]Offer, rapid.IntRange(1, 4).Draw(t, "sources"))
		b := NewBuilder()
		for i := range batches {
			batches[i] = rapid.SliceOfN(rapid.Custom(drawOffer), 0, 12).Draw(t, "offers")
			b.Add(Source{Name: fmt.Sprint(i), AsOf: day("2026-11-01")}, slices.Clone(batches[i]))
		}
		book, err := b.Build()
		require.NoError(t, err)
		count := 0
		for _, size := range drawSizes {
			for _, region := range []catalog.Region{"westeurope", "eastus"} {
				for slot := range slots {
					for _, currency := range []money.Code{"USD", "EUR"} {
						os, term := OS(slot/int(terms)), Term(slot%int(terms))
						found, price, conflict := naive(batches, size, region, os, term, currency)
						candidates := book.Candidates(size, region, os, term, currency)
						require.Equal(t, found, len(candidates) > 0)
						o, err := book.Offer(size, region, os, term, currency)
						require.Equal(t, err == nil, found && refusal(firstFlags(candidates)) == "")
						if !found {
							continue
						}
						count++
						require.Equal(t, price, int64(candidates[0].Rate)+candidates[0].Total.Micros)
						require.Equal(t, conflict, slices.Contains(candidates[0].Suspect, FlagConflict))
						if err == nil {
							require.Equal(t, candidates[0], o)
						} else {
							require.ErrorIs(t, err, ErrNoOffer)
						}
					}
				}
			}
		}
		require.Equal(t, count, book.Len())
	})
}

func firstFlags(offers []Offer) []string {
	if len(offers) == 0 {
		return nil
	}
	return offers[0].Suspect
}

// All is in order and Suspects is its flagged part.
func TestOrderOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		book := build(t, rapid.SliceOfN(rapid.Custom(drawOffer), 0, 40).Draw(t, "offers"))
		all := slices.Collect(book.All())
		require.True(t, slices.IsSortedFunc(all, compareOffers))
		flagged := slices.DeleteFunc(slices.Clone(all), func(o Offer) bool { return len(o.Suspect) == 0 })
		require.Equal(t, len(flagged), len(book.Suspects()))
		for _, o := range all {
			require.Contains(t, book.Offers(o.Size, o.Region), o)
		}
		n := 0
		for range book.All() {
			if n++; n == 2 {
				break
			}
		}
	})
}

// A dearer reservation is never taken for a cheaper one: flags only grow worse
// with the price.
func TestDearerReservationsAreFlagged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.Int64Range(1, 1_000_000).Draw(t, "rate")
		list := Offer{Size: "Standard_D4s_v5", Region: "westeurope", Rate: money.Rate(price * 10_000_000), Currency: "USD"}
		full, err := list.Cost(OneYear)
		require.NoError(t, err)
		total := rapid.Int64Range(1, 3*full.Micros).Draw(t, "total")
		book := build(t, []Offer{list, {Size: list.Size, Region: list.Region, Term: OneYear, Total: money.New(total, "USD"), Currency: "USD"}})
		o, err := book.Offer(list.Size, list.Region, Linux, OneYear, "USD")
		require.NoError(t, err)
		require.Equal(t, total > full.Micros, slices.Contains(o.Suspect, FlagAbovePAYG))
	})
}

func TestBookIsForManyAtOnce(t *testing.T) {
	book := build(t, []Offer{payg(t, "Standard_D4s_v5", Linux, "0.23"), reserved("Standard_D4s_v5", OneYear, 1189)})
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				if _, err := book.Offer("Standard_D4s_v5", "westeurope", Linux, OneYear, "USD"); err != nil {
					t.Error(err)
				}
				if book.Hash() == "" || book.Len() != 2 {
					t.Error("changed")
				}
			}
		})
	}
	wait.Wait()
}

func TestTooManySources(t *testing.T) {
	b := NewBuilder()
	for i := range maxSource + 1 {
		b.Add(Source{Name: fmt.Sprint(i)}, nil)
	}
	_, err := b.Build()
	require.Error(t, err)
}

func TestErrorsSayEverything(t *testing.T) {
	book := build(t, []Offer{payg(t, "Standard_D4s_v5", Linux, "0.23")})
	_, err := book.Offer("Standard_D4s_v5", "eastus", Linux, PayAsYouGo, "USD")
	require.EqualError(t, err, "Standard_D4s_v5 in eastus, Linux PAYG USD: no source has this price: no offer")
	_, err = book.Offer("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "EUR")
	require.EqualError(t, err, "Standard_D4s_v5 in westeurope, Linux PAYG EUR: only priced in USD: no offer")
	var e *NoOfferError
	require.True(t, errors.As(err, &e))
	_, err = book.SoftwareRate("Standard_D4s_v5", "westeurope", "USD")
	require.ErrorIs(t, err, ErrNoOffer, "without a Windows price nobody knows the licence")
	dear := build(t, []Offer{payg(t, "Standard_D4s_v5", Linux, "0.5"), payg(t, "Standard_D4s_v5", Windows, "0.4")})
	_, err = dear.SoftwareRate("Standard_D4s_v5", "westeurope", "USD")
	require.ErrorIs(t, err, ErrNoOffer, "a licence never costs less than nothing")
	_, ok := book.Source("nobody")
	require.False(t, ok)
	require.Equal(t, []string{"a"}, []string{book.Sources()[0].Name})
	book.Sources()[0].Name = "changed"
	require.Equal(t, "a", book.Sources()[0].Name, "callers cannot change a book")
}

func TestAddNamesTheSource(t *testing.T) {
	offers := []Offer{payg(t, "Standard_D4s_v5", Linux, "0.23")}
	b := NewBuilder()
	b.Add(Source{Name: "mine", AsOf: time.Time{}, Rows: 99}, offers)
	book, err := b.Build()
	require.NoError(t, err)
	s, ok := book.Source("mine")
	require.True(t, ok)
	require.Equal(t, 1, s.Rows)
	require.Equal(t, "mine", book.Candidates("Standard_D4s_v5", "westeurope", Linux, PayAsYouGo, "USD")[0].Source)
}
