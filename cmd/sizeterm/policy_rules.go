package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"sizeterm/cmd/sizeterm/internal/jobs"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/docs"
	"sizeterm/recommend"
)

// ownPolicy is the name of what somebody set on the page of a customer.
const ownPolicy = "set here"

// customerPrices is the rule that names the price list of a customer.
const customerPrices = "customer_prices"

// sizingPrefix begins the keys of sizes.
const sizingPrefix = "sizing."

// documented lists the keys of POLICY.md in its order, each with its default and effect.
func documented() []web.Rule {
	var all []web.Rule
	prefix := ""
	for _, line := range strings.Split(docs.Policy, "\n") {
		if strings.HasPrefix(line, "## Sizes") {
			prefix = sizingPrefix
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 3 || !strings.HasPrefix(cells[0], "`") {
			continue
		}
		keys, defaults := strings.Split(cells[0], ", "), strings.Split(cells[1], ", ")
		for i, key := range keys {
			standard := cells[1]
			if len(keys) > 1 {
				standard = defaults[min(i, len(defaults)-1)]
			}
			all = append(all, web.Rule{Key: prefix + strings.Trim(key, "`"), Default: strings.Trim(standard, "`"), Effect: strings.ReplaceAll(cells[2], "`", "")})
		}
	}
	return all
}

// said lists what a policy document says, by key.
func said(text []byte) (map[string]string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) == 0 {
		return nil, err
	}
	all := map[string]string{}
	var collect func(prefix string, n *yaml.Node)
	collect = func(prefix string, n *yaml.Node) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			switch {
			case key == "schema" && prefix == "":
			case key+"." == sizingPrefix && prefix == "" && value.Kind == yaml.MappingNode:
				collect(sizingPrefix, value)
			default:
				all[prefix+key] = oneLine(value)
			}
		}
	}
	collect("", doc.Content[0])
	return all, nil
}

// oneLine is a value as a person would type it.
func oneLine(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	n.Style = yaml.FlowStyle
	for _, part := range n.Content {
		part.HeadComment, part.LineComment, part.FootComment = "", "", ""
	}
	text, err := yaml.Marshal(n)
	if err != nil {
		return "?"
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// layers are the policies that hold for a customer, the strongest last: the house's, those among the files, the customer's own.
func (p *pipeline) layers(ctx context.Context, c store.Customer, uploads []store.Upload) ([]policyFile, error) {
	house, err := p.housePolicy()
	if err != nil {
		return nil, err
	}
	inputs, _, err := p.inputs(ctx, slices.DeleteFunc(slices.Clone(uploads), func(u store.Upload) bool { return u.Kind != "policy" && u.Kind != "mixed" }))
	if err != nil {
		return nil, err
	}
	for _, in := range inputs {
		head, err := headOf(in)
		if err != nil || !isPolicy(head) {
			continue // what cannot be opened is no policy: its reading has said so
		}
		text, err := wholeOf(in)
		if err != nil {
			return nil, err
		}
		house = append(house, policyFile{in.Name, text})
	}
	if c.Policy != "" {
		house = append(house, policyFile{ownPolicy, []byte(c.Policy)})
	}
	return house, nil
}

// Rules implements web.Rules.
func (l *library) Rules(ctx context.Context, tenant, customer string) (web.Ruling, error) {
	var out web.Ruling
	t := l.p.db.Partner(tenant)
	c, uploads, _, err := l.p.basis(ctx, t, customer)
	if err != nil {
		return out, none(err)
	}
	layers, err := l.p.layers(ctx, c, uploads)
	if err != nil {
		return out, err
	}
	out.Rules, out.Own, out.Mark = documented(), c.Policy, sum([]byte(c.Policy))
	for _, layer := range layers {
		if layer.name == l.p.plans.policyPath {
			layer.name = "the policy file of this service"
		}
		values, err := said(layer.text)
		if err != nil {
			return out, err
		}
		for i := range out.Rules {
			r := &out.Rules[i]
			if value, ok := values[r.Key]; ok {
				r.Value, r.Source, r.Own = value, layer.name, layer.name == ownPolicy
			}
		}
	}
	for i := range out.Rules {
		r := &out.Rules[i]
		r.Tries = len(alternatives[r.Key]) > 0
		if r.Source == "" {
			r.Value, r.Source = r.Default, "default"
		}
	}
	out.Changes, err = ruleChanges(ctx, t, customer)
	return out, err
}

// What is looked for in the audit: the last changes of a customer's rules among so many acts.
const (
	policyChanged = "policy.changed"
	actsSearched  = 2000
	changesShown  = 10
)

func ruleChanges(ctx context.Context, t *store.Partner, customer string) ([]web.RuleChange, error) {
	acts, err := t.Acts(ctx, 0, actsSearched)
	var changes []web.RuleChange
	for _, a := range acts {
		if a.Action == policyChanged && a.Object == customer && len(changes) < changesShown {
			changes = append(changes, web.RuleChange{At: a.At, By: a.Actor, Detail: a.Detail})
		}
	}
	return changes, err
}

// SetRule implements web.Rules: the rule, the act in the audit and the plan that is asked for come together.
func (l *library) SetRule(ctx context.Context, tenant string, s web.RuleSet) error {
	p := l.p
	c, uploads, _, err := p.basis(ctx, p.db.Partner(tenant), s.Customer)
	if err != nil {
		return none(err)
	}
	if sum([]byte(c.Policy)) != s.Mark {
		return web.ErrRulesMoved
	}
	values, err := said([]byte(c.Policy))
	if err != nil {
		return err
	}
	was, had := values[s.Key]
	text, err := withRule(c.Policy, s.Key, s.Value)
	if err != nil {
		return &web.RuleError{Text: err.Error()}
	}
	c.Policy = text
	layers, err := p.layers(ctx, c, uploads)
	if err != nil {
		return err
	}
	if _, err := loadPolicy(layers, ""); err != nil {
		return &web.RuleError{Text: strings.TrimPrefix(err.Error(), ownPolicy+": ")}
	}
	if !had {
		was = "what holds otherwise"
	}
	now := s.Value
	if now == "" {
		now = "what holds otherwise"
	}
	return p.db.Partner(tenant).In(ctx, func(t *store.Partner, tx *sql.Tx) error {
		// Of two that change the rules at once one is told so.
		if current, err := t.Customer(ctx, s.Customer); err != nil || sum([]byte(current.Policy)) != s.Mark {
			return errors.Join(err, web.ErrRulesMoved)
		}
		if err := t.SetPolicy(ctx, s.Customer, text); err != nil {
			return err
		}
		if err := t.Record(ctx, store.Act{At: p.now(), Actor: s.By, Action: policyChanged, Object: s.Customer, Detail: fmt.Sprintf("%s: %s, was %s", s.Key, now, was)}); err != nil {
			return err
		}
		if p.queue == nil {
			return nil
		}
		concerned := []store.Customer{c}
		if s.Key == customerPrices { // what is one customer's list is no longer another's price sheet
			if concerned, err = t.Customers(ctx); err != nil {
				return err
			}
		}
		for _, one := range concerned {
			if err := p.queue.Enqueue(ctx, tx, jobs.Job{What: jobs.Plan, Tenant: tenant, Subject: one.ID}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Alternatives implements web.Rules.
func (l *library) Alternatives(policy recommend.Policy, key, more string) ([]web.RuleTry, error) {
	values := slices.Clone(alternatives[key])
	if more != "" && !slices.Contains(values, more) {
		values = append(values, more)
	}
	var all []web.RuleTry
	for _, value := range values {
		text, err := withRule("", key, value)
		changed := policy
		if err == nil {
			err = policyFile{key, []byte(text)}.apply(&changed)
		}
		if err != nil && value == more {
			return nil, &web.RuleError{Text: err.Error()}
		}
		if err == nil { // else the value contradicts another rule
			all = append(all, web.RuleTry{Value: value, Policy: changed, Now: reflect.DeepEqual(changed, policy)})
		}
	}
	return all, nil
}

// withRule puts a key into a policy document, or takes it out where value is empty.
func withRule(text, key, value string) (string, error) {
	doc := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return "", err
	}
	delete(doc, "schema")
	part, name := doc, key
	document := reflect.TypeFor[policyDocument]()
	if inner, ok := strings.CutPrefix(key, sizingPrefix); ok {
		sizing, _ := doc["sizing"].(map[string]any)
		if sizing == nil {
			sizing = map[string]any{}
		}
		doc["sizing"], part, name, document = sizing, sizing, inner, reflect.TypeFor[sizingDocument]()
	}
	kind, known := fieldOf(document, name)
	if !known {
		return "", fmt.Errorf("%q: no such rule", key)
	}
	if value == "" {
		delete(part, name)
	} else {
		typed, err := valueOf(kind, value)
		if err != nil {
			return "", fmt.Errorf("%s: %q: %w", key, value, err)
		}
		part[name] = typed
	}
	if sizing, ok := doc["sizing"].(map[string]any); ok && len(sizing) == 0 {
		delete(doc, "sizing")
	}
	if len(doc) == 0 {
		return "", nil
	}
	rest, err := yaml.Marshal(doc)
	return "schema: " + policySchema + "\n" + string(rest), err
}

// fieldOf is the type of the field that a key of a policy document has.
func fieldOf(document reflect.Type, key string) (reflect.Type, bool) {
	for i := range document.NumField() {
		if f := document.Field(i); f.Tag.Get("yaml") == key && key != "schema" && key != "sizing" {
			return f.Type, true
		}
	}
	return nil, false
}

// wholeNumbers refuses a fraction where a rule is a whole number: the decoder would cut it off.
func wholeNumbers(text []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) == 0 {
		return err
	}
	var check func(document reflect.Type, n *yaml.Node) error
	check = func(document reflect.Type, n *yaml.Node) error {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			if key == "sizing" && value.Kind == yaml.MappingNode {
				if err := check(reflect.TypeFor[sizingDocument](), value); err != nil {
					return fmt.Errorf("sizing: %w", err)
				}
				continue
			}
			kind, known := fieldOf(document, key)
			if known && kind.Kind() == reflect.Pointer && kind.Elem().Kind() != reflect.Float64 && value.Tag == "!!float" {
				return fmt.Errorf("%s: %q: want a whole number", key, value.Value)
			}
		}
		return nil
	}
	return check(reflect.TypeFor[policyDocument](), doc.Content[0])
}

// valueOf reads what a person typed for a field: a text as it is, a list with or without brackets, anything else as YAML.
func valueOf(kind reflect.Type, text string) (any, error) {
	if kind.Kind() == reflect.String {
		return text, nil
	}
	if kind.Kind() == reflect.Slice && !strings.HasPrefix(text, "[") {
		var list []string
		for _, part := range strings.Split(text, ",") {
			list = append(list, strings.TrimSpace(part))
		}
		return list, nil
	}
	into := reflect.New(kind)
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into.Interface()); err != nil {
		return nil, errors.New("cannot be read as this rule has it")
	}
	var plain any
	if err := yaml.Unmarshal([]byte(text), &plain); err != nil {
		return nil, err
	}
	if _, fraction := plain.(float64); fraction && kind.Elem().Kind() != reflect.Float64 {
		return nil, errors.New("want a whole number")
	}
	return plain, nil
}

// alternatives are the values at which the page shows what the plan would be. Rules that name machines, are only printed, or decide
// how files are read have none.
var alternatives = map[string][]string{
	"min_days_one_year": {"7", "14", "28"}, "min_days_normal": {"7", "28", "56"},
	"monthly_loss": {"0.005", "0.01", "0.02", "0.03", "0.05"}, "loss_months": {"50", "200", "800"},
	"expire_per_quarter": {"0", "0.25", "0.5"}, "decide": {"window", "fan"}, "risk_aversion": {"0", "0.1", "0.3", "1"}, "horizon_months": {"12", "24", "36", "60"},
	"min_saving_month": {"0", "1", "10", "50", "200"}, "billing_plan": {"monthly", "upfront"}, "max_upfront": {"1000", "10000", "100000"}, "max_month": {"100", "1000", "10000"},
	"terms": {"[P1Y]", "[P3Y]", "[P1Y, P3Y]"}, "price_age_days": {"30", "90", "180"}, "max_price_age_days": {"0", "90", "365"}, "price_tolerance": {"0.01", "0.02", "0.05"},
	"objective": {"customer", "partner"}, "partner_credit_rate": {"0", "0.05", "0.15"}, "markup": {"0", "0.05", "0.1"}, "resize": {"true", "false"},
	"sizing.production": {"{share: 0.95, limit: 0.9}", "{share: 0.99, limit: 0.8}", "{share: 0.99, limit: 0.9}", "{share: 1, limit: 0.9}"},
	"sizing.relaxed":    {"{share: 0.9, limit: 0.8}", "{share: 0.95, limit: 0.8}", "{share: 0.99, limit: 0.9}"},
	"sizing.overload":   {"0", "0.005", "0.01", "0.02"}, "sizing.average_limit": {"0", "0.4", "0.6"}, "sizing.memory_margin": {"0.1", "0.2", "0.4"}, "sizing.censored": {"0.001", "0.005", "0.02"},
	"sizing.min_days": {"7", "14", "28"}, "sizing.min_saving_month": {"0", "5", "20", "100"}, "sizing.min_saving_share": {"0", "0.1", "0.3"}, "sizing.one_step": {"true", "false"}, "sizing.one_step_free": {"0.2", "0.4", "0.6"},
	"sizing.resize_cost": {"0", "20", "100"}, "sizing.family_cost": {"0", "60", "200"}, "sizing.overload_cost": {"0", "20", "100"}, "sizing.horizon_months": {"3", "12", "36"},
	"sizing.family_change": {"true", "false"}, "sizing.burstable": {"true", "false"},
}
