package analyzer

import (
	"strings"

	"sizeterm/ingest/usage"
)

// words interns texts. Index 0 is the empty text, which stands for null.
type words struct {
	index map[string]uint32
	texts []string
}

func newWords() words { return words{index: map[string]uint32{"": 0}, texts: []string{""}} }

func (w *words) id(text string) uint32 {
	if id, ok := w.index[text]; ok {
		return id
	}
	id := uint32(len(w.texts))
	w.index[text] = id
	w.texts = append(w.texts, text)
	return id
}

// borrowed is id of a text that belongs to somebody else.
func (w *words) borrowed(text string) uint32 {
	if id, ok := w.index[text]; ok {
		return id
	}
	return w.id(strings.Clone(text))
}

// column turns the texts of one column of a record into word indexes, each distinct text once.
type column struct {
	words *words
	texts *usage.Texts
	known []uint32 // 1 + word index, by dictionary index
}

func (w *words) column(texts *usage.Texts) column {
	return column{words: w, texts: texts, known: make([]uint32, len(texts.Dict))}
}

func (c *column) at(row int) uint32 {
	if c.texts.Null(row) {
		return 0
	}
	at := c.texts.Index[row]
	if c.known[at] == 0 {
		c.known[at] = 1 + c.words.id(c.texts.Dict[at])
	}
	return c.known[at] - 1
}
