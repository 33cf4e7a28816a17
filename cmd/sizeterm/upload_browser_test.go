//go:build engines

package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// wire is a network between a browser and the service that can be slow and can be cut.
type wire struct {
	net.Listener
	to    string
	mu    sync.Mutex
	conns map[net.Conn]bool
	sent  int64 // bytes that came from the browser
	cut   int64 // of them, after which the wire is cut; 0 is never
	down  bool
	pause time.Duration // after every 64 KiB
	begun []int64       // where pieces began
}

// pieceAt finds where a piece begins.
var pieceAt = regexp.MustCompile(`(?is)^PATCH .*?\r\nUpload-Offset: (\d+)\r\n`)

func newWire(t *testing.T, to string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{Listener: l, to: to, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	return w
}

func (w *wire) carry(browser net.Conn) {
	defer browser.Close()
	server, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer server.Close()
	w.mu.Lock()
	if w.down {
		w.mu.Unlock()
		return
	}
	w.conns[browser] = true
	w.mu.Unlock()
	go func() { _, _ = io.Copy(browser, server) }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := browser.Read(buffer)
		if err != nil {
			return
		}
		if piece := pieceAt.FindSubmatch(buffer[:n]); piece != nil {
			at, _ := strconv.ParseInt(string(piece[1]), 10, 64)
			w.set(func(w *wire) { w.begun = append(w.begun, at) })
		}
		if _, err := server.Write(buffer[:n]); err != nil || w.count(int64(n)) {
			return
		}
	}
}

// count counts and reports whether the wire was cut.
func (w *wire) count(n int64) bool {
	w.mu.Lock()
	w.sent += n
	pause := w.pause
	if w.cut > 0 && w.sent > w.cut {
		w.cut, w.down = 0, true
		for c := range w.conns {
			_ = c.Close()
		}
		w.conns = map[net.Conn]bool{}
	}
	down := w.down
	w.mu.Unlock()
	time.Sleep(pause)
	return down
}

// set changes the wire and returns how much came from the browser so far.
func (w *wire) set(change func(*wire)) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
	return w.sent
}

// unpackedDemo writes a file of the demo, unpacked.
func unpackedDemo(t *testing.T, name string) (path string, text []byte) {
	packed, err := os.ReadFile("../../testdata/contoso/" + name + ".gz")
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	text, err = io.ReadAll(r)
	require.NoError(t, err)
	path = filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path, text
}

// A file that the page sends goes on where it stopped: after the connection is lost, after a pause and another visit. What
// arrives has the receipt of the same bytes sent whole, and the page says what it holds without being loaded again.
func TestBrowserUploadsGoOn(t *testing.T) {
	_, link := startIt(t, "serve", "--data-dir", t.TempDir(), "--nightly", "0")
	network := newWire(t, link.Host)
	ann := openBrowser(t)
	here := "http://" + network.Addr().String()
	ann.do("sign in", chromedp.Navigate(here+link.RequestURI()))
	ann.click("Sign in")
	ann.sees("Look at the demo first")
	ann.do("uploads", chromedp.Navigate(here+"/uploads"))
	ann.sees("Nothing was sent yet")

	path, text := unpackedDemo(t, "metrics-2026-10.csv")
	size := int64(len(text))
	before := network.set(func(w *wire) { w.cut, w.pause = w.sent+size/2, time.Millisecond })
	ann.do("choose", chromedp.SetUploadFiles("input[type=file]", []string{path}))
	ann.sees("connection lost")
	ann.shot("upload-lost")
	network.set(func(w *wire) { w.down = false })
	ann.sees("1 of 1 file sent")
	ann.sees("156,357")
	sent := network.set(func(*wire) {}) - before
	require.Less(t, sent, size+size/4, "what had arrived was not sent again")
	same := filepath.Join(t.TempDir(), "same.csv")
	require.NoError(t, os.WriteFile(same, text, 0o600))
	network.set(func(w *wire) { w.pause = 0 })
	ann.do("choose", chromedp.SetUploadFiles("input[type=file]", []string{same}))
	ann.sees("2 of 2 files sent, 1 of them here already") // the receipt of the same bytes
	require.Equal(t, 1, eval[int](ann, `document.querySelectorAll("#history tbody").length`))

	path, _ = unpackedDemo(t, "cost-export-2026-10.csv")
	before = network.set(func(w *wire) { w.pause, w.begun = 40*time.Millisecond, nil })
	ann.do("choose", chromedp.SetUploadFiles("input[type=file]", []string{path}))
	for range 400 {
		if network.set(func(*wire) {})-before > 1<<20 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	ann.click("Pause")
	ann.sees("paused at")
	ann.shot("upload-paused")
	network.set(func(w *wire) { w.pause = 0 })
	ann.click("Resume")
	ann.sees("4,381")
	network.set(func(w *wire) { require.Greater(t, w.begun[len(w.begun)-1], int64(0), "after the pause it went on") })
	ann.sees("all 31, 2026-10-01 to 2026-10-31")
	ann.click("Contoso")
	ann.sees("the days that are there")
	ann.sound("days")

	// The page is left in the middle, and the same file chosen again at another visit.
	path = filepath.Join(t.TempDir(), "left.csv")
	require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("no,table,that,we,know\n"), 150_000), 0o600))
	ann.do("uploads", chromedp.Navigate(here+"/uploads"))
	network.set(func(w *wire) { w.cut, w.pause = w.sent+1<<20, time.Millisecond })
	ann.do("choose", chromedp.SetUploadFiles("input[type=file]", []string{path}))
	ann.sees("connection lost")
	ann.do("leave", chromedp.Navigate("about:blank"))
	network.set(func(w *wire) { w.down, w.pause, w.begun = false, 0, nil })
	ann.do("come again", chromedp.Navigate(here+"/uploads"))
	ann.sees("Not finished at an earlier visit: left.csv")
	ann.shot("upload-left")
	before = network.set(func(*wire) {})
	ann.do("choose", chromedp.SetUploadFiles("input[type=file]", []string{path}))
	ann.sees("1 of 1 file sent")
	ann.sees("set aside")
	network.set(func(w *wire) { require.Greater(t, w.begun[0], int64(0), "it went on where the first visit ended") })
	require.Less(t, network.set(func(*wire) {})-before, int64(2_800_000), "of 3.3 MB")
}
