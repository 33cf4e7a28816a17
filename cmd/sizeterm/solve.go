package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"sizeterm/recommend/solve"
)

func newSolve(c *common) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "solve FILE...",
		Short: "Exact optimum and certificate of resopt-case/1 problems, one JSON object a line",
		Long: `Reads optimisation problems in the form resopt-case/1 and prints for each the exact optimum, a lower bound and the gap.
It never reads what a file expects.`,
		Example: "  sizeterm solve case.json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("Try: sizeterm solve --help", "no FILE given")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("output", output, "json"); err != nil {
				return err
			}
			out := bufio.NewWriter(c.out)
			for _, path := range args {
				if err := c.solveFile(path, out); err != nil {
					return errors.Join(err, out.Flush()) // what was solved before is not lost
				}
			}
			return out.Flush()
		},
	}
	cmd.Flags().StringVar(&output, "output", "json", "json: one object a line, in the order of the arguments")
	return cmd
}

// solveFile solves one case; - is standard input.
func (c *common) solveFile(path string, out io.Writer) error {
	in, err := c.opened(path)
	if err != nil {
		return err
	}
	defer in.Close()
	problem, err := solve.ReadCase(in)
	if err != nil {
		return refused("A case is one JSON object of the schema resopt-case/1.", fmt.Errorf("%s: %w", path, err))
	}
	solution, err := solve.Case(problem, solve.Options{})
	if errors.Is(err, solve.ErrTooLarge) {
		return refused("", fmt.Errorf("%s: %w", path, err))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return solve.WriteSolution(out, solution)
}

// opened opens a file to read; - is standard input.
func (c *common) opened(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(c.in), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, refused("", err)
	}
	return f, nil
}
