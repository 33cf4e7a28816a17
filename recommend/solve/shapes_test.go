package solve

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/bill"
)

// Cases of other structure than the published ones, made by hand (testdata/README.md): competing plans of different scope and term, caps that
// bind on a ladder, a budget and a rule of use at once, machines that leave a group that is owned, an order without convexity, ties with
// pay-as-you-go. Each is tried out whole.
func TestOtherShapesEqualBruteForce(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		p, err := ReadCase(bytes.NewReader(text))
		require.NoError(t, err, file)
		equalsBrute(t, p)
	}
}

// Pools that do not touch each other are solved apart, each on the slots that it can tell apart: 60 slots of two pools that take the 60
// pairs of six and ten levels are six and ten.
func TestPartsMergeTheirOwnSlots(t *testing.T) {
	p := &bill.Problem{ID: "two pools", Currency: "USD", RunDenominator: 1, Sizes: map[string]bill.Size{}, Rules: bill.Rules{Order: bill.HighestFirst}}
	for i, levels := range []int64{6, 10} {
		name := string(rune('A' + i))
		p.Sizes[name] = bill.Size{Group: name, Ratio: 1, Payg: 10}
		vm := bill.VM{ID: name, Scope: "s", Candidates: []bill.Candidate{{Size: name}}}
		for t := range int64(60) {
			vm.Run = append(vm.Run, t%levels)
			if i == 1 {
				vm.Run[t] = t / 6
			}
		}
		p.VMs = append(p.VMs, vm)
		p.Offers = append(p.Offers, bill.Offer{MaxQty: 10, Price: 300,
			Commitment: bill.Commitment{ID: name, Kind: bill.Reservation, Scope: "s", To: 60, Size: name}})
	}
	for range 60 {
		p.Slots = append(p.Slots, bill.Slot{Hours: 1})
	}
	var slots []int
	for _, part := range split(p, false) {
		slots = append(slots, len(MergeSlots(part.problem).Slots))
	}
	require.Equal(t, []int{6, 10}, slots)
	s, err := Case(p, Options{})
	require.NoError(t, err)
	// A unit pays above 300/600: A has q+1 or more in (5-q)/6 of the slots, B in (9-q)/10; a half is a tie, which buys nothing.
	require.Equal(t, map[string]int64{"A": 2, "B": 4}, s.Decision.Purchases)
}
