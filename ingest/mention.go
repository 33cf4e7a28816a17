package ingest

import (
	"bytes"
	"errors"
	"io"
)

// passes reports whether a run of rows can be skipped: nothing but the kind of the export is open, and none of its rows
// is under a commitment.
func (d *decider) passes(run []byte) bool { return d.skim && !mentioned(run) }

// mentioned reports whether a text names a reservation or a savings plan as the column of the pricing model does. It looks
// for the capitals, which are rare, because looking for the words takes as long as parsing the rows.
func mentioned(text []byte) bool {
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], 'R')
		if i < 0 {
			break
		}
		if at += i + 1; bytes.HasPrefix(text[at:], []byte("eservation")) {
			return true
		}
	}
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], 'P')
		if i < 0 {
			return false
		}
		before := bytes.TrimSuffix(text[:at+i], []byte{' '})
		if at += i + 1; bytes.HasPrefix(text[at:], []byte("lan")) && bytes.HasSuffix(before, []byte("avings")) {
			return true
		}
	}
}

// mentions reports whether any part of a file names a reservation or a savings plan.
func mentions(r io.Reader) (bool, error) {
	const overlap = 32
	buf := make([]byte, chunkBytes)
	kept := 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		if mentioned(buf[:kept+n]) {
			return true, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, buf[len(buf)-overlap:])
	}
}
