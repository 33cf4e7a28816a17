package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

func svg(t *testing.T, p Picture) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.SVG(&b))
	return b.String()
}

// Every picture is well-formed SVG and a PNG of the stated size, the same bytes each time.
func TestPicturesAreWellFormedAndTheSameEachTime(t *testing.T) {
	pics, again := Pictures(madeUpPlan()), Pictures(madeUpPlan())
	require.Equal(t, len(pics), len(again))
	for i, p := range pics {
		text := svg(t, p)
		require.Equal(t, text, svg(t, again[i]), p.Name)
		decoder := xml.NewDecoder(strings.NewReader(text))
		for {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, p.Name)
		}
		require.Contains(t, text, "<title>")
		require.NotContains(t, text, "font-family:Liberation Sans;", "a reader without this font falls back to serifs")
		require.NotEmpty(t, p.Alt, p.Name)
		if i > 3 {
			continue // drawing dots takes time, and all pictures share the canvas
		}
		var first, second bytes.Buffer
		require.NoError(t, p.PNG(&first))
		require.NoError(t, again[i].PNG(&second))
		require.True(t, bytes.Equal(first.Bytes(), second.Bytes()), p.Name)
		img, err := png.DecodeConfig(&first)
		require.NoError(t, err)
		require.Equal(t, [2]int{1920, 840}, [2]int{img.Width, img.Height}, p.Name)
	}
}

func TestPicturesOfAPlan(t *testing.T) {
	var names []string
	for _, p := range Pictures(madeUpPlan()) {
		names = append(names, p.Name)
	}
	require.Equal(t, []string{
		"contoso-ltd_usd_cash", "contoso-ltd_utilisation",
		"contoso-ltd_polandcentral_dsv5-series_demand", "contoso-ltd_polandcentral_dsv5-series_sorted", "contoso-ltd_polandcentral_dsv5-series_savings",
		"contoso-ltd_polandcentral_d4s-v5_week", "contoso-ltd_polandcentral_e8s-v5_week", "contoso-ltd_polandcentral_b2ms_week", "contoso-ltd_polandcentral_f16s-v2_week",
	}, names)
	require.Empty(t, Pictures(&recommend.Plan{}))
}

func TestWriteDir(t *testing.T) {
	plan := madeUpPlan()
	plan.Profiles = plan.Profiles[:1]
	dir := filepath.Join(t.TempDir(), "new")
	names, err := WriteDir(dir, plan)
	require.NoError(t, err)
	require.Len(t, names, 12)
	var found []string
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		found = append(found, e.Name())
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o644), info.Mode().Perm())
	}
	require.Equal(t, names, found, "nothing else is left in the folder")

	file := filepath.Join(t.TempDir(), "a file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = WriteDir(file, plan)
	require.ErrorContains(t, err, "write pictures")
}

// Two painters give the bytes of one: the files of a folder are those that each picture gives by itself.
func TestPaintersDoNotDisturbEachOther(t *testing.T) {
	dir := t.TempDir()
	_, err := WriteDir(dir, madeUpPlan())
	require.NoError(t, err)
	for _, pic := range Pictures(madeUpPlan())[:4] {
		written, err := os.ReadFile(filepath.Join(dir, pic.Name+".svg"))
		require.NoError(t, err)
		require.Equal(t, svg(t, pic), string(written))
		written, err = os.ReadFile(filepath.Join(dir, pic.Name+".png"))
		require.NoError(t, err)
		var alone bytes.Buffer
		require.NoError(t, pic.PNG(&alone))
		require.True(t, bytes.Equal(alone.Bytes(), written), pic.Name)
	}
}

// The first picture that fails is the error, however the painters share the work; each is tried once.
func TestEachPicture(t *testing.T) {
	pics := make([]Picture, 9)
	for i := range pics {
		pics[i].Name = string(rune('a' + i))
	}
	var tried [9]atomic.Int64
	err := eachPicture(pics, func(p Picture) error {
		tried[p.Name[0]-'a'].Add(1)
		if p.Name == "c" || p.Name == "h" {
			return errors.New(p.Name)
		}
		return nil
	})
	require.EqualError(t, err, "c")
	for i := range tried {
		require.EqualValues(t, 1, tried[i].Load())
	}
	require.NoError(t, eachPicture(nil, nil))
}

// A page shows the payments, the utilisation, the demand and the savings, and says whose they are.
func TestForReport(t *testing.T) {
	pics, err := ForReport(madeUpPlan())
	require.NoError(t, err)
	require.Len(t, pics, 4)
	for _, pic := range pics {
		require.Equal(t, "contoso", pic.Customer)
		require.Contains(t, string(pic.SVG), "<svg")
		require.NotEmpty(t, pic.Title)
		require.NotEmpty(t, pic.Alt)
	}
	pics, err = ForReport(&recommend.Plan{})
	require.NoError(t, err)
	require.Empty(t, pics)
}

func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.svg")
	broken := errors.New("broken")
	require.ErrorIs(t, writeFile(path, func(w io.Writer) error { _, _ = w.Write([]byte("half")); return broken }), broken)
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Empty(t, entries)
}

// A name that tries to leave the folder, to hide or to be a device is a plain name afterwards.
func TestSlug(t *testing.T) {
	check := func(want string, parts ...string) {
		t.Helper()
		require.Equal(t, want, slug(parts...))
	}
	check("contoso-ltd_polandcentral_dsv5-series", "Contoso Ltd.", "polandcentral", "DSv5 Series")
	check("etc-passwd", "../../etc/passwd")
	check("d4s-v5", "Standard_D4s_v5")
	check("a_b", "a", "\x00/\\", "b")
	check("", "..", "数据")
	check(strings.Repeat("x", maxSlug), strings.Repeat("x", 300))
}

func TestNamesAreNeverTakenTwice(t *testing.T) {
	plan := madeUpPlan()
	plan.Pools = append(plan.Pools, plan.Pools[0])
	seen := map[string]bool{}
	for _, p := range Pictures(plan) {
		require.False(t, seen[p.Name], p.Name)
		seen[p.Name] = true
	}
}

// Names from files are text in a drawing, and never markup or control characters.
func TestNamesAreTextInADrawing(t *testing.T) {
	pool := officePool(october(), 1)
	pool.Group = "</svg><script>alert(1)</script>\x1b[2J\u202e"
	text := svg(t, Demand(pool, october()))
	require.NotContains(t, text, "<script")
	require.NotContains(t, text, "\x1b")
	require.NotContains(t, text, "\u202e")
}

// The layers of each hour, worked by hand: 2 owned units, 6 for three years, 2 for one. Of 13 units 2 are owned, 6 + 2 new,
// 3 pay-as-you-go; of 1.5 all are owned.
func TestCut(t *testing.T) {
	a := anatomyOf(officePool(october(), 1))
	require.Equal(t, 2.0, a.owned)
	require.Equal(t, 10.0, a.boughtTop)
	require.Equal(t, []float64{2, 8, 10, 13}, a.cut(13*demand.Full, 11*demand.Full))
	require.Equal(t, []float64{2, 5, 5, 5}, a.cut(5*demand.Full, 3*demand.Full))
	require.Equal(t, []float64{1.5, 1.5, 1.5, 1.5}, a.cut(1.5*demand.Full, 0))
}

// Whatever is cut and averaged, nothing is lost: the tops never fall from layer to layer, and the mean of the top layer is
// the mean of the demand.
func TestLawOfTheLayers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gross := rapid.SliceOfN(rapid.Int64Range(0, 30*demand.Full), 1, 60).Draw(t, "gross")
		owned := rapid.Int64Range(0, 10*demand.Full).Draw(t, "owned")
		net := make([]int64, len(gross))
		sum := int64(0)
		for i := range gross {
			net[i] = max(0, gross[i]-owned)
			sum += gross[i]
		}
		a := anatomy{layers: []layer{{units: rapid.Float64Range(0, 9).Draw(t, "three")}, {units: rapid.Float64Range(0, 9).Draw(t, "one")}}}
		s := a.averages(gross, net, len(gross))
		for k := 1; k < len(s.layers); k++ {
			require.GreaterOrEqual(t, s.layers[k][0], s.layers[k-1][0]-1e-9)
		}
		top := s.layers[len(s.layers)-1][0]
		require.InDelta(t, float64(sum)/demand.Full/float64(len(gross)), top, 1e-6)
	})
}

func TestThinKeepsExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		series := rapid.SliceOfN(rapid.Int64(), 1, 900).Draw(t, "series")
		limit := rapid.IntRange(2, 100).Draw(t, "limit")
		places := thin(series, limit)
		require.LessOrEqual(t, len(places), limit)
		low, high := series[0], series[0]
		thinLow, thinHigh := series[places[0]], series[places[0]]
		for _, v := range series {
			low, high = min(low, v), max(high, v)
		}
		last := -1
		for _, i := range places {
			require.Greater(t, i, last, "places ascend")
			last = i
			thinLow, thinHigh = min(thinLow, series[i]), max(thinHigh, series[i])
		}
		require.Equal(t, [2]int64{low, high}, [2]int64{thinLow, thinHigh})
	})
}

// A year of hours is drawn by the day and stays small.
func TestLongWindows(t *testing.T) {
	year := demand.Window{From: date(2025, 11, 24), To: date(2026, 11, 23)}
	text := svg(t, Demand(officePool(year, 3), year))
	require.Less(t, len(text), 400_000)
	require.Contains(t, text, "busiest hour of each day")
	require.NotContains(t, text, "weekends shaded")
}

func TestNothingToShow(t *testing.T) {
	_, ok := Cash(&recommend.Total{})
	require.False(t, ok)
	_, ok = Savings(&recommend.Pool{}, nil)
	require.False(t, ok)
	_, ok = Utilisation([]analyzer.Profile{{}}, nil)
	require.False(t, ok)
	_, ok = Week(&analyzer.Profile{}, nil)
	require.False(t, ok)
	// A pool without hours, without prices and without choice is an empty picture and no panic.
	require.Contains(t, svg(t, Demand(&recommend.Pool{}, demand.Window{})), "Nothing is bought.")
	require.Contains(t, svg(t, Sorted(&recommend.Pool{})), "busiest first")
}

// Two payments in November, none in December, one in January: three bars, the middle one empty.
func TestMonthsOf(t *testing.T) {
	cents := func(n int64) money.Amount { return money.New(n*10_000, "USD") }
	months := monthsOf(&recommend.Total{Cash: []recommend.Cash{
		{Date: date(2026, 11, 2), Amount: cents(100)}, {Date: date(2026, 11, 24), Amount: cents(250)}, {Date: date(2027, 1, 24), Amount: cents(5)},
	}})
	require.Len(t, months, 3)
	require.Equal(t, []float64{3.5, 0, 0.05}, []float64{months[0].paid(), months[1].paid(), months[2].paid()})
	require.Equal(t, date(2026, 12, 1), months[1].first)
}

// Microsoft's rule is read from the longest lookback, and 8 x D4s are 16 units of D2s (ratios 4 and 2).
func TestTheirs(t *testing.T) {
	plan := madeUpPlan()
	units, found := theirs(&plan.Pools[0], pricing.ThreeYear, plan.Reference)
	require.True(t, found)
	require.Equal(t, 16.0, units)
	_, found = theirs(&plan.Pools[0], pricing.OneYear, plan.Reference)
	require.False(t, found)
	pic, _ := Savings(&plan.Pools[0], plan.Reference)
	require.Contains(t, pic.Alt, "Microsoft's rule: 16.")
}

// Of what is bought both shares are asked, of the other term none; where nothing is bought both terms say when they pay.
func TestThresholds(t *testing.T) {
	pool := officePool(october(), 1)
	pool.Chosen, pool.Compare[2].Buy = recommend.P3Y, pool.Compare[3].Buy[:1]
	pool.Marginal = []recommend.Marginal{{Term: pricing.ThreeYear, Last: recommend.Fraction{Value: 0.9, Has: true}, Threshold: 0.388, Required: 0.53}}
	require.Equal(t, []threshold{{0.388, "three years: pays from 38.8 %"}, {0.53, "three years: asked for 53.0 %, as demand may end"}}, thresholds(pool))
	pool.Chosen, pool.Marginal = recommend.PAYG, nil
	require.Equal(t, []threshold{{0.388, "three years: pays from 38.8 %"}, {0.6205, "one year: pays from 62.1 %"}}, thresholds(pool))
}

// 3 x D4s for three years are 6 units; 2 of today's units end in March, one more renews itself and stays.
func TestLevelAfterWhatIsOwnedEnds(t *testing.T) {
	pool := officePool(october(), 1)
	pool.Existing = []recommend.Existing{{Size: "Standard_D2s_v5", Quantity: 2, Until: date(2027, 3, 15)}}
	a := anatomyOf(pool)
	require.Equal(t, 8.0, a.later)
	require.Equal(t, date(2027, 3, 15), a.ends)
	require.Contains(t, svg(t, Demand(pool, october())), "level from 15 Mar 2027, when 2 reserved today end")
	pool.Existing[0].AutoRenew = true
	require.True(t, anatomyOf(pool).ends.IsZero())
}

func TestPlacedJoinsMarks(t *testing.T) {
	got := placed([]mark{{x: 8, label: "best"}, {x: 8, label: "this plan"}, {x: 3, label: "rule"}})
	require.Equal(t, []mark{{x: 3, label: "rule: 3", below: 9}, {x: 8, label: "best, this plan: 8"}}, got)
}

func TestTicks(t *testing.T) {
	check := func(low, high float64, want string) {
		t.Helper()
		var got []string
		for _, tick := range (countTicks{}).Ticks(low, high) {
			got = append(got, tick.Label)
		}
		require.Equal(t, want, strings.Join(got, " "))
	}
	check(0, 21, "0 5 10 15 20")
	check(0, 7000, "0 1,000 2,000 3,000 4,000 5,000 6,000 7,000")
	check(-130, 420, "-100 0 100 200 300 400")
	check(0, 1.1, "0.0 0.2 0.4 0.6 0.8 1.0")
	check(0, 0, "0")
	week := demand.Window{From: date(2026, 11, 16), To: date(2026, 11, 23)}
	require.Equal(t, "Mon 16 Nov", calendar{week}.Ticks(0, 168)[0].Label)
	require.Equal(t, "26 Oct to 22 Nov 2026", span(october()))
	require.Equal(t, "no hours", span(demand.Window{From: time.Time{}, To: time.Time{}}))
}
