package order

// Way says how whoever acts was identified. People who were identified in different ways cannot be told apart: the same
// person may be "anna" on a command line and somebody else on a page. So nobody approves what was requested in a way of the
// other kind, unless the policy says so.
type Way string

// The ways.
const (
	Named    Way = ""          // by a name that nobody checked: a command line
	SignedIn Way = "signed_in" // by a session of the service
	Keyed    Way = "key"       // a program with a key of the service, for which a person answers
)

// checked reports whether somebody made sure of who acts.
func (w Way) checked() bool { return w != Named }

// approvable refuses an approval by the requester, or by somebody who cannot be told apart from him.
func (d *Desk) approvable(o *Order, actor string) *Refusal {
	switch {
	case o.State != Requested:
		return nil // the table of transitions says it better
	case o.AskedBy(actor):
		return &Refusal{Order: o.ID, Code: "requester_approves", Detail: "\"" + actor + "\" requested it", WayOut: "another person approves"}
	case o.Way.checked() != d.Way.checked() && !d.Policy.AcrossWays:
		return &Refusal{Order: o.ID, Code: "other_way", Detail: "it was requested by " + o.Way.words() + ", and is approved by " + d.Way.words() + ": that could be one person",
			WayOut: "request it again in the way in which it is approved"}
	}
	return nil
}

func (w Way) words() string {
	switch w {
	case SignedIn:
		return "somebody who signed in"
	case Keyed:
		return "a program with a key"
	}
	return "a name on the command line"
}
