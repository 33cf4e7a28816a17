package upload

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An unfinished upload is a folder called by its id: info.json says what it is, data holds the bytes, offset how many of
// them count. The record of the offset has two slots that are written in turn, each with a number and a checksum, so that
// a write that was torn leaves the one before it.

// info says what an upload is.
type info struct {
	Owner    Owner     `json:"owner"`
	Customer string    `json:"customer,omitempty"`
	Name     string    `json:"name"`
	Metadata string    `json:"metadata,omitempty"` // as the client sent it
	Size     int64     `json:"size"`
	Created  time.Time `json:"created"`
	Receipt  *Receipt  `json:"receipt,omitempty"` // set when it is finished
}

// part is an unfinished upload that is open.
type part struct {
	id     string
	dir    string
	info   info
	offset int64
	round  uint64 // number of the slot that was written last
	hash   hash.Hash
	data   *os.File
	mark   *os.File
}

const (
	slotBytes = 256
	headBytes = 8 + 8 + 2 // round, offset, length of the state of the hash
)

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func validID(id string) bool {
	b, err := hex.DecodeString(id)
	return err == nil && len(b) == 16 && strings.ToLower(id) == id
}

// create makes an upload: all of it under another name first, then its own.
func (d *Door) create(in info) (*part, error) {
	id := newID()
	if err := d.admit(id, in.Owner); err != nil {
		return nil, err
	}
	temp := filepath.Join(d.o.Dir, "new-"+id)
	err := func() error {
		if err := os.Mkdir(temp, 0o700); err != nil {
			return err
		}
		if err := writeSynced(filepath.Join(temp, "data"), nil); err != nil {
			return err
		}
		if err := writeSynced(filepath.Join(temp, "offset"), slot(1, 0, sha256.New())); err != nil {
			return err
		}
		if err := writeInfo(temp, in); err != nil {
			return err
		}
		d.o.Point("create.rename")
		if err := os.Rename(temp, filepath.Join(d.o.Dir, id)); err != nil {
			return err
		}
		return syncDir(d.o.Dir)
	}()
	if err != nil {
		d.closed(id)
		_ = os.RemoveAll(temp)
		return nil, d.fault(err)
	}
	return d.load(id)
}

// fault turns an error of the disk into its problem.
func (d *Door) fault(err error) error {
	var failed *syncError
	switch {
	case errors.As(err, &failed):
		return d.failed(err)
	case isFull(err):
		return diskFull(err)
	}
	return fmt.Errorf("upload: %w", err)
}

// load opens an upload. What lies in data beyond the recorded offset was never acknowledged and is cut off.
func (d *Door) load(id string) (*part, error) {
	if !validID(id) {
		return nil, notFound()
	}
	in, err := d.readInfo(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound()
	}
	if err != nil {
		return nil, err
	}
	p := &part{id: id, dir: filepath.Join(d.o.Dir, id), info: in, hash: sha256.New()}
	if in.Receipt != nil {
		p.offset = in.Size
		return p, nil
	}
	if p.mark, err = os.OpenFile(filepath.Join(p.dir, "offset"), os.O_RDWR, 0); err != nil {
		return nil, fmt.Errorf("upload: %w", err)
	}
	if p.data, err = os.OpenFile(filepath.Join(p.dir, "data"), os.O_RDWR, 0); err != nil {
		p.close()
		return nil, fmt.Errorf("upload: %w", err)
	}
	if err := p.recall(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (d *Door) readInfo(id string) (in info, err error) {
	text, err := os.ReadFile(filepath.Join(d.o.Dir, id, "info.json"))
	if err != nil {
		return in, err
	}
	return in, json.Unmarshal(text, &in)
}

func (p *part) close() {
	if p.mark != nil {
		_ = p.mark.Close()
	}
	if p.data != nil {
		_ = p.data.Close()
	}
}

// recall finds the recorded offset.
func (p *part) recall() error {
	var state []byte
	for i := range int64(2) {
		var b [slotBytes]byte
		if n, _ := p.mark.ReadAt(b[:], i*slotBytes); n < slotBytes {
			continue
		}
		round := binary.BigEndian.Uint64(b[:])
		if binary.BigEndian.Uint32(b[slotBytes-4:]) != crc32.ChecksumIEEE(b[:slotBytes-4]) || round <= p.round {
			continue
		}
		p.round, p.offset = round, int64(binary.BigEndian.Uint64(b[8:]))
		state = append(state[:0], b[headBytes:headBytes+int(binary.BigEndian.Uint16(b[16:]))]...)
	}
	if p.round == 0 {
		return fmt.Errorf("upload %s: the record of its offset is damaged", p.id)
	}
	if err := p.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return fmt.Errorf("upload %s: %w", p.id, err)
	}
	if stat, err := p.data.Stat(); err != nil || stat.Size() < p.offset {
		return fmt.Errorf("upload %s: bytes that were acknowledged are gone: %w", p.id, errors.Join(err, fs.ErrInvalid))
	}
	return nil
}

// slot is the record of an offset.
func slot(round uint64, offset int64, h hash.Hash) []byte {
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil || len(state) > slotBytes-headBytes-4 {
		panic("upload: the state of SHA-256 does not fit") // it has 108 bytes
	}
	b := make([]byte, 0, 2*slotBytes)
	b = binary.BigEndian.AppendUint64(b, round)
	b = binary.BigEndian.AppendUint64(b, uint64(offset))
	b = binary.BigEndian.AppendUint16(b, uint16(len(state)))
	b = append(b, state...)
	b = b[:slotBytes-4]
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// commit makes the bytes up to the offset count: first they are on the disk, then the record says so.
func (p *part) commit(offset int64, point func(string)) error {
	point("commit.data")
	if err := p.data.Sync(); err != nil {
		return &syncError{err}
	}
	point("commit.offset")
	round := p.round + 1
	if _, err := p.mark.WriteAt(slot(round, offset, p.hash), int64((round+1)%2)*slotBytes); err != nil {
		return err
	}
	if err := p.mark.Sync(); err != nil {
		return &syncError{err}
	}
	point("commit.done")
	p.round, p.offset = round, offset
	return nil
}

// finish hands a complete upload to the archive and to the Recorder, and keeps the receipt until the upload expires.
func (d *Door) finish(ctx context.Context, p *part) error {
	sum := hex.EncodeToString(p.hash.Sum(nil))
	d.o.Point("finish.archive")
	if err := d.o.Archive.Adopt(ctx, filepath.Join(p.dir, "data"), sum); err != nil {
		return d.fault(err)
	}
	d.o.Point("finish.record")
	receipt, err := d.o.Record(ctx, File{p.info.Owner, p.info.Customer, p.info.Name, p.info.Size, sum})
	if err != nil {
		return err
	}
	d.o.Point("finish.receipt")
	p.info.Receipt = &receipt
	if err := writeInfo(p.dir, p.info); err != nil {
		return d.fault(err)
	}
	d.closed(p.id)
	if err := errors.Join(os.Remove(filepath.Join(p.dir, "data")), os.Remove(filepath.Join(p.dir, "offset"))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.o.Log.Warn("left behind", "upload", p.id, "error", err) // Recover removes the folder later
	}
	return nil
}

// drop removes an upload.
func (d *Door) drop(id string) error {
	d.closed(id)
	gone := filepath.Join(d.o.Dir, "gone-"+id) // its name ends at once, so nobody sees half of it
	if err := os.Rename(filepath.Join(d.o.Dir, id), gone); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return d.fault(err)
	}
	if err := os.RemoveAll(gone); err != nil {
		return d.fault(err)
	}
	return nil
}

// expires is when an upload is removed: a lifetime after its last byte.
func (d *Door) expires(p *part) time.Time {
	at := p.info.Created
	for _, name := range []string{"offset", "info.json"} {
		if stat, err := os.Stat(filepath.Join(p.dir, name)); err == nil && stat.ModTime().After(at) {
			at = stat.ModTime()
		}
	}
	return at.Add(d.o.Limits.Lifetime)
}

// writeInfo replaces info.json of an upload, whole or not at all.
func writeInfo(dir string, in info) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	temp := filepath.Join(dir, "info.tmp")
	if err := writeSynced(temp, text); err != nil {
		return err
	}
	if err := os.Rename(temp, filepath.Join(dir, "info.json")); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncError says that an fsync failed.
type syncError struct{ err error }

func (e *syncError) Error() string { return "fsync: " + e.err.Error() }
func (e *syncError) Unwrap() error { return e.err }

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(&syncError{err}, f.Close())
	}
	return f.Close()
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return errors.Join(&syncError{err}, f.Close())
	}
	return f.Close()
}
