package bill

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
)

// Parse reads one Problem in the JSON form of resopt-case/1. It is strict, because what it would overlook costs money: a missing,
// unknown, repeated or mistyped field is an error that names its place (`offers[2].price_micro: missing`). Numbers are integers;
// a JSON float is refused except for rules.min_new_utilization, which may be a decimal or a fraction in a string. `expected`, and the
// answers inside `evaluations`, are never read. Fields that only describe (title, teaches, name, note, label, comment, description)
// may stand anywhere. So is a decision to evaluate that names what the problem does not have, and usage whose sums would not fit in 63 bits.
func Parse(r io.Reader) (*Problem, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors put it before everything
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("empty: want an object")
	}
	root := &node{raw: data}
	p := readProblem(root)
	if root.err != nil {
		return nil, root.err
	}
	s, err := NewSimulator(p)
	if err != nil {
		return nil, err
	}
	for i, d := range p.Evaluations {
		if _, _, err := s.Resolve(d); err != nil {
			return nil, fmt.Errorf("evaluations[%d].decision.%w", i, err)
		}
	}
	return p, nil
}

func readProblem(n *node) *Problem {
	o := n.object()
	p := &Problem{
		ID: o.need("id").text(), Title: o.take("title").text(), Teaches: o.take("teaches").text(), Currency: o.need("currency").text(),
		RunDenominator: o.need("run_denominator").int(), Sizes: map[string]Size{},
	}
	if schema := o.need("schema"); schema.text() != Schema {
		schema.fail("%s: want %q", schema.raw, Schema)
	}
	for _, slot := range o.need("slots").list() {
		s := slot.object()
		p.Slots = append(p.Slots, Slot{Hours: s.need("hours").int()})
		s.done()
	}
	for name, size := range o.need("sizes").members() {
		p.Sizes[name] = readSize(size)
	}
	for _, vm := range o.need("vms").list() {
		p.VMs = append(p.VMs, readVM(vm))
	}
	for _, offer := range o.need("offers").list() {
		p.Offers = append(p.Offers, readOffer(offer))
	}
	for _, existing := range o.take("existing").list() {
		p.Existing = append(p.Existing, readExisting(existing))
	}
	p.Rules = readRules(o.need("rules"))
	for _, evaluation := range o.take("evaluations").list() {
		e := evaluation.object()
		p.Evaluations = append(p.Evaluations, readDecision(e.need("decision")))
	}
	o.take("expected")
	o.done()
	return p
}

func readSize(n *node) Size {
	o := n.object()
	defer o.done()
	return Size{Group: o.need("group").text(), Ratio: o.need("ratio").int(), Payg: o.need("payg_micro").int(), Software: o.take("software_micro").int()}
}

func readVM(n *node) VM {
	o := n.object()
	defer o.done()
	vm := VM{ID: o.need("id").text(), Scope: o.need("scope").text()}
	for _, candidate := range o.need("candidates").list() {
		c := candidate.object()
		vm.Candidates = append(vm.Candidates, Candidate{Size: c.need("size").text(), Risk: c.take("risk_micro").int()})
		c.done()
	}
	for _, run := range o.need("run").list() {
		vm.Run = append(vm.Run, run.int())
	}
	return vm
}

func readOffer(n *node) Offer {
	o := n.object()
	defer o.done()
	offer := Offer{Commitment: readCommitment(o), MaxQty: o.need("max_qty").int(), Upfront: o.take("upfront_micro").int()}
	if offer.Kind != SavingsPlan {
		offer.Price = o.need("price_micro").int()
	}
	return offer
}

func readExisting(n *node) Existing {
	o := n.object()
	defer o.done()
	return Existing{Commitment: readCommitment(o), Qty: o.need("qty").int()}
}

func readCommitment(o *object) Commitment {
	c := Commitment{ID: o.need("id").text(), Kind: readKind(o.need("kind")), Scope: o.need("scope").text(),
		From: o.need("from").index(), To: o.need("to").index()}
	if c.Kind != SavingsPlan {
		c.Size = o.need("size").text()
		return c
	}
	c.Step = o.need("step_micro").int()
	c.Rates = map[string]int64{}
	for size, rate := range o.need("rates_micro").members() {
		c.Rates[size] = rate.int()
	}
	return c
}

// readKind refuses a kind that is not known, before fields are asked for that another kind would have.
func readKind(n *node) Kind {
	kind := Kind(n.text())
	if n.raw != nil && kind != Reservation && kind != SavingsPlan {
		n.fail("%s: want %q or %q", shorten(n.raw), Reservation, SavingsPlan)
	}
	return kind
}

func readRules(n *node) Rules {
	o := n.object()
	defer o.done()
	rules := Rules{Order: Order(o.need("coverage_order").text())}
	if b := o.take("upfront_budget_micro"); b.present() {
		budget := b.int()
		rules.UpfrontBudget = &budget
	}
	if u := o.take("min_new_utilization"); u.present() {
		text := string(u.raw)
		if text != "" && text[0] == '"' {
			text = u.text()
		}
		share, err := ParseExact(text)
		if err != nil {
			u.fail("%v", err)
		}
		rules.MinNewUtilization = &share
	}
	return rules
}

func readDecision(n *node) Decision {
	o := n.object()
	defer o.done()
	d := Decision{Purchases: map[string]int64{}, Sizes: map[string]string{}}
	for offer, quantity := range o.take("purchases").members() {
		d.Purchases[offer] = quantity.int()
	}
	for vm, size := range o.take("sizes").members() {
		d.Sizes[vm] = size.text()
	}
	return d
}

// node is a JSON value and its place. The first failure anywhere in a tree is kept at its root and wins.
type node struct {
	path string
	raw  json.RawMessage // nil when the value is absent
	root *node
	err  error // at the root only
}

func (n *node) present() bool { return n.raw != nil && string(n.raw) != "null" }

func (n *node) fail(format string, args ...any) {
	root := n.root
	if root == nil {
		root = n
	}
	if root.err == nil {
		place := n.path
		if place != "" {
			place += ": "
		}
		root.err = fmt.Errorf("%s%w", place, fmt.Errorf(format, args...))
	}
}

func (n *node) child(path string, raw json.RawMessage) *node {
	root := n.root
	if root == nil {
		root = n
	}
	return &node{path: path, raw: raw, root: root}
}

func (n *node) decode(into any, want string) {
	if n.raw == nil {
		return
	}
	if string(n.raw) == "null" || json.Unmarshal(n.raw, into) != nil {
		n.fail("%s: want %s", shorten(n.raw), want)
	}
}

func (n *node) text() (s string) { n.decode(&s, "a text"); return }
func (n *node) int() (i int64)   { n.decode(&i, "an integer of at most 63 bits"); return }
func (n *node) index() (i int)   { n.decode(&i, "a slot number"); return }
func (n *node) list() (l []*node) {
	var raw []json.RawMessage
	n.decode(&raw, "a list")
	for i, r := range raw {
		l = append(l, n.child(fmt.Sprintf("%s[%d]", n.path, i), r))
	}
	return l
}

// members yields the values of an object whose keys are names, in the order of the names.
func (n *node) members() iter.Seq2[string, *node] {
	o := n.object()
	return func(yield func(string, *node) bool) {
		for _, key := range sortedKeys(o.fields) {
			if !yield(key, n.child(fmt.Sprintf("%s[%q]", n.path, key), o.fields[key])) {
				return
			}
		}
	}
}

// object is a JSON object whose fields are taken one by one; what is left at the end is unknown.
type object struct {
	at     *node
	fields map[string]json.RawMessage
}

func (n *node) object() *object {
	o := &object{at: n, fields: map[string]json.RawMessage{}}
	if n.raw == nil {
		return o
	}
	d := json.NewDecoder(bytes.NewReader(n.raw))
	ended := func(err error) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		n.fail("%w", err)
	}
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		n.fail("%s: want an object", shorten(n.raw))
		return o
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			ended(err)
			return o
		}
		name := key.(string) // the decoder returns nothing else in this place
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			n.fail("%q: %w", name, err)
			return o
		}
		if _, twice := o.fields[name]; twice {
			n.fail("field %q: twice", name)
		}
		o.fields[name] = value
	}
	if _, err := d.Token(); err != nil {
		ended(err)
	} else if _, err := d.Token(); err != io.EOF {
		n.fail("more than one JSON value")
	}
	return o
}

func (o *object) take(field string) *node {
	path := field
	if o.at.path != "" {
		path = o.at.path + "." + field
	}
	raw := o.fields[field]
	delete(o.fields, field)
	return o.at.child(path, raw)
}

func (o *object) need(field string) *node {
	n := o.take(field)
	if n.raw == nil {
		n.fail("missing")
	}
	return n
}

// done refuses what nobody took: a misspelt price must not become a price of 0.
func (o *object) done() {
	for _, words := range []string{"title", "teaches", "name", "note", "notes", "label", "comment", "description", "source", "seed", "generator", "tags"} {
		delete(o.fields, words)
	}
	for _, field := range sortedKeys(o.fields) {
		o.at.fail("field %q: unknown", field)
	}
}

func shorten(raw json.RawMessage) string {
	if len(raw) > 40 {
		return string(raw[:40]) + "…"
	}
	return string(raw)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
