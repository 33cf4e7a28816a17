package ingest

import (
	"crypto/sha256"
	"fmt"
	"io"
)

// Duplicates finds inputs whose bytes an earlier one already brings: the result maps the index of each such input to that
// of its first twin. Only inputs of equal size are read. A stream of unknown size (standard input) has no twin.
func Duplicates(inputs []Input) (map[int]int, error) {
	bySize := map[int64][]int{}
	for i, in := range inputs {
		if in.Size > 0 {
			bySize[in.Size] = append(bySize[in.Size], i)
		}
	}
	twins := map[int]int{}
	first := map[[sha256.Size]byte]int{}
	for i, in := range inputs {
		if len(bySize[in.Size]) < 2 || in.Size <= 0 {
			continue
		}
		digest, err := digestOf(in)
		if err != nil {
			return nil, err
		}
		if at, ok := first[digest]; ok {
			twins[i] = at
			continue
		}
		first[digest] = i
	}
	return twins, nil
}

func digestOf(in Input) (digest [sha256.Size]byte, err error) {
	f, err := in.Open()
	if err != nil {
		return digest, fmt.Errorf("%s: %w", in.Name, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return digest, fmt.Errorf("%s: %w", in.Name, err)
	}
	h.Sum(digest[:0])
	return digest, nil
}
