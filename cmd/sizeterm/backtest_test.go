package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// longExport writes the demo's Dsv5 machines of Southeast Asia (docs/METHOD.md, section 8) for so many days until 31 October 2026, each
// weekday like the demo's; with keeps a machine on a day.
func longExport(t *testing.T, days int, with func(machine string, day int) bool) string {
	t.Helper()
	header, rows := exportRows(t)
	names, err := csv.NewReader(strings.NewReader(header)).Read()
	require.NoError(t, err)
	column := map[string]int{}
	for i, name := range names {
		column[strings.TrimPrefix(name, "\ufeff")] = i
	}
	byMachine := map[string]map[time.Weekday][]string{}
	for _, text := range rows {
		row, err := csv.NewReader(strings.NewReader(text)).Read()
		require.NoError(t, err)
		var info struct{ ServiceType, VMName string }
		if row[column["meterCategory"]] != "Virtual Machines" || json.Unmarshal([]byte(row[column["additionalInfo"]]), &info) != nil ||
			row[column["resourceLocation"]] != "southeastasia" || !slices.Contains([]string{"Standard_D2s_v5", "Standard_D4s_v5", "Standard_D8s_v5"}, info.ServiceType) {
			continue
		}
		date, err := time.Parse("01/02/2006", row[column["date"]])
		require.NoError(t, err)
		if byMachine[info.VMName] == nil {
			byMachine[info.VMName] = map[time.Weekday][]string{}
		}
		byMachine[info.VMName][date.Weekday()] = row
	}
	path := filepath.Join(t.TempDir(), "export.csv")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	out := csv.NewWriter(f)
	require.NoError(t, out.Write(names))
	first := time.Date(2026, 11, 1-days, 0, 0, 0, 0, time.UTC)
	for machine, week := range byMachine {
		for day := range days {
			date := first.AddDate(0, 0, day)
			row, ok := week[date.Weekday()]
			if !ok || !with(machine, day) {
				continue
			}
			for _, name := range []string{"date", "servicePeriodStartDate", "servicePeriodEndDate"} {
				row[column[name]] = date.Format("01/02/2006")
			}
			require.NoError(t, out.Write(row))
		}
	}
	out.Flush()
	require.NoError(t, out.Error())
	return path
}

// Fourteen units in use all the time for 28 days save 14 (0.12 x 672 - 1 246 x 28/1 095) = 682.903379 on three years (METHOD section 8).
func TestBacktestBillsWhatCame(t *testing.T) {
	path := longExport(t, 84, func(string, int) bool { return true })
	code, out, errs := try("backtest", "--every", "28", "--replay", "28", "--output", "json", path)
	require.Zero(t, code, errs)
	var got struct {
		Schema  string
		Results []struct {
			Trials, Complete, Censored int
			Rules                      []struct {
				Rule, Saving string
				Loss         float64 `json:"p_loss"`
			}
		}
		Trials []struct {
			Group     string
			Days      int
			Predicted *struct {
				P5, P95, Realised string
				Inside            bool
			}
			Rules []struct {
				Rule, Saving string
				P3Y          float64
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.Equal(t, "sizeterm.backtest/1", got.Schema)
	require.Len(t, got.Results, 2, "all, and the one customer")
	require.Equal(t, 2, got.Results[0].Trials, "after 28 and after 56 days")
	require.Equal(t, 2, got.Results[0].Complete)
	for _, trial := range got.Trials {
		require.Equal(t, "Dsv5 Series", trial.Group)
		require.Equal(t, 28, trial.Days)
		for _, r := range trial.Rules {
			if r.Rule == "always_on" || r.Rule == "plan" {
				require.Equal(t, "682.903379", r.Saving, r.Rule)
				require.EqualValues(t, 14, r.P3Y)
			}
		}
		require.Equal(t, "682.903379", trial.Predicted.Realised)
		require.True(t, trial.Predicted.Inside)
	}
	code, again, _ := try("backtest", "--every", "28", "--replay", "28", "--output", "json", path)
	require.Zero(t, code)
	require.Equal(t, out, again, "the same files give the same bytes")
}

// Two thirds of the machines are switched off after the first decision: it loses, later ones know.
func TestBacktestShowsALoss(t *testing.T) {
	path := longExport(t, 112, func(machine string, day int) bool { return day < 35 || machine == "sg-web-01" })
	dir := t.TempDir()
	code, out, errs := try("backtest", "--every", "42", "--replay", "84", "--out", dir, path)
	require.Zero(t, code, errs)
	require.Contains(t, out, "1 replay until the files end, shorter than asked")
	require.Regexp(t, `lay between the forecast's 5th and 95th\s+percentile\s+\(nominal 90 %\);\s+\S+ % saved\s+less`, out)
	require.Regexp(t, `this program +-\d`, out)
	require.Regexp(t, `this program .* 50\.0 %`, out, "one of two decisions lost")
	for _, name := range []string{"backtest.json", "backtest.csv", "backtest.txt", "backtest_usd_rules.png", "backtest_usd_ranges.svg", "backtest_usd_ranks.png"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NotZero(t, info.Size(), name)
	}
}

// One machine until day 49, then all: whoever decides once after 28 days holds the first machine's 2 of 14 units, whoever is asked again
// buys the others when they have been there long enough.
func TestBacktestAsksAgain(t *testing.T) {
	path := longExport(t, 140, func(machine string, day int) bool { return day >= 49 || machine == "sg-web-01" })
	saved := func(args ...string) (saving float64) {
		code, out, errs := try(append([]string{"backtest", "--every", "200", "--replay", "112", "--output", "json", path}, args...)...)
		require.Zero(t, code, errs)
		var got struct {
			Again   int `json:"again_days"`
			Results []struct {
				Rules []struct{ Saving json.Number }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(out), &got))
		saving, err := got.Results[0].Rules[0].Saving.Float64()
		require.NoError(t, err)
		return saving
	}
	require.Greater(t, saved("--again", "28"), 2*saved())
	_, out, _ := try("backtest", "--every", "200", "--again", "28", path)
	require.Contains(t, strings.Join(strings.Fields(out), " "), "Every rule was asked again every 28 days")
}

func TestBacktestRefuses(t *testing.T) {
	code, _, errs := try("backtest", filepath.Join(top, "testdata", "contoso"))
	require.Equal(t, exitInputRefused, code)
	require.Contains(t, errs, "the files hold 28 whole days, but 28 before the first advice and 28 after it are needed")
	for _, args := range [][]string{{"--replay", "27"}, {"--every", "0"}, {"--history", "6"}, {"--again", "-1"}, {"--output", "xlsx"}} {
		code, _, errs := try(append([]string{"backtest", top}, args...)...)
		require.Equal(t, exitUsage, code, "%v: %s", args, errs)
	}
}

// Files that are too short say what would be enough, and how a few decisions could be had from them.
func TestBacktestOfShortFilesTeaches(t *testing.T) {
	require.Contains(t, longer(28), "eight weeks at least (35 days with --history 7)")
	require.Contains(t, longer(42), "--history 14 would decide once on the first 14 days")
	code, _, errs := try("backtest", filepath.Join(top, "testdata", "contoso"))
	require.Equal(t, exitInputRefused, code)
	require.Contains(t, errs, longer(28))
}
