// Package place speaks to the vendor: Partner Center (carts) and Azure's Capacity API (reservation orders). Both clients
// implement order.Placer and buy at most once: what recognises a purchase is saved before the call that buys, a call whose
// answer was not heard is never followed by another purchase, and where the vendor's books cannot be read whole nothing is
// bought.
//
// A client makes no connection. It hands a Request to a Wire, which the program gives it: over HTTPS with tokens, or a fake
// vendor in tests. Amounts are read as decimal text, never as floating point.
package place

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Request is one call.
type Request struct {
	Method string            `json:"method"`
	URL    string            `json:"url"`
	Header map[string]string `json:"headers,omitempty"`
	Body   []byte            `json:"-"`
}

// Response is one answer that was received whole. Header names are lower case.
type Response struct {
	Status int
	Header map[string]string
	Body   []byte
}

// Wire carries a call. An error says that no whole answer came back: what the vendor did is not known.
type Wire interface {
	Call(ctx context.Context, r Request) (Response, error)
}

// Link is what both clients have in common.
type Link struct {
	Wire Wire
	// Wait sleeps between repetitions; nil waits not at all.
	Wait func(ctx context.Context, d time.Duration) error
	// Point, where set, is called before and after each call: tests stop the process there.
	Point func(name string)
}

// attempts is how often a call that changes nothing is made before its failure is believed.
const attempts = 4

// once makes a call exactly once.
func (l *Link) once(ctx context.Context, name string, r Request) (Response, error) {
	l.point("before " + name)
	resp, err := l.Wire.Call(ctx, r)
	l.point("after " + name)
	if err != nil {
		return resp, fmt.Errorf("%s: %w", name, err)
	}
	return resp, nil
}

// ask makes a call that may be repeated because it buys nothing, until it is answered with 2xx, or refused.
func (l *Link) ask(ctx context.Context, name string, r Request) (Response, error) {
	var last error
	for n := range attempts {
		if n > 0 {
			if err := l.pause(ctx, last, n); err != nil {
				return Response{}, err
			}
		}
		resp, err := l.once(ctx, name, r)
		if err != nil {
			last = err
			continue
		}
		if resp.Status/100 == 2 {
			return resp, nil
		}
		failure := statusOf(name, resp)
		if resp.Status != 429 && resp.Status/100 != 5 {
			return resp, failure
		}
		last = failure
	}
	return Response{}, last
}

// pause waits before the nth repetition: as long as the answer asks, or a little longer each time.
func (l *Link) pause(ctx context.Context, last error, n int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.Wait == nil {
		return nil
	}
	wait := time.Duration(1<<n) * time.Second
	var status *Status
	if errors.As(last, &status) && status.RetryAfter > 0 {
		wait = min(status.RetryAfter, time.Minute)
	}
	return l.Wait(ctx, wait)
}

func (l *Link) point(name string) {
	if l.Point != nil {
		l.Point(name)
	}
}

// Status is an answer that is not 2xx.
type Status struct {
	Call       string
	Code       int
	Vendor     string // the vendor's own error code, "" where the answer has none
	Message    string
	RetryAfter time.Duration
}

// Error implements error.
func (s *Status) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("%s: %d %s %s", s.Call, s.Code, s.Vendor, s.Message), " ")
}

func statusOf(name string, r Response) *Status {
	s := &Status{Call: name, Code: r.Status}
	if seconds, err := strconv.Atoi(r.Header["retry-after"]); err == nil && seconds > 0 {
		s.RetryAfter = time.Duration(seconds) * time.Second
	}
	// Partner Center writes code and description, Azure an error with code and message; codes come as number or text.
	var body struct {
		Code        any    `json:"code"`
		Description string `json:"description"`
		Error       struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if decode(r.Body, &body) == nil {
		s.Message = body.Description + body.Error.Message
		s.Vendor = body.Error.Code
		if body.Code != nil {
			s.Vendor = fmt.Sprint(body.Code)
		}
	}
	s.Message = s.Message[:min(len(s.Message), 300)]
	return s
}

// decode reads JSON, keeping numbers as text. Some answers begin with a byte order mark or another stray character.
func decode(text []byte, into any) error {
	if at := bytes.IndexAny(text, "{["); at > 0 && at <= 3 {
		text = text[at:]
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// encode writes a body as JSON.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("place: %v", err)) // bodies are plain structs
	}
	return text
}

// idOf makes a GUID out of texts: the same texts give the same id.
func idOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	h := hex.EncodeToString(sum[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:32]}, "-")
}

// errCut says that a list ended before it was complete: nothing can be concluded from what is missing in it.
var errCut = errors.New("the list was cut")

// maxPages bounds a list that never ends.
const maxPages = 10_000

// pageTurner is a page of a list in either vendor's form.
type pageTurner struct {
	Items      []json.RawMessage `json:"items"`
	Value      []json.RawMessage `json:"value"`
	TotalCount *int              `json:"totalCount"`
	NextLink   string            `json:"nextLink"`
	Links      struct {
		Next struct {
			URI string `json:"uri"`
		} `json:"next"`
	} `json:"links"`
}

// list reads every page of a list. A page that cannot be read, a list shorter than it says, and a link that was followed
// before are errors: half a list is worse than none.
func (l *Link) list(ctx context.Context, name, start string, header map[string]string) ([]json.RawMessage, error) {
	var all []json.RawMessage
	seen := map[string]bool{}
	for at, pages := start, 0; at != ""; pages++ {
		if seen[at] || pages > maxPages {
			return nil, fmt.Errorf("%s: page %q comes round again: %w", name, at, errCut)
		}
		seen[at] = true
		resp, err := l.ask(ctx, name, Request{Method: "GET", URL: at, Header: header})
		if err != nil {
			return nil, err
		}
		var page pageTurner
		if err := decode(resp.Body, &page); err != nil {
			return nil, fmt.Errorf("%s: page %d: %w", name, pages+1, errors.Join(errCut, err))
		}
		if page.Items == nil && page.Value == nil {
			return nil, fmt.Errorf("%s: page %d is no list: %w", name, pages+1, errCut)
		}
		all = append(append(all, page.Items...), page.Value...)
		next := page.NextLink + page.Links.Next.URI
		if next == "" {
			if page.TotalCount != nil && *page.TotalCount != len(all) {
				return nil, fmt.Errorf("%s: %d of %d: %w", name, len(all), *page.TotalCount, errCut)
			}
			return all, nil
		}
		if at, err = resolve(start, next); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return all, nil
}

// resolve makes a link of a page absolute. A link to another host is refused: the token goes nowhere else.
func resolve(start, link string) (string, error) {
	base, err := url.Parse(start)
	if err != nil {
		return "", err
	}
	to, err := base.Parse(link)
	if err != nil {
		return "", err
	}
	if to.Host != base.Host || to.Scheme != base.Scheme {
		return "", fmt.Errorf("next page %q: on another host", link)
	}
	return to.String(), nil
}
