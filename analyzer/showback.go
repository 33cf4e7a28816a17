package analyzer

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"sizeterm/ingest/usage"
)

// showKey names a slice of a customer's cost.
type showKey struct {
	customer, currency uint32
	by, key            string
}

// account is a customer and currency.
type account struct{ customer, currency uint32 }

// slice is what lines of one owner and with the same tags have in common: they are of the same slices.
type slice struct{ customer, currency, subscription, group, tags uint32 }

// spent is what was used and paid.
type spent struct{ hours, cost int64 }

// slicer adds up cost by slice; tagged is what carries a tag of each name, and whole is everything.
type slicer struct {
	r      *run
	sums   map[showKey]*ShowBack
	tagged map[showKey]*ShowBack
	whole  map[account]*ShowBack
	tags   map[uint32]map[string]string
}

// showBack adds up what the machines of each subscription, resource group and tag cost in the window. A tag's slices add
// up to the whole: what lacks the tag is the slice of the empty key.
func (r *run) showBack() {
	s := &slicer{r: r, sums: map[showKey]*ShowBack{}, tagged: map[showKey]*ShowBack{}, whole: map[account]*ShowBack{}, tags: map[uint32]map[string]string{}}
	for key, sum := range r.slices() {
		s.add(key, sum.hours, sum.cost)
	}
	for key, tagged := range s.tagged {
		whole := s.whole[account{key.customer, key.currency}]
		if hours, cost := whole.Hours-tagged.Hours, whole.Cost-tagged.Cost; hours != 0 || cost != 0 {
			s.count(s.sums, key, hours, cost)
		}
	}
	for _, sum := range s.sums {
		r.out.ShowBack = append(r.out.ShowBack, *sum)
	}
	slices.SortFunc(r.out.ShowBack, func(x, y ShowBack) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.By, y.By), cmp.Compare(x.Key, y.Key))
	})
}

// slices adds up the lines of the window that are of the same slices.
func (r *run) slices() map[slice]*spent {
	out := map[slice]*spent{}
	var last slice
	var sum *spent
	for _, ref := range r.cells {
		if !r.inside(ref.day) {
			continue
		}
		for i := range ref.lines {
			l := &ref.lines[i]
			k := &r.a.skuList[l.sku]
			if k.kind != usage.Compute && k.kind != usage.Software {
				continue
			}
			key := slice{ref.customer, k.currency, ref.subscription, ref.group, l.tags}
			if sum == nil || key != last {
				if last, sum = key, out[key]; sum == nil {
					sum = &spent{}
					out[key] = sum
				}
			}
			if sum.cost += l.cost; k.kind == usage.Compute {
				sum.hours += l.hours
			}
		}
	}
	return out
}

// add counts in every slice what lines have in common that are of it.
func (s *slicer) add(ref slice, hours, cost int64) {
	who := account{ref.customer, ref.currency}
	if s.whole[who] == nil {
		s.whole[who] = &ShowBack{}
	}
	s.whole[who].Hours += hours
	s.whole[who].Cost += cost
	subscription, group := s.r.a.text(ref.subscription), s.r.a.text(ref.group)
	s.count(s.sums, showKey{who.customer, who.currency, "subscription", subscription}, hours, cost)
	s.count(s.sums, showKey{who.customer, who.currency, "resource_group", subscription + "/" + group}, hours, cost)
	if s.tags[ref.tags] == nil {
		s.tags[ref.tags] = parseTags(s.r.a.text(ref.tags))
	}
	for name, value := range s.tags[ref.tags] {
		s.count(s.sums, showKey{who.customer, who.currency, "tag:" + name, value}, hours, cost)
		s.count(s.tagged, showKey{who.customer, who.currency, "tag:" + name, ""}, hours, cost)
	}
}

// count adds to one slice.
func (s *slicer) count(to map[showKey]*ShowBack, key showKey, hours, cost int64) {
	sum := to[key]
	if sum == nil {
		sum = &ShowBack{Customer: s.r.a.text(key.customer), Currency: s.r.a.text(key.currency), By: key.by, Key: key.key}
		to[key] = sum
	}
	sum.Hours += hours
	sum.Cost += cost
}

// parseTags reads the tags of a row: a JSON object, or the same without braces as EA exports write it. Names are lower
// case, because Azure does not tell their case apart; of two names that differ in case only the value that sorts last
// counts. A value that is no text stays as JSON. What cannot be read has no tags.
func parseTags(text string) map[string]string {
	out := map[string]string{}
	text = strings.TrimSpace(text)
	if text == "" {
		return out
	}
	if !strings.HasPrefix(text, "{") {
		text = "{" + text + "}"
	}
	var raw map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &raw) != nil {
		return out
	}
	for name, value := range raw {
		plain := string(value)
		var s string
		if json.Unmarshal(value, &s) == nil {
			plain = s
		}
		name = strings.ToLower(name)
		out[name] = max(out[name], plain)
	}
	return out
}
