package shard

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Store keeps partials in a folder, one file each, written whole or not at all and never changed.
type Store struct {
	dir string
}

// ErrDamaged is wrapped by the error of a partial whose bytes are not what was written.
var ErrDamaged = errors.New("damaged partial")

// Open returns the store in a folder, which it makes where it is not there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("shard: %w", err)
	}
	return &Store{dir: dir}, nil
}

// magic opens a partial; the length of the head, the head, the body and the SHA-256 of all of it follow.
const magic = "sizeterm.part\x01"

func (s *Store) path(name string) string { return filepath.Join(s.dir, name+".part") }

// has reports whether a partial was written.
func (s *Store) has(name string) bool {
	_, err := os.Stat(s.path(name))
	return err == nil
}

// put writes a partial: into a file of its own that is given its name once it is on the disk. Another one of the same
// name has the same bytes, and stays.
func (s *Store) put(name string, head, body []byte) error {
	data := binary.AppendUvarint([]byte(magic), uint64(len(head)))
	data = append(append(data, head...), body...)
	sum := sha256.Sum256(data)
	data = append(data, sum[:]...)
	f, err := os.CreateTemp(s.dir, name+".*.tmp")
	if err != nil {
		return fmt.Errorf("shard: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Link(f.Name(), s.path(name))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) && !s.has(name) {
		return fmt.Errorf("shard: %w", err)
	}
	return s.sync()
}

// sync makes the names in the folder outlive a failure of the machine.
func (s *Store) sync() error {
	dir, err := os.Open(s.dir)
	if err != nil {
		return fmt.Errorf("shard: %w", err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("shard: %w", err)
	}
	return nil
}

// get reads a partial. It is an error, wrapping ErrDamaged, when its bytes are not what put wrote.
func (s *Store) get(name string) (head, body []byte, err error) {
	data, err := os.ReadFile(s.path(name))
	if err != nil {
		return nil, nil, fmt.Errorf("shard: %w", err)
	}
	damaged := fmt.Errorf("%s: %w", s.path(name), ErrDamaged)
	if len(data) < len(magic)+sha256.Size || string(data[:len(magic)]) != magic {
		return nil, nil, damaged
	}
	content, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if want := sha256.Sum256(content); !bytes.Equal(sum, want[:]) {
		return nil, nil, damaged
	}
	content = content[len(magic):]
	length, n := binary.Uvarint(content)
	if n <= 0 || length > uint64(len(content)-n) {
		return nil, nil, damaged
	}
	return content[n : n+int(length)], content[n+int(length):], nil
}

// remove forgets a partial.
func (s *Store) remove(name string) error {
	if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("shard: %w", err)
	}
	return nil
}

// sweep removes what killed runs left of shards that are finished now. A run that still writes one of them finds it
// finished, and loses nothing.
func (s *Store) sweep(shards []Shard) {
	finished := map[string]bool{}
	for _, sh := range shards {
		finished[sh.Name] = true
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return // nothing depends on it
	}
	for _, e := range entries {
		if name, _, _ := strings.Cut(e.Name(), "."); finished[name] && strings.HasSuffix(e.Name(), ".tmp") {
			os.Remove(filepath.Join(s.dir, e.Name()))
		}
	}
}
