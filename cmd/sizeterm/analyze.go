package main

import (
	"bufio"
	"errors"

	"github.com/spf13/cobra"

	"sizeterm/analyzer"
	"sizeterm/cmd/sizeterm/internal/plot"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend"
)

func newAnalyze(c *common) *cobra.Command {
	var r reading
	var output, dir string
	var sizesOnly bool
	cmd := &cobra.Command{
		Use:   "analyze [FLAGS] PATH...",
		Short: "Utilisation per customer, region and size, and of each machine; no prices needed",
		Example: `  sizeterm analyze testdata/contoso
  sizeterm analyze --output json export.csv metrics.csv.gz
  sizeterm analyze --sizes-only metrics.csv.gz`,
		Args: wantPaths,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := report.ParseFormat(output)
			if err == nil {
				err = choose("output", string(format), "table", "json", "csv")
			}
			if err != nil {
				return usageError("", "--output: %w", err)
			}
			opts, err := r.options(0)
			if err != nil {
				return err
			}
			opts.SizesOnly = sizesOnly
			g, err := c.gather(cmd.Context(), args, &r, opts)
			if errors.Is(err, analyzer.ErrSizesOnly) {
				return usageError("", "--sizes-only: it is for metrics, and there are charges in the files: machines of charges are told by their bills")
			}
			if err != nil {
				return err
			}
			if err := writeRejects(r.rejectsPath, g.rejects); err != nil {
				return err
			}
			analysis, err := g.analysis("")
			if err != nil {
				return err
			}
			if dir != "" {
				if _, err := plot.WriteDir(dir, &recommend.Plan{Profiles: analysis.Profiles, VMs: analysis.VMs, Window: analysis.Window}); err != nil {
					return err
				}
				c.note("pictures of utilisation written to %s", dir)
			}
			out := bufio.NewWriter(c.out)
			if err := report.WriteAnalysis(out, analysis, format, report.Options{Version: release, Width: terminalWidth(c.out, report.MaxWidth), Color: c.color()}); err != nil {
				return err
			}
			return out.Flush()
		},
	}
	r.flags(cmd)
	cmd.Flags().StringVar(&output, "output", "table", "table, json or csv")
	cmd.Flags().BoolVar(&sizesOnly, "sizes-only", false, "metrics alone: percentiles of each size and region, nothing of single machines and hours; faster, and in less memory")
	cmd.Flags().StringVar(&dir, "out", "", "also write pictures into this folder: utilisation by size, and the week of the largest sizes")
	return cmd
}
