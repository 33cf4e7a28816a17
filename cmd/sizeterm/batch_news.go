package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sizeterm/cmd/sizeterm/internal/store"
)

// news is what a channel has not told yet.
type news struct {
	Plans   []newPlan
	Refused []string // files, with the reason
	Failed  []string // customers of this run, with the reason
	Due     []due    // what runs out or is planned soon
	told    []told
	dueTold []told
}

// told is a row that is written when the channel has taken the news.
type told struct{ tenant, subject, what string }

// A plan and a refused file are in the database as soon as they are made, whoever made them: the batch, or the service between
// two runs. What a channel told last of each is there too. The news are the difference, so that a run that is killed at any
// moment loses none: the next one tells them, with the same ids.

// mailChannel is the channel of the digest; each webhook and each place of reports is one of its own.
const mailChannel = "mail"

// channelOf names a channel by its address, which may hold a secret.
func channelOf(kind, address string) string { return kind + " " + sum([]byte(address))[:32] }

// channels are those that the flags name.
func (b *batching) channels() []string {
	var all []string
	for _, address := range b.hook.urls {
		all = append(all, channelOf("webhook", address))
	}
	if b.mail.server != "" {
		all = append(all, mailChannel)
	}
	return all
}

// openChannels makes what is there before a channel's first run no news for it.
func (b *batching) openChannels(ctx context.Context, p *pipeline) error {
	const opened = "opened"
	home := p.db.Partner(store.Local)
	for _, channel := range b.channels() {
		known, err := home.Told(ctx, channel)
		if err != nil {
			return err
		}
		if known[opened] != "" {
			continue
		}
		n, err := b.newsOf(ctx, p, channel)
		if err != nil {
			return err
		}
		n.dueTold = nil // what is due is news whenever it is told first
		if err := n.done(ctx, p, channel); err != nil {
			return err
		}
		if err := home.SetTold(ctx, channel, opened, "yes", now()); err != nil {
			return err
		}
	}
	return nil
}

// newsOf collects what a channel has not told of any tenant.
func (b *batching) newsOf(ctx context.Context, p *pipeline, channel string) (*news, error) {
	n := &news{}
	tenants, err := p.db.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	for _, tenant := range tenants {
		t := p.db.Partner(tenant.ID)
		known, err := t.Told(ctx, channel)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(b.newPlans(ctx, t, known, n), addDue(ctx, p, t, known, n)); err != nil {
			return nil, err
		}
		refused, err := t.Uploads(ctx, store.UploadFilter{States: []store.UploadState{store.UploadRefused}, Page: store.Page{Limit: 1 << 30}})
		if err != nil {
			return nil, err
		}
		for _, u := range slices.Backward(refused) { // the oldest first
			if subject := "upload " + u.ID; known[subject] == "" {
				n.Refused = append(n.Refused, fmt.Sprintf("%s: %s", u.Name, u.Reason))
				n.told = append(n.told, told{tenant.ID, subject, string(u.State)})
			}
		}
	}
	return n, nil
}

// newPlans adds the newest plan of each customer where another one was told last.
func (b *batching) newPlans(ctx context.Context, t *store.Partner, known map[string]string, n *news) error {
	latest, err := t.LatestPlans(ctx)
	if err != nil {
		return err
	}
	for _, plan := range latest {
		subject := "plan " + plan.Customer
		if known[subject] == plan.ID {
			continue
		}
		made, err := compared(ctx, t, plan, known[subject])
		if err != nil {
			return err
		}
		if b.out != "" {
			made.Reports = b.reportPlace(plan)
		}
		n.Plans = append(n.Plans, made)
		n.told = append(n.told, told{t.Tenant(), subject, plan.ID})
	}
	return nil
}

// compared is a plan with what changed since the one called before; none where before is empty.
func compared(ctx context.Context, t *store.Partner, plan store.Plan, before string) (newPlan, error) {
	made := newPlan{Tenant: t.Tenant(), Customer: plan.Customer, Plan: plan.ID, Lines: plan.Lines, First: before == ""}
	c, err := t.Customer(ctx, plan.Customer)
	if err != nil {
		return made, err
	}
	made.Name = c.Name
	document, err := t.PlanDocument(ctx, plan.ID)
	if err != nil {
		return made, err
	}
	var old []byte
	if before != "" {
		if old, err = t.PlanDocument(ctx, before); err != nil {
			return made, err
		}
	}
	made.Changes, err = changes(old, document)
	return made, err
}

// done notes that a channel has told all of the news.
func (n *news) done(ctx context.Context, p *pipeline, channel string) error {
	for _, one := range slices.Concat(n.told, n.dueTold) {
		if err := p.db.Partner(one.tenant).SetTold(ctx, channel, one.subject, one.what, now()); err != nil {
			return err
		}
	}
	return nil
}

// announce tells the news by every channel. A channel that cannot be reached tells them in the next run.
func (b *batching) announce(ctx context.Context, p *pipeline, o *outcome) error {
	if b.tenants != nil {
		if err := b.tenants.due(ctx, p); err != nil {
			return err
		}
	}
	for _, address := range b.hook.urls {
		if err := b.announceHook(ctx, p, address, o); err != nil {
			return err
		}
	}
	if b.mail.server == "" {
		return nil
	}
	n, err := b.newsOf(ctx, p, mailChannel)
	if err != nil {
		return err
	}
	n.Failed = o.Failed
	if len(n.Plans)+len(n.Refused)+len(n.Failed)+len(n.Due) == 0 {
		return nil
	}
	if err := b.mail.send(n); err != nil {
		o.remote = append(o.remote, err)
		return nil
	}
	return n.done(ctx, p, mailChannel)
}

// announceHook posts an event for each new plan to one webhook, and notes each that was taken.
func (b *batching) announceHook(ctx context.Context, p *pipeline, address string, o *outcome) error {
	channel := channelOf("webhook", address)
	n, err := b.newsOf(ctx, p, channel)
	if err != nil {
		return err
	}
	secrets, err := webhookSecrets()
	if err != nil {
		return err
	}
	to := &target{address, "urn:sizeterm", secrets, postHook}
	away, err := n.tellDue(ctx, p, channel, to)
	if err != nil {
		return err
	}
	if away != nil {
		o.remote = append(o.remote, away)
		return nil
	}
	for _, made := range n.Plans {
		err := send(ctx, to, made.Plan, "recommendation.created", made)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil { // it is away: the next events would wait in vain
			o.remote = append(o.remote, fmt.Errorf("webhook %s: %w", masked(address), err))
			return nil
		}
		if err := p.db.Partner(made.Tenant).SetTold(ctx, channel, "plan "+made.Customer, made.Plan, now()); err != nil {
			return err
		}
	}
	return n.done(ctx, p, channel) // refused files are none of a webhook's events
}

// beforeThat is the plan of a customer before the newest, "" where there is none.
func beforeThat(ctx context.Context, t *store.Partner, customer string) (string, error) {
	plans, err := t.Plans(ctx, customer, store.Page{Limit: 2})
	if err != nil || len(plans) < 2 {
		return "", errors.Join(err)
	}
	return plans[1].ID, nil
}
