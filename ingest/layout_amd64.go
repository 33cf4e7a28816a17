package ingest

import "golang.org/x/sys/cpu"

// wide says that the processor has the instructions of the assembly: 32 bytes at once, the parity of quotes by a product
// without carries, and those that find the next bit.
var wide = cpu.X86.HasAVX2 && cpu.X86.HasPCLMULQDQ && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT

//go:noescape
func scanAVX2(src *byte, blocks int, delim uint64, ends *uint64, s *scan)

//go:noescape
func flattenBMI(words *uint64, n int, out *uint32)

// scanBlocks fills ends for the blocks of data, and stops where the quotes are broken.
func scanBlocks(data []byte, delim byte, ends []uint64, s *scan) {
	if !wide {
		scanPlain(data, delim, ends, s)
		return
	}
	if len(ends) > 0 {
		_ = data[64*len(ends)-1]
		scanAVX2(&data[0], len(ends), uint64(delim), &ends[0], s)
	}
}

// flatten writes the numbers of the bits of words that are set. Up to 64 more entries of out are written than there are.
func flatten(words []uint64, out []uint32) {
	if !wide {
		flattenPlain(words, out)
		return
	}
	if len(words) > 0 {
		flattenBMI(&words[0], len(words), &out[0])
	}
}
