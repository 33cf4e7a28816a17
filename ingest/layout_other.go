//go:build !amd64

package ingest

func scanBlocks(data []byte, delim byte, ends []uint64, s *scan) { scanPlain(data, delim, ends, s) }

func flatten(words []uint64, out []uint32) { flattenPlain(words, out) }
