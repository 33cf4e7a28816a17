package shard

import (
	"encoding/json"
	"errors"

	"sizeterm/ingest"
	"sizeterm/ingest/usage"
)

// File is what reading one input gave beside its rows.
type File struct {
	Summary  ingest.Summary
	Rejects  []Reject
	Rejected int64 // those beyond ingest.Limits included
	Holdings []usage.Holding
}

// Reject is a rejected row as a partial keeps it: its reason is a text, because errors do not outlive a process.
type Reject struct {
	File          string
	Line          int64
	Column, Value string
	Reason        string
}

// RowError returns the reject in the form of ingest; errors.Is knows its reason no more.
func (r Reject) RowError() ingest.RowError {
	return ingest.RowError{File: r.File, Line: r.Line, Column: r.Column, Value: r.Value, Err: errors.New(r.Reason)}
}

// fileOf encodes what a reader that came to its end says.
func fileOf(r *ingest.Reader) ([]byte, error) {
	f := File{Summary: r.Summary(), Rejected: r.RejectCount(), Holdings: r.Holdings()}
	for _, e := range r.Rejects() {
		f.Rejects = append(f.Rejects, Reject{e.File, e.Line, e.Column, e.Value, e.Err.Error()})
	}
	return json.Marshal(f)
}
