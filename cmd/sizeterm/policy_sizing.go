package main

import (
	"fmt"
	"math"
	"time"

	"sizeterm/recommend/rightsize"
)

// sizingDocument is the YAML form of the rules of sizes. Shares are fractions; a pointer tells "not said" from zero.
type sizingDocument struct {
	Production     *ruleDocument     `yaml:"production"`
	Relaxed        *ruleDocument     `yaml:"relaxed"`
	RelaxedTags    []string          `yaml:"relaxed_tags"`
	Overload       *float64          `yaml:"overload"`
	AverageLimit   *float64          `yaml:"average_limit"`
	Proven         *bool             `yaml:"proven"`
	MemoryMargin   *float64          `yaml:"memory_margin"`
	Censored       *float64          `yaml:"censored"`
	MinDays        *int              `yaml:"min_days"`
	MinSavingMonth *int64            `yaml:"min_saving_month"`
	MinSavingShare *float64          `yaml:"min_saving_share"`
	OneStep        *bool             `yaml:"one_step"`
	OneStepFree    *float64          `yaml:"one_step_free"`
	RetireMonths   *int              `yaml:"retire_months"`
	ResizeCost     *int64            `yaml:"resize_cost"`
	FamilyCost     *int64            `yaml:"family_cost"`
	OverloadCost   *int64            `yaml:"overload_cost"`
	HorizonMonths  *int64            `yaml:"horizon_months"`
	FamilyChange   *bool             `yaml:"family_change"`
	Burstable      *bool             `yaml:"burstable"`
	ByTag          []tagDocument     `yaml:"by_tag"`
	Exempt         []string          `yaml:"exempt"`
	Snoozed        map[string]string `yaml:"snoozed"`
	Alternatives   *int              `yaml:"alternatives"`
	Quota          map[string]int64  `yaml:"quota"`
}

type ruleDocument struct {
	Share float64 `yaml:"share"`
	Limit float64 `yaml:"limit"`
}

// tagDocument is what is different for machines with one of some tags.
type tagDocument struct {
	Tags           []string `yaml:"tags"`
	MinSavingMonth *int64   `yaml:"min_saving_month"`
	MinSavingShare *float64 `yaml:"min_saving_share"`
	OneStep        *bool    `yaml:"one_step"`
}

// apply sets in p what the document says; nil says nothing.
func (d *sizingDocument) apply(p *rightsize.Policy) error {
	if d == nil {
		return nil
	}
	for to, from := range map[*rightsize.Rule]*ruleDocument{&p.Production: d.Production, &p.Relaxed: d.Relaxed} {
		if from != nil {
			*to = rightsize.Rule{Share: int(math.Round(from.Share * 10_000)), Limit: hundredths(from.Limit)}
		}
	}
	for to, from := range map[*rightsize.Percent]*float64{&p.Overload: d.Overload, &p.AverageLimit: d.AverageLimit, &p.MemoryMargin: d.MemoryMargin,
		&p.Censored: d.Censored, &p.MinSavingShare: d.MinSavingShare, &p.OneStepFree: d.OneStepFree} {
		if from != nil {
			*to = hundredths(*from)
		}
	}
	for to, from := range map[*int64]*int64{&p.MinSavingMonth: d.MinSavingMonth, &p.ResizeCost: d.ResizeCost, &p.FamilyCost: d.FamilyCost,
		&p.OverloadCost: d.OverloadCost, &p.HorizonMonths: d.HorizonMonths} {
		if from != nil {
			*to = *from
		}
	}
	setInt(&p.MinDays, d.MinDays)
	setInt(&p.Alternatives, d.Alternatives)
	setInt(&p.RetireMonths, d.RetireMonths)
	if d.OneStep != nil {
		p.OneStep = *d.OneStep
	}
	if d.Proven != nil {
		p.Proven = *d.Proven
	}
	if d.FamilyChange != nil {
		p.NoFamilyChange = !*d.FamilyChange
	}
	if d.Burstable != nil {
		p.NoBurstable = !*d.Burstable
	}
	if d.RelaxedTags != nil {
		p.RelaxedTags = d.RelaxedTags
	}
	for _, t := range d.ByTag {
		rule := rightsize.TagRule{Tags: t.Tags, MinSavingMonth: t.MinSavingMonth, OneStep: t.OneStep}
		if t.MinSavingShare != nil {
			share := hundredths(*t.MinSavingShare)
			rule.MinSavingShare = &share
		}
		p.ByTag = append(p.ByTag, rule)
	}
	if d.Quota != nil {
		p.Quota = d.Quota
	}
	if d.Exempt != nil {
		p.Exempt = d.Exempt
	}
	return snooze(p, d.Snoozed)
}

// snooze reads the days until which machines are put off.
func snooze(p *rightsize.Policy, until map[string]string) error {
	if until == nil {
		return nil
	}
	p.Snoozed = map[string]time.Time{}
	for name, text := range until {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return fmt.Errorf("snoozed: %s: %q: want a date like 2026-12-31", name, text)
		}
		p.Snoozed[name] = day
	}
	return nil
}

// hundredths turns a fraction into hundredths of a percent.
func hundredths(share float64) rightsize.Percent {
	return rightsize.Percent(math.Round(share * 10_000))
}
