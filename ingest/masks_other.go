//go:build !amd64

package ingest

// masksOf fills out with the masks of len(out) blocks of data.
func masksOf(data []byte, delim byte, out []masks) { masksPlain(data, delim, out) }
