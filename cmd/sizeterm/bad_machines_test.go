package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What cannot be judged has its state and its reason in the plan, through the command: two weeks of 24 hours a day, and hourly metrics.
func TestBadMachinesHaveTheirReason(t *testing.T) {
	var cost, metrics strings.Builder
	cost.WriteString("SubscriptionGuid,ResourceGroup,ResourceLocation,UsageDateTime,MeterCategory,MeterSubCategory,MeterId,MeterName,MeterRegion,UsageQuantity,ResourceRate,PreTaxCost," +
		"ConsumedService,ResourceType,InstanceId,Tags,OfferId,AdditionalInfo,ServiceInfo1,ServiceInfo2,ServiceName,ServiceTier,Currency,UnitOfMeasure\n")
	metrics.WriteString("timestamp,resource_id,grain_seconds,cpu_avg,cpu_max,memory_available_bytes\n")
	from := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)
	resource := func(group, name string) string {
		return "/subscriptions/s/resourceGroups/" + group + "/providers/Microsoft.Compute/virtualMachines/" + name
	}
	bill := func(group, name, size string) {
		for day := range 14 {
			fmt.Fprintf(&cost, `s,%s,westeurope,%s,Virtual Machines,,,,,24,0.46,11.04,,,%s,,,"{""ServiceType"":""%s""}",,,,,USD,1 Hour`+"\n",
				group, from.AddDate(0, 0, day).Format(time.DateOnly), resource(group, name), size)
		}
	}
	measure := func(who string, days int, high float64, freeGiB int64) {
		for hour := range 24 * days {
			fmt.Fprintf(&metrics, "%s,%s,3600,%g,%g,%d\n", from.Add(time.Duration(hour)*time.Hour).Format(time.RFC3339), who, high/3, high, freeGiB<<30)
		}
	}
	const size = "Standard_D8s_v5" // 32 GiB
	for _, m := range []struct {
		name, size string
		days       int
		high       float64
		freeGiB    int64
	}{{"fine", size, 14, 20, 26}, {"unmeasured", size, 0, 0, 0}, {"strange", "Standard_Q9_v9", 14, 20, 26}, {"young", size, 3, 20, 26}, {"percore", size, 14, 130, 26}, {"other", size, 14, 20, 100}} {
		bill("g1", m.name, m.size)
		measure(resource("g1", m.name), m.days, m.high, m.freeGiB)
	}
	bill("g1", "twin", size)
	bill("g2", "twin", size)
	measure("twin", 14, 20, 26)
	measure(resource("g1", "ghost"), 14, 20, 26)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cost.csv"), []byte(cost.String()), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "metrics.csv"), []byte(metrics.String()), 0o644))

	var plan struct {
		Inputs []struct {
			Kind     string
			Rejected int64
		}
		VMs []struct {
			Name, State string
			Sizing      *struct{ Action string }
		}
		Resizes        []struct{ Name string }
		NotRecommended []struct{ Subject, Reason, Detail string } `json:"not_recommended"`
	}
	require.NoError(t, json.Unmarshal([]byte(output(t, "recommend", "-q", "--output", "json", dir)), &plan))
	states := map[string]string{}
	for _, vm := range plan.VMs {
		states[vm.Name] = vm.State
	}
	require.Equal(t, map[string]string{"fine": "ok", "unmeasured": "no_metrics", "strange": "size_unknown", "young": "too_few", "percore": "samples_refused", "other": "memory_of_another_size",
		"twin": "ambiguous_name"}, states)
	for _, in := range plan.Inputs {
		if in.Kind == "samples" {
			require.EqualValues(t, 14*24, in.Rejected, "rows of more than 100 % are refused, and counted")
		}
	}
	said, details := "", map[string]string{}
	for _, n := range plan.NotRecommended {
		details[n.Reason] = n.Detail
		said += n.Reason + " " + n.Subject + "\n"
	}
	for _, want := range []string{"no_metrics unmeasured", "few_measured_days young", "samples_refused percore", "memory_of_another_size other", "ambiguous_name twin"} {
		require.Contains(t, said, want)
	}
	require.Contains(t, details["samples_refused"], `336 rows with its measurements were refused, the first: metrics.csv:746: column "cpu_max": "130"`, "14 days, behind 336 + 336 + 72 rows and the header")
	require.Contains(t, said, "not_billed "+strings.ToLower(resource("g1", "ghost")))
	require.Regexp(t, `(no_size|size_unknown|no_price|unknown_size)[^\n]*Q9_v9`, said)
	for _, r := range plan.Resizes {
		require.Equal(t, "fine", r.Name, "nothing else is guessed at")
	}
	require.Len(t, plan.Resizes, 1)
}
