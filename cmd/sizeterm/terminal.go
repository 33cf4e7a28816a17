package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth returns the columns of w, or fallback where w is no terminal.
func terminalWidth(w io.Writer, fallback int) int {
	f, ok := w.(*os.File)
	if !ok {
		return fallback
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 60 {
		return fallback
	}
	return min(width, fallback)
}

// progress shows how many bytes of total have been read. It draws nothing off a terminal, with --quiet, or in the first
// second: short runs stay silent.
type progress struct {
	bar     *progressbar.ProgressBar
	started time.Time
	done    int64
}

// barAfter is how long a run is silent before the bar appears.
const barAfter = time.Second

func (c *common) newProgress(total int64, what string) *progress {
	if c.quiet || total <= 0 || !isTerminal(c.err) {
		return &progress{}
	}
	return &progress{started: time.Now(), bar: progressbar.NewOptions64(total, progressbar.OptionSetWriter(c.err),
		progressbar.OptionSetDescription(what), progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetRenderBlankState(false))}
}

// add says that n more bytes have been read: a file is done.
func (p *progress) add(n int64) {
	p.done += n
	p.within(0)
}

// within says that n bytes of the file at hand have been read.
func (p *progress) within(n int64) {
	if p.bar != nil && time.Since(p.started) > barAfter {
		_ = p.bar.Set64(p.done + n)
	}
}

// close removes the bar.
func (p *progress) close() {
	if p.bar != nil && time.Since(p.started) > barAfter {
		_ = p.bar.Finish()
	}
}
