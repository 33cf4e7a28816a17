package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strings"

	"sizeterm/ingest/dialect"
)

// notation is how a file writes numbers and dates, and which kind of charges it holds: decided once for the whole file.
type notation struct {
	mark   byte // decimal mark
	order  dialect.Order
	export string
	epoch  int64
	base   int64 // nominal start of a trace
}

// traceStart is when traces begin that count seconds from their own start: they do not say when that was.
const traceStart = 1546300800 // 2019-01-01

// clock returns the clock of the file.
func (n notation) clock() dialect.Clock {
	return dialect.Clock{Order: n.order, Epoch: n.epoch, Base: n.base, Serial: n.epoch == 0}
}

// localeOf returns the notation of a locale tag such as "de-DE".
func localeOf(tag string) (mark byte, order dialect.Order, err error) {
	tag = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(tag)), "_", "-")
	if tag == "" {
		return 0, dialect.OrderUnknown, nil
	}
	language, region, _ := strings.Cut(tag, "-")
	if len(language) < 2 || len(language) > 3 || strings.Trim(language, "abcdefghijklmnopqrstuvwxyz") != "" {
		return 0, 0, fmt.Errorf("locale %q: not a language tag such as en-US or de-DE", tag)
	}
	mark, order = ',', dialect.DayFirst
	switch language {
	case "en", "ja", "zh", "ko", "th", "he", "ms", "hi":
		mark = '.'
	}
	switch {
	case tag == "en" || tag == "en-us" || tag == "en-ph" || language == "ja" || language == "ko" || language == "zh":
		order = dialect.MonthFirst
	case region == "ch" || region == "li" || (language == "es" && (region == "mx" || region == "us" || region == "pr")):
		mark = '.'
	case tag == "en-za":
		mark = ','
	}
	return mark, order, nil
}

// decider gathers what the cells of a file prove about its notation.
type decider struct {
	slots              map[string]int
	rowsSeen           int
	numbers, dates     []int // slots
	charges            bool
	comma, dot         int // numbers that only one mark explains
	unclear            int // numbers such as 1,234
	vague              int // numbers such as 1.234, which vendors write, and spreadsheets whose tables have semicolons
	vagueExample       string
	semicolons         bool
	local              byte          // what the locale says, where the file proves nothing
	localOrder         dialect.Order // the same of dates
	firsts, seconds    uint16        // numbers below 13 that stand first and second in days that prove nothing
	month, day, either int           // dates
	example            [2]string
	actual, amortized  bool
	onlyExport         bool // numbers and dates are settled
	skim               bool // and runs of rows without commitments tell nothing
	bare               int  // times that are digits alone, the longest, the least and the greatest
	longest            int
	least, greatest    int64
}

// numberFields and dateFields are the fields that take part in the decision.
var (
	numberFields = strings.Fields(`quantity cost effectiveprice unitprice listprice fx pricingquantity effectivecost block
		reserved used without with savings amount average minimum maximum total value memcapacity memusedkb
		cpuavg cpumax cpumin memavail memavailmb memused memfree netin netout netinrate netoutrate diskread diskwrite diskreadrate diskwriterate diskops diskreadops diskwriteops`)
	dateFields = strings.Fields("day dayend periodstart periodend servicestart serviceend time timeend start end")
)

func newDecider(p *plan) *decider {
	d := &decider{slots: p.slots, charges: p.match.Kind == dialect.Charges, semicolons: p.delim == ';'}
	for _, f := range numberFields {
		if s, ok := p.slots[f]; ok {
			d.numbers = append(d.numbers, s)
		}
	}
	for _, f := range dateFields {
		if s, ok := p.slots[f]; ok {
			d.dates = append(d.dates, s)
		}
	}
	return d
}

// see looks at one row, at what is open.
func (d *decider) see(r *row) {
	d.rowsSeen++
	if !d.onlyExport && !d.skim {
		for _, s := range d.numbers {
			d.number(r.text(s))
		}
		for i, s := range d.dates {
			d.date(r.text(s), i == 0)
		}
	}
	if d.charges && !(d.actual && d.amortized) {
		d.export(r)
	}
}

// machines weighs the numbers of a wide table, which has a column a machine.
func (d *decider) machines(s *splitter, text []byte) {
	cells, _, err := s.all(text)
	if err != nil || len(cells) < 2 {
		return
	}
	for _, c := range cells[1:] {
		d.number(bytes.TrimSpace(c))
	}
}

// number weighs one number: a comma that cannot part thousands is a decimal mark.
func (d *decider) number(cell []byte) {
	if len(cell) > 0 && cell[0] == '{' {
		return // an amount as JSON, which has a point
	}
	comma := bytes.LastIndexByte(cell, ',')
	dot := bytes.LastIndexByte(cell, '.')
	switch {
	case comma < 0 && dot >= 0 && bytes.Count(cell, []byte{'.'}) == 1:
		if decimal(cell, dot) {
			d.dot++
		} else if d.vague++; d.vague == 1 {
			d.vagueExample = string(cell)
		}
	case comma < 0:
	case dot > comma:
		d.dot++
	case dot >= 0:
		d.comma++
	case bytes.Count(cell, []byte{','}) > 1:
		d.unclear++
	case decimal(cell, comma):
		d.comma++
	default:
		d.unclear++
	}
}

// decimal reports whether the only mark of a number, at, cannot part thousands.
func decimal(cell []byte, at int) bool {
	whole := bytes.TrimLeft(cell[:at], "-+")
	return len(cell)-at-1 != 3 || len(whole) > 3 || len(whole) == 0 || whole[0] == '0'
}

// date weighs one date.
func (d *decider) date(cell []byte, day bool) {
	if len(cell) > 0 && len(cell) < 18 && len(bytes.Trim(cell, "0123456789")) == 0 {
		var v int64
		for _, b := range cell {
			v = v*10 + int64(b-'0')
		}
		if d.bare++; d.bare == 1 {
			d.least, d.greatest = v, v
		}
		d.longest, d.least, d.greatest = max(d.longest, len(cell)), min(d.least, v), max(d.greatest, v)
		return
	}
	order, ok := dialect.OrderOf(cell)
	if !ok {
		return
	}
	switch order {
	case dialect.DayFirst:
		if d.day++; d.day == 1 {
			d.example[0] = string(cell)
		}
	case dialect.MonthFirst:
		if d.month++; d.month == 1 {
			d.example[1] = string(cell)
		}
	default:
		d.either++
		if first, second, ok := dialect.Numbers(cell); ok && day {
			d.firsts |= 1 << first
			d.seconds |= 1 << second
		}
	}
}

// export looks for what only actual or only amortized exports hold.
func (d *decider) export(r *row) {
	charge, model := r.field(d.slots, "charge"), r.field(d.slots, "model")
	if bytes.HasPrefix(charge, []byte("Unused")) {
		d.amortized = true
		return
	}
	commitment := len(r.field(d.slots, "reservation")) > 0 || bytes.EqualFold(model, []byte("Reservation")) || bytes.EqualFold(model, []byte("SavingsPlan"))
	if !commitment {
		return
	}
	if bytes.EqualFold(charge, []byte("Purchase")) || bytes.EqualFold(charge, []byte("Refund")) {
		d.actual = true
		return
	}
	price := bytes.Trim(r.field(d.slots, "effectiveprice"), "0.,E-+")
	if len(price) > 0 {
		d.amortized = true
	} else if len(bytes.Trim(r.field(d.slots, "quantity"), "0.,-")) > 0 {
		d.actual = true
	}
}

// settled reports whether nothing of the notation is open.
func (d *decider) settled(kindOpen bool) bool {
	if d.rowsSeen == 0 {
		return false
	}
	if d.local == 0 && d.comma == 0 && d.dot == 0 && (d.unclear > 0 || d.vague > 0 && d.semicolons) {
		return false
	}
	if d.localOrder == dialect.OrderUnknown && d.day == 0 && d.month == 0 && d.either > 0 {
		return false
	}
	return !kindOpen || d.actual || d.amortized
}

// decide settles the notation of a file by its head, and by all of it where the head leaves something open.
func decide(in Input, opts Options, p *plan, head []byte, whole bool) (notation, error) {
	var n notation
	var err error
	d := newDecider(p)
	if d.local, d.localOrder, err = localeOf(opts.Locale); err != nil {
		return n, err
	}
	n.export = in.Export
	kindOpen := false
	switch {
	case p.match.Kind != dialect.Charges:
	case p.match.Family == "focus":
		n.export = "focus"
	case p.match.Family == "partner-center-invoice", p.match.Family == "partner-center-usage-145p":
		n.export = "invoice"
	case p.match.Family != "cost":
		n.export = "usage"
	case p.exportFixed != "":
		n.export = p.exportFixed
	default:
		kindOpen = n.export == ""
	}
	if err := d.rows(p, bytes.NewReader(head), opts, func() bool { return false }); err != nil && whole {
		return n, err
	}
	if !whole && !d.settled(kindOpen) {
		d.onlyExport = d.settled(false)
		if err := d.all(in, opts, p, func() bool { return d.settled(kindOpen) }); err != nil {
			return n, err
		}
	}
	return n, d.conclude(&n, p, kindOpen)
}

// conclude turns the evidence into the notation.
func (d *decider) conclude(n *notation, p *plan, kindOpen bool) error {
	switch {
	case d.local != 0 && (d.comma > 0) == (d.dot > 0): // the file proves nothing, or both
		n.mark = d.local
	case d.comma == 0 && d.dot == 0 && d.vague > 0 && d.semicolons:
		return fmt.Errorf("numbers such as %q, which may be %s, in a table with semicolons that decides nothing: say --locale: %w", d.vagueExample, strings.ReplaceAll(d.vagueExample, ".", ""), dialect.ErrMark)
	default:
		n.mark = '.'
		if d.comma > 0 && d.dot == 0 {
			n.mark = ','
		}
	}
	switch {
	case d.charges || d.bare == 0:
	case d.longest >= 13:
		n.epoch = 1000
	case d.longest >= 10:
		n.epoch = 1
	case d.longest <= 7 && (d.least < 36526 || d.greatest > 73050): // else they are day numbers of a spreadsheet
		n.epoch, n.base = 1, traceStart
	}
	if n.order == dialect.OrderUnknown {
		switch {
		case d.day > 0 && d.month > 0 && d.localOrder != dialect.OrderUnknown:
			n.order = d.localOrder // what contradicts it is rejected
		case d.day > 0 && d.month > 0:
			return fmt.Errorf("dates %q and %q cannot both be right: %w", d.example[0], d.example[1], dialect.ErrOrder)
		case d.day > 0:
			n.order = dialect.DayFirst
		case d.month > 0:
			n.order = dialect.MonthFirst
		case d.either > 0 && d.localOrder != dialect.OrderUnknown:
			n.order = d.localOrder
		case d.either > 0 && p.match.Orders == dialect.MonthFirst && bits.OnesCount16(d.firsts) >= 3 && bits.OnesCount16(d.seconds) == 1:
			return fmt.Errorf("dates that are the same day of several months, or days of one month with the day in front: %w", dialect.ErrOrder)
		case d.either > 0 && p.match.Orders == dialect.OrderUnknown:
			return fmt.Errorf("dates with slashes: %w", dialect.ErrOrder)
		default:
			n.order = p.match.Orders
		}
	}
	if kindOpen {
		n.export = "actual"
		if d.amortized && !d.actual {
			n.export = "amortized"
		}
	}
	return nil
}

// rows looks at the rows of a text until stop says that enough was seen.
func (d *decider) rows(p *plan, r io.Reader, opts Options, stop func() bool) error {
	c := &chunker{r: r, delim: p.delim, limits: opts.Limits.filled(), line: p.firstLine}
	s := p.splitter(opts)
	var at row
	for {
		run, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for data := run.data; len(data) > 0 && !d.passes(run.data); {
			end, blank, err := s.split(data, &at)
			row := data[:end]
			data = data[end:]
			if !blank && err == nil {
				d.see(&at)
			}
			if p.match.Wide && !d.onlyExport {
				d.machines(&s, row)
			}
		}
		run.free()
		if stop() {
			return nil
		}
	}
}

// all looks at the whole file.
func (d *decider) all(in Input, opts Options, p *plan, stop func() bool) error {
	opts.SkipHash = true
	t, err := openText(in, opts)
	if err != nil {
		return err
	}
	defer t.Close()
	if _, err := t.Discard(p.rowsAt); err != nil {
		return err
	}
	if _, model := d.slots["model"]; d.onlyExport && model {
		if found, err := mentions(t); err != nil || !found {
			return err
		}
		d.onlyExport, d.skim = false, true // find it row by row
		return d.all(in, opts, p, stop)
	}
	return d.rows(p, t, opts, stop)
}
