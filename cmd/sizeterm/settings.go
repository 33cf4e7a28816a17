package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sizeterm/cmd/sizeterm/internal/config"
)

// newConfig makes the command that shows where values come from.
func newConfig(c *common) *cobra.Command {
	cmd := &cobra.Command{
		Use: "config", Short: "Settings: what each is, and where its value comes from",
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil }, // the file and the environment are for the command that is asked about
		RunE: func(cmd *cobra.Command, args []string) error {
			return usageError("Try: sizeterm config print batch", "no subcommand of config given")
		},
	}
	var output string
	show := &cobra.Command{
		Use: "print COMMAND", Short: "Every setting of a command, its value and source, with secrets masked",
		Long: `Prints the settings that COMMAND would run with: a flag wins over the environment, that over the file of --config, that
over the default. Secrets are masked. Give the flags of COMMAND behind --, as in: config print batch -- --out reports`,
		Example: `  sizeterm config print batch
  SIZETERM_LISTEN=127.0.0.1:9000 sizeterm config print serve --config sizeterm.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("output", output, "table", "json"); err != nil {
				return err
			}
			settings, err := c.settings(cmd.Root(), args)
			if err != nil {
				return err
			}
			if output == "json" {
				return json.NewEncoder(c.out).Encode(settings)
			}
			c.printSettings(settings)
			return nil
		},
	}
	show.Flags().StringVar(&output, "output", "table", "table, or json")
	cmd.AddCommand(show)
	return cmd
}

// shownSetting is a setting as it is printed.
type shownSetting struct {
	Key      string `json:"key"`
	Value    string `json:"value"`
	Source   string `json:"source"`
	Variable string `json:"variable"`
}

// settings finds the settings of the command that args name.
func (c *common) settings(root *cobra.Command, args []string) ([]shownSetting, error) {
	target, rest, err := root.Find(args)
	if err != nil || target == root {
		return nil, usageError("sizeterm --help lists the commands.", "%q: no such command", strings.Join(args, " "))
	}
	// The flags of the command, with those of the program that print does not take for itself.
	flags := pflag.NewFlagSet(target.Name(), pflag.ContinueOnError)
	flags.AddFlagSet(target.LocalFlags())
	flags.AddFlagSet(target.InheritedFlags())
	if err := flags.Parse(rest); err != nil {
		return nil, usageError("", "%w", err)
	}
	found, err := config.Apply(flags, c.configPath, os.LookupEnv, "help", "config")
	if err != nil {
		return nil, usageError("", "%w", err)
	}
	kept, err := whereKept(found)
	if err != nil {
		return nil, err
	}
	var shown []shownSetting
	for _, s := range found {
		s.Value = cmp.Or(s.Value, kept[s.Key])
		shown = append(shown, shownSetting{s.Key, maskedSetting(s.Key, s.Value), string(s.Source), config.Variable(s.Key)})
	}
	return shown, nil
}

// whereKept returns what stands for the settings of house where nobody gave them: they depend on the user, and on each other.
func whereKept(found []config.Setting) (map[string]string, error) {
	at := slices.IndexFunc(found, func(s config.Setting) bool { return s.Key == "data-dir" })
	if at < 0 {
		return nil, nil
	}
	dir := found[at].Value
	if dir == "" {
		var err error
		if dir, err = userDataDir(); err != nil {
			return nil, err
		}
	}
	h := house{dataDir: dir}
	database, archive := h.places()
	return map[string]string{"data-dir": dir, "database": database, "archive": archive}, nil
}

func (c *common) printSettings(settings []shownSetting) {
	key, value := 0, 0
	for _, s := range settings {
		key, value = max(key, len(s.Key)), max(value, text.RuneWidthWithoutEscSequences(s.Value))
	}
	for _, s := range settings {
		line := fmt.Sprintf("%s  %s  %s", text.Pad(s.Key, key, ' '), text.Pad(s.Value, min(value, 60), ' '), s.Source)
		if s.Source == string(config.Default) {
			line += " (" + s.Variable + ")"
		}
		fmt.Fprintln(c.out, strings.TrimRight(line, " "))
	}
}

// maskedSetting masks values that are secrets or hold one.
func maskedSetting(key, value string) string {
	for _, word := range []string{"secret", "password", "token", "key"} {
		if strings.Contains(key, word) && !strings.HasSuffix(key, "-file") && value != "" {
			return "***"
		}
	}
	if strings.Contains(value, "://") {
		parts := strings.Split(strings.Trim(value, "[]"), ",")
		for i := range parts {
			parts[i] = masked(parts[i])
		}
		return strings.Join(parts, ",")
	}
	return value
}

// plainParameters are the parameters of addresses that are no secrets.
var plainParameters = []string{"sslmode", "search_path", "region", "prefix", "endpoint", "storage_account", "domain", "protocol", "localemu", "anonymous", "hostname_immutable", "s3ForcePathStyle"}

// masked is an address without what may be a secret in it: the password, and every parameter that is not known as plain. Of
// what cannot be understood only the scheme is left.
func masked(address string) string {
	scheme, _, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return scheme + "://***"
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), "***")
	}
	query := u.Query()
	for name := range query {
		if !slices.Contains(plainParameters, name) {
			query[name] = []string{"***"}
		}
	}
	u.RawQuery = query.Encode()
	if scheme == "https" || scheme == "http" { // the path of a webhook is often its secret
		if strings.Trim(u.Path, "/") != "" {
			u.Path = "/***"
		}
	}
	return strings.ReplaceAll(u.String(), "%2A%2A%2A", "***")
}
