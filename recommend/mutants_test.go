//go:build engines

package recommend_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutant is a wrong program: one place in one function of one file changed. Some test of run must fail on it.
type mutant struct {
	breaks         string // the invariant or rule, as in the reliability note and DESIGN section 4
	file, old, new string
	run            string
}

var mutants = []mutant{
	{"M1, M10: a unit that exactly breaks even is bought", "solve/pool.go", "use(q, p.Step).times(uint64(p.Payg)).cmp(cost) <= 0", "use(q, p.Step).times(uint64(p.Payg)).cmp(cost) < 0", "TestTieBuysTheSmallerQuantity"},
	{"M1: decided on the lucky reading of the hours", "decide.go", "low := classesOf(d.pool, d.market, hours, stacked)", "low := classesOf(d.pool, d.market, hours, flat)", "TestUnknownHours"},
	{"M1: the unlucky reading may lose", "decide.go", "row.SavingLow, row.SavingHigh = lesser(row.SavingLow, other)", "row.SavingLow, row.SavingHigh = row.SavingLow", "TestUnluckyAndLucky"},
	{"M2: existing reservations are not netted", "horizon.go", "left[v] -= take\n\t\t\t\t\tcapacity -= take", "capacity -= take", "TestExistingReservations"},
	{"M2: existing reservations are netted twice", "horizon.go", "capacity := e.Qty * p.Sizes", "capacity := 2 * e.Qty * p.Sizes", "TestExistingReservations|TestNarrowScope"},
	{"M2: what was bought last week is not seen", "horizon.go", "hourAhead(asOf, e.From, end) <= from", "e.From.Before(asOf.AddDate(0, 0, -7)) && hourAhead(asOf, e.From, end) <= from", "TestWhatWasBoughtLastWeek"},
	{"an expiry next month is not seen", "horizon.go", "from < untilHour(asOf, e, end)", "from < end", "TestExpiryNextMonth"},
	{"what can wait for an expiry is bought today", "later.go", "starts := append([]int64{0}, ends[:min(len(ends), mostStarts)]...)", "starts := append([]int64{0}, ends[:0]...)", "TestExpiryNextMonth|TestPartOfTheDemand"},
	{"M3: a saving above the cost", "decide.go", "row.Saving, err = row.PayGCost.Sub(row.Cost)", "row.Saving, err = row.PayGCost.Add(row.Cost)", "TestSteadyDemand"},
	{"M4: a commitment is subtracted twice", "ahead.go", "return e.payg.Add(e.commitment)", "return e.payg.Add(e.commitment).Add(e.commitment)", "TestSteadyDemand"},
	{"M4: the price of one for the price of all", "lines.go", "offer.Total.Mul(p.Quantity)", "offer.Total.Mul(1)", "TestSteadyDemand|TestCash"},
	{"M5: the bottom line is not the sum of its lines", "totals.go", "{&t.Joint, l.SavingMonth}", "{&t.Joint, l.SavingMonthHigh}", "TestUnluckyAndLucky"},
	{"M6: two currencies are one", "totals.go", "key := totalKey{d.pool.Customer, d.currency}", "key := totalKey{d.pool.Customer, \"USD\"}", "TestCurrencies"},
	{"M6: a line in another currency than its pool", "lines.go", "UnitPrice: offer.Total, Currency: d.currency,", "UnitPrice: offer.Total, Currency: \"EUR\",", "TestSteadyDemand"},
	{"M6: a saving in another currency", "ahead.go", "return money.New(micros, currency), nil", "return money.New(micros, \"EUR\"), nil", "TestSteadyDemand"},
	{"M7: a missing price is 0", "market.go", "m.noPrice = append(m.noPrice, unpriced{size, err})\n\t\treturn", "m.rates[size] = price{1, \"none\", rowsKind, in.Analysis.AsOf}", "TestMissingPrice"},
	{"M7: the age of a price is not limited", "market.go", "ok && age > in.Policy.MaxPriceAge", "ok && age > 100*in.Policy.MaxPriceAge", "TestPricesTooOld"},
	{"M7: a price for another buyer", "market.go", "return refusal{\"price_basis\"", "continue\n\t\t\treturn refusal{\"price_basis\"", "TestNegotiated"},
	{"M8: three years from a week", "decide.go", "term == pricing.ThreeYear && days < policy.MinDaysNormal", "term == pricing.ThreeYear && days < policy.MinDaysOneYear", "TestGates"},
	{"M8: missing days are idle", "horizon.go", "if slices.Contains(pool.Gaps, h/24) {", "if false {", "TestMissingDays"},
	{"M8: buying while what is owned is unknown", "decide.go", "covered > 0 && !in.HasList {", "covered < 0 && !in.HasList {", "TestBuyingIsOff"},
	{"M11: three years whatever is lost", "horizon.go", "math.Pow(1-loss, float64(months))", "math.Pow(1, float64(months))", "TestExpectedSaving"},
	{"M12: a dearer reservation is bought more", "choose.go", "return total.Micros * 10_000 * k.scale, nil", "return 1_000_000_000_000_000 / (1 + total.Micros/1_000_000), nil", "TestDearer"},
	{"M10: one more than pays for itself", "choose.go", "return purchases(k.offer, q), nil", "return purchases(k.offer, q+1), nil", "TestSteadyDemand|TestPartOfTheDemand"},
	{"M12: a dearer reservation is bought more, seen at run time", "solve/pool.go", "use(q, p.Step).times(uint64(p.Payg)).cmp(cost) <= 0", "use(q, p.Step).times(uint64(p.Payg)).cmp(cost) <= 0 && p.Cost%2 == 0", "TestDearer|TestSteadyDemand"},
	{"the limit on cash is exceeded later", "budget_later.go", "if sum > limit &&", "if sum > 2*limit &&", "TestLimitsHold"},
	{"capacity in another subscription", "pieces.go", "return m.Subscription != key.subscription || m.Size", "return m.Size", "TestCapacityPriority"},
	{"owned reservations are forgotten where capacity is held", "pieces.go", "*hour -= (take + ratio - 1) / ratio", "_ = ratio", "TestCapacityPriorityBeside"},
	{"what-if: the narrower scope covers everything", "ahead.go", "Scope: a.scope, From: from", "Scope: sharedScope, From: from", "TestWhatIfTheScope"},
	{"a savings plan is spent on nothing", "sunk.go", "max(0, max(0, n)-level)", "max(0, n)", "TestUncovered|TestUsageUnder"},
	{"an idle reservation is not re-scoped", "rescope.go", "if cost.Cmp(least) < 0 {", "if cost.Cmp(least) > 0 {", "TestIdleReservationsAreRescoped"},
	{"the partner's credit is forgotten", "market.go", "p.rate = in.Policy.payer(p.rate)", "_ = in.Policy.payer(p.rate)", "TestObjective"},
	{"M13: the calendar pays another sum", "calendar.go", "range total.Split(12 * term.Years())", "range total.Split(12 * term.Years())[1:]", "TestCash"},
	{"EA reservations are netted", "recommend.go", "e.Region != pool.Region || e.Agreement == \"ea\" ||", "e.Region != pool.Region ||", "TestReservationsOfAnotherAgreement"},
	{"usage under a savings plan is worth its pay-as-you-go price", "recommend.go", "in.Analysis = withoutPlanned(in.Analysis)", "_ = withoutPlanned", "TestUsageUnderASavingsPlan"},
	{"a series that is no longer sold is bought", "market.go", "!verdict.OK {", "false {", "TestEligibility"},
	{"the limit on cash is exceeded", "budget.go", "if a.cash > limit-s.cash {", "if a.cash > 2*limit-s.cash {", "TestBudget|TestMonthlyLimit"},
}

// mutantVariable names the mutant, by its place in the list, that a program with all of them is to be. None is the program itself.
const mutantVariable = "SIZETERM_TEST_MUTANT"

// All mutants are compiled at once into one program, which is then run as each of them: a test must fail. As itself it must not.
func TestMutantsAreKilled(t *testing.T) {
	program := filepath.Join(t.TempDir(), "mutants.test")
	out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", overlay(t), "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "the mutants must compile:\n%s", out)
	tests := make([]string, len(mutants))
	for i, m := range mutants {
		tests[i] = m.run
	}
	text, err := runAs(t, program, "", strings.Join(tests, "|"))
	require.NoError(t, err, "no mutant:\n%s", text)
	for i, m := range mutants {
		t.Run(strings.Fields(m.breaks)[0]+" "+filepath.Base(m.file)+" "+m.run, func(t *testing.T) {
			t.Parallel()
			text, err := runAs(t, program, fmt.Sprint(i), m.run)
			require.Error(t, err, "%s: no test noticed", m.breaks)
			require.Regexp(t, `(?m)^\s*--- FAIL: |^panic: `, text)
		})
	}
}

// runAs runs tests of the program with all mutants as one of them.
func runAs(t *testing.T, program, mutant, tests string) (string, error) {
	run := exec.CommandContext(t.Context(), program, "-test.short", "-test.timeout", "5m", "-test.run", tests)
	run.Env = append(os.Environ(), mutantVariable+"="+mutant)
	out, err := run.CombinedOutput()
	return string(out), err
}

// overlay writes every file with its mutants in it, and the list of them for the go command; it returns the list's path.
func overlay(t *testing.T) string {
	dir, replace := t.TempDir(), map[string]string{}
	for i, m := range mutants {
		real, err := filepath.Abs(m.file)
		require.NoError(t, err)
		if replace[real] != "" {
			continue
		}
		text, err := os.ReadFile(real)
		require.NoError(t, err)
		replace[real] = filepath.Join(dir, fmt.Sprintf("%d.go", i))
		require.NoError(t, os.WriteFile(replace[real], []byte(mutated(t, m.file, string(text))), 0o600))
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	require.NoError(t, err)
	path := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(path, list, 0o600))
	return path
}

// mutated returns the text of a file in which each function that has mutants begins with a wrong body for each, taken where the
// variable names it.
func mutated(t *testing.T, file, text string) string {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.SkipObjectResolution)
	require.NoError(t, err)
	asked := "mutantIn" + strings.ReplaceAll(strings.TrimSuffix(filepath.Base(file), ".go"), "_", "")
	wrong := map[int]string{} // what to insert, by the offset
	for i, m := range mutants {
		if m.file != file {
			continue
		}
		require.Equal(t, 1, strings.Count(text, m.old), "%s: the place to change, once: %q", m.file, m.old)
		f, open, end := enclosing(set, parsed, strings.Index(text, m.old), len(m.old))
		require.NotNil(t, f, "%s: not in a function: %q", m.file, m.old)
		wrong[open] += fmt.Sprintf("\nif %s == \"%d\" {%s\n", asked, i, strings.Replace(text[open:end], m.old, m.new, 1))
		if f.Type.Results == nil {
			wrong[open] += "return\n"
		}
		wrong[open] += "}\n"
	}
	name := set.Position(parsed.Name.End()).Offset
	wrong[name] = "\nimport mutantos \"os\"\n"
	places := make([]int, 0, len(wrong))
	for at := range wrong {
		places = append(places, at)
	}
	slices.Sort(places)
	var b strings.Builder
	done := 0
	for _, at := range places {
		b.WriteString(text[done:at] + wrong[at])
		done = at
	}
	return b.String() + text[done:] + fmt.Sprintf("\nvar %s = mutantos.Getenv(%q)\n", asked, mutantVariable)
}

// enclosing returns the function in whose body a piece of a file lies, and where what stands between its braces begins and ends.
func enclosing(set *token.FileSet, parsed *ast.File, at, length int) (f *ast.FuncDecl, open, end int) {
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			open, end := set.Position(f.Body.Lbrace).Offset+1, set.Position(f.Body.Rbrace).Offset
			if open <= at && at < end && at+length <= end {
				return f, open, end
			}
		}
	}
	return nil, 0, 0
}
