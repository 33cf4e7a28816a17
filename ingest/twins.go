package ingest

import (
	"crypto/sha256"
	"fmt"
	"io"
)

// Duplicates finds inputs with the same bytes: it returns, for the index of each input that repeats an earlier one, the
// index of that earlier input. Only inputs of equal size are read, so that it costs nothing where no two are alike.
func Duplicates(inputs []Input) (map[int]int, error) {
	sizes := map[int64]int{}
	for _, in := range inputs {
		sizes[in.Size]++
	}
	type key struct {
		size int64
		sum  [sha256.Size]byte
	}
	first, twins := map[key]int{}, map[int]int{}
	for i, in := range inputs {
		if sizes[in.Size] < 2 {
			continue
		}
		sum, err := hashOf(in)
		if err != nil {
			return nil, err
		}
		k := key{in.Size, sum}
		if at, ok := first[k]; ok {
			twins[i] = at
		} else {
			first[k] = i
		}
	}
	return twins, nil
}

// hashOf returns the SHA-256 of an input's bytes as they lie on disk.
func hashOf(in Input) (sum [sha256.Size]byte, err error) {
	f, err := in.Open()
	if err != nil {
		return sum, fmt.Errorf("%s: %w", in.Name, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, fmt.Errorf("%s: %w", in.Name, err)
	}
	h.Sum(sum[:0])
	return sum, nil
}
