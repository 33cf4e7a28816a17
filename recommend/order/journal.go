package order

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Entry is one row of the journal. Event is the canonical JSON of an Event, kept as bytes so that what was hashed is what
// is stored.
type Entry struct {
	Seq   int64  // 1, 2, 3 ...
	Event string // JSON
	Prev  string // Hash of the entry before, empty for the first
	Hash  string // hex SHA-256 over Seq, Prev and Event
}

// Head is the end of a journal: who keeps one elsewhere can tell later whether entries were cut off.
type Head struct {
	Seq  int64
	Hash string
}

// Seal makes the entry that follows head.
func Seal(head Head, e Event) (Entry, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return Entry{}, fmt.Errorf("journal: %w", err)
	}
	entry := Entry{Seq: head.Seq + 1, Event: string(text), Prev: head.Hash}
	entry.Hash = entry.hash()
	return entry, nil
}

func (e *Entry) hash() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "sizeterm.journal/1\n%d\n%s\n%s", e.Seq, e.Prev, e.Event))
	return hex.EncodeToString(sum[:])
}

// ErrTampered says that a journal, or the orders beside it, are not what was written.
var ErrTampered = errors.New("the record was changed")

// Audit reads a journal from its beginning. Feed it every entry in its stored order, then compare.
type Audit struct {
	head     Head
	orders   map[string]*Order
	Entries  int64
	Refusals int64
}

// NewAudit returns an audit of an empty journal.
func NewAudit() *Audit { return &Audit{orders: map[string]*Order{}} }

// Add checks the next entry: its number, the hash of the one before it, its own hash, and that what it says can happen.
// The error wraps ErrTampered and names the entry.
func (a *Audit) Add(e Entry) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("entry %d: %s: %w", e.Seq, fmt.Sprintf(format, args...), ErrTampered)
	}
	switch {
	case e.Seq != a.head.Seq+1:
		return bad("it follows entry %d: entries are missing, doubled or swapped", a.head.Seq)
	case e.Prev != a.head.Hash:
		return bad("it does not follow from the entry before it")
	case e.hash() != e.Hash:
		return bad("its hash does not fit its text")
	}
	var event Event
	if err := json.Unmarshal([]byte(e.Event), &event); err != nil {
		return bad("%v", err)
	}
	a.head = Head{e.Seq, e.Hash}
	a.Entries++
	if event.Kind == kindRefused {
		a.Refusals++
		return nil
	}
	o := a.orders[event.Order]
	if o == nil {
		o = &Order{}
	}
	if err := o.Apply(event); err != nil {
		return bad("%v", err)
	}
	a.orders[event.Order] = o
	return nil
}

// Head returns the end of the journal as far as it was added.
func (a *Audit) Head() Head { return a.head }

// Anchored checks a head that was kept elsewhere: the journal must have reached it, with the same hash. seen is the entry
// with the number of the head, nil where there is none.
func (h Head) Anchored(seen *Entry) error {
	switch {
	case h.Seq == 0:
		return nil
	case seen == nil:
		return fmt.Errorf("entry %d: it was there once and is missing: %w", h.Seq, ErrTampered)
	case seen.Hash != h.Hash:
		return fmt.Errorf("entry %d: its hash is not the one that was kept: %w", h.Seq, ErrTampered)
	}
	return nil
}

// Compare checks the stored orders against what the journal says of them: each order of the journal is there once and
// equal, and none is there that the journal does not know.
func (a *Audit) Compare(stored []Order) error {
	seen := map[string]bool{}
	for i := range stored {
		s := &stored[i]
		want := a.orders[s.ID]
		if want == nil || seen[s.ID] {
			return fmt.Errorf("order %s: the journal knows no such order: %w", s.ID, ErrTampered)
		}
		seen[s.ID] = true
		same, err := equal(want, s)
		if err != nil {
			return err
		}
		if !same {
			return fmt.Errorf("order %s: it is %q at revision %d, the journal says %q at revision %d, or its contents differ: %w",
				s.ID, s.State, s.Revision, want.State, want.Revision, ErrTampered)
		}
	}
	if len(seen) != len(a.orders) {
		return fmt.Errorf("%d orders are stored, the journal has %d: %w", len(seen), len(a.orders), ErrTampered)
	}
	return nil
}

func equal(a, b *Order) (bool, error) {
	x, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	y, err := json.Marshal(b)
	return bytes.Equal(x, y), err
}
