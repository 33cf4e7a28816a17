package ingest

import (
	"bytes"
	"fmt"
	"io"
)

// headOf finds the header of a text and returns the head it was found in, up to its last whole row, and whether that is
// the whole text.
func headOf(in Input, t *text, opts Options) (h *header, head []byte, whole bool, err error) {
	head, err = t.Peek(headBytes - 16)
	if err != nil && err != io.EOF {
		return nil, nil, false, fmt.Errorf("%s: %w", in.Name, err)
	}
	whole = err == io.EOF
	h, err = findHeader(head, opts.Limits.filled(), whole)
	if err != nil {
		return nil, nil, false, fmt.Errorf("%s: %w", in.Name, err)
	}
	if whole && len(bytes.TrimSpace(head[h.rows:])) == 0 {
		return nil, nil, false, fmt.Errorf("%s: %s: %w", in.Name, h.match.Dialect, ErrNoRows)
	}
	if t.unnamed {
		h.line--
	}
	if !whole { // a quote that the end of the head cuts open is no fault of the text
		cut, _ := lastRowEnd(head[h.rows:], h.delim, false)
		head = head[:h.rows+cut]
	}
	if ragged(head[h.rows:], h.delim, len(h.names), rowsIn(head[:h.rows], h.delim)) {
		h.least = 2
	}
	return h, head, whole, nil
}
