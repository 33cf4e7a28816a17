package ingest

import "golang.org/x/sys/cpu"

// hasAVX2 says that the processor has the wide instructions of masksAVX2.
var hasAVX2 = cpu.X86.HasAVX2

//go:noescape
func masksAVX2(src *byte, blocks int, delim uint64, out *masks)

// masksOf fills out with the masks of len(out) blocks of data.
func masksOf(data []byte, delim byte, out []masks) {
	if len(out) == 0 {
		return
	}
	if hasAVX2 {
		_ = data[len(out)*64-1]
		masksAVX2(&data[0], len(out), uint64(delim), &out[0])
		return
	}
	masksPlain(data, delim, out)
}
