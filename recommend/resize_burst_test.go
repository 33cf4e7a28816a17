package recommend_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBurstableReplay: both machines have the highest use of 60 %, above the baseline of 40 % of a B2s_v2. The one that is idle at night
// earns in 10 hours of 39 points what it spends in 14 of at most 15, and moves; the one that is busy at night too never earns, and stays.
func TestBurstableReplay(t *testing.T) {
	d2s, b2s := tariff{"Standard_D2s_v5", "0.20", "1051.20", "2102.40"}, tariff{"Standard_B2s_v2", "0.10", "600", "1200"}
	p := sized(t, nil, []tariff{d2s, b2s},
		unit{name: "office", size: "Standard_D2s_v5", avg: 45, max: 60, memory: 30, office: true},
		unit{name: "night", size: "Standard_D2s_v5", avg: 45, max: 60, memory: 30})
	require.Len(t, p.Resizes, 1)
	require.Equal(t, "office", p.Resizes[0].Name)
	require.EqualValues(t, "Standard_B2s_v2", p.Resizes[0].To)
	for i := range p.Sized {
		if s := &p.Sized[i]; s.Name == "night" {
			require.Equal(t, "burst", s.Reasons[0].Code)
			require.Contains(t, s.Reasons[0].Detail, "credits of Standard_B2s_v2 may run out")
		}
	}
}

// TestBurstableScaleSet: instances are replayed as one machine that is as busy as the busiest of them in each hour.
func TestBurstableScaleSet(t *testing.T) {
	d2s, b2s := tariff{"Standard_D2s_v5", "0.20", "1051.20", "2102.40"}, tariff{"Standard_B2s_v2", "0.10", "600", "1200"}
	calm := unit{name: "set_0", set: "set", size: "Standard_D2s_v5", avg: 45, max: 60, memory: 30, office: true}
	other := calm
	other.name = "set_1"
	policy := func(u ...unit) string {
		p := sized(t, nil, []tariff{d2s, b2s}, u...)
		for i := range p.Resizes {
			if p.Resizes[i].Action == "resize" {
				return string(p.Resizes[i].To)
			}
		}
		return ""
	}
	require.Equal(t, "Standard_B2s_v2", policy(calm, other))
	other.office = false
	require.Empty(t, policy(calm, other))
}

// TestScheduleBesideAResize: a machine that is idle at night and would do on a smaller size is resized, and the plan says what the schedule
// would save.
func TestScheduleBesideAResize(t *testing.T) {
	p := sized(t, nil, family, unit{name: "vm", size: "Standard_D8s_v5", avg: 20, max: 40, memory: 20, office: true})
	require.Len(t, p.Resizes, 1)
	require.Equal(t, "resize", p.Resizes[0].Action)
	require.Contains(t, strings.Join(p.Resizes[0].Reasons, "\n"), "a schedule would fit as well, of today's size: idle in all 98 hours")
}
