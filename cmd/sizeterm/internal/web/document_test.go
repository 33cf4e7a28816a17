package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"
)

// fuzzing makes requests that follow from the OpenAPI document: values that a schema allows, that it forbids, that exist, and that are
// odd for whoever parses them.
type fuzzing struct {
	random *rand.Rand
	known  map[string][]string // values that exist, by the name of a parameter or field
	doc    *huma.OpenAPI
}

var oddTexts = []string{"", "latest", "0", "-1", "1e9", "\x00", "../..", "💶", "x\r\ny", strings.Repeat("x", 300), "'; drop table plans; --", "%2e%2e", "null", "o-000000000000", "٣"}

// text is one that exists, where the name has any and in two of three cases, or an odd one.
func (f *fuzzing) text(name string) string {
	if known := f.known[name]; len(known) > 0 && f.random.IntN(3) > 0 {
		return known[f.random.IntN(len(known))]
	}
	return oddTexts[f.random.IntN(len(oddTexts))]
}

// value makes a value for the schema of something that has a name; one in twelve is of another type.
func (f *fuzzing) value(name string, s *huma.Schema, depth int) any {
	for s.Ref != "" {
		s = f.doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	kind := s.Type
	if f.random.IntN(12) == 0 {
		kind = []string{"", huma.TypeString, huma.TypeInteger, huma.TypeArray, huma.TypeObject, huma.TypeBoolean}[f.random.IntN(6)]
	}
	switch kind {
	case huma.TypeString:
		if len(s.Enum) > 0 {
			return s.Enum[f.random.IntN(len(s.Enum))]
		}
		return f.text(name)
	case huma.TypeInteger, huma.TypeNumber:
		return []any{0, 1, -1, 7, 1 << 40, 0.5}[f.random.IntN(6)]
	case huma.TypeBoolean:
		return f.random.IntN(2) == 0
	case huma.TypeArray:
		list := []any{}
		for range 1 + f.random.IntN(3)*f.random.IntN(2) {
			item := &huma.Schema{Type: huma.TypeString}
			if s.Items != nil && depth < 4 {
				item = s.Items
			}
			list = append(list, f.value(name, item, depth+1))
		}
		return list
	case huma.TypeObject:
		object := map[string]any{}
		for _, field := range sortedKeys(s.Properties) {
			if f.random.IntN(10) > 0 && depth < 4 {
				object[field] = f.value(field, s.Properties[field], depth+1)
			}
		}
		if f.random.IntN(10) == 0 {
			object[f.text("")] = f.text("")
		}
		return object
	}
	return nil
}

func sortedKeys[T any](m map[string]T) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// request makes a request of an operation. Of ten bodies one is no JSON.
func (f *fuzzing) request(base string, op *huma.Operation) *http.Request {
	path, query, header := op.Path, url.Values{}, http.Header{}
	for _, p := range op.Parameters {
		text := fmt.Sprint(f.value(p.Name, p.Schema, 0))
		switch {
		case p.In == "path":
			if text == "" {
				text = "x"
			}
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(text))
		case f.random.IntN(3) > 0:
		case p.In == "query":
			query.Set(p.Name, text)
		default:
			header.Set(p.Name, strings.Map(func(r rune) rune {
				if r < ' ' || r > '~' {
					return -1
				}
				return r
			}, text))
		}
	}
	var body io.Reader
	if op.RequestBody != nil {
		text := []byte([]string{"", "{", "[]", strings.Repeat("[", 5000), "\xff"}[f.random.IntN(5)])
		if media := op.RequestBody.Content["application/json"]; media != nil && f.random.IntN(10) > 0 {
			text, _ = json.Marshal(f.value("", media.Schema, 0)) // values of our own
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequest(op.Method, base+path+"?"+query.Encode(), body)
	if err != nil {
		panic(err)
	}
	for name := range header {
		r.Header.Set(name, header.Get(name))
	}
	if op.RequestBody != nil && op.Method != http.MethodPut {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// operations lists those of the document, sorted.
func operations(doc *huma.OpenAPI) []*huma.Operation {
	var all []*huma.Operation
	for _, path := range sortedKeys(doc.Paths) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	return all
}

// TestTheDocumentIsTrue makes many requests of every operation of the OpenAPI document, as a program and as an approver. No answer is
// outside of what the document announces, each body is as its schema says, and none is a failure of ours.
func TestTheDocumentIsTrue(t *testing.T) {
	s, _ := requested(t)
	_, err := s.memory.Receive(t.Context(), Sent{Tenant: "home", By: "ann", Name: "x.csv"}, strings.NewReader("x"))
	require.NoError(t, err)
	p := keyFor(t, s, "home", allScopes...)
	bob := s.as("home", "bob", Approver)
	first := func(path, field string) string {
		_, _, page := p.call("GET", path, "")
		return page["items"].([]any)[0].(map[string]any)[field].(string)
	}
	known := map[string][]string{"plan": {"latest", "plan-home"}, "state": {"requested"}, "upload": {s.memory.uploads["home"][0].ID}, "Idempotency-Key": {"one", "two"},
		"customer": {first("/api/v1/customers", "key"), first("/api/v1/customers", "id")}, "lines": {first("/api/v1/plans/latest/lines", "id")}, "order": {first("/api/v1/orders", "id")}}
	doc := s.server.openapi
	f := &fuzzing{random: rand.New(rand.NewPCG(1, 2)), known: known, doc: doc}
	ops := operations(doc)
	require.GreaterOrEqual(t, len(ops), 13)
	good := map[string]int{}
	for _, op := range ops {
		for n := range 40 {
			r := f.request(s.URL, op)
			client := bob.Client
			if n%2 == 0 || op.Method == http.MethodPut {
				client = http.DefaultClient
				r.Header.Set("Authorization", "Bearer "+p.key)
			}
			s.clock.turn(time.Second)
			resp, err := client.Do(r)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			f.judge(t, op, r, resp, body)
			if resp.StatusCode < 300 {
				good[op.OperationID]++
			}
		}
	}
	for _, op := range ops {
		if op.OperationID != "approve-order" && op.OperationID != "import-orders" { // a sum and an ETag, or a file, that nobody guesses
			require.Positive(t, good[op.OperationID], "no request of %s was a good one: %v", op.OperationID, good)
		}
	}
}

// judge holds an answer against the document.
func (f *fuzzing) judge(t *testing.T, op *huma.Operation, r *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	said := op.Method + " " + r.URL.String() + ": " + strconv.Itoa(resp.StatusCode) + " " + string(body[:min(len(body), 500)])
	require.Less(t, resp.StatusCode, 500, said)
	announced := op.Responses[strconv.Itoa(resp.StatusCode)]
	require.NotNil(t, announced, "not in the document: %s", said)
	kind := resp.Header.Get("Content-Type")
	media := announced.Content[kind]
	require.NotNil(t, media, "no %s in the document: %s", kind, said)
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	require.NoError(t, decoder.Decode(&value), said)
	if resp.StatusCode >= 400 {
		problem := value.(map[string]any)
		require.Contains(t, problem["type"], problemOf, said)
		require.EqualValues(t, resp.StatusCode, problem["status"], said)
		require.NotEmpty(t, problem["title"], said)
	}
	if media.Schema.Type == "" && media.Schema.Ref == "" {
		return // a plan: its schema is sizeterm.plan/1
	}
	var result huma.ValidateResult
	huma.Validate(f.doc.Components.Schemas, media.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &result)
	require.Empty(t, result.Errors, said)
}
