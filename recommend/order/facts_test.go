package order

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The form is a facts file that says what was known, and names the subscription of the order.
func TestFactsForm(t *testing.T) {
	const sub = "0c47c2d8-6b3f-4a1e-9d0f-3f4c8f1f2a77"
	o := &Order{Line: Line{Customer: "C0DC", Subscription: sub}}
	known := &Facts{Customer: "c0dc", Country: "DE", Agreement: "azure-plan"}
	for _, was := range []*Facts{nil, known} {
		text, err := FactsForm(o, was)
		require.NoError(t, err)
		all, err := ReadFacts(strings.NewReader(text))
		require.NoError(t, err)
		f := all["c0dc"]
		require.Equal(t, sub, f.Subscriptions[0].ID)
		require.Nil(t, f.Subscriptions[0].Registered)
		if was != nil {
			require.Equal(t, "DE", f.Country)
			require.Equal(t, "azure-plan", f.Agreement)
		}
	}
	require.Empty(t, known.Subscriptions, "what is known stays as it is")
}
