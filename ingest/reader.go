package ingest

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
)

// Reader reads one input record by record, in the order of the file; rows that are added up to one come when all of them
// were read. It parses on several goroutines; what it returns
// does not depend on how many. Drive it like a bufio.Scanner:
//
//	for r.Next() { use(r.Record()) }
//	if err := r.Err(); err != nil { ... }
type Reader struct {
	in     Input
	opts   Options
	limits Limits
	text   *text
	plan   *plan
	note   notation
	grain  int64
	flows  *flows // of tables with one row a metric, nil for others

	turn    sync.Mutex // of the worker that takes the next chunk
	chunks  *chunker
	blocks  *parquetTable // instead of chunks
	ahead   *ahead        // of a text that is unpacked or converted
	ended   bool
	queue   chan *job
	stop    chan struct{}
	stopped sync.Once
	work    sync.WaitGroup
	mappers []mapper
	most    int    // rows of a record
	found   rowset // rows of the chunk that was taken last, of which the first taken are in waiting
	taken   int
	waiting rowset      // rows of the next record
	used    chan rowset // that were read
	record  arrow.Record
	rejects []RowError
	refused refusals
	counted int64
	rows    int64
	err     error
	done    bool
	summary Summary
}

// NewReader opens an input and finds out what it is. Errors wrap ErrEmpty, ErrNoRows, ErrUnknownKind, ErrMissingColumn,
// ErrHeader, ErrEncoding, ErrDamaged or ErrTooLarge and begin with the input's name. The caller reads until Next returns
// false, or closes the reader.
func NewReader(in Input, opts Options) (*Reader, error) {
	t, err := openText(in, opts)
	if err != nil {
		return nil, err
	}
	r := &Reader{in: in, opts: opts, limits: opts.Limits.filled(), text: t, stop: make(chan struct{})}
	if err := r.prepare(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	r.start()
	return r, nil
}

// prepare recognises the file and settles its notation.
func (r *Reader) prepare() (err error) {
	defer func() {
		if f := fault(recover()); f != nil {
			err = fmt.Errorf("%s: %w", r.in.Name, f)
		}
	}()
	h, head, whole, err := headOf(r.in, r.text, r.opts)
	if err != nil {
		return err
	}
	r.plan = newPlan(h, fieldsFor(h.match))
	if r.note, err = decide(r.in, r.opts, r.plan, head[h.rows:], whole); err != nil {
		return fmt.Errorf("%s: %w", r.in.Name, err)
	}
	if h.match.Kind == KindSamples {
		if r.grain, err = r.interval(head[h.rows:], whole); err != nil {
			return fmt.Errorf("%s: %w", r.in.Name, err)
		}
	}
	if _, err := r.text.Discard(h.rows); err != nil {
		return fmt.Errorf("%s: %w", r.in.Name, err)
	}
	r.summary = Summary{Name: r.in.Name, Kind: h.match.Kind, Dialect: h.match.Dialect, Dataset: r.in.Dataset, Export: r.note.export, Encoding: r.text.encoding}
	if r.text.packed {
		r.summary.Encoding = "gzip " + r.summary.Encoding
	}
	return nil
}

// fieldsFor returns the slots that the mapper of a form wants.
func fieldsFor(m *dialect.Match) []string {
	switch m.Family {
	case "metrics-long", "metrics-wide":
		return sampleFields
	case "reservation-list":
		return reservationFields
	}
	switch m.Kind {
	case KindCharges:
		if m.Family == "partner-center-invoice" {
			return invoiceFields
		}
		return chargeFields
	case KindSamples:
		return narrowFields
	}
	return reportFields
}

// start starts the goroutines that read and parse chunks.
func (r *Reader) start() {
	workers := r.opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if r.summary.Kind == KindReservations || r.summary.Kind == KindRecommendations {
		workers = 1 // commitments are gathered in the order of the file
	}
	if r.in.Size >= 0 && r.in.Size < chunkBytes && !r.text.packed {
		workers = 1
	}
	if table := r.text.table; table != nil && table.again() && !r.plan.match.Wide {
		r.blocks = table
	}
	var text io.Reader = r.text
	if t := r.text; r.blocks == nil && (t.packed || t.encoding != "utf-8" || t.unnamed) && workers > 1 {
		r.ahead = newAhead(t)
		text = r.ahead
	}
	r.chunks = &chunker{r: text, delim: r.plan.delim, limits: r.limits, line: r.plan.firstLine}
	r.queue, r.used = make(chan *job, 2*workers), make(chan rowset, 3*workers)
	r.work.Add(workers)
	for range workers {
		r.mappers = append(r.mappers, r.newMapper())
	}
	if r.waiting = r.mappers[0].rows().like(); flowing(r.plan.match) {
		r.flows = newFlows()
	}
	if r.most = r.opts.BatchRows; r.most <= 0 {
		r.most = 8192
	}
	for _, m := range r.mappers { // once all share their dictionaries
		go r.parse(m)
	}
}

// newMapper returns a mapper for the kind of the file.
func (r *Reader) newMapper() mapper {
	b := newBase(r.in, r.plan, r.limits)
	b.strict = r.opts.Locale == ""
	var latest int64
	if !r.opts.Now.IsZero() {
		latest = r.opts.Now.Unix() + daySeconds
	}
	family := r.plan.match.Family
	switch {
	case r.summary.Kind == KindReservations && family != "reservation-list", r.summary.Kind == KindRecommendations:
		return &reportMapper{base: b, customer: strings.ToLower(r.opts.Customer), mark: r.note.mark, clock: dialect.Clock{Order: r.note.order, Serial: true}, orders: map[string]*usage.Holding{}}
	case r.summary.Kind == KindReservations:
		return &reservationMapper{base: b, customer: strings.ToLower(r.opts.Customer), mark: r.note.mark, clock: dialect.Clock{Order: r.note.order, Serial: true}}
	case r.plan.match.Wide:
		m := newWideMapper(b, r.note, r.grain)
		m.latest = latest
		return m
	case r.summary.Kind == KindSamples && family != "metrics-long":
		m := newNarrowMapper(r.in, b, r.note, r.grain)
		r.share(&m.sampleMapper)
		m.latest = latest
		return m
	case r.summary.Kind == KindSamples:
		m := newSampleMapper(b, r.note, r.grain)
		r.share(m)
		m.latest = latest
		m.planRuns()
		return m
	}
	m := &chargeMapper{base: b, mark: r.note.mark, clock: dialect.Clock{Order: r.note.order, Serial: true}, export: r.note.export, dataset: r.in.Dataset, latest: latest}
	if len(r.mappers) > 0 {
		m.batch.ShareWords(&r.mappers[0].(*chargeMapper).batch)
	}
	m.classes.slots, m.subjects.slots = m.mappedOf(classSlots), m.mappedOf(subjectSlots)
	m.classes.coded.all = true
	m.focus = family == "focus"
	m.partner = family == "partner-center-daily-rated" || family == "partner-center-utilization"
	m.invoice = family == "partner-center-invoice" || family == "partner-center-usage-145p"
	m.billedIn = r.opts.Currencies
	m.currency, m.customer = r.opts.Currency, strings.ToLower(r.opts.Customer)
	if m.currency == "" {
		m.currency = noCurrency
	}
	if m.customer == "" {
		m.customer = unnamed
	}
	if m.dataset == "" {
		m.dataset = "|" + r.in.Name
	}
	return m
}

// share gives a mapper of samples the dictionaries of the first one: whoever takes the records knows them then.
func (r *Reader) share(m *sampleMapper) {
	if len(r.mappers) > 0 {
		m.cols = usage.NewSampleColumns(&r.mappers[0].(interface{ samples() *sampleMapper }).samples().cols)
	}
}

// Next advances to the next record. It returns false at the end of the file and at an error.
func (r *Reader) Next() bool {
	r.release()
	for r.err == nil && r.waiting.len() < r.most {
		if left := r.found.len() - r.taken; left > 0 {
			n := min(left, r.most-r.waiting.len())
			r.waiting.take(r.found, r.taken, n)
			r.taken += n
			continue
		}
		if r.done || !r.nextFound() {
			break
		}
	}
	if r.err != nil || r.waiting.len() == 0 {
		return false
	}
	r.record = r.waiting.record()
	return true
}

// nextFound takes what was found in the next chunk. It returns false at the end of the file and at an error.
func (r *Reader) nextFound() bool {
	if r.found.len() > 0 {
		r.found.reset()
		select {
		case r.used <- r.found:
		default:
		}
		r.found = rowset{}
	}
	j, ok := <-r.queue
	if !ok {
		if r.flows != nil && len(r.flows.open) > 0 {
			rest := r.flows.rest(r.waiting.samples)
			r.found, r.taken = rowset{samples: &rest}, 0
			return true
		}
		r.finish()
		return false
	}
	if j.err != nil {
		r.fail(j.err)
		return false
	}
	p := <-j.result
	if p.err != nil {
		r.fail(p.err)
		return false
	}
	if r.found, r.taken = p.found, 0; r.flows != nil {
		*r.found.samples = r.flows.add(p.found.samples)
	}
	r.rows += p.rows
	r.counted += p.rejected
	if room := r.limits.Rejects - len(r.rejects); room > 0 {
		r.rejects = append(r.rejects, p.rejects[:min(room, len(p.rejects))]...)
	}
	r.refused.merge(p.refused, r.limits.Rejects)
	if r.rows > r.limits.Rows {
		r.fail(fmt.Errorf("more than %d rows: %w", r.limits.Rows, ErrTooLarge))
		return false
	}
	return true
}

// release releases the current record.
func (r *Reader) release() {
	if r.record != nil {
		r.record.Release()
		r.record = nil
	}
}

// fail ends reading with an error.
func (r *Reader) fail(err error) {
	r.err = fmt.Errorf("%s: %w", r.in.Name, err)
	r.end(false)
}

// finish ends reading at the end of the file.
func (r *Reader) finish() {
	r.end(true)
	if r.summary.Rows == 0 && r.err == nil {
		r.err = fmt.Errorf("%s: %s: %w", r.in.Name, r.summary.Dialect, ErrNoRows)
	}
	if err := r.summary.misplaced(r.opts.SentFor); err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", r.in.Name, err)
	}
}

// end stops the goroutines, adds up what they counted and closes the input.
func (r *Reader) end(whole bool) {
	if r.done {
		return
	}
	r.done = true
	r.halt()
	var all tally
	for _, m := range r.mappers {
		all.merge(&baseOf(m).tally)
	}
	all.fill(&r.summary)
	r.summary.Refused = r.refused.list
	if whole && r.err == nil {
		r.summary.SHA256 = r.text.source.sum()
	}
	r.summary.Missing = r.missing(&all)
	r.notices(&all)
	if err := r.text.Close(); err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", r.in.Name, err)
	}
}

// halt stops the goroutines.
func (r *Reader) halt() {
	r.stopped.Do(func() { close(r.stop) })
	if r.ahead != nil {
		r.ahead.Close()
	}
	for range r.queue { // nobody wants the rest
	}
	r.work.Wait()
}

// Close stops reading. It need not be called after Next has returned false.
func (r *Reader) Close() error {
	r.release()
	r.end(false)
	return nil
}

// Record returns the current record, of usage.ChargeSchema or usage.SampleSchema. It is valid until the next call of Next
// or Close; a caller that keeps it longer retains it.
func (r *Reader) Record() arrow.Record { return r.record }

// Holdings returns what a reservation list or reservation transactions hold, in the order of the file, once Next has returned
// false; usage.Owned makes of the holdings of all files what is owned.
func (r *Reader) Holdings() []usage.Holding {
	if !r.done {
		return nil
	}
	switch m := r.mappers[0].(type) {
	case *reservationMapper:
		return m.found
	case *reportMapper:
		return m.holdings()
	}
	return nil
}

// Recommendations returns what a file of Microsoft's reservation recommendations holds, once Next has returned false.
func (r *Reader) Recommendations() []Recommendation {
	if m, ok := r.mappers[0].(*reportMapper); ok && r.done {
		return m.opinions
	}
	return nil
}

// ReservationUses returns what reservation details or summaries hold, once Next has returned false. They have no end
// dates: what a customer owns they do not tell.
func (r *Reader) ReservationUses() []ReservationUse {
	if m, ok := r.mappers[0].(*reportMapper); ok && r.done {
		return m.uses
	}
	return nil
}

// Rejects returns the rejected rows so far in the order of the file, at most Limits.Rejects of them.
func (r *Reader) Rejects() []RowError { return r.rejects }

// RejectCount returns the number of rejected rows so far, those beyond Limits.Rejects included.
func (r *Reader) RejectCount() int64 { return r.counted }

// Err returns what ended reading before the end of the file, nil at its end.
func (r *Reader) Err() error { return r.err }

// Summary returns what the file held; it is complete when Next has returned false.
func (r *Reader) Summary() Summary { return r.summary }

// BytesRead returns how many bytes of the file as it lies on disk were read so far, for a progress bar next to
// Input.Size. It may be called from another goroutine.
func (r *Reader) BytesRead() int64 { return r.text.source.read.Load() }
