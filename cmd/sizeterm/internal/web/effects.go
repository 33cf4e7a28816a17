package web

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend"
)

// effect is what the plan would be at a value of a rule.
type effect struct {
	RuleTry
	Standings []report.Standing // of the customer, by currency
	Failed    string            // why there is no such plan
}

// effects is a table of effects as far as it is computed: rows in the order of the values.
type effects struct {
	Rows    []effect
	Pending int  // values that are still computed
	Busy    bool // too many tables are computed: this one is not begun
}

// What tables of effects may take. Each row is a whole plan, a second or so of one core for a large customer, so one row of all tables is
// computed at a time, beside uploads and pages and never in a request. What a table may take is counted in machines planned, so that the
// same plan has the same table everywhere; time is the last guard, for a computer that stands still, and the page says so.
//
//	machines of the customer   rows of a table
//	                   5 000                10
//	                  20 000                 2
//	          more than 50 000   the one that holds
const (
	tableMachines = 50_000                // all rows of a table; a plan takes 2 to 3 ms of a core for each
	tableWithin   = 10 * time.Minute      // the same, whatever they are
	tablesWaiting = 8                     // of a service
	tableAnswers  = 50 * time.Millisecond // how long a page waits for a table that is soon there
	tablesKept    = 100                   // of one customer's plan
)

// table is a table that is computed, or was.
type table struct {
	mu   sync.Mutex
	rows []effect
	want int
	done chan struct{}
}

// tables computes what plans would be under other rules, behind the pages that show it.
type tables struct {
	most  int             // machines planned for a table
	slot  chan struct{}   // held while a row is computed
	stop  <-chan struct{} // closed when the service stops
	mu    sync.Mutex
	count int // tables that are computed or wait
}

func newTables(stop <-chan struct{}) *tables {
	return &tables{most: tableMachines, slot: make(chan struct{}, 1), stop: stop}
}

// of returns the table of a rule with these values, begins it where nobody has, and waits a moment for it.
func (t *tables) of(c *customerView, name string, tries []RuleTry) effects {
	if len(tries) == 0 {
		return effects{}
	}
	c.mu.Lock()
	one := c.effects[name]
	if one == nil && t.admit() {
		if one = (&table{want: len(tries), done: make(chan struct{})}); c.effects == nil || len(c.effects) >= tablesKept {
			c.effects = map[string]*table{}
		}
		c.effects[name] = one
		go t.compute(one, c, name, tries)
	}
	c.mu.Unlock()
	if one == nil {
		return effects{Busy: true}
	}
	select {
	case <-one.done:
	case <-time.After(tableAnswers):
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return effects{Rows: slices.Clone(one.rows), Pending: one.want - len(one.rows)}
}

// admit counts a table that begins; there is no room for any number of them.
func (t *tables) admit() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count >= tablesWaiting {
		return false
	}
	t.count++
	return true
}

// compute fills a table. One that took too long is forgotten, so that another visit tries again.
func (t *tables) compute(one *table, c *customerView, name string, tries []RuleTry) {
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.count--
	}()
	defer close(one.done)
	in := within(c.Whole.Input, c.ID)
	used, machines, budget := time.Duration(0), len(in.Analysis.VMs), t.most
	for _, try := range tries {
		e := effect{RuleTry: try}
		switch {
		case try.Now: // it is the plan that there is
			e.Standings = report.Standings(c.Plan)
		case used > tableWithin:
			e.Failed = fmt.Sprintf("not computed: the rows above took more than %d minutes here; look again when the computer has less to do", int(tableWithin/time.Minute))
		case machines > budget:
			e.Failed = fmt.Sprintf("not computed: a plan of %d machines for each value is more than a page may ask for; sizeterm recommend --policy tells it", machines)
		default:
			budget -= machines
			select {
			case t.slot <- struct{}{}:
			case <-t.stop:
				return
			}
			started := time.Now()
			in.Policy = try.Policy
			plan, err := recommend.Recommend(in)
			used += time.Since(started)
			<-t.slot
			if err != nil {
				e.Failed = "there is no such plan: " + err.Error()
			} else {
				e.Standings = report.Standings(plan)
			}
		}
		e.Standings = slices.DeleteFunc(e.Standings, func(st report.Standing) bool { return st.Total.Customer != c.ID })
		one.mu.Lock()
		one.rows = append(one.rows, e)
		one.mu.Unlock()
	}
	if used > tableWithin {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.effects, name)
	}
}
