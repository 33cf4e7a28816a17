package analyzer

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"sizeterm/ingest/usage"
)

// Accumulator gathers records of charges and samples, in any order, and merges with others that did the same with other
// parts of the data. What it holds is a function of the set of rows that were added. Its memory grows with machines and
// days, not with rows: about half a byte for each measured value. It is not safe for use by several goroutines at once:
// give each its own and merge them.
type Accumulator struct {
	opts     Options
	words    words
	skus     map[sku]uint32
	skuList  []sku
	cells    map[cellKey]*cell
	names    map[nameKey]uint32
	machines map[sampleKey]*machine
	refused  int64 // samples of impossible values
	lost     []RefusedSamples
	undated  int64 // rows of impossible times
	view     sampleView
	batch    batch
	stage    stage
	waiting  waitingRows
	sizes    sizes
	charged  chargeView
	skuLast  uint32 // of the row before, as the next two
	cellKey  cellKey
	cellLast *cell
	filter   filter
}

// filter selects the rows of some resources.
type filter struct {
	part, parts uint32
	known       []uint8 // by word: 0 not asked yet, 1 ours, 2 not ours
}

// Only restricts a to one of several parts of the resources: rows of the others are passed over. Accumulators of all
// parts of the same rows merge to what one of all rows is. Rows without a resource are of one of the parts too. It panics
// when part is not in [0, parts).
func (a *Accumulator) Only(part, parts int) {
	if part < 0 || part >= parts {
		panic(fmt.Sprintf("analyzer: part %d of %d", part, parts))
	}
	a.filter = filter{part: uint32(part), parts: uint32(parts)}
}

// wants reports whether rows of a resource are counted.
func (a *Accumulator) wants(resource uint32) bool {
	f := &a.filter
	if f.parts <= 1 {
		return true
	}
	for int(resource) >= len(f.known) {
		f.known = append(f.known, 0)
	}
	if f.known[resource] == 0 {
		hash := fnv.New32a()
		hash.Write([]byte(a.words.texts[resource]))
		f.known[resource] = 2
		if hash.Sum32()%f.parts == f.part {
			f.known[resource] = 1
		}
	}
	return f.known[resource] == 1
}

// New returns an empty Accumulator. Accumulators that are to be merged need equal options.
func New(opts Options) *Accumulator {
	return &Accumulator{
		opts: opts, words: newWords(), skus: map[sku]uint32{}, cells: map[cellKey]*cell{},
		names: map[nameKey]uint32{}, machines: map[sampleKey]*machine{}, stage: newStage(),
	}
}

// Add counts the rows of a record of usage.ChargeSchema or usage.SampleSchema. It keeps no reference to the record. It is
// an error when the schema is another one, or charges come where sizes alone are gathered, and then nothing was added.
func (a *Accumulator) Add(rec arrow.Record) error {
	switch {
	case rec.Schema().Equal(usage.SampleSchema):
		return a.addSamples(rec)
	case rec.Schema().Equal(usage.ChargeSchema):
		if a.opts.SizesOnly && rec.NumRows() > 0 {
			return ErrSizesOnly
		}
		a.addCharges(rec)
		return nil
	}
	return fmt.Errorf("analyzer: record has neither the charge nor the sample schema: %v", rec.Schema().Fields())
}

// SetMinAge sets Options.MinAge for the analysis: 0 counts every machine. What was read stays as it was, so the rule may be known
// after the files that may hold it.
func (a *Accumulator) SetMinAge(age time.Duration) {
	if a.opts.MinAge = age; age <= 0 {
		a.opts.MinAge = -1
	}
}

// Merge adds what other holds, which stays as it was. It is an error when their options differ.
func (a *Accumulator) Merge(other *Accumulator) error {
	if !a.opts.AsOf.Equal(other.opts.AsOf) || a.opts.LookbackDays != other.opts.LookbackDays || a.opts.minAge() != other.opts.minAge() || a.opts.SizesOnly != other.opts.SizesOnly {
		return fmt.Errorf("analyzer: merge of different options: %+v and %+v", a.opts, other.opts)
	}
	var drained sync.WaitGroup
	var errs [2]error
	for i, part := range []*Accumulator{a, other} {
		drained.Go(func() { errs[i] = part.drainAll() })
	}
	if drained.Wait(); errs[0] != nil || errs[1] != nil {
		return errors.Join(errs[:]...)
	}
	move := make([]uint32, len(other.words.texts))
	for id, text := range other.words.texts {
		move[id] = a.words.id(text)
	}
	a.mergeCells(other, move)
	for key, name := range other.names {
		a.name(nameKey{key.customer, move[key.id]}, move[name])
	}
	pairs := make([][2]*machine, 0, len(other.machines))
	for key, m := range other.machines {
		pairs = append(pairs, [2]*machine{a.machine(key.moved(move)), m})
	}
	each(slices.Collect(slices.Chunk(pairs, jobSize)), func(some [][2]*machine, _ *worker) {
		for _, pair := range some {
			pair[0].merge(pair[1])
		}
	})
	a.sizes.raw += other.sizes.raw
	a.packRaw()
	a.refused += other.refused
	a.undated += other.undated
	return nil
}

// nameKey is a customer or a subscription that has a printed name.
type nameKey struct {
	customer bool
	id       uint32
}

// name remembers the name of something; of several names the one that sorts last, so that the order of rows is nothing.
func (a *Accumulator) name(key nameKey, name uint32) {
	if name != 0 && a.names[key] != name && cmp.Compare(a.words.texts[name], a.words.texts[a.names[key]]) > 0 {
		a.names[key] = name
	}
}
