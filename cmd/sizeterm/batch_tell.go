package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sizeterm/recommend/order/hook"
)

// smtpPassword is the variable, or with _FILE the file, that holds the password at the mail server.
const smtpPassword = "SIZETERM_SMTP_PASSWORD"

// mailing are the flags of the digest by mail.
type mailing struct {
	server, from, user string
	to                 []string
}

func (m *mailing) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&m.server, "smtp", "", "mail server HOST:PORT that takes the digest; STARTTLS where it offers it, and always before a password")
	f.StringVar(&m.from, "mail-from", "", "address from which the digest comes")
	f.StringArrayVar(&m.to, "mail-to", nil, "address that gets the digest (repeatable)")
	f.StringVar(&m.user, "smtp-user", "", "user at the mail server; the password comes from "+smtpPassword+" or the file that "+smtpPassword+"_FILE names")
}

func (m *mailing) check() error {
	if m.server == "" && len(m.to) == 0 {
		return nil
	}
	if _, _, err := net.SplitHostPort(m.server); err != nil || m.from == "" || len(m.to) == 0 {
		return usageError("", "a digest by mail needs --smtp HOST:PORT, --mail-from and --mail-to")
	}
	for _, address := range append([]string{m.from}, m.to...) {
		if _, err := mail.ParseAddress(address); err != nil {
			return usageError("", "%q: not a mail address", address)
		}
	}
	return nil
}

// send mails the digest.
func (m *mailing) send(n *news) (err error) {
	host, _, _ := net.SplitHostPort(m.server)
	conn, err := net.DialTimeout("tcp", m.server, remoteTimeout)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(6 * remoteTimeout)); err != nil {
		return err
	}
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("mail: %w", err)
		}
	}()
	if ok, _ := client.Extension("STARTTLS"); ok {
		if err := client.StartTLS(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if m.user != "" {
		password, err := secretOf(smtpPassword)
		if err != nil {
			return err
		}
		if err := client.Auth(smtp.PlainAuth("", m.user, password, host)); err != nil { // refuses without TLS
			return err
		}
	}
	if err := client.Mail(m.from); err != nil {
		return err
	}
	for _, to := range m.to {
		if err := client.Rcpt(to); err != nil {
			return err
		}
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.message(n)); err != nil {
		return err
	}
	return errors.Join(w.Close(), client.Quit())
}

// message is the mail: plain text, base64 so that no line can be taken for a header or an end.
func (m *mailing) message(n *news) []byte {
	var b bytes.Buffer
	subject := fmt.Sprintf("sizeterm: %d new plans", len(n.Plans))
	if len(n.Due) > 0 {
		subject += fmt.Sprintf(", %d due soon", len(n.Due))
	}
	if refused := len(n.Failed) + len(n.Refused); refused > 0 {
		subject += fmt.Sprintf(", %d refused", refused)
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		m.from, strings.Join(m.to, ", "), mime.QEncoding.Encode("utf-8", subject), now().Format(time.RFC1123Z))
	text := base64.StdEncoding.EncodeToString([]byte(digest(n)))
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n")
	return b.Bytes()
}

// digest is the news in words.
func digest(n *news) string {
	var b strings.Builder
	for _, p := range n.Plans {
		name := p.Name
		if name == "" {
			name = p.Customer
		}
		fmt.Fprintf(&b, "%s\n", printable(name))
		switch {
		case p.First:
			fmt.Fprintf(&b, "  first plan, %d lines\n", p.Lines)
		case len(p.Changes) == 0:
			b.WriteString("  the decision stands\n")
		}
		for _, c := range p.Changes {
			what := map[string]string{"payg": "pay-as-you-go", "plan": "with the plan", "saving": "saving", "line": c.Line}[c.What]
			fmt.Fprintf(&b, "  %s: %s, was %s (%s %s a month)\n", what, c.After, c.Before, c.Delta, c.Currency)
			if c.What == "line" {
				fmt.Fprintf(&b, "    %s\n", c.Why)
			}
		}
		if p.Reports != "" {
			fmt.Fprintf(&b, "  reports: %s\n", p.Reports)
		}
	}
	if len(n.Due) > 0 {
		b.WriteString("\nDue soon\n")
	}
	for _, r := range n.Due {
		fmt.Fprintf(&b, "  in %d days: %s, %s, %s\n    %s\n", r.Days, printable(r.Customer), r.What, printable(r.Reservation), r.Detail)
	}
	for _, list := range []struct {
		title string
		items []string
	}{{"Files that were refused", n.Refused}, {"Customers without a plan", n.Failed}} {
		if len(list.items) > 0 {
			fmt.Fprintf(&b, "\n%s\n", list.title)
		}
		for _, item := range list.items {
			fmt.Fprintf(&b, "  %s\n", printable(item))
		}
	}
	return b.String()
}

// remoteTimeout bounds one call to a webhook or mail server.
const remoteTimeout = 10 * time.Second

// telling are the flags of webhooks.
type telling struct{ urls []string }

func (h *telling) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&h.urls, "webhook", nil, "https:// address that gets a signed event for each new plan (repeatable); the secret comes from "+webhookSecret+" or the file that "+webhookSecret+"_FILE names")
}

func (h *telling) check() error {
	for _, text := range h.urls {
		if u, err := url.Parse(text); err != nil || u.Host == "" {
			return usageError("", "--webhook: %s: want https://HOST/...", masked(text))
		}
	}
	if len(h.urls) == 0 {
		return nil
	}
	_, err := webhookSecrets()
	return err
}

// event is what a webhook gets: CloudEvents 1.0 as JSON.
type event[T newPlan | due] struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"` // the plan's, or that of what is due: a repetition has the same
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Time        time.Time `json:"time"`
	Data        T         `json:"data"`
}

// planEvent is the event of a new plan.
type planEvent = event[newPlan]

// target is a webhook: that of a flag, or one that a tenant named.
type target struct {
	address, source string
	secrets         []hook.Secret
	post            func(ctx context.Context, to string, header map[string]string, body []byte) (int, error)
}

// send posts an event to a webhook, three times at most: of a new plan, or of a reservation that runs out.
func send[T newPlan | due](ctx context.Context, to *target, id, kind string, data T) error {
	body, err := json.Marshal(event[T]{"1.0", id, to.source, kind, now(), data})
	if err != nil {
		return err
	}
	return to.postThrice(ctx, hook.Headers(id, now(), body, to.secrets), body)
}

// postThrice makes a call until it is taken, three times at most.
func (to *target) postThrice(ctx context.Context, header map[string]string, body []byte) (err error) {
	for try := range 3 {
		var status int
		status, err = to.post(ctx, to.address, header, body)
		var at *url.Error // its text repeats the address, which may be a secret
		switch {
		case errors.As(err, &at):
			err = at.Err
		case err == nil && status >= 200 && status < 300:
			return nil
		case err == nil:
			err = fmt.Errorf("answered %d", status)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try) * time.Second):
		}
	}
	return err
}
