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
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"sizeterm/recommend/order/place"
)

// httpWire carries the calls of package place over HTTPS with a token for each host.
type httpWire struct {
	client *http.Client
	mu     sync.Mutex
	tokens map[string]azcore.TokenCredential // by kind of host
}

// orderHeader is added to every call; only tests set it.
var orderHeader map[string]string

// callTimeout bounds one call; the purchase as a whole is bounded by the lease of the order.
const callTimeout = 45 * time.Second

// maxAnswer is the size that no answer exceeds.
const maxAnswer = 64 << 20

func newHTTPWire() *httpWire {
	return &httpWire{
		tokens: map[string]azcore.TokenCredential{},
		client: &http.Client{Timeout: callTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("redirected: the token goes nowhere else")
		}},
	}
}

// Call implements place.Wire. It makes the call once: repetitions are decided where it is known what they would do.
func (w *httpWire) Call(ctx context.Context, r place.Request) (place.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return place.Response{}, err
	}
	// Without this Go repeats some requests by itself on a connection that broke, purchases among them.
	req.GetBody = nil
	for _, header := range []map[string]string{r.Header, orderHeader} {
		for name, value := range header {
			req.Header.Set(name, value)
		}
	}
	if err := w.authorize(ctx, req); err != nil {
		return place.Response{}, err
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return place.Response{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return place.Response{}, err
	}
	if len(body) > maxAnswer {
		return place.Response{}, fmt.Errorf("an answer of more than %d bytes", maxAnswer)
	}
	header := map[string]string{}
	for name := range resp.Header {
		header[strings.ToLower(name)] = resp.Header.Get(name)
	}
	return place.Response{Status: resp.StatusCode, Header: header, Body: body}, nil
}

// authorize adds a token. A call without TLS is made to this machine only, and bears no token.
func (w *httpWire) authorize(ctx context.Context, req *http.Request) error {
	if req.URL.Scheme != "https" {
		if ip := net.ParseIP(req.URL.Hostname()); ip == nil || !ip.IsLoopback() {
			return fmt.Errorf("%s: not https", req.URL.Host)
		}
		return nil
	}
	scope := "https://management.azure.com/.default"
	if strings.HasPrefix(req.URL.Host, "api.partner") {
		scope = "https://api.partnercenter.microsoft.com/.default"
	} else if !strings.HasSuffix(req.URL.Host, "management.azure.com") {
		scope = "https://" + req.URL.Host + "/.default"
	}
	credential, err := w.credential(scope)
	if err != nil {
		return err
	}
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	if err != nil {
		return fmt.Errorf("no token: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Token)
	return nil
}

func (w *httpWire) credential(scope string) (azcore.TokenCredential, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c, ok := w.tokens[scope]; ok {
		return c, nil
	}
	c, err := credentialOf(scope, w.client)
	if err != nil {
		return nil, err
	}
	w.tokens[scope] = c
	return c, nil
}

// credentialOf chooses where tokens come from, by what the environment holds.
func credentialOf(scope string, client *http.Client) (azcore.TokenCredential, error) {
	tenant, id := os.Getenv("AZURE_TENANT_ID"), os.Getenv("AZURE_CLIENT_ID")
	secret, err := secretOf("AZURE_CLIENT_SECRET")
	if err != nil {
		return nil, err
	}
	refresh, err := secretOf("PARTNER_CENTER_REFRESH_TOKEN")
	if err != nil {
		return nil, err
	}
	certificate := os.Getenv("AZURE_CLIENT_CERTIFICATE_PATH")
	switch {
	case refresh != "" && strings.Contains(scope, "partnercenter"):
		return &refreshing{client: client, at: "https://login.microsoftonline.com/" + url.PathEscape(tenant) + "/oauth2/v2.0/token", id: id, secret: secret, refresh: refresh}, nil
	case tenant != "" && id != "" && secret != "":
		return azidentity.NewClientSecretCredential(tenant, id, secret, nil)
	case tenant != "" && id != "" && certificate != "":
		text, err := os.ReadFile(certificate)
		if err != nil {
			return nil, err
		}
		certs, key, err := azidentity.ParseCertificates(text, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", certificate, err)
		}
		return azidentity.NewClientCertificateCredential(tenant, id, certs, key, nil)
	}
	options := &azidentity.ManagedIdentityCredentialOptions{}
	if id != "" {
		options.ID = azidentity.ClientID(id)
	}
	return azidentity.NewManagedIdentityCredential(options)
}

// secretOf reads NAME_FILE, or NAME. A file that others may read is refused.
func secretOf(name string) (string, error) {
	path := os.Getenv(name + "_FILE")
	if path == "" {
		return os.Getenv(name), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s_FILE: %s: others may read it: chmod 600", name, path)
	}
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}

// refreshing gets tokens of the app+user flow with a refresh token, which a person consented to once.
type refreshing struct {
	client                  *http.Client
	at, id, secret, refresh string
	mu                      sync.Mutex
	token                   azcore.AccessToken
}

// GetToken implements azcore.TokenCredential.
func (r *refreshing) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Until(r.token.ExpiresOn) > 5*time.Minute {
		return r.token, nil
	}
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {r.id}, "client_secret": {r.secret}, "refresh_token": {r.refresh}, "scope": {strings.Join(o.Scopes, " ")}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.at, strings.NewReader(form.Encode()))
	if err != nil {
		return r.token, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := r.client.Do(req)
	if err != nil {
		return r.token, err
	}
	defer resp.Body.Close()
	var body struct {
		Token   string `json:"access_token"`
		Seconds int    `json:"expires_in"`
		Error   string `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&body); err != nil {
		return r.token, fmt.Errorf("token: status %d: %w", resp.StatusCode, err)
	}
	if resp.StatusCode != http.StatusOK || body.Token == "" {
		return r.token, fmt.Errorf("token: status %d: %.100q", resp.StatusCode, body.Error)
	}
	r.token = azcore.AccessToken{Token: body.Token, ExpiresOn: time.Now().Add(time.Duration(body.Seconds) * time.Second)}
	return r.token, nil
}
