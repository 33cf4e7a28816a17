package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/hook"
)

// hookLook is the time between looks for what is to be told.
const hookLook = 5 * time.Second

// mostDead is the number of dead letters that a page lists.
const mostDead = 100

// webhooks tells the webhooks of tenants what happens to their orders, and keeps their addresses and secrets.
type webhooks struct {
	db     *store.Store
	seal   cipher.AEAD
	now    func() time.Time
	post   func(ctx context.Context, to string, header map[string]string, body []byte) (int, error)
	inside bool // addresses of private networks are allowed
	log    *slog.Logger
}

// newWebhooks keeps secrets sealed with a key of the service's own.
func newWebhooks(db *store.Store, secret []byte, inside bool) (*webhooks, error) {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("sizeterm.seal/1"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	w := &webhooks{db: db, now: now, inside: inside, log: slog.New(slog.DiscardHandler)}
	if w.seal, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	client := newHookClient()
	if !inside {
		client.Transport = &http.Transport{DialContext: (&net.Dialer{Timeout: hookTimeout, Control: publicOnly}).DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 10, IdleConnTimeout: time.Minute}
	}
	w.post = func(ctx context.Context, to string, header map[string]string, body []byte) (int, error) {
		return postWith(ctx, client, to, header, body)
	}
	return w, nil
}

// errInside says that an address is none of the internet.
var errInside = errors.New("an address of a private network: start the service with --private-webhooks to allow it")

// publicOnly refuses connections to this machine and to private networks, whatever name led there.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || carrierGrade.Contains(ip) {
		return errInside
	}
	return nil
}

// carrierGrade are the addresses that providers share among their customers (RFC 6598).
var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")

// sealed packs secrets for the database, bound to their tenant and address.
func (w *webhooks) sealed(tenant, url string, secrets []string) string {
	nonce := make([]byte, w.seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawStdEncoding.EncodeToString(w.seal.Seal(nonce, nonce, []byte(strings.Join(secrets, " ")), []byte(tenant+"\x00"+url)))
}

// opened unpacks what sealed packed.
func (w *webhooks) opened(tenant string, e store.Endpoint) ([]string, error) {
	raw, err := base64.RawStdEncoding.DecodeString(e.Secrets)
	n := w.seal.NonceSize()
	if err != nil || len(raw) < n {
		return nil, errors.New("webhook: its secret is not readable")
	}
	text, err := w.seal.Open(nil, raw[:n], raw[n:], []byte(tenant+"\x00"+e.URL))
	if err != nil {
		return nil, errors.New("webhook: its secret was sealed with another key of the service: make a new one")
	}
	return strings.Fields(string(text)), nil
}

// endpoint is an address with its secrets, as package hook takes it.
func (w *webhooks) endpoint(tenant string, e store.Endpoint) (hook.Endpoint, error) {
	texts, err := w.opened(tenant, e)
	if err != nil {
		return hook.Endpoint{}, err
	}
	out := hook.Endpoint{URL: e.URL}
	for _, text := range texts {
		secret, err := hook.ParseSecret(text)
		if err != nil {
			return out, err
		}
		out.Secrets = append(out.Secrets, secret)
	}
	return out, nil
}

func (w *webhooks) sender(tenant string) *hook.Sender {
	p := w.db.Partner(tenant)
	return &hook.Sender{Desk: &order.Desk{Store: p.Orders(), Policy: order.DefaultPolicy(), Now: w.now}, Outbox: p, Source: "urn:sizeterm:" + tenant, Post: w.post}
}

// Webhooks implements web.Webhooks.
func (w *webhooks) Webhooks(ctx context.Context, tenant string) ([]web.Webhook, error) {
	p := w.db.Partner(tenant)
	kept, err := p.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	var all []web.Webhook
	for _, e := range kept {
		one := web.Webhook{URL: e.URL, Author: e.Author, Created: e.Created}
		waiting, err := p.Deliveries(ctx, e.URL, hook.Pending, w.now().AddDate(1, 0, 0), 10_000)
		if err != nil {
			return nil, err
		}
		one.Waiting = len(waiting)
		dead, err := p.Deliveries(ctx, e.URL, hook.Dead, w.now().AddDate(1, 0, 0), mostDead)
		if err != nil {
			return nil, err
		}
		for _, d := range dead {
			one.Dead = append(one.Dead, web.DeadLetter{Seq: d.Seq, Attempts: d.Attempts, Error: d.Error})
		}
		all = append(all, one)
	}
	return all, nil
}

// PutWebhook implements web.Webhooks.
func (w *webhooks) PutWebhook(ctx context.Context, tenant, by, url string) (string, error) {
	if err := hookAddress(url); err != nil || !w.inside && !strings.HasPrefix(url, "https://") {
		return "", web.ErrAddress
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	secret := "whsec_" + base64.StdEncoding.EncodeToString(key)
	p := w.db.Partner(tenant)
	kept, err := p.Endpoints(ctx)
	if err != nil {
		return "", err
	}
	secrets := []string{secret}
	for _, e := range kept {
		if e.URL != url {
			continue
		}
		if before, err := w.opened(tenant, e); err == nil { // one that cannot be read signs nothing any more
			secrets = append(secrets, before[0])
		}
	}
	return secret, p.PutEndpoint(ctx, store.Endpoint{URL: url, Secrets: w.sealed(tenant, url, secrets), Author: by, Created: w.now()})
}

// RemoveWebhook implements web.Webhooks.
func (w *webhooks) RemoveWebhook(ctx context.Context, tenant, url string) error {
	return none(w.db.Partner(tenant).RemoveEndpoint(ctx, url))
}

// of finds an endpoint of a tenant.
func (w *webhooks) of(ctx context.Context, tenant, url string) (hook.Endpoint, error) {
	kept, err := w.db.Partner(tenant).Endpoints(ctx)
	if err != nil {
		return hook.Endpoint{}, err
	}
	for _, e := range kept {
		if e.URL == url {
			return w.endpoint(tenant, e)
		}
	}
	return hook.Endpoint{}, web.ErrNone
}

// TestWebhook implements web.Posts.
func (w *webhooks) TestWebhook(ctx context.Context, tenant, url string) error {
	e, err := w.of(ctx, tenant, url)
	if err != nil {
		return err
	}
	return w.sender(tenant).Test(ctx, e)
}

// SendAgain implements web.Posts.
func (w *webhooks) SendAgain(ctx context.Context, tenant, url string) (int, error) {
	return w.sender(tenant).Again(ctx, url)
}

// deliver tells the webhooks of every tenant what is due, until ctx ends. Of several services one at a time does.
func (w *webhooks) deliver(ctx context.Context) {
	look := time.NewTicker(hookLook)
	defer look.Stop()
	holder := store.NewID()
	seen := map[string]int64{} // entries of the journal that were looked at, by tenant and address
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		got, err := w.db.Lease(ctx, "webhooks", holder, w.now(), time.Minute)
		if err == nil && got {
			err = w.round(ctx, seen)
		}
		if err != nil && ctx.Err() == nil {
			w.log.Warn("webhooks could not be told", "error", err)
		}
	}
}

// round tells every webhook once.
func (w *webhooks) round(ctx context.Context, seen map[string]int64) error {
	tenants, err := w.db.Tenants(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range tenants {
		p := w.db.Partner(t.ID)
		kept, err := p.Endpoints(ctx)
		if err != nil || len(kept) == 0 {
			errs = append(errs, err)
			continue
		}
		last, err := p.Entries(ctx)
		errs = append(errs, err)
		for _, e := range kept {
			due, err := p.Deliveries(ctx, e.URL, hook.Pending, w.now(), 1)
			if err != nil || len(due) == 0 && seen[t.ID+"\x00"+e.URL] == last {
				errs = append(errs, err)
				continue
			}
			to, err := w.endpoint(t.ID, e)
			if err == nil {
				_, err = w.sender(t.ID).Run(ctx, to)
			}
			if err == nil {
				seen[t.ID+"\x00"+e.URL] = last
			} else {
				err = fmt.Errorf("tenant %s: %w", t.ID, err)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
