package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// Every command line in deploy/ is one that the program understands.
func TestDeployedCommandsExist(t *testing.T) {
	understood := func(from string, args []string) {
		t.Helper()
		require.NotEmpty(t, args, from)
		target, rest, err := newRoot(&streams{out: io.Discard, err: io.Discard}).Find(args)
		require.NoError(t, err, from)
		require.NoError(t, target.ParseFlags(rest), from)
		require.Empty(t, target.Flags().Args(), from)
	}
	units, err := filepath.Glob("../../deploy/systemd/*.service")
	require.NoError(t, err)
	require.Len(t, units, 2)
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		require.NoError(t, err)
		_, line, found := strings.Cut(string(text), "ExecStart=/usr/local/bin/sizeterm ")
		require.True(t, found, unit)
		line, _, _ = strings.Cut(line, "\n")
		understood(unit, strings.Fields(line))
	}
	n := 0
	for _, name := range []string{"deployment.yaml", "cronjob.yaml", "kustomization.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../deploy/kubernetes", name))
		require.NoError(t, err)
		documents := yaml.NewDecoder(bytes.NewReader(text))
		for {
			var node any
			err := documents.Decode(&node)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
			for _, args := range argsIn(node) {
				n++
				understood(name, args)
			}
		}
	}
	require.Equal(t, 2, n)
}

// argsIn finds the args of all containers.
func argsIn(node any) (all [][]string) {
	switch x := node.(type) {
	case map[string]any:
		for key, value := range x {
			if list, ok := value.([]any); ok && key == "args" {
				var args []string
				for _, a := range list {
					args = append(args, a.(string))
				}
				all = append(all, args)
				continue
			}
			all = append(all, argsIn(value)...)
		}
	case []any:
		for _, value := range x {
			all = append(all, argsIn(value)...)
		}
	}
	return all
}
