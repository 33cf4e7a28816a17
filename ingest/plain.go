package ingest

import (
	"bytes"
	"io"
)

// AsText returns in itself where it is UTF-8 text or packed, and where it is Parquet or UTF-16 an input of the same name that
// reads as UTF-8 text, comma-separated under a header: for readers that know text alone. What cannot be opened is returned as it is.
func AsText(in Input, limits Limits) Input {
	file, err := in.Open()
	if err != nil {
		return in
	}
	defer file.Close()
	var head [4]byte
	if n, _ := io.ReadFull(file, head[:]); n < len(head) || !bytes.Equal(head[:], []byte("PAR1")) && !bytes.HasPrefix(head[:], []byte{0xff, 0xfe}) && !bytes.HasPrefix(head[:], []byte{0xfe, 0xff}) {
		return in
	}
	plain := in
	plain.Size = -1
	plain.Open = func() (io.ReadCloser, error) { return openText(in, Options{Limits: limits, SkipHash: true}) }
	return plain
}
