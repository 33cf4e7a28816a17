package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/hook"
)

// hooking are the flags of order webhook.
type hooking struct {
	*ordering
	url, source string
}

// webhookSecret is the variable, or with _FILE the file, that holds the secret; several are separated by blanks, the newest
// first.
const webhookSecret = "SIZETERM_WEBHOOK_SECRET"

func (o *ordering) webhookCommand() *cobra.Command {
	h := &hooking{ordering: o}
	cmd := &cobra.Command{
		Use: "webhook", Short: "Tell other systems of every step of an order, and hear from them",
		Long: `Each step of an order becomes a CloudEvent 1.0 that is posted to --webhook-url with the signature of Standard Webhooks. It is
delivered at least once, with the same id on each repetition (5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 h); after the last it is a dead
letter, which retry sends again. The first send tells the whole journal.

The secret (whsec_…) comes from ` + webhookSecret + ` or the file that ` + webhookSecret + `_FILE names; two, separated by a blank, while it
is being replaced. Run send from cron, or leave it to the service.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return usageError("Try: sizeterm order webhook test --webhook-url https://shop.example/hook", "no subcommand of webhook given")
		},
	}
	f := cmd.PersistentFlags()
	f.StringVar(&h.url, "webhook-url", "", "where events are posted")
	f.StringVar(&h.source, "webhook-source", "urn:sizeterm", "source of the events, a URI of yours")
	cmd.AddCommand(
		h.command("send", "Deliver what is due: new events and earlier failures", h.send),
		h.command("test", "Send a test event, once, and say how it was answered", h.test),
		h.command("dead", "List the dead letters, with the last error of each", h.dead),
		h.command("retry", "Make the dead letters due again", h.retry),
		h.takeCommand(),
	)
	return cmd
}

func (h *hooking) command(use, short string, do func(ctx context.Context, s *hook.Sender, e hook.Endpoint) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if h.url == "" {
				return usageError("Give --webhook-url, or set SIZETERM_WEBHOOK_URL.", "no webhook named")
			}
			secrets, err := webhookSecrets()
			if err != nil {
				return err
			}
			return h.partner(cmd.Context(), func(d *order.Desk, p *store.Partner, _ string) error {
				return do(cmd.Context(), &hook.Sender{Desk: d, Outbox: p, Source: h.source, Post: postHook}, hook.Endpoint{URL: h.url, Secrets: secrets})
			})
		},
	}
}

func webhookSecrets() ([]hook.Secret, error) {
	text, err := secretOf(webhookSecret)
	if err != nil {
		return nil, refused("", err)
	}
	var all []hook.Secret
	for _, one := range strings.Fields(text) {
		s, err := hook.ParseSecret(one)
		if err != nil {
			return nil, refused("Make one: echo whsec_$(openssl rand -base64 32)", fmt.Errorf("%s: %w", webhookSecret, err))
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, usageError("Make one: echo whsec_$(openssl rand -base64 32)", "%s is not set", webhookSecret)
	}
	return all, nil
}

// hookTimeout is how long a webhook may take to answer, and hookReply how much of its answer is read.
const (
	hookTimeout = 10 * time.Second
	hookReply   = 64 << 10
)

// newHookClient posts events. It follows no redirect: what was signed for one address goes to no other.
func newHookClient() *http.Client {
	return &http.Client{Timeout: hookTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// hookClient is that of the command line, where whoever runs it names the address.
var hookClient = newHookClient()

// hookAddress refuses what is no address of a webhook. Without TLS it is of this machine only.
func hookAddress(to string) error {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q: not a URL", to)
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme != "https" && (u.Scheme != "http" || ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s: not https", u.Host)
	}
	return nil
}

// postHook makes one call for the command line.
func postHook(ctx context.Context, to string, header map[string]string, body []byte) (int, error) {
	return postWith(ctx, hookClient, to, header, body)
}

// postWith makes one call.
func postWith(ctx context.Context, client *http.Client, to string, header map[string]string, body []byte) (int, error) {
	if err := hookAddress(to); err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, hookReply))
	return resp.StatusCode, nil
}

func (h *hooking) send(ctx context.Context, s *hook.Sender, e hook.Endpoint) error {
	sent, err := s.Run(ctx, e)
	fmt.Fprintf(h.out, "delivered %d, to be repeated %d, dead letters %d\n", sent.Delivered, sent.Failed, sent.Dead)
	if err == nil && sent.Failed+sent.Dead > 0 {
		return &hintError{code: exitUnavailable, err: fmt.Errorf("%s did not take every event", e.URL), hint: "sizeterm order webhook dead lists those that were given up."}
	}
	return err
}

func (h *hooking) test(ctx context.Context, s *hook.Sender, e hook.Endpoint) error {
	if err := s.Test(ctx, e); err != nil {
		return &hintError{code: exitUnavailable, err: err, hint: "Look at the address and the secret."}
	}
	fmt.Fprintln(h.out, "taken")
	return nil
}

func (h *hooking) dead(ctx context.Context, s *hook.Sender, e hook.Endpoint) error {
	all, err := s.Outbox.Deliveries(ctx, e.URL, hook.Dead, s.Desk.Now(), 1000)
	if err != nil {
		return err
	}
	for _, d := range all {
		fmt.Fprintf(h.out, "entry %d  %d attempts  %s\n", d.Seq, d.Attempts, printable(d.Error))
	}
	if len(all) == 0 {
		h.note("no dead letters")
	}
	return nil
}

func (h *hooking) retry(ctx context.Context, s *hook.Sender, e hook.Endpoint) error {
	n, err := s.Again(ctx, e.URL)
	if err != nil {
		return err
	}
	fmt.Fprintf(h.out, "%d due again\n", n)
	return nil
}

// takeCommand takes a message that another program received.
func (h *hooking) takeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "take", Short: "Take a received message from standard input: its headers, an empty line, its body", Args: cobra.NoArgs,
		Long: `Takes word of a purchase in the partner's own shop: a CloudEvent of type ` + hook.TypeBought + ` with data
{"order", "vendor_order" or "reservation_order", "paid", "currency"}, signed with our secret. An old message, one that was taken before
and one that asks for what is not allowed is refused and journalled.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secrets, err := webhookSecrets()
			if err != nil {
				return err
			}
			header, body, err := message(h.in)
			if err != nil {
				return refused("", err)
			}
			return h.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, _ string) error {
				if err := hook.Take(cmd.Context(), d, header.Get, body, secrets); err != nil {
					return err
				}
				var said struct {
					Data struct{ Order string } `json:"data"`
				}
				if err := json.Unmarshal(body, &said); err != nil {
					return err
				}
				return h.printStates(cmd.Context(), d, []string{said.Data.Order})
			})
		},
	}
}

// maxMessage is the size that no message exceeds.
const maxMessage = 1 << 20

// message splits a received message into headers and body.
func message(r io.Reader) (textproto.MIMEHeader, []byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxMessage+1))
	if err != nil {
		return nil, nil, err
	}
	if len(text) > maxMessage {
		return nil, nil, errors.New("message: more than 1 MiB")
	}
	head, body, ok := bytes.Cut(text, []byte("\n\n"))
	if h, b, crlf := bytes.Cut(text, []byte("\r\n\r\n")); crlf && (!ok || len(h) < len(head)) {
		head, body, ok = h, b, true
	}
	if !ok {
		return nil, nil, errors.New("message: no empty line between headers and body")
	}
	header := textproto.MIMEHeader{}
	for line := range strings.Lines(string(head)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			header.Add(name, strings.TrimSpace(value))
		}
	}
	return header, body, nil
}
