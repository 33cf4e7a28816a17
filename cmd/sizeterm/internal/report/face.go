package report

import (
	"fmt"
	"html/template"
	"math"
	"math/big"
	"slices"
	"sort"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// Funcs are the words and figures of this package for the templates of pages: only here is money rounded and a share
// printed as percent. "say" shows hidden characters of foreign texts; escaping is the template's.
func Funcs() template.FuncMap {
	return template.FuncMap{
		"say": clean, "figure": figure, "amount": amount, "count": count, "percent": percent, "overload": overload, "term": term, "day": day, "earned": earnedBack, "lastDay": lastDay,
		"months": months, "units": units, "short": shortSize, "last": lastPart, "sentence": remark.sentence, "codeWords": codeWords,
		"choice": choiceWords, "countOf": countOf, "exact": exact, "isNegative": func(a money.Amount) bool { return a.Micros < 0 },
		"share": func(part, whole money.Amount) string { text, _ := shareOf(part, whole); return text },
		"between": func(low, high money.Amount) string {
			if text, ok := rangeWords(low, high); ok {
				return text
			}
			return ""
		},
		"fraction": func(f recommend.Fraction) string {
			if !f.Has {
				return "–"
			}
			return percent(f.Value)
		},
		"signed": func(a money.Amount) string {
			if a.Micros > 0 {
				return "+" + amount(a)
			}
			return amount(a)
		},
		"count64": func(n int) string { return count(int64(n)) },
		"resize":  resizeCells, "lineNumbers": numbersText,
		"poolName": PoolName, "referenceSentence": MicrosoftBeside, "certain": func(c customerStory) []fact { return c.Certain() }, "plain": func(v float64) string { return string(share(v)) },
		"permille": func(part, whole money.Amount) int64 {
			if whole.Micros <= 0 {
				return 0
			}
			v, _ := new(big.Rat).SetFrac64(part.Micros, whole.Micros).Float64()
			return int64(math.Round(1000 * min(max(v, 0), 1)))
		},
		"points": func(p analyzer.Percent) string { return string(hundredths(int64(p))) + " %" },
	}
}

// Told is a plan in words, in the order in which a person reads it: what every face of a plan shows.
type Told = story

// Tell puts a plan into words, with the partner's cost and margin on its lines. Its texts hold foreign names as they came.
func Tell(p *recommend.Plan) *Told { return newStory(p, true) }

// OfCustomer returns the part of p that concerns one customer, for the partner's eyes: names of files stay, and so do
// remarks that are about no customer in particular.
func OfCustomer(p *recommend.Plan, customer string) *recommend.Plan {
	q := *customerPart(p, customer)
	own, others := subjectsOf(p, customer), map[string]bool{}
	for name, mine := range own {
		others[name] = !mine
	}
	q.Warnings = keep(p.Warnings, func(x *analyzer.Warning) bool { return owns(own, x.Subject) || !owns(others, x.Subject) })
	q.NotRecommended = keep(p.NotRecommended, func(x *recommend.NotRecommended) bool {
		return x.Customer == customer || x.Customer == "" && (owns(own, x.Subject) || !owns(others, x.Subject))
	})
	return &q
}

// Standing is one customer's place among a partner's customers, in one currency.
type Standing struct {
	Total *recommend.Total
	Lines int
	// Commitment is the sum of the totals of the customer's lines: the money at risk if the demand ended at once.
	Commitment money.Amount
	// PerRisk is the saving of a month, at its lower end, for each unit of commitment. Has is false where nothing is bought.
	PerRisk recommend.Fraction
}

// Standings ranks the customers of a plan, the best saving for each unit of commitment at risk first, then those with nothing to buy by
// name. Currencies are never compared: each has its own ranking, in the order of their codes. An overflow of a sum leaves
// the customer unranked.
func Standings(p *recommend.Plan) []Standing {
	var all []Standing
	for _, t := range totalsOf(p) {
		s := Standing{Total: t, Commitment: money.New(0, t.Currency)}
		sound := true
		for i := range p.Lines {
			if l := &p.Lines[i]; l.Customer == t.Customer && l.Currency == t.Currency {
				s.Lines++
				sum, err := s.Commitment.Add(l.TotalPrice)
				sound = sound && err == nil
				s.Commitment = sum
			}
		}
		low := t.SavingLow
		if low.IsZero() {
			low = t.Joint
		}
		if sound && s.Commitment.Micros > 0 {
			v, _ := new(big.Rat).SetFrac64(low.Micros, s.Commitment.Micros).Float64()
			s.PerRisk = recommend.Fraction{Value: v, Has: true}
		}
		all = append(all, s)
	}
	sort.SliceStable(all, func(i, j int) bool {
		a, b := &all[i], &all[j]
		if a.Total.Currency != b.Total.Currency {
			return a.Total.Currency < b.Total.Currency
		}
		if a.PerRisk.Has != b.PerRisk.Has {
			return a.PerRisk.Has
		}
		return a.PerRisk.Value > b.PerRisk.Value
	})
	return all
}

// Sum is what a partner's customers pay and would save together, in one currency.
type Sum struct {
	Currency                               money.Code
	Customers                              int
	PayGMonth, PlanMonth, Joint, Low, High money.Amount
}

// Sums adds the totals of a plan by currency, in the order of their codes; a sum that does not fit is left out.
func Sums(p *recommend.Plan) []Sum {
	var sums []Sum
	for _, t := range totalsOf(p) {
		at := slices.IndexFunc(sums, func(s Sum) bool { return s.Currency == t.Currency })
		if at < 0 {
			zero := money.New(0, t.Currency)
			at = len(sums)
			sums = append(sums, Sum{t.Currency, 0, zero, zero, zero, zero, zero})
		}
		s := &sums[at]
		s.Customers++
		for to, from := range map[*money.Amount]money.Amount{&s.PayGMonth: t.PayGMonth, &s.PlanMonth: t.PlanMonth, &s.Joint: t.Joint, &s.Low: t.SavingLow, &s.High: t.SavingHigh} {
			if from.Currency == "" {
				from = money.New(from.Micros, t.Currency)
			}
			sum, err := to.Add(from)
			if err != nil {
				return nil
			}
			*to = sum
		}
	}
	sort.Slice(sums, func(i, j int) bool { return sums[i].Currency < sums[j].Currency })
	return sums
}

// LinesOf returns the told lines of one pool.
func LinesOf(t *Told, pool string) any {
	var lines []lineStory
	for _, c := range t.Customers {
		for _, l := range c.Lines {
			if l.Line.Pool == pool {
				lines = append(lines, l)
			}
		}
	}
	return lines
}

// PoolName names a pool: its group and region.
func PoolName(p *recommend.Pool) string {
	return shortSize(catalog.Size(p.Group)) + " in " + clean(string(p.Region))
}

// MicrosoftBeside says what Microsoft's own rule would save beside a customer's part of the plan, in sentences; none where it
// says nothing.
func MicrosoftBeside(t *Told, currency money.Code) []string {
	for i := range t.Customers {
		if c := &t.Customers[i]; c.Currency == currency {
			if d, ok := duelOf(t, c); ok {
				return []string{
					fmt.Sprintf("Microsoft's own rule would save %s in the %s looked at, with the better term of each pool; this plan saves %s%s.",
						amount(d.theirs), hoursSeen(t.Plan), amount(d.ours), d.ends()),
					upper(d.words()) + ".",
				}
			}
		}
	}
	return nil
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Certain is what is known about the figures of the headline: how sure they are, what cash they need, and what must be
// settled before buying.
func (c *customerStory) Certain() []fact {
	return slices.DeleteFunc(slices.Clone(c.Facts), func(f fact) bool { return f.Label == "Now" || f.Label == "With this plan" || f.Label == "Saving" })
}

// SumsOf adds amounts by currency, in the order of their codes; a sum that does not fit gives none at all.
func SumsOf(amounts []money.Amount) []money.Amount {
	var sums []money.Amount
	for _, a := range amounts {
		at := slices.IndexFunc(sums, func(s money.Amount) bool { return s.Currency == a.Currency })
		if at < 0 {
			sums = append(sums, a)
			continue
		}
		sum, err := sums[at].Add(a)
		if err != nil {
			return nil
		}
		sums[at] = sum
	}
	slices.SortFunc(sums, func(a, b money.Amount) int { return strings.Compare(string(a.Currency), string(b.Currency)) })
	return sums
}
