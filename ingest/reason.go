package ingest

import (
	"errors"

	"sizeterm/ingest/dialect"
)

// reasons gives each cause of a rejected row one stable word, for counters.
var reasons = []struct {
	err  error
	word string
}{
	{errColumns, "cells"}, {errQuote, "quote"}, {errUTF8, "encoding"}, {errControl, "control"}, {errField, "length"},
	{errBlank, "blank"}, {errNegative, "negative"}, {errPercent, "share"}, {errFuture, "future"}, {errPast, "past"},
	{errCurrency, "currency"}, {errTerm, "term"}, {errNoSize, "size"}, {errNoRegion, "region"},
	{dialect.ErrTime, "time"}, {dialect.ErrOrder, "time"}, {dialect.ErrNumber, "number"}, {dialect.ErrMark, "number"}, {dialect.ErrRange, "range"},
}

// Reasons returns the words that Reason can give, in the order of the table, "other" last.
func Reasons() []string {
	var words []string
	for i, r := range reasons {
		if i == 0 || r.word != words[len(words)-1] {
			words = append(words, r.word)
		}
	}
	return append(words, "other")
}

// Reason returns why the row was rejected as one of Reasons: few words that never hold a value of the file.
func (e RowError) Reason() string {
	for _, r := range reasons {
		if errors.Is(e.Err, r.err) {
			return r.word
		}
	}
	return "other"
}
