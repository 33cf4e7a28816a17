package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Webhook is an address that is told of every step of an order.
type Webhook struct {
	URL     string
	Author  string
	Created time.Time
	Waiting int          // deliveries that are to be made or repeated
	Dead    []DeadLetter // deliveries that were given up, the first ones
}

// DeadLetter is an entry of the journal that an address did not take.
type DeadLetter struct {
	Seq      int64
	Attempts int
	Error    string
}

// ID names a webhook in addresses.
func (w *Webhook) ID() string {
	sum := sha256.Sum256([]byte("sizeterm.webhook/1\x00" + w.URL))
	return hex.EncodeToString(sum[:16])
}

// Webhooks keeps the webhooks of tenants.
type Webhooks interface {
	// Webhooks lists those of a tenant.
	Webhooks(ctx context.Context, tenant string) ([]Webhook, error)
	// PutWebhook adds an address, or gives one that is there a new secret beside the one before. It returns the secret, which
	// nobody can look up again. ErrAddress refuses an address.
	PutWebhook(ctx context.Context, tenant, by, url string) (secret string, err error)
	// RemoveWebhook takes an address away.
	RemoveWebhook(ctx context.Context, tenant, url string) error
}

// Posts makes calls to webhooks at the wish of a person.
type Posts interface {
	// TestWebhook sends a message that concerns no order, once. The error says how it was answered.
	TestWebhook(ctx context.Context, tenant, url string) error
	// SendAgain makes what was given up due once more, and says how many.
	SendAgain(ctx context.Context, tenant, url string) (int, error)
}

// ErrAddress says that no webhook may be posted to an address.
var ErrAddress = errors.New("not an https:// address")

// webhooksPage is the page on which an admin says who is told.
type webhooksPage struct {
	Hooks  []Webhook
	People map[string]string
	Secret string // just made, shown once
	Of     string // the address that something was done with
	Done   string // what came of it
	Failed string
}

func (s *Server) webhooks(w http.ResponseWriter, r *http.Request) error {
	return s.showWebhooks(w, r, webhooksPage{})
}

func (s *Server) showWebhooks(w http.ResponseWriter, r *http.Request, page webhooksPage) error {
	if s.Hooks == nil {
		return errMissing
	}
	var err error
	if page.Hooks, err = s.Hooks.Webhooks(r.Context(), principalOf(r.Context()).Tenant); err != nil {
		return err
	}
	page.People = s.peopleNames(r.Context())
	s.render(w, r, http.StatusOK, "webhooks", "Webhooks", page)
	return nil
}

// maxAddress is the length of the longest address of a webhook.
const maxAddress = 1000

// addWebhook adds an address and shows its secret, once.
func (s *Server) addWebhook(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	if s.Hooks == nil {
		return errMissing
	}
	url := strings.TrimSpace(r.PostForm.Get("url"))
	if len(url) > maxAddress {
		url = ""
	}
	return s.freshSecret(w, r, url, "webhook.added")
}

func (s *Server) freshSecret(w http.ResponseWriter, r *http.Request, url, act string) error {
	who := principalOf(r.Context())
	secret, err := s.Hooks.PutWebhook(r.Context(), who.Tenant, who.ID, url)
	if errors.Is(err, ErrAddress) {
		return problem(http.StatusBadRequest, "address", "Give an address of the form https://HOST/…", "Addresses inside a private network are refused unless the service was started with --private-webhooks.")
	}
	if err != nil {
		return err
	}
	s.audit(r.Context(), act, (&Webhook{URL: url}).ID(), "")
	return s.showWebhooks(w, r, webhooksPage{Secret: secret, Of: url})
}

// changeWebhook tests a webhook, sends again what was given up, gives it a new secret or takes it away.
func (s *Server) changeWebhook(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	if s.Hooks == nil {
		return errMissing
	}
	tenant := principalOf(r.Context()).Tenant
	all, err := s.Hooks.Webhooks(r.Context(), tenant)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].ID() == r.PathValue("webhook") {
			return s.actOnWebhook(w, r, tenant, all[i].URL)
		}
	}
	return ErrNone
}

func (s *Server) actOnWebhook(w http.ResponseWriter, r *http.Request, tenant, url string) error {
	page := webhooksPage{Of: url}
	id := (&Webhook{URL: url}).ID()
	switch r.PostForm.Get("do") {
	case "test":
		page.Done = "took the test"
		if err := s.Posts.TestWebhook(r.Context(), tenant, url); err != nil {
			page.Done, page.Failed = "", err.Error()
		}
		s.audit(r.Context(), "webhook.tested", id, page.Failed)
	case "again":
		n, err := s.Posts.SendAgain(r.Context(), tenant, url)
		if err != nil {
			return err
		}
		page.Done = fmt.Sprintf("gets %d dead letters again", n)
		if n == 1 {
			page.Done = "gets 1 dead letter again"
		}
		s.audit(r.Context(), "webhook.retried", id, "")
	case "secret":
		return s.freshSecret(w, r, url, "webhook.secret")
	case "remove":
		if err := s.Hooks.RemoveWebhook(r.Context(), tenant, url); err != nil {
			return err
		}
		page.Done = "is told nothing more"
		s.audit(r.Context(), "webhook.removed", id, "")
	default:
		return problem(http.StatusBadRequest, "do", "There is no such thing to do", "There are test, again, secret and remove.")
	}
	return s.showWebhooks(w, r, page)
}
