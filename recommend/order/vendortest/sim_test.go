package vendortest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/place"
)

const customer = "c0dc4a63-61a9-47d7-87f1-e0d07079901a"

// offers are what the vendor of the tests sells, and lines what is bought: three regions of one size, and another size.
var offers = []Offer{
	{"Standard_D2s_v5", "polandcentral", "P3Y", "1118", "USD"}, {"Standard_D2s_v5", "westeurope", "P3Y", "1246", "USD"},
	{"Standard_D2s_v5", "westeurope", "P1Y", "689", "USD"}, {"Standard_E2s_v5", "westeurope", "P3Y", "1478", "USD"}, {"Standard_D2as_v5", "westeurope", "P3Y", "1039", "USD"},
}

func line(i int, plan string) order.Line {
	o := offers[i]
	term, _ := pricing.ParseTerm(o.Term)
	unit, _ := money.Parse(o.Unit, "USD")
	quantity := int64(i + 1)
	total, _ := unit.Mul(quantity)
	return order.Line{
		ID: fmt.Sprintf("line-%d", i), Customer: customer, Subscription: "11111111-1111-4111-8111-111111111111", Scope: "shared", Region: catalog.Region(o.Region),
		Size: catalog.Size(o.Size), Term: term, Quantity: quantity, Flexible: true, BillingPlan: plan, UnitPrice: unit, TotalPrice: total,
		SavingMonth: unit, PriceAsOf: start, AsOf: start,
	}
}

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func facts() map[string]order.Facts {
	yes := true
	return map[string]order.Facts{customer: {
		Customer: customer, Country: "PL", Agreement: "azure-plan", Role: "admin-agent", Access: &yes,
		Subscriptions: []order.SubscriptionFacts{{ID: "11111111-1111-4111-8111-111111111111", Tenant: customer, State: "active", Registered: &yes, PartnerOnRecord: "5357564"}},
	}}
}

// errCrash is the end of a process in the simulator.
var errCrash = errors.New("crash")

// world is one vendor, one store and the processes that use them.
type world struct {
	vendor  *Vendor
	store   order.Store
	now     time.Time
	random  *rand.Rand
	crashes int // in thousandths of the points
	crashed map[string]int
	via     string
}

func newWorld(seed uint64, via string, faults Faults) *world {
	w := &world{store: order.NewMemory(), now: start, random: rand.New(rand.NewPCG(seed, 1)), crashed: map[string]int{}, via: via}
	vendor, err := New(Config{Offers: offers, Faults: faults, Seed: seed, Now: func() time.Time { return w.now }})
	if err != nil {
		panic(err)
	}
	w.vendor = vendor
	return w
}

func (w *world) point(name string) {
	if w.random.IntN(1000) < w.crashes {
		w.crashed[name]++
		panic(errCrash)
	}
}

func (w *world) desk() *order.Desk {
	return &order.Desk{Store: w.store, Policy: order.DefaultPolicy(), Now: func() time.Time { return w.now }, Point: w.point}
}

func (w *world) placer() order.Placer {
	link := place.Link{Wire: w.vendor, Point: w.point, Wait: func(_ context.Context, d time.Duration) error { w.now = w.now.Add(d); return nil }}
	if w.via == place.ViaCapacity {
		return &place.Capacity{Link: link}
	}
	return &place.PartnerCenter{Link: link, Facts: facts()}
}

// process runs fn as a process that may die at any point. It reports whether it lived.
func (w *world) process(fn func(d *order.Desk)) (lived bool) {
	defer func() {
		if r := recover(); r != nil {
			if r != errCrash { //nolint:errorlint // the very value
				panic(r)
			}
			lived = false
		}
	}()
	fn(w.desk())
	return true
}

// tally is what the flows of one kind came to.
type tally struct {
	flows, orders, executed, failed, unknown, twice, lost, rounds, crashes int
	faults                                                                 map[string]int
}

// TestNothingIsBoughtTwice is the promise: in any history of faults and crashes each approved order is bought at most once,
// each that is executed exactly once, each unknown is settled within three reconciliations, and no purchase is lost from
// sight. ORDER_FLOWS=10000 runs the large size; the seeds are the numbers from 0.
func TestNothingIsBoughtTwice(t *testing.T) {
	flows := 150
	if text := os.Getenv("ORDER_FLOWS"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		flows = n
	}
	for _, via := range []string{place.ViaPartnerCenter, place.ViaCapacity} {
		t.Run(via, func(t *testing.T) {
			sum := tally{faults: map[string]int{}}
			for seed := range flows {
				flow(t, uint64(seed), via, &sum)
			}
			report(t, via, &sum)
			if flows >= 100 {
				for _, fault := range []string{"429", "500", "500 after success", "time-out", "time-out after success", "stall, done later", "price changed", "wrong currency", "list cut", "missing from lists for 15 minutes"} {
					require.Positive(t, sum.faults[fault], "the fault never happened: %s", fault)
				}
				require.Positive(t, sum.executed)
				require.Positive(t, sum.unknown)
			}
		})
	}
}

func report(t *testing.T, via string, s *tally) {
	var names []string
	for name := range s.faults {
		names = append(names, fmt.Sprintf("%s %d", name, s.faults[name]))
	}
	sort.Strings(names)
	t.Logf("%s: %d flows, %d orders: %d executed, %d failed; %d times unknown, at most %d reconciliations; %d crashes; bought twice %d, lost %d",
		via, s.flows, s.orders, s.executed, s.failed, s.unknown, s.rounds, s.crashes, s.twice, s.lost)
	t.Logf("%s: faults: %s", via, strings.Join(names, ", "))
}

// flow takes some orders from draft to the end against a vendor with the faults of the seed.
func flow(t *testing.T, seed uint64, via string, sum *tally) {
	w := newWorld(seed, via, Mixed())
	w.crashes = []int{0, 10, 40}[seed%3]
	plan := []string{"monthly", "upfront"}[seed%2]
	p := &order.Plan{SHA256: strings.Repeat("a", 64), AsOf: start, Lines: []order.Line{line(0, plan), line(1, plan), line(3, plan)}}
	ctx := context.Background()
	var ids []string
	for len(ids) == 0 {
		w.process(func(d *order.Desk) {
			made, err := d.Draft(ctx, "anna", p, "")
			require.NoError(t, err)
			for _, m := range made {
				ids = append(ids, m.Order.ID)
			}
		})
	}
	rounds := map[string]int{}
	for range 4 {
		w.approve(ctx, ids)
		w.process(func(d *order.Desk) {
			_, err := d.Submit(ctx, "anna", order.Submission{Placer: w.placer(), Facts: facts()}, ids...)
			require.NoError(t, err)
		})
		w.check(t, seed, ids, sum)
		w.reconcile(ctx, t, seed, ids, rounds, sum)
	}
	// The vendor gets well: what is still open is settled.
	w.vendor.config.Faults = Faults{}
	w.crashes = 0
	w.reconcile(ctx, t, seed, ids, rounds, sum)
	w.finish(t, seed, ids, sum)
}

// approve asks for whatever is not approved, and allows it at its price of the moment.
func (w *world) approve(ctx context.Context, ids []string) {
	w.process(func(d *order.Desk) {
		_, _ = d.Expire(ctx, "clock")
		all, _ := d.Orders(ctx)
		for _, o := range all {
			if o.State == order.Draft || o.State == order.Failed || o.State == order.Expired {
				_ = d.Request(ctx, "anna", o.ID)
			}
			_ = d.Approve(ctx, "bob", o.Line.TotalPrice, o.ID)
		}
	})
}

// reconcile asks every few minutes until nothing is unknown or sending. A round counts where the vendor's books could be
// read, a quarter of an hour or more after the round before.
func (w *world) reconcile(ctx context.Context, t *testing.T, seed uint64, ids []string, rounds map[string]int, sum *tally) {
	last := map[string]time.Time{}
	clear(rounds) // nothing was left open by the call before: what is unknown now is so since the last submission
	for try := 0; try < 200 && w.open(ids); try++ {
		w.now = w.now.Add(time.Duration([]int{1, 4, 15}[w.random.IntN(3)]) * time.Minute)
		before := w.states(ids)
		w.process(func(d *order.Desk) {
			sent, err := d.Reconcile(ctx, "clock", map[string]order.Placer{w.via: w.placer()}, ids...)
			require.NoError(t, err)
			for _, s := range sent {
				var r *order.Refusal
				require.False(t, errors.As(s.Err, &r) && r.Code == "bought_twice", "seed %d: %v", seed, s.Err)
				switch {
				case s.Err == nil && s.State == order.Unknown:
					if w.now.Sub(last[s.Order]) >= 15*time.Minute {
						last[s.Order] = w.now
						rounds[s.Order]++
					}
				case s.Err == nil && (before[s.Order] == order.Unknown || before[s.Order] == order.Sending):
					sum.unknown++
					sum.rounds = max(sum.rounds, rounds[s.Order]+1)
					require.LessOrEqual(t, rounds[s.Order]+1, 3, "seed %d: order %s was asked about too often", seed, s.Order)
					rounds[s.Order] = 0
				}
			}
		})
		w.check(t, seed, ids, sum)
	}
}

func (w *world) states(ids []string) map[string]order.State {
	states := map[string]order.State{}
	_ = w.store.Read(context.Background(), func(tx order.Tx) error {
		for _, id := range ids {
			o, _, _ := tx.Order(id)
			states[id] = o.State
		}
		return nil
	})
	return states
}

func (w *world) open(ids []string) bool {
	for _, s := range w.states(ids) {
		if s == order.Unknown || s == order.Sending || s == order.Executed {
			return true
		}
	}
	return false
}

// check compares orders and ledger at any moment.
func (w *world) check(t *testing.T, seed uint64, ids []string, sum *tally) {
	for id, state := range w.states(ids) {
		n := w.vendor.Bought("sizeterm-" + id)
		if n > 1 {
			sum.twice++
		}
		require.LessOrEqual(t, n, 1, "seed %d: order %s is %s and was bought %d times", seed, id, state, n)
		if state == order.Executed || state == order.Reconciled {
			require.Equal(t, 1, n, "seed %d: order %s is %s", seed, id, state)
		}
		if state == order.Executed && w.via == place.ViaCapacity {
			w.paid(t, seed, id)
		}
		if state == order.Failed || state == order.Requested || state == order.Approved || state == order.Draft {
			if n != 0 {
				sum.lost++
			}
			require.Zero(t, n, "seed %d: order %s is %s though it was bought", seed, id, state)
		}
	}
}

// paid compares what the vendor charged with what was approved: a quote that he holds is the price.
func (w *world) paid(t *testing.T, seed uint64, id string) {
	_ = w.store.Read(context.Background(), func(tx order.Tx) error {
		o, _, err := tx.Order(id)
		for _, p := range w.vendor.Purchases() {
			if p.Token == o.Token() {
				require.Equal(t, o.Line.TotalPrice.Decimal(), p.Total, "seed %d: order %s", seed, id)
			}
		}
		return err
	})
}

func (w *world) finish(t *testing.T, seed uint64, ids []string, sum *tally) {
	w.check(t, seed, ids, sum)
	sum.flows++
	for id, state := range w.states(ids) {
		sum.orders++
		require.NotContains(t, []order.State{order.Unknown, order.Sending, order.Executed}, state, "seed %d: order %s", seed, id)
		if state == order.Reconciled {
			sum.executed++
		} else {
			sum.failed++
		}
	}
	_, err := w.desk().Audit(context.Background())
	require.NoError(t, err, "seed %d", seed)
	for name, n := range w.vendor.Happened() {
		sum.faults[name] += n
	}
	for _, n := range w.crashed {
		sum.crashes += n
	}
}

// Every named point is reached by a crash, and nothing is bought twice for it: each point by itself, the process killed
// there each time it comes by, then started again.
func TestACrashAtEveryPoint(t *testing.T) {
	for _, via := range []string{place.ViaPartnerCenter, place.ViaCapacity} {
		points := map[string]bool{}
		probe := newWorld(0, via, Faults{})
		probe.run(t, func(name string, _ int) bool { points[name] = true; return false })
		require.GreaterOrEqual(t, len(points), 12, via)
		for name := range points {
			for visit := 1; visit <= 6; visit++ {
				w := newWorld(0, via, Faults{Hidden: 500})
				died := w.run(t, func(at string, n int) bool { return at == name && n == visit })
				if !died && visit == 1 {
					require.Fail(t, "never reached", "%s: %s", via, name)
				}
			}
		}
	}
}

// run takes one order to the end; die says where the process is killed, by point and number of visits.
func (w *world) run(t *testing.T, die func(name string, visit int) bool) (died bool) {
	ctx := context.Background()
	visits := map[string]int{}
	point := func(name string) {
		visits[name]++
		if !died && die(name, visits[name]) {
			died = true
			panic(errCrash)
		}
	}
	start := func(act func(d *order.Desk, p order.Placer)) {
		w.process(func(d *order.Desk) {
			d.Point = point
			p := w.placer()
			switch p := p.(type) {
			case *place.Capacity:
				p.Point = point
			case *place.PartnerCenter:
				p.Point = point
			}
			act(d, p)
		})
	}
	p := &order.Plan{SHA256: strings.Repeat("a", 64), AsOf: w.now, Lines: []order.Line{line(1, "monthly")}}
	var id string
	for range 12 {
		start(func(d *order.Desk, placer order.Placer) {
			made, err := d.Draft(ctx, "anna", p, "")
			require.NoError(t, err)
			o := made[0].Order
			id = o.ID
			_ = d.Request(ctx, "anna", o.ID)
			_ = d.Approve(ctx, "bob", o.Line.TotalPrice, o.ID)
			_, err = d.Submit(ctx, "anna", order.Submission{Placer: placer, Facts: facts()}, o.ID)
			require.NoError(t, err)
			_, err = d.Reconcile(ctx, "clock", map[string]order.Placer{w.via: placer}, o.ID)
			require.NoError(t, err)
		})
		w.now = w.now.Add(15 * time.Minute)
		if id != "" {
			w.check(t, 0, []string{id}, &tally{})
		}
	}
	require.Equal(t, order.Reconciled, w.states([]string{id})[id])
	require.Equal(t, 1, w.vendor.Bought("sizeterm-"+id))
	return died
}

// Fifty submit the same order at once: one buys, the others are told so.
func TestFiftySubmitsAtOnceBuyOnce(t *testing.T) {
	for _, via := range []string{place.ViaPartnerCenter, place.ViaCapacity} {
		w := newWorld(1, via, Faults{})
		ctx := context.Background()
		d := w.desk()
		d.Point = nil
		made, err := d.Draft(ctx, "anna", &order.Plan{SHA256: "x", AsOf: start, Lines: []order.Line{line(0, "upfront")}}, "")
		require.NoError(t, err)
		o := made[0].Order
		require.NoError(t, d.Request(ctx, "anna", o.ID))
		require.NoError(t, d.Approve(ctx, "bob", o.Line.TotalPrice, o.ID))
		var wait sync.WaitGroup
		var mu sync.Mutex
		codes := map[string]int{}
		for range 50 {
			wait.Go(func() {
				link := place.Link{Wire: w.vendor}
				var p order.Placer = &place.Capacity{Link: link}
				if via == place.ViaPartnerCenter {
					p = &place.PartnerCenter{Link: link, Facts: facts()}
				}
				sent, err := d.Submit(ctx, "anna", order.Submission{Placer: p, Facts: facts()}, o.ID)
				mu.Lock()
				defer mu.Unlock()
				var r *order.Refusal
				switch {
				case err != nil:
					codes[err.Error()]++
				case errors.As(sent[0].Err, &r):
					codes[r.Code]++
				default:
					codes[string(sent[0].State)]++
				}
			})
		}
		wait.Wait()
		require.Equal(t, map[string]int{"executed": 1, "already_sent": 49}, codes)
		require.Equal(t, 1, w.vendor.Bought(o.Token()))
		_, err = d.Audit(ctx)
		require.NoError(t, err)
	}
}
