package ingest

import "bytes"

// memo remembers what texts mean, so that each distinct text of a column is understood once. Exports repeat themselves:
// the text of the row before is tried first, then the one that followed it the last time, and only then the table. It
// forgets everything when it holds memoSize texts.
type memo[T any] struct {
	at    *known[T]
	known map[string]*known[T]
}

// known is a text, what it means, and the text that came after it.
type known[T any] struct {
	key   []byte
	value T
	next  *known[T]
}

const memoSize = 1 << 17

// get returns what key means; read is asked once.
func (m *memo[T]) get(key []byte, read func([]byte) T) T {
	at := m.at
	if at != nil {
		if bytes.Equal(at.key, key) {
			return at.value
		}
		if next := at.next; next != nil && bytes.Equal(next.key, key) {
			m.at = next
			return next.value
		}
	}
	k := m.known[string(key)]
	if k == nil {
		k = m.learn(key, read)
	}
	if at != nil {
		at.next = k
	}
	m.at = k
	return k.value
}

// learn adds a text.
func (m *memo[T]) learn(key []byte, read func([]byte) T) *known[T] {
	if m.known == nil || len(m.known) >= memoSize {
		m.known = map[string]*known[T]{}
	}
	k := &known[T]{key: bytes.Clone(key), value: read(key)}
	m.known[string(k.key)] = k
	return k
}

// lower returns the lower-case text of a cell.
func lower(cell []byte) string { return string(bytes.ToLower(cell)) }

// plain returns the text of a cell.
func plain(cell []byte) string { return string(cell) }

// absent reports whether a cell says nothing: empty, or one of the words that tools write for null. It is never zero.
func absent(cell []byte) bool {
	switch len(cell) {
	case 0:
		return true
	case 1:
		return cell[0] == '-'
	case 3:
		return bytes.EqualFold(cell, []byte("n/a")) || bytes.EqualFold(cell, []byte("nil"))
	case 4:
		return bytes.EqualFold(cell, []byte("null")) || bytes.EqualFold(cell, []byte("none"))
	}
	return false
}
