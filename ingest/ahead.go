package ingest

import (
	"io"
	"sync"
)

// ahead reads a text in a goroutine of its own, some blocks ahead of whoever reads from it: what takes a processor of its own,
// as unpacking does, goes on while rows are parsed.
type ahead struct {
	full, empty chan []byte
	block       []byte // being read
	rest        []byte // of it
	err         error  // of the text, set before full is closed
	stop        chan struct{}
	work        sync.WaitGroup
	stopped     sync.Once
}

// aheadBlocks is how many blocks of chunkBytes are read ahead.
const aheadBlocks = 4

func newAhead(r io.Reader) *ahead {
	a := &ahead{full: make(chan []byte, aheadBlocks), empty: make(chan []byte, aheadBlocks), stop: make(chan struct{})}
	for range aheadBlocks {
		a.empty <- make([]byte, chunkBytes)
	}
	a.work.Go(func() { a.fill(r) })
	return a
}

// fill reads until the text ends or nobody wants it.
func (a *ahead) fill(r io.Reader) {
	defer close(a.full)
	defer func() {
		if f := fault(recover()); f != nil {
			a.err = f
		}
	}()
	for {
		var block []byte
		select {
		case block = <-a.empty:
		case <-a.stop:
			return
		}
		n := 0
		for n < len(block) && a.err == nil {
			var m int
			m, a.err = r.Read(block[n:])
			n += m
		}
		select {
		case a.full <- block[:n]:
		case <-a.stop:
			return
		}
		if a.err != nil {
			return
		}
	}
}

// Read returns what was read ahead.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.block != nil {
			a.empty <- a.block[:cap(a.block)] // has room for all blocks
		}
		var ok bool
		if a.block, ok = <-a.full; !ok {
			if a.block = nil; a.err == nil {
				return 0, io.ErrClosedPipe
			}
			return 0, a.err
		}
		a.rest = a.block
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close ends the goroutine.
func (a *ahead) Close() error {
	a.stopped.Do(func() { close(a.stop) })
	a.work.Wait()
	return nil
}
