package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Event is something that happened to an upload or a plan of a tenant.
type Event struct {
	Seq  int64  // rises within the tenant
	Kind string // "upload" or "plan"
	Body string // JSON, one line
}

// Happened tells what happened in a tenant.
type Happened interface {
	// Events returns some events behind the number after, the oldest first.
	Events(ctx context.Context, tenant string, after int64) ([]Event, error)
	// LastEvent returns the number of the newest event, 0 where there was none.
	LastEvent(ctx context.Context, tenant string) (int64, error)
}

// How a stream of events goes on. It ends after a while and the browser comes back, so that who was shut out hears no more.
const (
	eventPoll   = 300 * time.Millisecond
	eventBeat   = 15 * time.Second
	eventStream = 5 * time.Minute
)

// watchersEach is how many streams one person may have open at once: one a tab.
const watchersEach = 10

// watching counts open streams by person.
type watching struct {
	mu   sync.Mutex
	open map[string]int
}

// enter counts one more, until leave is called; ok is false where it is one too many.
func (w *watching) enter(who string) (leave func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open[who] >= watchersEach {
		return nil, false
	}
	if w.open == nil {
		w.open = map[string]int{}
	}
	w.open[who]++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.open[who]--; w.open[who] == 0 {
			delete(w.open, who)
		}
	}, true
}

// stream tells a browser what happens from now on, or from the event on that it heard last, as server-sent events.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) error {
	if s.Happened == nil {
		return errMissing
	}
	ctx, cancel := context.WithTimeout(r.Context(), eventStream)
	defer cancel()
	who := principalOf(ctx)
	tenant := who.Tenant
	leave, ok := s.watching.enter(who.Tenant + "\x00" + who.ID)
	if !ok {
		return errTooMany
	}
	defer leave()
	after, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
	if err != nil || after < 0 {
		if after, err = s.Happened.LastEvent(ctx, tenant); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	return ignoreGone(s.tell(ctx, w, tenant, after))
}

// tell writes events until ctx ends, the client leaves or the server stops.
func (s *Server) tell(ctx context.Context, w http.ResponseWriter, tenant string, after int64) error {
	control := http.NewResponseController(w)
	tick := time.NewTicker(eventPoll)
	defer tick.Stop()
	said := time.Now()
	text := "retry: 2000\n\n"
	for {
		events, err := s.Happened.Events(ctx, tenant, after)
		if err != nil {
			return err
		}
		for _, e := range events {
			after = e.Seq
			text += fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Kind, strings.ReplaceAll(e.Body, "\n", " "))
		}
		if text == "" && time.Since(said) > eventBeat {
			text = ": still here\n\n"
		}
		if text != "" {
			if _, err := w.Write([]byte(text)); err != nil {
				return err
			}
			if err := control.Flush(); err != nil {
				return err
			}
			text, said = "", time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.stopping:
			return nil
		case <-tick.C:
		}
	}
}

// byDoor lets the door answer. New uploads of programs come at the rate of the API; the pieces of one come as fast as they can.
func (s *Server) byDoor(w http.ResponseWriter, r *http.Request) error {
	if s.Door == nil {
		return errMissing
	}
	if r.Method == http.MethodPost && principalOf(r.Context()).Key {
		if err := s.limited(w, r); err != nil {
			return err
		}
	}
	http.StripPrefix("/api/v1/uploads", s.Door).ServeHTTP(w, r)
	return nil
}
