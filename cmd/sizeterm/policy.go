package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sizeterm/recommend"
)

// policySchema is the first line of every policy file.
const policySchema = "sizeterm.policy/1"

// policyFile is a policy found among the inputs.
type policyFile struct {
	name string
	text []byte
}

// policyDocument is the YAML form of a Policy. A pointer tells "not said" from zero.
type policyDocument struct {
	Schema            string   `yaml:"schema"`
	MinDaysOneYear    *int     `yaml:"min_days_one_year"`
	MinDaysNormal     *int     `yaml:"min_days_normal"`
	MinAgeDays        *int     `yaml:"min_age_days"`
	MonthlyLoss       *float64 `yaml:"monthly_loss"`
	LossMonths        *float64 `yaml:"loss_months"`
	ExpirePerQuarter  *float64 `yaml:"expire_per_quarter"`
	Decide            string   `yaml:"decide"`
	RiskAversion      *float64 `yaml:"risk_aversion"`
	HorizonMonths     *int     `yaml:"horizon_months"`
	MinSavingMonth    *int64   `yaml:"min_saving_month"`
	BillingPlan       string   `yaml:"billing_plan"`
	MaxUpfront        string   `yaml:"max_upfront"`
	MaxMonth          string   `yaml:"max_month"`
	Terms             []string `yaml:"terms"`
	CapacityPriority  []string `yaml:"capacity_priority"`
	PriceAgeDays      *int     `yaml:"price_age_days"`
	MaxPriceAgeDays   *int     `yaml:"max_price_age_days"`
	PriceTolerance    *float64 `yaml:"price_tolerance"`
	Objective         string   `yaml:"objective"`
	PartnerCreditRate *float64 `yaml:"partner_credit_rate"`
	Markup            *float64 `yaml:"markup"`
	CustomerPrices    string   `yaml:"customer_prices"`
	PartnerOnRecord   string   `yaml:"partner_on_record"`

	Resize *bool           `yaml:"resize"`
	Sizing *sizingDocument `yaml:"sizing"`
}

// isPolicy reports whether the head of a file is that of a policy.
func isPolicy(head []byte) bool {
	for _, line := range strings.Split(string(head), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || line == "---" {
			continue
		}
		return strings.HasPrefix(line, "schema:") && strings.Contains(line, "sizeterm.policy/")
	}
	return false
}

// loadPolicy returns the default policy with what the files say over it, the last one over the others.
func loadPolicy(files []policyFile, path string) (recommend.Policy, error) {
	policy := recommend.DefaultPolicy()
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return policy, refused("--policy names a YAML file; see docs/POLICY.md.", err)
		}
		files = append(files, policyFile{path, text})
	}
	for _, f := range files {
		if err := f.apply(&policy); err != nil {
			return policy, refused("The keys of a policy and their effects stand in docs/POLICY.md.", fmt.Errorf("%s: %w", f.name, err))
		}
	}
	return policy, nil
}

// apply sets in p what the file says.
func (f policyFile) apply(p *recommend.Policy) error {
	var doc policyDocument
	decoder := yaml.NewDecoder(bytes.NewReader(f.text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("not a policy: %w", err)
	}
	if err := wholeNumbers(f.text); err != nil {
		return err
	}
	if doc.Schema != policySchema {
		return fmt.Errorf("schema %q: want %q as the first key", doc.Schema, policySchema)
	}
	setInt(&p.MinDaysOneYear, doc.MinDaysOneYear)
	setInt(&p.MinDaysNormal, doc.MinDaysNormal)
	setInt(&p.HorizonMonths, doc.HorizonMonths)
	setDays(&p.MinAge, doc.MinAgeDays)
	setDays(&p.PriceAge, doc.PriceAgeDays)
	setDays(&p.MaxPriceAge, doc.MaxPriceAgeDays)
	if doc.MinSavingMonth != nil {
		p.MinSavingMonth = *doc.MinSavingMonth
	}
	for to, from := range map[*float64]*float64{&p.MonthlyLoss: doc.MonthlyLoss, &p.LossMonths: doc.LossMonths, &p.ExpirePerQuarter: doc.ExpirePerQuarter, &p.RiskAversion: doc.RiskAversion, &p.PriceTolerance: doc.PriceTolerance, &p.PartnerCreditRate: doc.PartnerCreditRate, &p.Markup: doc.Markup} {
		if from != nil {
			*to = *from
		}
	}
	if doc.BillingPlan != "" {
		p.BillingPlan = doc.BillingPlan
	}
	if doc.Objective != "" {
		p.Objective = doc.Objective
	}
	if doc.Decide != "" {
		p.Decide = doc.Decide
	}
	for name, limit := range map[string]struct {
		text string
		to   **int64
	}{"max_upfront": {doc.MaxUpfront, &p.MaxUpfront}, "max_month": {doc.MaxMonth, &p.MaxMonth}} {
		if limit.text == "" {
			continue
		}
		micros, err := parseLimitOfCash(limit.text)
		if err != nil {
			return fmt.Errorf("%s: %q: want an amount such as 10000 or 99.50", name, limit.text)
		}
		*limit.to = &micros
	}
	if doc.Terms != nil {
		p.Terms = doc.Terms
	}
	if doc.CapacityPriority != nil {
		p.CapacityPriority = doc.CapacityPriority
	}
	if doc.CustomerPrices != "" {
		p.CustomerPrices = doc.CustomerPrices
	}
	if doc.PartnerOnRecord != "" {
		p.PartnerOnRecord = doc.PartnerOnRecord
	}
	if doc.Resize != nil {
		p.NoResize = !*doc.Resize
	}
	if err := doc.Sizing.apply(&p.Sizing); err != nil {
		return fmt.Errorf("sizing: %w", err)
	}
	return p.Validate()
}

func setInt(to, from *int) {
	if from != nil {
		*to = *from
	}
}

func setDays(to *time.Duration, days *int) {
	if days != nil {
		*to = time.Duration(*days) * 24 * time.Hour
	}
}

// sum returns the SHA-256 of text.
func sum(text []byte) string {
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])
}
