package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"sizeterm/cmd/sizeterm/internal/config"
)

// common are the flags that every command has.
type common struct {
	streams
	configPath string
	quiet      bool
	noColor    bool
}

func newRoot(s *streams) *cobra.Command {
	c := &common{streams: *s}
	root := &cobra.Command{
		Use:   "sizeterm",
		Short: "Which VM sizes to run and which Azure reservations to buy, from the files a partner already has",
		Long: `sizeterm reads the files that a Microsoft partner already has (cost and usage exports, metrics, price sheets,
reservation lists) and prints one plan for each customer: which reservations to buy for one or three years
or not at all, what that saves, how sure it is, and why.

Start with the demo:      sizeterm recommend testdata/contoso
Look at your own files:   sizeterm check EXPORT.csv METRICS.csv.gz
Then make the plan:       sizeterm recommend FOLDER`,
		Example: `  sizeterm recommend testdata/contoso
  sizeterm recommend --output json --out plan export.csv.gz metrics.csv reservations.csv
  sizeterm prices show --size Standard_D4s_v5 --region polandcentral`,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := config.Apply(cmd.Flags(), c.configPath, os.LookupEnv, "help", "config"); err != nil {
				return usageError("", "%w", err)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return usageError("Try: sizeterm recommend testdata/contoso, or sizeterm --help", "no command given")
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&c.configPath, "config", "", "YAML file with settings; keys are the names of the flags")
	flags.BoolVarP(&c.quiet, "quiet", "q", false, "print nothing on standard error but errors")
	flags.BoolVar(&c.noColor, "no-color", false, "no colour, even on a terminal (NO_COLOR does the same)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(fmt.Sprintf("Try: %s --help", cmd.CommandPath()), "%w", err)
	})
	root.AddCommand(newRecommend(c), newAnalyze(c), newCheck(c), newSolve(c), newRule(c), newPrices(c), newOrder(c), newBacktest(c), newExplain(c), newServe(c), newDemo(c), newBatch(c), newBackup(c), newConfig(c), newVersion(c))
	teach(root)
	return root
}

// teach makes the arguments that a command and those below it do not take usage errors that name the way out.
func teach(cmd *cobra.Command) {
	switch check := cmd.Args; {
	case check != nil:
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var hint *hintError
			if err == nil || errors.As(err, &hint) {
				return err
			}
			what := fmt.Sprintf("%d arguments do not fit", len(args))
			switch {
			case len(args) == 0:
				what = "an argument is missing"
			case check(cmd, nil) == nil:
				what = fmt.Sprintf("%q is an argument too many", args[len(args)-1])
			}
			way := strings.TrimSuffix(cmd.UseLine(), " [flags]")
			return usageError(fmt.Sprintf("Use: %s\nTry: %s --help", way, cmd.CommandPath()), "%s: %s", cmd.CommandPath(), what)
		}
	case cmd.HasSubCommands():
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			way := "Try: " + cmd.CommandPath() + " --help"
			cmd.SuggestionsMinimumDistance = 2
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				way = "Did you mean " + cmd.CommandPath() + " " + strings.Join(near, " or ") + "?"
			} else if _, err := os.Stat(args[0]); err == nil && cmd.Parent() == nil {
				way = "To make the plan of it: sizeterm recommend " + args[0]
			}
			return usageError(way, "%s has no command %q", cmd.CommandPath(), args[0])
		}
	}
	for _, below := range cmd.Commands() {
		teach(below)
	}
}

// wantPaths is the argument check of commands that read files.
func wantPaths(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return nil
	}
	return usageError(fmt.Sprintf("Try: %s testdata/contoso, or %s --help", cmd.CommandPath(), cmd.CommandPath()),
		"no file or folder given: name at least one PATH, or - for standard input")
}

// note prints a line for people on standard error unless --quiet.
func (c *common) note(format string, args ...any) {
	if !c.quiet {
		fmt.Fprintf(c.err, format+"\n", args...)
	}
}

// color reports whether the output may carry colour.
func (c *common) color() bool {
	if c.noColor || os.Getenv("NO_COLOR") != "" {
		return false
	}
	if force := os.Getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return isTerminal(c.out)
}

// choose returns the value of a flag with a fixed set of values.
func choose(flag, value string, allowed ...string) error {
	for _, a := range allowed {
		if a == value {
			return nil
		}
	}
	return usageError("", "--%s: %q: not one of %s", flag, value, strings.Join(allowed, ", "))
}
