package analyzer

import (
	"cmp"
	"slices"
)

// RefusedSamples is a machine of which rows with CPU measurements were refused where they were read.
type RefusedSamples struct {
	Resource, VM string // in the words of the file, lower case
	Rows         int64
	First        string // what was refused and why, with the place of the first row: a sentence without its end
}

// SetRefused tells what of the samples was refused, in the order of the files; it may be called again until the analysis.
func (a *Accumulator) SetRefused(all []RefusedSamples) { a.lost = slices.Clone(all) }

// matchRefused gives every machine the rows of it that were refused.
func (r *run) matchRefused() {
	for _, f := range r.a.lost {
		own, set := r.names.find(r.a, f.Resource, f.VM)
		if own != nil {
			set = []*thing{own}
		}
		for _, t := range set {
			t.refused.Rows += f.Rows
			t.refused.First = cmp.Or(t.refused.First, f.First)
		}
	}
}
