package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"sizeterm/benchmarks/fleet/contoso"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order/vendortest"
)

// orderCommands are what scripts of purchases need beside the program:
//
//	vendor PLAN LEDGER          start the fake vendor in a process of its own, and point the program at it
//	approve-all AS              approve every requested order for the sum that status prints
//	month-after DIR SLACK DEAF  write the files of the month after, with what the vendor sold at work
var orderCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"vendor": func(ts *testscript.TestScript, _ bool, args []string) {
		self, err := os.Executable()
		ts.Check(err)
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "ORDER_TEST_VENDOR="+ts.MkAbs(args[1]), "ORDER_TEST_PLAN="+ts.MkAbs(args[0]))
		out, err := cmd.StdoutPipe()
		ts.Check(err)
		ts.Check(cmd.Start())
		ts.Defer(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		line := make([]byte, 64)
		n, err := out.Read(line)
		ts.Check(err)
		for _, name := range []string{"SIZETERM_ARM_URL", "SIZETERM_PARTNER_CENTER_URL", "SIZETERM_PARTNER_PRICES_URL"} {
			ts.Setenv(name, strings.TrimSpace(string(line[:n])))
		}
	},
	"approve-all": func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(ts.Exec("sizeterm", "order", "status", "--output", "json"))
		var raw struct {
			Orders []map[string]any `json:"orders"`
		}
		text := ts.ReadFile("stdout")
		ts.Check(json.Unmarshal([]byte(text), &raw))
		sum := money.New(0, "USD")
		for _, o := range raw.Orders {
			if o["state"] != "requested" {
				continue
			}
			amount, err := money.Parse(o["total_price"].(string), "USD")
			ts.Check(err)
			sum, err = sum.Add(amount)
			ts.Check(err)
		}
		ts.Check(ts.Exec("sizeterm", "order", "approve", "--all", "--as", args[0], "--amount", sum.String()))
	},
	"month-after": func(ts *testscript.TestScript, _ bool, args []string) {
		resp, err := http.Get(ts.Getenv("SIZETERM_ARM_URL") + "/ledger")
		ts.Check(err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		ts.Check(err)
		var ledger []vendortest.Purchase
		ts.Check(json.Unmarshal(text, &ledger))
		sold, err := contoso.SoldOf(ledger)
		ts.Check(err)
		files, err := contoso.Next(contoso.Seed, sold, contoso.Course{Slack: args[1:2], Deaf: args[2:3]})
		ts.Check(err)
		dir := ts.MkAbs(args[0])
		ts.Check(os.MkdirAll(dir, 0o755))
		for _, f := range files {
			ts.Check(os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644))
		}
	},
}
