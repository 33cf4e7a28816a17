// Package hook tells other systems what happened to orders, and hears from them: CloudEvents 1.0 (structured, JSON) with the
// signatures of Standard Webhooks, HMAC-SHA256 over "id.timestamp.body".
//
// The journal is the source: each transition becomes a delivery to each endpoint, which is kept until the endpoint answered
// with 2xx. It is delivered at least once, with the same id on every repetition; after the last attempt it is a dead letter
// that a person can send again. A message that comes in is taken once: an old, a replayed and a badly signed one are refused.
//
// The package opens no connection and no file: it is given a Post and an Outbox.
package hook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks, in lower case.
const (
	headerID        = "webhook-id"
	headerTime      = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

// tolerance is how far the time of a message may be from ours.
const tolerance = 5 * time.Minute

// Secret is a key of one endpoint. Use ParseSecret.
type Secret []byte

// ParseSecret reads "whsec_" and base64, of 24 to 64 bytes. The error does not repeat the text.
func ParseSecret(text string) (Secret, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(text), "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("webhook secret: not whsec_ and base64 of 24 to 64 bytes")
	}
	return key, nil
}

// sign returns the signature of a message as its header has it.
func (s Secret) sign(id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, s)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Headers are those of one attempt. Where a secret is being replaced, both sign.
func Headers(id string, at time.Time, body []byte, secrets []Secret) map[string]string {
	var signatures []string
	for _, s := range secrets {
		signatures = append(signatures, s.sign(id, at, body))
	}
	return map[string]string{
		"Content-Type": "application/cloudevents+json; charset=utf-8",
		headerID:       id, headerTime: strconv.FormatInt(at.Unix(), 10), headerSignature: strings.Join(signatures, " "),
	}
}

// Errors of Verify.
var (
	ErrSignature = errors.New("webhook: no signature fits")
	ErrTime      = errors.New("webhook: its time is not now")
)

// Verify checks that a message was signed with one of the secrets, and lately. header gives the value of a header by its
// lower-case name. It returns the id of the message, which is to be taken once.
func Verify(header func(name string) string, body []byte, secrets []Secret, now time.Time) (id string, err error) {
	id = header(headerID)
	unix, err := strconv.ParseInt(header(headerTime), 10, 64)
	if err != nil || id == "" {
		return "", ErrSignature
	}
	at := time.Unix(unix, 0)
	fits := 0
	for _, given := range strings.Fields(header(headerSignature)) {
		for _, s := range secrets {
			fits |= subtle.ConstantTimeCompare([]byte(given), []byte(s.sign(id, at, body)))
		}
	}
	if fits == 0 {
		return "", ErrSignature
	}
	if off := now.Sub(at); off > tolerance || off < -tolerance {
		return id, ErrTime
	}
	return id, nil
}

// Message is a signed message as text: its headers, an empty line, its body. Who has no HTTP library at hand can pass it on.
func Message(id string, at time.Time, body []byte, secrets []Secret) string {
	var text strings.Builder
	h := Headers(id, at, body, secrets)
	for _, name := range []string{"Content-Type", headerID, headerTime, headerSignature} {
		fmt.Fprintf(&text, "%s: %s\n", name, h[name])
	}
	return text.String() + "\n" + string(body)
}
