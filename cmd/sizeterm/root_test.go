package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What somebody types who does not know the program yet is answered with the way out, and exit code 2.
func TestMistypedCommandsTeach(t *testing.T) {
	for line, want := range map[string][]string{
		"":                                   {"no command given", "Try: sizeterm recommend"},
		"recomend x":                         {`sizeterm has no command "recomend"`, "Did you mean sizeterm recommend?"},
		"testdata":                           {`sizeterm has no command "testdata"`, "To make the plan of it: sizeterm recommend testdata"},
		"nothing-like-it":                    {"Try: sizeterm --help"},
		"order appprove x":                   {`sizeterm order has no command "appprove"`, "Did you mean sizeterm order approve?"},
		"order draft":                        {"sizeterm order draft: an argument is missing", "Use: sizeterm order draft PLAN.json\n"},
		"order draft a b":                    {"sizeterm order draft: 2 arguments do not fit"},
		"version x":                          {`sizeterm version: "x" is an argument too many`},
		"config print":                       {"an argument is missing", "Try: sizeterm config print --help"},
		"recommend":                          {"no file or folder given", "Try: sizeterm recommend testdata/contoso"},
		"recommend --bogus x":                {"unknown flag: --bogus", "Try: sizeterm recommend --help"},
		"prices show --size Standard_D4s_v5": {"--size needs --region", "--region polandcentral"},
	} {
		var out, said bytes.Buffer
		require.Equal(t, exitUsage, run(t.Context(), strings.Fields(line), strings.NewReader(""), &out, &said), line)
		require.Empty(t, out.String(), line)
		for _, text := range want {
			require.Contains(t, said.String(), text, line)
		}
	}
}

// A folder without files is refused by whatever reads folders.
func TestEmptyFoldersAreRefused(t *testing.T) {
	for _, command := range []string{"recommend", "analyze", "check", "backtest"} {
		var out, said bytes.Buffer
		require.Equal(t, exitInputRefused, run(t.Context(), []string{command, t.TempDir()}, strings.NewReader(""), &out, &said), command)
		require.Contains(t, said.String(), "no file in it", command)
	}
}
