// Command fleet writes made-up input files: the demo customer, and metrics and cost files of any size for benchmarks.
//
//	fleet -demo DIR                       the files of testdata/contoso
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"sizeterm/benchmarks/fleet/contoso"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, _, stderr io.Writer) int {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	demo := flags.String("demo", "", "write the demo customer into this `folder`")
	seed := flags.Uint64("seed", contoso.Seed, "same seed, same bytes")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *demo == "" {
		flags.Usage()
		return 2
	}
	if err := contoso.Write(*demo, *seed); err != nil {
		fmt.Fprintln(stderr, "fleet:", err)
		return 1
	}
	return 0
}
