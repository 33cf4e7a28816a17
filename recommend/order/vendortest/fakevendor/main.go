// Command fakevendor is a vendor to try purchases on: Partner Center and Azure's Capacity API on this machine, with a ledger
// on disk and faults by seed. It sells what a plan wants at the prices of the plan.
//
//	fakevendor -plan plan.json -ledger ledger.jsonl
//	fakevendor -plan plan.json -ledger ledger.jsonl -faults -seed 7
//
// It prints its address; GET /ledger tells what was bought, GET /faults what went wrong on purpose. Point the program at it
// with --partner-center-url, --partner-prices-url and --arm-url. It asks for no password and moves no money.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"sizeterm/recommend/order"
	"sizeterm/recommend/order/vendortest"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fakevendor:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("fakevendor", flag.ContinueOnError)
	plan := flags.String("plan", "", "`file` of a JSON plan: what is sold, and for how much")
	ledger := flags.String("ledger", "", "`file` that keeps what was bought")
	listen := flags.String("listen", "127.0.0.1:0", "address")
	faults := flags.Bool("faults", false, "fail in every way that the tests know")
	seed := flags.Uint64("seed", 1, "of the faults")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f, err := os.Open(*plan)
	if err != nil {
		return err
	}
	p, err := order.ReadPlan(f)
	if err := f.Close(); err != nil {
		return err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", *plan, err)
	}
	config := vendortest.Config{Offers: vendortest.OffersOf(p), Ledger: *ledger, Seed: *seed, Now: func() time.Time { return time.Now().UTC() }}
	if *faults {
		config.Faults = vendortest.Mixed()
	}
	vendor, err := vendortest.New(config)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "http://"+listener.Addr().String())
	mux := http.NewServeMux()
	mux.Handle("/", vendor)
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(vendor.Happened()) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	return server.Serve(listener)
}
