package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"sizeterm/analyzer"
	"sizeterm/pricing/money"
	"sizeterm/recommend/forecast"
)

// Stress is the hardest reading of the past: no machine that ends is ever replaced. Pools usually outlive their machines, so this is
// no forecast, and no figure elsewhere rests on it.
type Stress struct {
	// Lasts is the share of today's units left after one, two and three years; MonthlyEnd the probability that a machine of unknown age
	// ends in a month; Machines how many were watched, of all customers, of which Ended ended in Months machine-months.
	Lasts           [3]float64
	MonthlyEnd      float64
	Machines, Ended int
	Months          float64
	// SavingMonth is what the pool's purchases would save a month, a loss where negative.
	SavingMonth money.Amount
}

// endedDays is how long before the end of the files a machine must have been billed last to count as ended: a long weekend is none.
const endedDays = 7

// endMonths is how many machine-months of watching the policy's monthly loss is worth against what is seen of machines.
const endMonths = 12

// machines is how long the machines of all customers lived, as far as the files tell.
type machines struct {
	survival forecast.Survival // of those that began inside the files, by age
	end      float64           // monthly, of those that were there when the files begin: their age is not known
	watched  int
	ended    int
	months   float64
	today    map[poolAt]*living
}

// living is the machines of a pool that are there today: of known age, and the weight of the others.
type living struct {
	born []forecast.Life
	old  float64
}

// lifetimes reads first and last days of machines. Ages are known of machines that began inside the files only; the others enter with
// the files (delayed entry), and their end is taken as equally likely in every month.
func lifetimes(in *Input) (*machines, error) {
	m := &machines{today: map[poolAt]*living{}}
	var born []forecast.Life
	coverage := map[string]*analyzer.Coverage{}
	for i := range in.Analysis.Coverage {
		coverage[in.Analysis.Coverage[i].Customer] = &in.Analysis.Coverage[i]
	}
	oldEnded, oldMonths := 0.0, 0.0
	for _, vm := range merged(in.Analysis.VMs) {
		c := coverage[vm.Customer]
		if c == nil || vm.FirstSeen.IsZero() {
			continue
		}
		days := func(d time.Duration) int { return max(0, int(d/(24*time.Hour))) }
		life := forecast.Life{To: days(vm.LastSeen.Sub(vm.FirstSeen)), Ended: c.To.Sub(vm.LastSeen) >= endedDays*24*time.Hour, Units: weightOf(&vm)}
		isBorn := vm.FirstSeen.Sub(c.From) >= 24*time.Hour
		m.watched++
		m.months += float64(life.To) * 12 / 365
		if life.Ended {
			m.ended++
		}
		if isBorn {
			born = append(born, life)
		} else if oldMonths += float64(life.To) * 12 / 365; life.Ended {
			oldEnded++
		}
		if life.Ended {
			continue
		}
		at := poolAt{totalKey{vm.Customer, money.Code(vm.Currency)}, poolName(vm.Region, vm.Size)}
		if m.today[at] == nil {
			m.today[at] = &living{}
		}
		if isBorn {
			m.today[at].born = append(m.today[at].born, life)
		} else {
			m.today[at].old += life.Units
		}
	}
	m.end = (oldEnded + float64(endMonths*in.Policy.MonthlyLoss)) / (oldMonths + endMonths)
	var err error
	m.survival, err = forecast.NewSurvival(born)
	return m, err
}

// merged joins the entries of a machine that had several sizes; the last size counts. Spot machines and unknown sizes are left out.
func merged(vms []analyzer.VM) []analyzer.VM {
	list := slices.DeleteFunc(slices.Clone(vms), func(vm analyzer.VM) bool { return vm.Spot || vm.Size == "" || vm.State == analyzer.StateSizeUnknown })
	key := func(vm *analyzer.VM) string {
		return strings.Join([]string{vm.Customer, vm.Subscription, vm.Resource, vm.Name}, "\x00")
	}
	slices.SortStableFunc(list, func(a, b analyzer.VM) int {
		return cmp.Or(cmp.Compare(key(&a), key(&b)), a.LastSeen.Compare(b.LastSeen))
	})
	out := list[:0]
	for _, vm := range list {
		if n := len(out); n > 0 && key(&out[n-1]) == key(&vm) {
			vm.Hours += out[n-1].Hours
			if out[n-1].FirstSeen.Before(vm.FirstSeen) {
				vm.FirstSeen = out[n-1].FirstSeen
			}
			out = out[:n-1]
		}
		out = append(out, vm)
	}
	return out
}

// weightOf is the units of a machine, by the hours that it ran.
func weightOf(vm *analyzer.VM) float64 {
	ratio := int64(100)
	if group, ok := vm.Size.Group(); ok {
		ratio = group.Ratio
	}
	return float64(ratio) * max(1, float64(vm.Hours)/analyzerHour)
}

// stress evaluates a pool's purchases when its machines end and nobody replaces them; nil where no machine of it is known.
func (d *decision) stress(fan *forecast.Fan, chosen forecast.Decision, in *Input) *Stress {
	m := in.ahead.machines
	a := m.today[poolOf(d.pool)]
	if a == nil {
		return nil
	}
	const months = 36
	shares, _ := m.survival.Remaining(a.born, months, m.end)
	young := 0.0
	for _, l := range a.born {
		young += l.Units
	}
	for i := range shares {
		old := math.Pow(1-m.end, float64(i)+0.5)
		shares[i] = (float64(shares[i]*young) + float64(old*a.old)) / (young + a.old)
	}
	s := &Stress{MonthlyEnd: math.Round(m.end*1e6) / 1e6, Machines: m.watched, Ended: m.ended, Months: math.Round(m.months*10) / 10, SavingMonth: fan.Stress(chosen, shares)}
	for y := range s.Lasts {
		s.Lasts[y] = math.Round(shares[12*y+11]*1e6) / 1e6
	}
	return s
}

// words says the stress case in a sentence.
func (s *Stress) words() string {
	saves := "save " + s.SavingMonth.Round()
	if s.SavingMonth.Micros < 0 {
		saves = "lose " + money.New(-s.SavingMonth.Micros, s.SavingMonth.Currency).Round()
	}
	return fmt.Sprintf("stress case: if no machine that ends were replaced, %s of today's units would be left after a year and %s after three (%d of %d machines ended in %.0f machine-months), and the purchases of this pool would %s %s a month",
		percent(s.Lasts[0]), percent(s.Lasts[2]), s.Ended, s.Machines, s.Months, saves, s.SavingMonth.Currency)
}
