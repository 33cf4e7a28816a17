package main

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend"
)

// newExplain makes the command that traces a figure to what it was made of.
func newExplain(c *common) *cobra.Command {
	r := &recommending{common: c}
	cmd := &cobra.Command{
		Use:   "explain [FLAGS] ID PATH...",
		Short: "Where the figures of a line, pool, resize or customer come from: formulas with their values, prices with date, machines, files",
		Long: `Makes the plan of the files again, as recommend does, and explains what has the id: each figure is computed
again from what stands before it, with the prices and their dates, the machines and the hashes of the files. The ids stand
in the JSON and CSV of a plan, and in the addresses of its pages, which show the same.`,
		Example: `  sizeterm explain line-0123456789ab testdata/contoso`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usageError("Try: sizeterm recommend --output csv PATH… for the ids of lines.", "explain needs the id of a line, pool, resize or customer, and the files")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return r.explain(cmd, args[0], args[1:]) },
	}
	r.reading.flags(cmd)
	cmd.Flags().StringArrayVar(&r.prices, "prices", nil, "price sheet over the embedded prices (repeatable; the last one wins)")
	cmd.Flags().StringVar(&r.policyPath, "policy", "", "YAML file with the rules of the plan")
	return cmd
}

func (r *recommending) explain(cmd *cobra.Command, id string, paths []string) error {
	opts, err := r.options(recommend.DefaultPolicy().MinAge)
	if err != nil {
		return err
	}
	g, err := r.gather(cmd.Context(), paths, &r.reading, opts)
	if err != nil {
		return err
	}
	plan, err := r.plan(g)
	if err != nil {
		return err
	}
	trace, ok := report.TraceOf(plan, id)
	if !ok {
		return refused("sizeterm recommend --output csv PATH… prints the ids.", fmt.Errorf("%q: no line, pool, resize or customer of this plan", id))
	}
	out := bufio.NewWriter(r.common.out)
	if err := report.WriteTrace(out, trace); err != nil {
		return err
	}
	return out.Flush()
}
