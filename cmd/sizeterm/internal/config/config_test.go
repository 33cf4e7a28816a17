package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/config"
)

func flagSet() *pflag.FlagSet {
	flags := pflag.NewFlagSet("t", pflag.ContinueOnError)
	flags.String("output", "table", "")
	flags.Int("lookback", 0, "")
	flags.StringSlice("prices", nil, "")
	flags.Bool("quiet", false, "")
	flags.String("max-rejects", "", "")
	return flags
}

func write(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "sizeterm.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestFlagWinsOverEnvironmentOverFileOverDefault(t *testing.T) {
	flags := flagSet()
	require.NoError(t, flags.Parse([]string{"--output", "json"}))
	path := write(t, "output: csv\nlookback: 7\nmax_rejects: 3%\nprices: [a.csv, b.csv]\n")
	env := map[string]string{"SIZETERM_LOOKBACK": "28", "SIZETERM_OUTPUT": "markdown"}
	settings, err := config.Apply(flags, path, func(k string) (string, bool) { v, ok := env[k]; return v, ok })
	require.NoError(t, err)
	require.Equal(t, []config.Setting{
		{Key: "lookback", Value: "28", Source: config.Environment},
		{Key: "max-rejects", Value: "3%", Source: config.File},
		{Key: "output", Value: "json", Source: config.Flag},
		{Key: "prices", Value: "[a.csv,b.csv]", Source: config.File},
		{Key: "quiet", Value: "false", Source: config.Default},
	}, settings)
}

func TestBadSettingsNameTheirPlace(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	for name, c := range map[string]struct {
		file string
		env  map[string]string
		want string
	}{
		"misspelt key":       {file: "lookbak: 7\n", want: `key "lookbak": no such setting; the settings are lookback`},
		"not a number":       {file: "lookback: soon\n", want: `key "lookback": "soon"`},
		"not YAML":           {file: "a: [\n", want: "not a YAML file"},
		"environment number": {env: map[string]string{"SIZETERM_LOOKBACK": "x"}, want: `SIZETERM_LOOKBACK: "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			lookup := none
			if c.env != nil {
				lookup = func(k string) (string, bool) { v, ok := c.env[k]; return v, ok }
			}
			path := ""
			if c.file != "" {
				path = write(t, c.file)
			}
			_, err := config.Apply(flagSet(), path, lookup)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := config.Apply(flagSet(), "no/such/file.yaml", none)
	require.ErrorIs(t, err, os.ErrNotExist)
}
