package analyzer

import "strings"

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
