package main

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs/METHOD.md works one pool by hand. Here it is worked once more from the rows of the export, with encoding/csv and
// rationals alone, and compared with the plan and with the page.
func TestWorkedPoolOfTheMethodNote(t *testing.T) {
	hours := dsv5Hours(t)
	rat := func(text string) *big.Rat { r, _ := new(big.Rat).SetString(text); return r }
	steady, payg := new(big.Rat), new(big.Rat)
	for vm, h := range hours {
		price := map[string]string{"sg-web": "0.24", "sg-app": "0.48", "sg-tes": "0.12"}[vm[:6]]
		cost := new(big.Rat).Mul(h, rat(price))
		payg.Add(payg, cost)
		if h.Cmp(rat("672")) == 0 {
			steady.Add(steady, cost)
		}
	}
	require.Equal(t, "1128.96", steady.FloatString(2))
	three := new(big.Rat).Sub(payg, steady)
	three.Add(three, new(big.Rat).Mul(rat("17444"), big.NewRat(672, 26280)))
	saving := new(big.Rat).Sub(payg, three)
	month := new(big.Rat).Mul(saving, big.NewRat(730, 672))

	var plan struct {
		Pools []struct {
			Region, Group string
			Compare       []struct{ Term, Cost, Saving string }
			PayG          string `json:"payg_cost"`
		}
		Lines []struct {
			Region, Size, Term string
			Month              string                                  `json:"saving_month"`
			BreakEven          float64                                 `json:"break_even_months"`
			Marginal           struct{ Last, Next, Threshold float64 } `json:"marginal_utilization"`
			Forecast           struct {
				Mean  string `json:"saving_month_mean"`
				P5    string
				P95   string
				PLoss float64 `json:"p_loss"`
				Back  float64 `json:"break_even_months"`
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(output(t, "recommend", "--output", "json", "--policy", sizesStay(t), "testdata/contoso")), &plan))
	page, err := os.ReadFile(filepath.Join(top, "docs", "METHOD.md"))
	require.NoError(t, err)
	said := func(figure string) { require.Contains(t, strings.ReplaceAll(string(page), " ", ""), figure) }
	found := 0
	for _, pool := range plan.Pools {
		if pool.Region != "southeastasia" || pool.Group != "Dsv5 Series" {
			continue
		}
		found++
		require.Equal(t, payg.FloatString(6), pool.PayG)
		for _, row := range pool.Compare {
			if row.Term == "P3Y" {
				found++
				require.Equal(t, three.FloatString(6), row.Cost)
				require.Equal(t, saving.FloatString(6), row.Saving)
			}
		}
		said(payg.FloatString(2))
		said(three.FloatString(2))
		said(saving.FloatString(2))
		said(month.FloatString(2))
	}
	for _, line := range plan.Lines {
		if line.Region == "southeastasia" && line.Size == "Standard_D2s_v5" && line.Term == "P3Y" {
			found++
			require.Equal(t, month.FloatString(6), line.Month)
			require.InDelta(t, 14.22, line.BreakEven, 0.005)
			for _, figure := range []string{line.Forecast.Mean, line.Forecast.P5, line.Forecast.P95} {
				said(strings.ReplaceAll(rat(figure).FloatString(2), "-", "−"))
			}
			said(fmt.Sprintf("%.1f%%lose", 100*line.Forecast.PLoss))
			said(fmt.Sprintf("earnedbackafter%.2fmonths", line.Forecast.Back))
			require.InDelta(t, 0.375118, line.Marginal.Next, 1e-6)
			require.InDelta(t, 0.395104, line.Marginal.Threshold, 1e-6)
		}
	}
	require.Equal(t, 3, found, "the pool, its three-year row and its line")
}

// sizesStay is a policy under which every machine keeps its size.
func sizesStay(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(path, []byte("schema: sizeterm.policy/1\nresize: false\n"), 0o600))
	return path
}

// dsv5Hours returns the hours of the window of each Dsv5 machine in Southeast Asia, off the rows of the demo's export.
func dsv5Hours(t *testing.T) map[string]*big.Rat {
	t.Helper()
	f, err := os.Open(filepath.Join(top, "testdata", "contoso", "cost-export-2026-10.csv.gz"))
	require.NoError(t, err)
	defer f.Close()
	plain, err := gzip.NewReader(bufio.NewReader(f))
	require.NoError(t, err)
	rows, err := csv.NewReader(plain).ReadAll()
	require.NoError(t, err)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[strings.TrimPrefix(name, "\ufeff")] = i
	}
	hours := map[string]*big.Rat{}
	for _, row := range rows[1:] {
		var info struct{ UsageType, ServiceType, VMName string }
		if row[column["meterCategory"]] != "Virtual Machines" || json.Unmarshal([]byte(row[column["additionalInfo"]]), &info) != nil {
			continue
		}
		switch info.ServiceType {
		case "Standard_D2s_v5", "Standard_D4s_v5", "Standard_D8s_v5":
		default:
			continue
		}
		if info.UsageType != "ComputeHR" || !strings.EqualFold(row[column["resourceLocation"]], "southeastasia") || row[column["date"]] < "10/04/2026" {
			continue
		}
		quantity, ok := new(big.Rat).SetString(row[column["quantity"]])
		require.True(t, ok)
		if hours[info.VMName] == nil {
			hours[info.VMName] = new(big.Rat)
		}
		hours[info.VMName].Add(hours[info.VMName], quantity)
	}
	require.Len(t, hours, 7)
	return hours
}
