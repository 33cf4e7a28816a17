package ingest

import (
	"fmt"
	"strconv"
	"strings"

	"sizeterm/ingest/dialect"
)

// Refused is a machine of which rows with CPU measurements were rejected: what it was measured at is lost, which is something else
// than not having been measured.
type Refused struct {
	Resource, VM string // as the rows name it, lower case; VM is "" where one column says it all
	Rows         int64
	// The first of these rows, which is among the rejected ones.
	Line          int64
	Column, Value string
	Reason        string
}

// Say says how many rows of a file were refused, and the place, value and cause of the first.
func (f Refused) Say(file string) string {
	rows := "1 row with its measurements was refused"
	if f.Rows != 1 {
		rows = fmt.Sprintf("%d rows with its measurements were refused, the first", f.Rows)
	}
	return fmt.Sprintf("%s: %s:%d: column %s: %s: %s", rows, file, f.Line, strconv.QuoteToGraphic(f.Column), strconv.QuoteToGraphic(f.Value), f.Reason)
}

// refusals are machines in the order in which their first row was rejected.
type refusals struct {
	list  []Refused
	index map[string]int // by resource, NUL and machine
	key   []byte
}

// of returns the machine of a name, nil where it has none yet.
func (l *refusals) of(resource, vm []byte) *Refused {
	l.key = append(append(append(l.key[:0], resource...), 0), vm...)
	if at, ok := l.index[string(l.key)]; ok {
		return &l.list[at]
	}
	return nil
}

// add adds the machine that of did not find.
func (l *refusals) add(f Refused) {
	if l.index == nil {
		l.index = map[string]int{}
	}
	l.index[string(l.key)] = len(l.list)
	l.list = append(l.list, f)
}

// merge adds what the next rows of the file gave. Of machines it keeps the first ones, most of them.
func (l *refusals) merge(next []Refused, most int) {
	for _, f := range next {
		f.Resource, f.VM = strings.ToLower(f.Resource), strings.ToLower(f.VM)
		if same := l.of([]byte(f.Resource), []byte(f.VM)); same != nil {
			same.Rows += f.Rows
		} else if len(l.list) < most {
			l.add(f)
		}
	}
}

// lost counts a row that is rejected and held the CPU of a machine. It returns the machine where the row is its first.
func (b *base) lost(resource, vm []byte) *Refused {
	if absent(resource) {
		return nil
	}
	if absent(vm) {
		vm = nil
	}
	if f := b.refused.of(resource, vm); f != nil {
		f.Rows++
		return nil
	}
	b.refused.add(Refused{Resource: string(resource), VM: string(vm), Rows: 1})
	return &b.refused.list[len(b.refused.list)-1]
}

// because says where and why the first row was rejected; nil has said so.
func (f *Refused) because(line int64, column string, value []byte, why error) {
	if f != nil {
		f.Line, f.Column, f.Value, f.Reason = line, column, valueOf(value), why.Error()
	}
}

// reject rejects a row as base does, and notes whose CPU it held.
func (m *sampleMapper) reject(r *row, slot int, why error) bool {
	if m.holdsCPU(r) {
		resource := r.text(sResource)
		if absent(resource) && m.mapped[nComputer] {
			resource = r.text(nComputer)
		}
		m.lost(resource, r.text(sVM)).because(r.line, m.header(slot), r.text(slot), why)
	}
	return m.base.reject(r, slot, why)
}

// holdsCPU reports whether a row has a place for the CPU.
func (m *sampleMapper) holdsCPU(r *row) bool {
	if m.mapped[nMetric] {
		return m.metricOf(r) == measureCPU
	}
	return m.mapped[sCPUAvg] || m.mapped[sCPUMax]
}

// metricOf returns what the metric of a row of a narrow table becomes.
func (b *base) metricOf(r *row) measure {
	metric := dialect.Fold(string(r.text(nMetric)))
	if b.mapped[nNamespace] {
		metric = dialect.Fold(string(r.text(nNamespace))) + "/" + metric
	}
	return measures[metric]
}
