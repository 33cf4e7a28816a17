//go:build engines

package metrics

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// Prometheus's own tool finds no fault in what a busy process shows, in the rules and in their tests.
func TestPromtool(t *testing.T) {
	tool := os.Getenv("SIZETERM_TEST_PROMTOOL")
	require.NotEmpty(t, tool, "source .ci/engines and call engines_start first")
	server := httptest.NewServer(busy(t, 3).Handler())
	defer server.Close()
	answer, err := http.Get(server.URL)
	require.NoError(t, err)
	defer answer.Body.Close()
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = answer.Body
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Empty(t, string(out))
	for _, args := range [][]string{{"check", "rules", "sizeterm.rules.yml"}, {"test", "rules", "sizeterm.rules.test.yml"}, {"check", "config", "prometheus.yml"}} {
		cmd := exec.Command(tool, args...)
		cmd.Dir = deploy + "prometheus"
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
}
