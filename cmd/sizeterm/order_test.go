package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/order"
	"sizeterm/recommend/order/vendortest"
)

// The test binary is also the program (as sizeterm) and the fake vendor, each a process of its own:
//
//	ORDER_TEST_NOW     the clock of the program and of the vendor
//	ORDER_TEST_KILL    POINT:N, the point and the visit at which the program kills itself with SIGKILL
//	ORDER_TEST_POINTS  file to which the program writes each point that it passes
//	ORDER_TEST_VENDOR  run the fake vendor with its ledger in this file; it prints its address
func init() {
	if ledger := os.Getenv("ORDER_TEST_VENDOR"); ledger != "" {
		serveVendor(ledger)
	}
	if text := os.Getenv("ORDER_TEST_NOW"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		orderClock = func() time.Time { return at }
		orderWait = func(context.Context, time.Duration) error { return nil }
		orderHeader = map[string]string{"X-Test-Now": text}
	}
	kill, visit, _ := strings.Cut(os.Getenv("ORDER_TEST_KILL"), ":")
	trace := os.Getenv("ORDER_TEST_POINTS")
	if kill == "" && trace == "" {
		return
	}
	visits := map[string]int{}
	orderPoint = func(name string) {
		visits[name]++
		if trace != "" {
			f, err := os.OpenFile(trace, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(f, "%s:%d\n", name, visits[name])
			_ = f.Close()
		}
		if name == kill && strconv.Itoa(visits[name]) == visit {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

// serveVendor is the process of the fake vendor.
func serveVendor(ledger string) {
	offers := []vendortest.Offer{
		{Size: "Standard_D2s_v5", Region: "westeurope", Term: "P3Y", Unit: "1246.00", Currency: "USD"},
		{Size: "Standard_E2s_v5", Region: "westeurope", Term: "P3Y", Unit: "1478.00", Currency: "USD"},
	}
	if path := os.Getenv("ORDER_TEST_PLAN"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		plan, err := order.ReadPlan(bytes.NewReader(text))
		if err != nil {
			panic(err)
		}
		offers = vendortest.OffersOf(plan)
	}
	vendor, err := vendortest.New(vendortest.Config{Ledger: ledger, Offers: offers})
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://" + listener.Addr().String())
	panic(http.Serve(listener, vendor))
}

// buying is a folder with an order file, and a vendor in another process.
type buying struct {
	t      *testing.T
	dir    string
	binary string
	vendor string
	now    time.Time
	stdin  io.Reader
	orders string // where they are kept
}

func newBuying(t *testing.T) *buying {
	t.Helper()
	b := &buying{t: t, dir: t.TempDir(), orders: "orders.db", now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	self, err := os.Executable()
	require.NoError(t, err)
	b.binary = filepath.Join(b.dir, "sizeterm")
	require.NoError(t, os.Symlink(self, b.binary))
	cmd := exec.Command(b.binary)
	cmd.Env = append(os.Environ(), "ORDER_TEST_VENDOR="+filepath.Join(b.dir, "ledger"))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line := make([]byte, 64)
	n, err := out.Read(line)
	require.NoError(t, err)
	b.vendor = strings.TrimSpace(string(line[:n]))
	b.write("plan.json", demandingPlan)
	b.write("facts.json", demandingFacts)
	return b
}

func (b *buying) write(name, text string) {
	require.NoError(b.t, os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600))
}

// run is one process of the program; it returns its exit code, -1 where it was killed.
func (b *buying) run(env []string, args ...string) (code int, stdout, stderr string) {
	cmd := exec.Command(b.binary, append([]string{"order"}, args...)...)
	cmd.Dir = b.dir
	cmd.Env = append(append(os.Environ(), "SIZETERM_ORDERS="+b.orders, "SIZETERM_FACTS=facts.json", "ORDER_TEST_NOW="+b.now.Format(time.RFC3339),
		"SIZETERM_ARM_URL="+b.vendor, "SIZETERM_PARTNER_CENTER_URL="+b.vendor, "SIZETERM_PARTNER_PRICES_URL="+b.vendor), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Stdin = &out, &errs, b.stdin
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// do runs the program and wants it to succeed.
func (b *buying) do(args ...string) string {
	b.t.Helper()
	code, out, errs := b.run(nil, args...)
	require.Zero(b.t, code, "%v: %s%s", args, out, errs)
	return out
}

func (b *buying) approve() {
	b.t.Helper()
	b.do("draft", "plan.json")
	b.do("request", "--all", "--as", "anna")
	b.do("approve", "--all", "--as", "bob", "--amount", "6694.00 USD") // 3 x 1246 + 2 x 1478
}

// bought is the vendor's ledger: purchases by token.
func (b *buying) bought() map[string]int {
	resp, err := http.Get(b.vendor + "/ledger")
	require.NoError(b.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	var purchases []vendortest.Purchase
	require.NoError(b.t, json.Unmarshal(text, &purchases))
	counts := map[string]int{}
	for _, p := range purchases {
		counts[p.Token]++
	}
	return counts
}

// states are the orders as status prints them.
func (b *buying) states() map[string]string {
	var body struct {
		Orders []struct{ ID, State string }
	}
	require.NoError(b.t, json.Unmarshal([]byte(b.do("status", "--output", "json")), &body))
	states := map[string]string{}
	for _, o := range body.Orders {
		states[o.ID] = o.State
	}
	return states
}

// check compares the orders with the ledger.
func (b *buying) check(context string) {
	b.t.Helper()
	bought := b.bought()
	for id, state := range b.states() {
		n := bought["sizeterm-"+id]
		require.LessOrEqual(b.t, n, 1, "%s: order %s was bought %d times", context, id, n)
		switch state {
		case "executed", "reconciled":
			require.Equal(b.t, 1, n, "%s: order %s is %s", context, id, state)
		case "approved", "failed", "requested":
			require.Zero(b.t, n, "%s: order %s is %s", context, id, state)
		}
	}
}

const (
	demandingPlan = `{"schema":"sizeterm.plan/1","as_of":"2026-11-24T00:00:00Z","lines":[
 {"id":"line-1","action":"reserve","customer":"c0dc4a63-61a9-47d7-87f1-e0d07079901a","subscription":"11111111-1111-4111-8111-111111111111","scope":"shared","region":"westeurope","size":"Standard_D2s_v5","term":"P3Y",
  "quantity":3,"flexibility":"on","billing_plan":"monthly","unit_price":"1246.00","total_price":"3738.00","currency":"USD","saving_month":"128.00"},
 {"id":"line-2","action":"reserve","customer":"c0dc4a63-61a9-47d7-87f1-e0d07079901a","subscription":"11111111-1111-4111-8111-111111111111","scope":"shared","region":"westeurope","size":"Standard_E2s_v5","term":"P3Y",
  "quantity":2,"flexibility":"on","billing_plan":"upfront","unit_price":"1478.00","total_price":"2956.00","currency":"USD","saving_month":"90.00"}]}`
	demandingFacts = `{"schema":"sizeterm.facts/1","customers":[{"customer":"c0dc4a63-61a9-47d7-87f1-e0d07079901a","country":"PL","agreement":"azure-plan","role":"admin-agent","access":true,
 "subscriptions":[{"id":"11111111-1111-4111-8111-111111111111","tenant":"c0dc4a63-61a9-47d7-87f1-e0d07079901a","state":"active","registered":true,"partner_on_record":"5357564"}]}]}`
)

// The way of an order through the program, against a vendor in another process: dry run, purchase, reconciliation, audit.
func TestOrdersAreBoughtEndToEnd(t *testing.T) {
	for _, via := range []string{"partner-center", "arm"} {
		t.Run(via, func(t *testing.T) {
			b := newBuying(t)
			b.approve()
			code, out, errs := b.run(nil, "submit", "--all", "--via", via)
			require.Zero(t, code)
			require.Contains(t, out, `"schema": "sizeterm.calls/1"`)
			require.Contains(t, errs, "nothing was sent")
			require.Equal(t, 2, strings.Count(errs, "would be bought"), errs)
			require.Empty(t, b.bought())

			require.Equal(t, 2, strings.Count(b.do("submit", "--all", "--via", via, "--execute"), "executed"))
			b.check("after the purchase")
			require.Len(t, b.bought(), 2)
			code, _, errs = b.run(nil, "submit", "--all", "--via", via, "--execute")
			require.Equal(t, exitInputRefused, code, errs)
			require.Equal(t, 2, strings.Count(b.do("reconcile", "--all"), "reconciled"))
			b.check("after the reconciliation")
			require.Contains(t, b.do("audit", "verify"), "every one follows")
		})
	}
}

// A price that the vendor no longer asks goes back to approval; a vendor that cannot be reached leaves all as it is.
func TestNothingIsBoughtAtAnotherPrice(t *testing.T) {
	b := newBuying(t)
	b.write("plan.json", strings.NewReplacer(`"1246.00"`, `"1000.00"`, `"3738.00"`, `"3000.00"`).Replace(demandingPlan))
	b.do("draft", "plan.json")
	b.do("request", "--all", "--as", "anna")
	b.do("approve", "--all", "--as", "bob", "--amount", "5956.00 USD")
	code, out, errs := b.run(nil, "submit", "--all", "--via", "arm", "--execute")
	require.Equal(t, exitInputRefused, code)
	require.Contains(t, errs, "the vendor asks 3738.00 USD, approved was 3000.00 USD (price_changed)")
	require.Contains(t, out, "executed", "the other order is not held up")
	require.Len(t, b.bought(), 1)
	code, _, _ = b.run(nil, "approve", "--all", "--as", "bob", "--amount", "3738.00 USD")
	require.Zero(t, code)
	code, _, errs = b.run([]string{"SIZETERM_ARM_URL=http://127.0.0.1:1"}, "submit", "--all", "--via", "arm", "--execute")
	require.NotZero(t, code)
	require.Contains(t, errs, "nothing was sent")
	code, _, errs = b.run([]string{"SIZETERM_ARM_URL=http://vendor.example"}, "submit", "--all", "--via", "arm", "--execute")
	require.NotZero(t, code)
	require.Contains(t, errs, "not https")
	b.check("at the end")
}

// Eight processes submit the same orders at once: each order is bought once.
func TestProcessesThatSubmitAtOnceBuyOnce(t *testing.T) {
	b := newBuying(t)
	b.approve()
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() { b.run(nil, "submit", "--all", "--execute", "--via", []string{"arm", "partner-center"}[i%2]) })
	}
	wait.Wait()
	b.check("after all")
	require.Len(t, b.bought(), 2)
	b.do("audit", "verify")
}

// The program is killed with SIGKILL at named points and started again: nothing is bought twice, nothing is lost, and the
// orders end. A slice of the points in every run; ORDER_KILLS=all kills at every visit of every point.
func TestKilledAtNamedPoints(t *testing.T) {
	for _, via := range []string{"partner-center", "arm"} {
		points := pointsOf(t, via)
		every := 11
		if os.Getenv("ORDER_KILLS") == "all" {
			every = 1
		}
		killed := 0
		for i := 0; i < len(points); i += every {
			b := newBuying(t)
			b.approve()
			code, _, errs := b.run([]string{"ORDER_TEST_KILL=" + points[i]}, "submit", "--all", "--via", via, "--execute")
			require.Equal(t, -1, code, "%s: never reached: %s", points[i], errs)
			killed++
			b.settle(via, points[i])
		}
		t.Logf("%s: %d points, killed at %d, nothing bought twice or lost", via, len(points), killed)
	}
}

// pointsOf lists the points that a purchase passes, with the number of the visit.
func pointsOf(t *testing.T, via string) []string {
	b := newBuying(t)
	b.approve()
	trace := filepath.Join(b.dir, "points")
	code, _, errs := b.run([]string{"ORDER_TEST_POINTS=" + trace}, "submit", "--all", "--via", via, "--execute")
	require.Zero(t, code, errs)
	text, err := os.ReadFile(trace)
	require.NoError(t, err)
	points := strings.Fields(strings.ReplaceAll(string(text), " ", "_"))
	for i := range points {
		points[i] = strings.ReplaceAll(points[i], "_", " ")
	}
	sort.Strings(points)
	points = slices.Compact(points)
	require.GreaterOrEqual(t, len(points), 20)
	return points
}

// settle starts the program again, as often as needed, until both orders are reconciled.
func (b *buying) settle(via, context string) {
	b.t.Helper()
	for range 8 {
		b.check(context)
		b.now = b.now.Add(16 * time.Minute)
		_, _, _ = b.run(nil, "reconcile", "--all")
		for id, state := range b.states() {
			if state == "failed" {
				b.do("request", id, "--as", "anna")
				code, _, errs := b.run(nil, "approve", id, "--as", "bob", "--amount", "3738.00 USD")
				if code != 0 {
					code, _, errs = b.run(nil, "approve", id, "--as", "bob", "--amount", "2956.00 USD")
				}
				require.Zero(b.t, code, errs)
			}
		}
		_, _, _ = b.run(nil, "submit", "--all", "--via", via, "--execute")
		done := true
		for _, state := range b.states() {
			done = done && state == "reconciled"
		}
		if done {
			break
		}
	}
	b.check(context)
	require.Len(b.t, b.bought(), 2, context)
	for id, state := range b.states() {
		require.Equal(b.t, "reconciled", state, "%s: order %s", context, id)
	}
	b.do("audit", "verify")
}
