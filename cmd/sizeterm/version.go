package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is the version of the program; the build stamps it with -ldflags "-X main.release=…".
var release = "0.1.0-dev"

func newVersion(c *common) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of the program and of the Go that built it", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			goVersion := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				goVersion = info.GoVersion
			}
			_, err := fmt.Fprintf(c.out, "sizeterm %s (%s)\n", release, goVersion)
			return err
		},
	}
}
