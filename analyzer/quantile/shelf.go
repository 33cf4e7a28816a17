package quantile

// Shelf puts bytes that grow no more side by side. Each in memory of its own would be rounded up to one of few sizes, by an eighth at
// worst. Memory is given back when nothing on the same board is in use: put together what is dropped together. The zero value is
// ready.
type Shelf struct {
	taken []*[]byte
}

// boardMost is the most bytes of a board, and the most of a few that are put on one.
const (
	boardMost = 256 << 10
	fewBytes  = boardMost / 8
)

// Take notes bytes to be moved when the shelf is closed; those without room to grow stay where they are. A nil Shelf gives bytes
// memory of their own at once.
func (s *Shelf) Take(b *[]byte) {
	switch {
	case cap(*b) == len(*b):
	case s == nil || len(*b) > fewBytes:
		*b = append(make([]byte, 0, len(*b)), *b...)
	default:
		s.taken = append(s.taken, b)
	}
}

// Close moves what was taken, and leaves s empty.
func (s *Shelf) Close() {
	for rest := s.taken; len(rest) > 0; {
		n, size := 0, 0
		for n < len(rest) && size+len(*rest[n]) <= boardMost {
			size += len(*rest[n])
			n++
		}
		board := make([]byte, size)
		for _, b := range rest[:n] {
			end := copy(board, *b)
			*b, board = board[:end:end], board[end:]
		}
		rest = rest[n:]
	}
	s.taken = nil
}
