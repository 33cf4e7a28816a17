//go:build engines

package web

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// generator makes a Go client of an OpenAPI document.
const generator = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"

// clientProgram is written against the client as its generator names things: it sends a file, reads the plan, asks for a line twice
// under one key, and is told what is wrong with a request.
const clientProgram = `package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	ctx := context.Background()
	c, err := NewClientWithResponses(os.Args[1], WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+os.Args[2])
		return nil
	}))
	check(err)
	sent, err := c.PutUploadWithBodyWithResponse(ctx, "cost.csv", &PutUploadParams{}, "application/octet-stream", strings.NewReader("a,b\n"))
	check(err)
	fmt.Println("sent", sent.StatusCode(), sent.JSON201.Bytes)
	rejects, err := c.ListRejectsWithResponse(ctx, sent.JSON201.Id, &ListRejectsParams{})
	check(err)
	fmt.Println("rejects", rejects.StatusCode(), len(rejects.JSON200.Items))
	uploads, err := c.ListUploadsWithResponse(ctx, &ListUploadsParams{})
	check(err)
	fmt.Println("uploads", len(uploads.JSON200.Items), uploads.JSON200.Items[0].State)
	customers, err := c.ListCustomersWithResponse(ctx, &ListCustomersParams{})
	check(err)
	customer := customers.JSON200.Items[0]
	fmt.Println("customer", customer.Name, customer.SavingMonth, customer.Currency)
	one := int64(1)
	lines, err := c.ListLinesWithResponse(ctx, "latest", &ListLinesParams{Limit: &one})
	check(err)
	line := lines.JSON200.Items[0]["id"].(string)
	fmt.Println("lines", len(lines.JSON200.Items), lines.JSON200.Next != nil)
	key := "from-the-client"
	for range 2 {
		asked, err := c.RequestOrdersWithResponse(ctx, &RequestOrdersParams{IdempotencyKey: &key}, RequestOrdersJSONRequestBody{Customer: customer.Key, Lines: []string{line}})
		check(err)
		fmt.Println("asked", asked.StatusCode(), len(asked.JSON201.Orders), asked.JSON201.Orders[0].State)
	}
	missing, err := c.GetOrderWithResponse(ctx, "o-000000000000")
	check(err)
	fmt.Println("missing", missing.StatusCode(), missing.ApplicationproblemJSON404.Type)
}
`

// TestAGeneratedClient makes a client of the document and lets it work with the service.
func TestAGeneratedClient(t *testing.T) {
	s := newService(t, withDesks)
	key := keyFor(t, s, "home", allScopes...).key
	resp, err := http.Get(s.URL + "/api/v1/openapi.json")
	require.NoError(t, err)
	defer resp.Body.Close()
	document, err := io.ReadAll(resp.Body)
	require.NoError(t, err)

	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("openapi.json", string(document))
	write("go.mod", "module apiclient\n\ngo 1.26.0\n")
	write("main.go", clientProgram)
	run := func(args ...string) string {
		c := exec.Command("go", args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := c.CombinedOutput()
		require.NoError(t, err, "go %s: %s", strings.Join(args, " "), out)
		return string(out)
	}
	run("run", generator, "-generate", "types,client", "-package", "main", "-o", "client.go", "openapi.json")
	run("mod", "tidy")
	total := demoPlan().Totals[0]
	require.Equal(t, "sent 201 4\nrejects 200 0\nuploads 1 accepted\ncustomer "+total.CustomerName+" "+total.Joint.Decimal()+" USD\nlines 1 true\nasked 201 1 requested\nasked 201 1 requested\nmissing 404 urn:sizeterm:problem:not-found\n",
		run("run", ".", s.URL, key))
}
