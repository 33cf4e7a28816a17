#include "textflag.h"

// The fields of scan.
#define inside 0
#define before 8
#define after 16
#define afterCR 24
#define odd 32
#define wrapped 40
#define lines 48
#define broken 56

// BROADCAST fills a wide register with a byte.
#define BROADCAST(value, x, y) \
	MOVQ value, AX; \
	VMOVQ AX, x; \
	VPBROADCASTB x, y

// MASK packs the high bits of the bytes of two wide registers into a register; BX is lost.
#define MASK(low, high, out) \
	VPMOVMSKB low, out; \
	VPMOVMSKB high, BX; \
	SHLQ $32, BX; \
	ORQ BX, out

// func scanAVX2(src *byte, blocks int, delim uint64, ends *uint64, s *scan)
// The method block of scan for each block of 64 bytes; see there. Blocks of plain text without quotes, carriage returns
// and odd bytes take the short way.
TEXT ·scanAVX2(SB), NOSPLIT, $0-40
	MOVQ src+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ ends+24(FP), DI
	MOVQ s+32(FP), DX
	BROADCAST(delim+16(FP), X8, Y8)
	BROADCAST($0x0a, X9, Y9)
	BROADCAST($0x22, X10, Y10)
	BROADCAST($0x0d, X11, Y11)
	BROADCAST($0x09, X12, Y12)
	BROADCAST($0x01, X13, Y13)
	BROADCAST($0x20, X14, Y14)
	VPCMPEQB Y15, Y15, Y15 // all ones
	XORQ R15, R15 // lines
	TESTQ CX, CX
	JZ done

loop:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VPCMPEQB Y0, Y9, Y2 // line feeds
	VPCMPEQB Y1, Y9, Y3
	// plain bytes: from 0x20 to 0x7e, tabs and line feeds, and no quotes
	VPADDB Y0, Y13, Y4
	VPADDB Y1, Y13, Y5
	VPCMPGTB Y14, Y4, Y4
	VPCMPGTB Y14, Y5, Y5
	VPCMPEQB Y0, Y12, Y6
	VPCMPEQB Y1, Y12, Y7
	VPOR Y6, Y4, Y4
	VPOR Y7, Y5, Y5
	VPOR Y2, Y4, Y4
	VPOR Y3, Y5, Y5
	VPCMPEQB Y0, Y10, Y6 // quotes
	VPCMPEQB Y1, Y10, Y7
	MASK(Y2, Y3, R8)
	POPCNTQ R8, AX
	ADDQ AX, R15
	VPANDN Y4, Y6, Y2
	VPANDN Y5, Y7, Y3
	VPAND Y2, Y3, Y2
	VPMOVMSKB Y2, AX
	VPCMPEQB Y0, Y8, Y2 // delimiters
	VPCMPEQB Y1, Y8, Y3
	MASK(Y2, Y3, R9)
	MOVQ R8, R12
	ORQ R9, R12 // R12: ends
	MOVQ inside(DX), R13
	ORQ after(DX), R13
	ORQ afterCR(DX), R13
	JNZ special
	CMPL AX, $-1
	JNE special
	MOVQ R12, (DI)
	SHRQ $63, R12
	MOVQ R12, before(DX)

next:
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ loop

done:
	ADDQ R15, lines(DX)
	VZEROUPPER
	RET

special:
	MASK(Y6, Y7, R10) // quotes
	VPCMPEQB Y0, Y11, Y2
	VPCMPEQB Y1, Y11, Y3
	MASK(Y2, Y3, R11) // carriage returns
	MASK(Y4, Y5, AX) // not odd, but for carriage returns
	ORQ R11, AX
	NOTQ AX
	ORQ AX, odd(DX)

	MOVQ R11, AX // a carriage return alone
	ADDQ AX, AX
	ORQ afterCR(DX), AX
	MOVQ R8, BX
	NOTQ BX
	TESTQ BX, AX
	JNZ bad
	MOVQ R11, AX
	SHRQ $63, AX
	MOVQ AX, afterCR(DX)

	MOVQ R10, AX
	ORQ inside(DX), AX
	ORQ after(DX), AX
	JNZ quoted
	MOVQ R12, (DI)
	SHRQ $63, R12
	MOVQ R12, before(DX)
	JMP next

quoted:
	VMOVQ R10, X2
	VPCLMULQDQ $0, X15, X2, X2
	VMOVQ X2, R13
	XORQ inside(DX), R13 // R13: within
	MOVQ R13, AX
	NOTQ AX
	ANDQ AX, R12 // ends outside of quotes
	ORQ R10, R11
	ORQ R8, R11
	ORQ R9, R11 // R11: what may follow a closing quote
	ANDQ R10, AX // AX: closes
	ANDQ R13, R10 // R10: opens
	ANDQ R13, R8
	ORQ R8, wrapped(DX)
	MOVQ R12, (DI)
	ORQ AX, R12 // R12: ends and closes
	LEAQ (R12)(R12*1), BX
	ORQ before(DX), BX
	NOTQ BX
	TESTQ BX, R10
	JNZ bad
	LEAQ (AX)(AX*1), BX
	ORQ after(DX), BX
	NOTQ R11
	TESTQ R11, BX
	JNZ bad
	SHRQ $63, R12
	MOVQ R12, before(DX)
	SHRQ $63, AX
	MOVQ AX, after(DX)
	SARQ $63, R13
	MOVQ R13, inside(DX)
	JMP next

bad:
	MOVQ $1, broken(DX)
	JMP done

// func flattenBMI(words *uint64, n int, out *uint32)
// Writes the numbers of the bits that are set, four at a time: what is written too much is written over, or lies in the
// room behind.
TEXT ·flattenBMI(SB), NOSPLIT, $0-24
	MOVQ words+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ out+16(FP), DI
	XORQ R8, R8 // number of the first bit of the word
	TESTQ CX, CX
	JZ flat

word:
	MOVQ (SI), AX
	POPCNTQ AX, BX
	LEAQ (DI)(BX*4), R9 // behind the last bit of the word
	TESTQ AX, AX
	JZ empty

four:
	TZCNTQ AX, R10
	BLSRQ AX, AX
	ADDQ R8, R10
	MOVL R10, (DI)
	TZCNTQ AX, R11
	BLSRQ AX, AX
	ADDQ R8, R11
	MOVL R11, 4(DI)
	TZCNTQ AX, R12
	BLSRQ AX, AX
	ADDQ R8, R12
	MOVL R12, 8(DI)
	TZCNTQ AX, R13
	BLSRQ AX, AX
	ADDQ R8, R13
	MOVL R13, 12(DI)
	ADDQ $16, DI
	TESTQ AX, AX
	JNZ four
	MOVQ R9, DI

empty:
	ADDQ $64, R8
	ADDQ $8, SI
	DECQ CX
	JNZ word

flat:
	RET
