package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// randomPlan is a plan of n lines with names of every length and script and amounts of every size.
func randomPlan(seed uint64, n int) *recommend.Plan {
	rng := rand.New(rand.NewPCG(seed, seed))
	words := []string{"a", "vm", "Standard_D4s_v5", "производство", "数据库服务器", "e\u0301", "x\x1b[1m", "very-long-", "🚀", " ", "/", "|", "\t"}
	name := func() string {
		var b strings.Builder
		for range rng.IntN(14) {
			b.WriteString(words[rng.IntN(len(words))])
		}
		return b.String()
	}
	currencies := []money.Code{"USD", "JPY", "KWD", "IDR"}
	amount := func(c money.Code) money.Amount { return money.New(int64(rng.Uint64()>>(rng.IntN(60)+1)), c) }
	fraction := func() recommend.Fraction {
		return recommend.Fraction{Value: rng.Float64() * 40, Has: rng.IntN(3) > 0}
	}
	p := &recommend.Plan{AsOf: date(2026, 11, 24), Window: demand.Window{From: date(2026, 10, 1), To: date(2026, 11, 24)}, Policy: recommend.DefaultPolicy()}
	for i := range n {
		c := currencies[i%len(currencies)]
		pool := recommend.Pool{ID: fmt.Sprint("p", i), Customer: name(), Currency: c, Group: name(), Region: catalog.Region(name()), Days: rng.IntN(60), Flexible: true}
		for _, choice := range []recommend.Choice{recommend.PAYG, recommend.P1Y, recommend.P3Y, recommend.Mixed} {
			pool.Compare = append(pool.Compare, recommend.Compared{Choice: choice, Cost: amount(c), Saving: amount(c), SavingShare: rng.Float64(), Threshold: fraction()})
		}
		pool.Persistence = recommend.Persistence{MonthlyLoss: rng.Float64(), Source: name(), FlipsAt: fraction()}
		p.Pools = append(p.Pools, pool)
		p.Lines = append(p.Lines, recommend.Line{
			ID: fmt.Sprint("l", i), Pool: pool.ID, Customer: pool.Customer, Region: pool.Region, Size: catalog.Size(name()), Term: pricing.ThreeYear,
			Quantity: rng.Int64N(1 << 40), UnitPrice: amount(c), TotalPrice: amount(c), Currency: c, PriceSource: name(), SavingMonth: amount(c),
			SavingMonthLow: amount(c), SavingMonthHigh: amount(c), SavingTerm: amount(c), BreakEvenMonths: fraction(), Scope: name(),
			Marginal: recommend.Marginal{Last: fraction(), Next: fraction(), Threshold: rng.Float64(), Unit: name()}, Reasons: []string{name(), name()},
		})
		p.VMs = append(p.VMs, analyzer.VM{Customer: pool.Customer, Resource: name(), Name: name(), ResourceGroup: name(), Size: catalog.Size(name()), Hours: rng.Int64N(1 << 50), State: "ok"})
		p.Profiles = append(p.Profiles, analyzer.Profile{Key: analyzer.Key{Customer: pool.Customer, Region: pool.Region, Size: catalog.Size(name())}, Hours: rng.Int64N(1 << 50),
			CPUAvg: analyzer.Distribution{Samples: 1, P95: analyzer.Percent(rng.Int32())}})
		p.Resizes = append(p.Resizes, recommend.Resize{VM: p.VMs[i].Resource, From: catalog.Size(name()), To: catalog.Size(name()), Action: "resize", SavingMonth: amount(c)})
		p.NotRecommended = append(p.NotRecommended, recommend.NotRecommended{Subject: name(), Reason: words[i%4], Detail: name()})
		p.Warnings = append(p.Warnings, analyzer.Warning{Code: words[i%3], Subject: name(), Detail: name()})
		p.Reference = append(p.Reference, recommend.Reference{Customer: pool.Customer, Size: catalog.Size(name()), Region: pool.Region, Term: pricing.OneYear, Currency: c, NetSavings: amount(c), Difference: name()})
		p.Totals = append(p.Totals, recommend.Total{Customer: pool.Customer, CustomerName: name(), Currency: c, PayGMonth: amount(c), PlanMonth: amount(c), Joint: amount(c),
			SavingLow: amount(c), SavingHigh: amount(c), Cash: []recommend.Cash{{Date: p.AsOf.Add(time.Duration(i)), Amount: amount(c)}}})
		p.Files = append(p.Files, recommend.File{Name: name(), Kind: "charges", Rows: rng.Int64(), SHA256: name()})
		p.Prices = append(p.Prices, pricing.Source{Name: name(), Kind: "retail", Currency: c, Rows: rng.Int()})
	}
	return p
}

// No line of a table is wider than it may be, no number is shortened, and the other faces stay well formed, whatever
// the names and figures are.
func TestLawsOfEveryFace(t *testing.T) {
	for seed := range uint64(6) {
		p := randomPlan(seed, 25)
		for _, width := range []int{0, 10, 80, 91, 100, 250} {
			opts := Options{Width: width, Verbose: seed%2 == 0}
			requireNarrow(t, render(t, p, Table, opts), opts.width())
		}
		var out bytes.Buffer
		require.NoError(t, WriteAnalysis(&out, &analyzer.Analysis{Profiles: p.Profiles, VMs: p.VMs, Warnings: p.Warnings}, Table, Options{Width: 90}))
		requireNarrow(t, out.Bytes(), 90)
		require.True(t, json.Valid(render(t, p, JSON, version)))
		rows, err := csv.NewReader(bytes.NewReader(render(t, p, CSV, version))).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, len(p.Lines)+len(p.Resizes)+1)
		for _, row := range rows[1:] {
			for _, value := range row {
				require.False(t, value != "" && strings.ContainsRune("=+@\t\r", rune(value[0])), "%q would be a formula", value)
			}
		}
	}
}

// A shortened amount would be another amount: columns go before digits do.
func TestNumbersAreNeverShortened(t *testing.T) {
	p := contosoPlan()
	p.Lines[0].Size, p.Lines[0].Region = longName, catalog.Region(longName)
	p.Lines[0].TotalPrice, p.Lines[0].SavingMonth = usd(math.MaxInt64), usd(math.MaxInt64)
	text := string(render(t, p, Table, Options{Width: 80}))
	require.Contains(t, text, "  9,223,372,036,854.78")
	require.NotContains(t, text, "9,2…")
	requireNarrow(t, []byte(text), 80)
}

func TestWrapKeepsEveryWordThatFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-zé数%]{1,12}`)).Draw(t, "words")
		width := rapid.IntRange(26, 100).Draw(t, "width")
		lines := wrap(strings.Join(words, " "), width)
		require.Equal(t, strings.Join(words, " "), strings.Join(lines, " "))
	})
}

func TestShorten(t *testing.T) {
	check := func(s string, width int, want string) {
		t.Helper()
		require.Equal(t, want, shorten(s, width))
	}
	check("short", 5, "short")
	check("abcdefghij", 5, "ab…ij")
	check("abcdefghij", 6, "abc…ij")
	check("abc", 2, "..")
	check("abc", 0, "")
	check("数据库服务器", 7, "数…器") // each takes two columns: 2 + 1 + 2, a third would make 7 + 2
}

func TestMoneyForPeople(t *testing.T) {
	check := func(a money.Amount, want string) {
		t.Helper()
		require.Equal(t, want, amount(a))
	}
	check(usd(1_482_000_000), "1,482.00 USD")
	check(usd(-999_999_000_000), "-999,999.00 USD")
	check(usd(5_000), "0.00 USD") // half a cent rounds to even
	check(usd(15_000), "0.02 USD")
	check(money.New(1_234_567_500_000, "JPY"), "1,234,568 JPY")
	check(money.New(1_234_567, "KWD"), "1.235 KWD")
	check(money.Amount{}, "0.00")
}

func TestNumbersForPrograms(t *testing.T) {
	require.Equal(t, number("0.387957"), share(0.3879571))
	require.Equal(t, number("0"), share(-0.0000001))
	require.Equal(t, number("1"), share(0.9999999))
	require.Equal(t, number(""), share(math.NaN()))
	require.Equal(t, number("4704.5"), millionths(4_704_500_000))
	require.Equal(t, number("-0.000001"), millionths(-1))
	require.Equal(t, number("0"), millionths(0))
	require.Equal(t, number("95.5"), hundredths(9550))
	require.Equal(t, "0.00", units(4_999))
	require.Equal(t, "0.01", units(5_000))
	require.Equal(t, "-1,234.50", units(-1_234_500_000))
	require.Equal(t, "29.4 %", percent(0.29403))
	require.Equal(t, "0.0 %", percent(-0.0001))
	require.Equal(t, "unknown", percent(math.Inf(1)))
	require.Equal(t, "2026-10-31", lastDay(date(2026, 11, 1)))
	require.Equal(t, "unknown", day(time.Time{}))
	require.Equal(t, "1 year", term(1))
	require.Equal(t, "a, b and c", join([]string{"a", "b", "c"}))
}

func TestCleanShowsWhatIsHidden(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		require.Equal(t, want, clean(in))
		require.Equal(t, clean(in), clean(clean(in)), "cleaning twice changes nothing")
	}
	check("plain", "plain")
	check("Größe 数", "Größe 数")
	check("\x1b[31m", `\x1b[31m`)
	check("a\nb\x7f", `a\x0ab\x7f`)
	check("\u202e\u200b\u00a0", `\u{202e}\u{200b}\u{a0}`)
	check("\xff\xc3", `\xff\xc3`)
	check("\ufffd", "\ufffd")
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "vm-01", "\x1b]0;t\x07", "\u202e", "\xff", "=1", "数据"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range clean(s) {
			if !visible(r) {
				t.Fatalf("clean(%q) holds %q", s, r)
			}
		}
		if c := cell(s); c != "" && strings.ContainsRune(formulaStarts, []rune(c)[0]) {
			t.Fatalf("cell(%q) = %q would be a formula", s, c)
		}
		for _, line := range wrap(clean(s), 30) {
			requireNarrow(t, []byte(line), 30)
		}
	})
}
