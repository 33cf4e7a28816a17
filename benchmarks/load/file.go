package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// demoFile is the demo's file of measurements.
type demoFile struct{ header, rows []byte }

// openDemo unpacks the measurements of the demo in dir.
func openDemo(dir string) (*demoFile, error) {
	found, err := filepath.Glob(filepath.Join(dir, "metrics-*.csv.gz"))
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("%s: no measurements of the demo", dir)
	}
	f, err := os.Open(found[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		return nil, err
	}
	header, rows, _ := bytes.Cut(text, []byte("\n"))
	return &demoFile{append(header, '\n'), rows}, nil
}

// machines is what stands before the name of a machine in the measurements.
var machines = []byte("virtualMachines/")

// reader gives the measurements again and again, each time of other machines, until there are size bytes; it ends with a row. It
// gives at most rate bytes a second.
func (d *demoFile) reader(name string, size, rate int64) io.Reader {
	r, pipe := io.Pipe()
	w := &paced{w: pipe, rate: rate, begun: time.Now()}
	go func() {
		sent, err := w.Write(d.header)
		for round := 0; err == nil && int64(sent) < size; round++ {
			rows := bytes.ReplaceAll(d.rows, machines, fmt.Appendf(nil, "%s%x-%d-", machines, name, round))
			if left := size - int64(sent); int64(len(rows)) > left {
				rows = rows[:bytes.LastIndexByte(rows[:left], '\n')+1]
				if len(rows) == 0 {
					break
				}
			}
			var n int
			n, err = w.Write(rows)
			sent += n
		}
		_ = pipe.CloseWithError(err) // nil is the end of the file
	}()
	return r
}

// paced is a writer that waits.
type paced struct {
	w     io.Writer
	rate  int64 // bytes a second
	sent  int64
	begun time.Time
}

// Write writes in pieces of 256 KiB, each when its time has come.
func (p *paced) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		time.Sleep(time.Until(p.begun.Add(time.Duration(float64(p.sent) / float64(p.rate) * float64(time.Second)))))
		var m int
		m, err = p.w.Write(b[:min(len(b), 256<<10)])
		b, n, p.sent = b[m:], n+m, p.sent+int64(m)
	}
	return n, err
}
