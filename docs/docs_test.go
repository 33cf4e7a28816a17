package docs

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSecurityNamesTests looks for every test that SECURITY.md calls as a witness.
func TestSecurityNamesTests(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	require.NoError(t, err)
	written := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test[A-Z0-9]\w*)\(`)
	require.NoError(t, fs.WalkDir(os.DirFS(".."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile("../" + path)
		for _, found := range declared.FindAllStringSubmatch(string(source), -1) {
			written[found[1]] = true
		}
		return err
	}))
	named := regexp.MustCompile(`\bTest[A-Z]\w*`).FindAllString(string(text), -1)
	require.Greater(t, len(named), 40)
	for _, name := range named {
		require.True(t, written[name], "SECURITY.md names %s, which does not exist", name)
	}
}
