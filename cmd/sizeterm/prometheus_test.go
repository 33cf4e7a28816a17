//go:build engines

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A real Prometheus scrapes the real service with the rules that we ship, and answers with the saving that the page shows.
func TestPrometheusScrapesTheService(t *testing.T) {
	binary := os.Getenv("SIZETERM_TEST_PROMETHEUS")
	require.NotEmpty(t, binary, "source .ci/engines and call engines_start first")
	s := serveIt(t, "demo")
	shown := headline(t, s.page("/", "Contoso Ltd"))

	dir := t.TempDir()
	rules, err := os.ReadFile(filepath.Join(top, "deploy", "prometheus", "sizeterm.rules.yml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sizeterm.rules.yml"), rules, 0o600))
	example, err := os.ReadFile(filepath.Join(top, "deploy", "prometheus", "prometheus.yml"))
	require.NoError(t, err)
	target := strings.TrimPrefix(s.base, "http://")
	config := strings.NewReplacer("127.0.0.1:8317", target, "interval: 30s", "interval: 1s").Replace(string(example))
	require.Contains(t, config, target, "the example scrapes the address that serve listens on by default")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600))

	address := freeAddress(t)
	cmd := exec.Command(binary, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()

	want, err := strconv.ParseFloat(strings.ReplaceAll(shown, ",", ""), 64)
	require.NoError(t, err)
	require.InDelta(t, want, ask(t, address, `sum by (currency) (sizeterm_saving_month_amount{part="joint"})`), 0.005)
	require.Equal(t, 1.0, ask(t, address, `up{job="sizeterm"}`))
	share := ask(t, address, "sizeterm:saving_month:ratio")
	require.Greater(t, share, 0.0)
	require.Less(t, share, 1.0)
	require.Greater(t, ask(t, address, "sum(sizeterm_stage_duration_seconds_count)"), 0.0)
	require.Greater(t, ask(t, address, `sizeterm_rows_total{result="accepted"}`), 100_000.0)
}

// ask repeats a query until Prometheus has one answer.
func ask(t *testing.T, address, query string) float64 {
	t.Helper()
	last := ""
	for range 300 {
		time.Sleep(100 * time.Millisecond)
		resp, err := http.Get("http://" + address + "/api/v1/query?" + url.Values{"query": {query}}.Encode())
		if err != nil {
			last = err.Error()
			continue
		}
		var answer struct {
			Data struct {
				Result []struct{ Value [2]any }
			}
		}
		err = json.NewDecoder(resp.Body).Decode(&answer)
		_ = resp.Body.Close()
		if last = fmt.Sprint(answer, err); err != nil || len(answer.Data.Result) != 1 {
			continue
		}
		v, err := strconv.ParseFloat(answer.Data.Result[0].Value[1].(string), 64)
		require.NoError(t, err)
		return v
	}
	t.Fatalf("%s: %s", query, last)
	return 0
}

// freeAddress is a loopback address that nothing listens on.
func freeAddress(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}
