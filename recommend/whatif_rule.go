package recommend

import (
	"fmt"

	"sizeterm/pricing"
)

// ruleSettings are the quantities that Microsoft's rule buys in the plan's own hours: in each pool for the term with which it says that it
// saves most, and nothing of what the plan buys beside. Pools that are one scope of a group are asked about as a whole, and take it once.
func (p *Plan) ruleSettings() []Setting {
	var list []Setting
	set := map[string]bool{}
	for i := range p.Pools {
		pool := &p.Pools[i]
		var best []Setting
		most := int64(0)
		for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
			var its []Setting
			sum := int64(0)
			for j := range p.Reference {
				if r := &p.Reference[j]; r.pool == pool.ID && r.Term == term {
					its = append(its, Setting{ID: settingID(pool.ID, Purchase{r.Size, term, 0}), Quantity: r.Quantity})
					sum += r.NetSavings.Micros
				}
			}
			if sum > most {
				most, best = sum, its
			}
		}
		for _, s := range best {
			set[s.ID] = true
			list = append(list, s)
		}
	}
	for i := range p.Lines {
		l := &p.Lines[i]
		if id := settingID(l.Pool, Purchase{l.Size, l.Term, 0}); !set[id] {
			list = append(list, Setting{ID: id})
		}
	}
	return list
}

// settingID is POOL/SIZE/TERM.
func settingID(pool string, buy Purchase) string {
	return fmt.Sprintf("%s/%s/%s", pool, buy.Size, buy.Term)
}
