package ingest

import "bytes"

// memo remembers what texts mean, so that each distinct text of a column is understood once. The text of the row before is
// tried first, because exports repeat themselves. It forgets everything when it holds memoSize texts.
type memo[T any] struct {
	last  []byte
	value T
	known map[string]T
	warm  bool
}

const memoSize = 1 << 16

// get returns what key means; read is asked once.
func (m *memo[T]) get(key []byte, read func([]byte) T) T {
	if m.warm && bytes.Equal(m.last, key) {
		return m.value
	}
	value, ok := m.known[string(key)]
	if !ok {
		if m.known == nil || len(m.known) >= memoSize {
			m.known = map[string]T{}
		}
		value = read(key)
		m.known[string(key)] = value
	}
	m.last = append(m.last[:0], key...)
	m.value, m.warm = value, true
	return value
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
