package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Description is what a file is, judged by its content alone, before its rows are read.
type Description struct {
	Kind    Kind
	Dialect string
	Columns []string // header as printed
	Missing []string // fields that the file lacks and a better answer needs
}

// Inspect says what a file is by its head. The errors are those of NewReader.
func Inspect(in Input, opts Options) (Description, error) {
	opts.SkipHash = true
	t, err := openText(in, opts)
	if err != nil {
		return Description{Kind: KindUnknown}, err
	}
	defer t.Close()
	h, _, _, err := headOf(in, t, opts)
	if err != nil {
		return Description{Kind: KindUnknown}, err
	}
	return Description{Kind: h.match.Kind, Dialect: h.match.Dialect, Columns: h.names, Missing: h.match.Missing}, nil
}

// Head returns the first n bytes of an input as UTF-8 text, unpacked, without byte order mark: what a caller looks at to
// find kinds of files that this package does not read. An empty input gives none.
func Head(in Input, n int) ([]byte, error) {
	t, err := openText(in, Options{SkipHash: true})
	if errors.Is(err, ErrEmpty) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer t.Close()
	head, err := t.Peek(min(n, headBytes-16))
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	return bytes.Clone(head), nil
}

// OpenText opens an input as UTF-8 text, unpacked, without byte order mark, under the limits: for callers that read kinds
// of files that this package does not.
func OpenText(in Input, opts Options) (io.ReadCloser, error) {
	opts.SkipHash = true
	return openText(in, opts)
}

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
