package analyzer

import (
	"cmp"
	"slices"
	"strings"

	"sizeterm/ingest/usage"
)

// thing is one machine as the charges name it, with all its lines.
type thing struct {
	thingKey
	lines    []lineRef
	machines []*machine // its samples
	set      []*machine // samples of the scale set that it is an instance of
	firstDay int32      // first day on which it was billed
	twin     bool       // samples name it and another machine alike
	refused  RefusedSamples
}

type thingKey struct{ customer, subscription, group, resource, vm, currency uint32 }

// lineRef is a line of a day.
type lineRef struct {
	day int32
	*line
}

// resourceKey names what has an age: a resource of a customer.
type resourceKey struct{ customer, resource uint32 }

// list gathers the lines of each machine, in the order of days, and the first day of each resource.
func (r *run) list() (ages map[resourceKey]int32) {
	index, ages := map[thingKey]*thing{}, map[resourceKey]int32{}
	for _, ref := range r.cells {
		for i := range ref.lines {
			l := &ref.lines[i]
			s := &r.a.skuList[l.sku]
			if s.kind == usage.Purchase || s.kind == usage.Unused {
				continue
			}
			key := thingKey{ref.customer, ref.subscription, ref.group, l.resource, l.vm, s.currency}
			t := index[key]
			if t == nil {
				t = &thing{thingKey: key, firstDay: ref.day}
				index[key] = t
				r.things = append(r.things, t)
			}
			t.lines = append(t.lines, lineRef{ref.day, l})
			if s.kind == usage.Compute && l.hours > 0 {
				age := resourceKey{ref.customer, l.resource}
				if first, ok := ages[age]; !ok || ref.day < first {
					ages[age] = ref.day
				}
			}
		}
	}
	slices.SortFunc(r.things, func(x, y *thing) int { return r.compareThings(x.thingKey, y.thingKey) })
	return ages
}

func (r *run) compareThings(x, y thingKey) int {
	text := r.a.text
	return cmp.Or(cmp.Compare(text(x.customer), text(y.customer)), cmp.Compare(text(x.subscription), text(y.subscription)),
		cmp.Compare(text(x.group), text(y.group)), cmp.Compare(text(x.resource), text(y.resource)),
		cmp.Compare(text(x.vm), text(y.vm)), cmp.Compare(text(x.currency), text(y.currency)))
}

// isCompute reports whether t has hours at all.
func (t *thing) isCompute(a *Accumulator) bool {
	return slices.ContainsFunc(t.lines, func(l lineRef) bool { return a.skuList[l.sku].kind == usage.Compute })
}

// machineNames finds the machine that samples are of.
type machineNames struct {
	byResource map[string][]*thing
	byName     map[string][]*thing // lower-case machine names
}

func (r *run) newNames() {
	r.names = machineNames{byResource: map[string][]*thing{}, byName: map[string][]*thing{}}
	for _, t := range r.things {
		if !t.isCompute(r.a) {
			continue
		}
		resource, name := r.a.text(t.resource), strings.ToLower(r.a.text(t.vm))
		if resource != "" {
			r.names.byResource[resource] = append(r.names.byResource[resource], t)
		}
		if name != "" {
			r.names.byName[name] = append(r.names.byName[name], t)
		}
	}
}

// match gives every machine with samples to the machine of the charges. Resource ids decide; a name alone does only when
// one machine of the whole run has it. It returns the names of those that no charge knows, sorted.
func (r *run) match() (strangers []string) {
	for _, m := range r.measuredMachines() {
		key := m.key
		resource, vm := r.a.text(key.resource), r.a.text(key.vm)
		own, set := r.names.find(r.a, strings.ToLower(resource), strings.ToLower(vm))
		switch {
		case own != nil:
			own.machines = append(own.machines, m)
		case set != nil:
			for _, t := range set {
				t.set = append(t.set, m)
			}
		default:
			strangers = append(strangers, cmp.Or(vm, resource))
		}
	}
	slices.Sort(strangers)
	return slices.Compact(strangers)
}

// measuredMachines returns the machines that have samples, sorted by name.
func (r *run) measuredMachines() []*machine {
	if r.byName == nil {
		for _, m := range r.a.machines {
			if !m.empty() {
				r.byName = append(r.byName, m)
			}
		}
		slices.SortFunc(r.byName, func(x, y *machine) int { return r.a.compareSamples(x.key, y.key) })
	}
	return r.byName
}

// find returns the machine of a sample, or the instances of the scale set that it is of as a whole.
func (n *machineNames) find(a *Accumulator, resource, vm string) (own *thing, set []*thing) {
	things := n.byResource[resource]
	if things == nil {
		// .../virtualmachinescalesets/web/virtualmachines/3 is the instance web_3 of the scale set.
		if base, number, ok := strings.Cut(resource, "/virtualmachines/"); ok && strings.Contains(base, "/virtualmachinescalesets/") {
			things, vm = n.byResource[base], base[strings.LastIndexByte(base, '/')+1:]+"_"+number
		}
	}
	if things == nil && !strings.Contains(resource, "/") {
		things = n.byName[cmp.Or(vm, resource)]
		if distinct(things) != 1 {
			for _, t := range things {
				t.twin = true
			}
			return nil, nil
		}
		return things[0], nil
	}
	if vm != "" {
		for _, t := range things {
			if strings.ToLower(a.text(t.vm)) == vm {
				return t, nil
			}
		}
		return nil, nil
	}
	if distinct(things) == 1 {
		return things[0], nil
	}
	return nil, things
}

// distinct returns the number of different machines among things, which may differ in the currency only.
func distinct(things []*thing) int {
	n := 0
	for i, t := range things {
		if i == 0 || t.resource != things[i-1].resource || t.vm != things[i-1].vm {
			n++
		}
	}
	return n
}

func (a *Accumulator) compareSamples(x, y sampleKey) int {
	return cmp.Or(cmp.Compare(a.text(x.resource), a.text(y.resource)), cmp.Compare(a.text(x.vm), a.text(y.vm)),
		cmp.Compare(a.text(x.size), a.text(y.size)), cmp.Compare(a.text(x.region), a.text(y.region)))
}

// empty reports whether m has no sample with a value.
func (m *machine) empty() bool { return len(m.segments) == 0 }
