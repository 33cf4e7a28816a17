package ingest

import (
	"github.com/apache/arrow/go/v15/arrow"

	"sizeterm/ingest/usage"
)

// rowset is accepted rows as columns: what a worker found in a chunk, or what waits for a record. At most one of the two is
// there; neither where rows become no records.
type rowset struct {
	charges *usage.ChargeBatch
	samples *usage.SampleColumns
}

// like returns an empty rowset of the same kind with the same dictionaries.
func (s rowset) like() (empty rowset) {
	switch {
	case s.charges != nil:
		empty.charges = new(usage.ChargeBatch)
		empty.charges.ShareWords(s.charges)
	case s.samples != nil:
		columns := usage.NewSampleColumns(s.samples)
		empty.samples = &columns
	}
	return empty
}

func (s rowset) len() int {
	switch {
	case s.charges != nil:
		return s.charges.Len()
	case s.samples != nil:
		return s.samples.Len()
	}
	return 0
}

// take appends n rows of another rowset, from its row at on.
func (s rowset) take(from rowset, at, n int) {
	switch {
	case s.charges != nil:
		s.charges.Take(from.charges, at, n)
	case s.samples != nil:
		s.samples.Take(from.samples, at, n)
	}
}

// swap exchanges the rows of two rowsets.
func (s rowset) swap(other rowset) {
	switch {
	case s.charges != nil:
		*s.charges, *other.charges = *other.charges, *s.charges
	case s.samples != nil:
		*s.samples, *other.samples = *other.samples, *s.samples
	}
}

// reset drops all rows and keeps the memory.
func (s rowset) reset() {
	switch {
	case s.charges != nil:
		s.charges.Reset()
	case s.samples != nil:
		s.samples.Reset()
	}
}

// record returns the rows as a record and begins anew.
func (s rowset) record() arrow.Record {
	if s.charges != nil {
		return s.charges.Record()
	}
	return s.samples.Record()
}
