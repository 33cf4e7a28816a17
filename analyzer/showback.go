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

// showBack adds up what the machines of each subscription, resource group and tag cost in the window. A tag's slices add
// up to the whole: what lacks the tag is the slice of the empty key.
func (r *run) showBack() {
	sums, tags := map[showKey]*ShowBack{}, map[uint32]map[string]string{}
	type account struct{ customer, currency uint32 }
	names, whole := map[account]map[string]*ShowBack{}, map[account]*ShowBack{}
	add := func(key showKey, hours, cost int64) {
		s := sums[key]
		if s == nil {
			s = &ShowBack{Customer: r.a.text(key.customer), Currency: r.a.text(key.currency), By: key.by, Key: key.key}
			sums[key] = s
		}
		s.Hours += hours
		s.Cost += cost
	}
	for _, ref := range r.cells {
		if !r.inside(ref.day) {
			continue
		}
		for i := range ref.lines {
			l := &ref.lines[i]
			s := &r.a.skuList[l.sku]
			if s.kind != usage.Compute && s.kind != usage.Software {
				continue
			}
			hours := int64(0)
			if s.kind == usage.Compute {
				hours = l.hours
			}
			who := account{ref.customer, s.currency}
			if names[who] == nil {
				names[who], whole[who] = map[string]*ShowBack{}, &ShowBack{}
			}
			whole[who].Hours += hours
			whole[who].Cost += l.cost
			subscription := r.a.text(ref.subscription)
			add(showKey{ref.customer, s.currency, "subscription", subscription}, hours, l.cost)
			add(showKey{ref.customer, s.currency, "resource_group", subscription + "/" + r.a.text(ref.group)}, hours, l.cost)
			if tags[l.tags] == nil {
				tags[l.tags] = parseTags(r.a.text(l.tags))
			}
			for name, value := range tags[l.tags] {
				tagged := names[who][name]
				if tagged == nil {
					tagged = &ShowBack{}
					names[who][name] = tagged
				}
				tagged.Hours += hours
				tagged.Cost += l.cost
				add(showKey{ref.customer, s.currency, "tag:" + name, value}, hours, l.cost)
			}
		}
	}
	for who, list := range names {
		for name, tagged := range list {
			rest := ShowBack{Hours: whole[who].Hours - tagged.Hours, Cost: whole[who].Cost - tagged.Cost}
			if rest.Hours != 0 || rest.Cost != 0 {
				add(showKey{who.customer, who.currency, "tag:" + name, ""}, rest.Hours, rest.Cost)
			}
		}
	}
	for _, s := range sums {
		r.out.ShowBack = append(r.out.ShowBack, *s)
	}
	slices.SortFunc(r.out.ShowBack, func(x, y ShowBack) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.By, y.By), cmp.Compare(x.Key, y.Key))
	})
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
