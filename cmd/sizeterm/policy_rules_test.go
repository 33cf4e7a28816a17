package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/ingest/upload"
	"sizeterm/recommend"
)

// TestEveryRuleIsDocumented compares the keys of a policy file with those of docs/POLICY.md, and reads each default and each value
// that the page tries.
func TestEveryRuleIsDocumented(t *testing.T) {
	var keys, known []string
	for prefix, document := range map[string]reflect.Type{"": reflect.TypeFor[policyDocument](), sizingPrefix: reflect.TypeFor[sizingDocument]()} {
		for i := range document.NumField() {
			if key := document.Field(i).Tag.Get("yaml"); key != "schema" && key != "sizing" {
				keys = append(keys, prefix+key)
			}
		}
	}
	standard := recommend.DefaultPolicy()
	for _, r := range documented() {
		known = append(known, r.Key)
		require.NotEmpty(t, r.Effect, r.Key)
		text, err := withRule("", r.Key, r.Default)
		if err != nil || strings.Contains("none — both environment or env is dev or test", r.Default) {
			continue // words for what has no value
		}
		policy := standard
		require.NoError(t, policyFile{r.Key, []byte(text)}.apply(&policy), "%s: %s", r.Key, r.Default)
		require.Equal(t, standard, policy, "the default of %s is %s", r.Key, r.Default)
	}
	require.ElementsMatch(t, keys, known)
	for key, values := range alternatives {
		require.Contains(t, keys, key)
		for _, value := range values {
			text, err := withRule("", key, value)
			require.NoError(t, err, "%s: %s", key, value)
			policy := standard
			require.NoError(t, policyFile{key, []byte(text)}.apply(&policy), "%s: %s", key, value)
		}
	}
}

func TestARuleIsPutIntoAPolicy(t *testing.T) {
	const schema = "schema: sizeterm.policy/1\n"
	for _, c := range []struct{ text, key, value, want string }{
		{"", "monthly_loss", "0.03", schema + "monthly_loss: 0.03\n"},
		{schema + "monthly_loss: 0.03\n", "terms", "P1Y, P3Y", schema + "monthly_loss: 0.03\nterms:\n    - P1Y\n    - P3Y\n"},
		{schema + "monthly_loss: 0.03\nterms: [P1Y]\n", "terms", "", schema + "monthly_loss: 0.03\n"},
		{schema + "monthly_loss: 0.03\n", "monthly_loss", "", ""},
		{"", "sizing.min_days", "14", schema + "sizing:\n    min_days: 14\n"},
		{schema + "sizing: {min_days: 14, overload: 0.01}\n", "sizing.min_days", "", schema + "sizing:\n    overload: 0.01\n"},
		{schema + "sizing: {min_days: 14}\n", "sizing.min_days", "", ""},
		{"", "max_upfront", "10000", schema + "max_upfront: \"10000\"\n"},
		{"", "sizing.production", "{share: 0.95, limit: 0.9}", schema + "sizing:\n    production:\n        limit: 0.9\n        share: 0.95\n"},
		{"", "sizing.exempt", "sap-db-01, keep=yes", schema + "sizing:\n    exempt:\n        - sap-db-01\n        - keep=yes\n"},
		{"", "partner_on_record", "x\nresize: false", schema + "partner_on_record: |-\n    x\n    resize: false\n"},
	} {
		got, err := withRule(c.text, c.key, c.value)
		require.NoError(t, err, c)
		require.Equal(t, c.want, got)
	}
	for key, value := range map[string]string{"monthly_loss": "much", "schema": "x", "sizing": "{}", "nothing": "1", "sizing.schema": "1", "resize": "perhaps", "horizon_months": "1.5", "sizing.production": "{share: 0.9, more: 1}", "loss_months": "{a: *a}"} {
		_, err := withRule("", key, value)
		require.Error(t, err, "%s: %s", key, value)
	}
}

// TestRulesOfACustomer sets rules as the page does: each has its source, the change is in the audit, the next plan is made under it.
func TestRulesOfACustomer(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	houseFile := filepath.Join(dir, "house.yaml")
	require.NoError(t, os.WriteFile(houseFile, []byte("schema: sizeterm.policy/1\nmin_saving_month: 2\nhorizon_months: 24\nterms: [P3Y]\n"), 0o600))
	p, err := openPipeline(ctx, &common{streams: streams{out: io.Discard, err: io.Discard}}, house{dataDir: dir}, recommending{policyPath: houseFile})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.close()) }()
	l := newLibrary(ctx, p, nil, slog.New(slog.DiscardHandler))
	smallExport(t, dir)
	take := func(name, text string) {
		receipt, err := p.take(ctx, upload.Owner{Tenant: store.Local, Author: "ann"}, name, strings.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, p.read(ctx, store.Local, receipt.ID))
	}
	export, err := os.ReadFile(filepath.Join(dir, "cost.csv"))
	require.NoError(t, err)
	take("cost.csv", string(export))
	take("rules.yaml", "schema: sizeterm.policy/1\nhorizon_months: 48\nsizing: {min_days: 9}\n")
	customers, err := p.db.Partner(store.Local).Customers(ctx)
	require.NoError(t, err)
	require.Len(t, customers, 1)
	customer := customers[0].ID

	rule := func(key string) (web.Rule, web.Ruling) {
		ruling, err := l.Rules(ctx, store.Local, customer)
		require.NoError(t, err)
		for _, r := range ruling.Rules {
			if r.Key == key {
				r.Effect, r.Tries = "", false
				return r, ruling
			}
		}
		t.Fatalf("no rule %s", key)
		return web.Rule{}, ruling
	}
	check := func(want web.Rule) web.Ruling {
		t.Helper()
		got, ruling := rule(want.Key)
		require.Equal(t, want, got)
		return ruling
	}
	check(web.Rule{Key: "monthly_loss", Value: "0.02", Default: "0.02", Source: "default"})
	check(web.Rule{Key: "min_saving_month", Value: "2", Default: "1", Source: "the policy file of this service"})
	check(web.Rule{Key: "horizon_months", Value: "48", Default: "36", Source: "rules.yaml"})
	check(web.Rule{Key: "sizing.min_days", Value: "9", Default: "7", Source: "rules.yaml"})
	ruling := check(web.Rule{Key: "terms", Value: "[P3Y]", Default: "both", Source: "the policy file of this service"})
	_, made, err := p.plan(ctx, store.Local, customer, "service")
	require.NoError(t, err)
	require.NotNil(t, made)

	set := web.RuleSet{By: "bob", Customer: customer, Key: "terms", Value: "P1Y", Mark: ruling.Mark}
	require.NoError(t, l.SetRule(ctx, store.Local, set))
	require.ErrorIs(t, l.SetRule(ctx, store.Local, set), web.ErrRulesMoved)
	ruling = check(web.Rule{Key: "terms", Value: "[P1Y]", Default: "both", Source: ownPolicy, Own: true})
	require.Len(t, ruling.Changes, 1)
	require.Equal(t, "bob", ruling.Changes[0].By)
	require.Equal(t, "terms: P1Y, was what holds otherwise", ruling.Changes[0].Detail)
	_, err = p.db.Partner(store.Local).VerifyAudit(ctx)
	require.NoError(t, err)
	_, made, err = p.plan(ctx, store.Local, customer, "service")
	require.NoError(t, err)
	require.NotNil(t, made, "the plan is another one under another rule")
	for _, line := range made.Lines {
		require.Equal(t, "P1Y", line.Term.String(), "the customer's own rule wins over the house's")
	}

	var wrong *web.RuleError
	for key, value := range map[string]string{"monthly_loss": "7", "terms": "P5Y", "nothing": "1", "min_days_normal": "3"} {
		require.ErrorAs(t, l.SetRule(ctx, store.Local, web.RuleSet{By: "bob", Customer: customer, Key: key, Value: value, Mark: ruling.Mark}), &wrong, "%s: %s", key, value)
	}
	require.NoError(t, l.SetRule(ctx, store.Local, web.RuleSet{By: "bob", Customer: customer, Key: "terms", Mark: ruling.Mark}))
	check(web.Rule{Key: "terms", Value: "[P3Y]", Default: "both", Source: "the policy file of this service"})
	require.ErrorIs(t, l.SetRule(ctx, "other", set), web.ErrNone)
	_, err = l.Rules(ctx, store.Local, "nobody")
	require.ErrorIs(t, err, web.ErrNone)

	tries, err := l.Alternatives(recommend.DefaultPolicy(), "horizon_months", "48")
	require.NoError(t, err)
	var values []string
	for _, try := range tries {
		values = append(values, try.Value)
		require.Equal(t, try.Value == "36", try.Now)
	}
	require.Equal(t, []string{"12", "24", "36", "60", "48"}, values)
	_, err = l.Alternatives(recommend.DefaultPolicy(), "horizon_months", "-1")
	require.ErrorAs(t, err, &wrong)
}

// A policy that is too long is refused, not cut: a rule at its end would be lost in silence.
func TestALongPolicyIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	for comment, want := range map[int]string{maxPolicy - 100: "", maxPolicy: "more than 1048576 bytes"} {
		require.NoError(t, os.WriteFile(file, []byte("schema: sizeterm.policy/1\nmonthly_loss: 0.02\n#"+strings.Repeat("x", comment)+"\n"), 0o600))
		var out, errs bytes.Buffer
		code := run(context.Background(), []string{"check", file}, nil, &out, &errs)
		if want == "" {
			require.Zero(t, code, "%s%s", out.String(), errs.String())
			continue
		}
		require.Equal(t, 3, code)
		require.Contains(t, out.String()+errs.String(), want)
	}
}
