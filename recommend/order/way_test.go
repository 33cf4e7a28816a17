package order

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// in returns the desk as somebody finds it who was identified in a way.
func (d *Desk) in(way Way, behind string) *Desk {
	other := *d
	other.Way, other.Behind = way, behind
	return &other
}

// One person has one name on a command line, another in the service, and perhaps a key: whoever requests in one way approves in
// none of them.
func TestOnePersonInTwoWays(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name             string
		asks, allows     Way
		who, behind, bob string
		want             string
	}{
		{"two names", Named, Named, "anna", "", "bob", ""},
		{"a name in capitals", Named, Named, "anna", "", "Anna", "requester_approves"},
		{"two people who signed in", SignedIn, SignedIn, "anna", "", "bob", ""},
		{"a name, then a session", Named, SignedIn, "anna", "", "5f0c", "other_way"},
		{"a session, then a name", SignedIn, Named, "5f0c", "", "anna", "other_way"},
		{"a key, then who answers for it", Keyed, SignedIn, "key:1", "bob", "bob", "requester_approves"},
		{"a key, then another person", Keyed, SignedIn, "key:1", "anna", "bob", ""},
		{"a key, then a name", Keyed, Named, "key:1", "anna", "bob", "other_way"},
	} {
		t.Run(c.name, func(t *testing.T) {
			desk, _ := newDesk()
			o := drafted(t, desk, exampleLine(), Draft)
			require.NoError(t, desk.in(c.asks, c.behind).Request(ctx, c.who, o.ID))
			err := desk.in(c.allows, "").Approve(ctx, c.bob, o.Line.TotalPrice, o.ID)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.want, code(t, err))
			if c.want == "other_way" { // asked for again in the way in which it is approved, or by policy
				third := desk.in(c.allows, "")
				require.NoError(t, third.Request(ctx, "carl", o.ID))
				require.Equal(t, "not_now", code(t, third.Request(ctx, "carl", o.ID)), "he did already")
				require.Equal(t, "requester_approves", code(t, third.Approve(ctx, "carl", o.Line.TotalPrice, o.ID)))
				require.NoError(t, desk.in(c.asks, c.behind).Request(ctx, c.who, o.ID))
				third.Policy.AcrossWays = true
				require.NoError(t, third.Approve(ctx, c.bob, o.Line.TotalPrice, o.ID))
			}
		})
	}
}
