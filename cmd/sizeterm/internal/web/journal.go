package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"sizeterm/recommend/order"
)

// journalPage is what happened, the newest first.
type journalPage struct {
	Entries []journalRow
	People  map[string]string
	Head    string
	More    bool
}

type journalRow struct {
	Seq int64
	order.Event
}

// shownEntries is the number of entries on one page of the journal.
const shownEntries = 200

func (s *Server) journal(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	page := journalPage{People: s.peopleNames(r.Context())}
	err = d.Store.Journal(r.Context(), func(e order.Entry) error {
		event, err := decode(e)
		if err != nil {
			return err
		}
		page.Entries = append(page.Entries, journalRow{e.Seq, event})
		if len(page.Entries) > shownEntries {
			page.Entries, page.More = page.Entries[1:], true
		}
		page.Head = fmt.Sprintf("%d:%s", e.Seq, e.Hash)
		return nil
	})
	if err != nil {
		return err
	}
	slices.Reverse(page.Entries)
	s.render(w, r, http.StatusOK, "journal", "Journal", page)
	return nil
}

// eventsOf returns what happened to an order, the newest last.
func eventsOf(ctx context.Context, d *order.Desk, id string) ([]order.Event, error) {
	var events []order.Event
	err := d.Store.Journal(ctx, func(e order.Entry) error {
		event, err := decode(e)
		if err == nil && event.Order == id {
			events = append(events, event)
		}
		return err
	})
	return events, err
}

// decode reads an entry of the journal.
func decode(e order.Entry) (order.Event, error) {
	var event order.Event
	err := json.Unmarshal([]byte(e.Event), &event)
	return event, err
}
