package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"runtime"
	"strings"
	"sync"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend"
)

//go:embed assets pages
var embedded embed.FS

// assets are the style sheet, the script and the icon under names that hold their hash: they never change.
var assets = sync.OnceValue(func() map[string][]byte {
	out := map[string][]byte{}
	entries, err := fs.ReadDir(embedded, "assets")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		body, err := embedded.ReadFile("assets/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		base, ext, _ := strings.Cut(e.Name(), ".")
		out[base+"."+hex.EncodeToString(sum[:6])+"."+ext] = body
	}
	return out
})

// assetPath is the address of an embedded file.
func assetPath(name string) (string, error) {
	base, ext, _ := strings.Cut(name, ".")
	for at := range assets() {
		if strings.HasPrefix(at, base+".") && strings.HasSuffix(at, "."+ext) {
			return "/assets/" + at, nil
		}
	}
	return "", fmt.Errorf("no asset %q", name)
}

// assetTypes are the media types of assets by ending.
var assetTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) error {
	body, ok := assets()[r.PathValue("asset")]
	if !ok {
		return errMissing
	}
	w.Header().Set("Content-Type", assetTypes[path.Ext(r.PathValue("asset"))])
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, err := w.Write(body)
	return ignoreGone(err)
}

// ignoreGone drops the error of an answer that nobody waits for: its head is on the wire already.
func ignoreGone(error) error { return nil }

// pages are the templates of pages by name, each with the frame around it.
type pages map[string]*template.Template

func parsePages() pages {
	funcs := report.Funcs()
	funcs["asset"] = assetPath
	funcs["slug"] = slug
	funcs["ruleTable"] = func(page policyPage, rules []Rule) ruleTable { return ruleTable{page, rules} }
	funcs["words"] = func(code string) string { return strings.ReplaceAll(code, "_", " ") }
	funcs["kind"], funcs["bytes"] = kindWords, bytesWords
	funcs["machineOf"] = func(r *recommend.Resize) string { return machineSlug(r.Customer, r.VM, r.From) }
	funcs["inc"] = func(n int) int { return n + 1 }
	frame := template.Must(template.New("frame").Funcs(funcs).ParseFS(embedded, "pages/frame.html"))
	out := pages{}
	entries, err := fs.ReadDir(embedded, "pages")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".html")
		if name != "frame" {
			out[name] = template.Must(template.Must(frame.Clone()).ParseFS(embedded, "pages/"+e.Name()))
		}
	}
	return out
}

// kindWords says what a file is.
func kindWords(kind string) string {
	for _, k := range [][2]string{{"charges", "cost and usage"}, {"samples", "metrics"}, {"reservations", "reservation list"}, {"recommendations", "Microsoft's recommendations"},
		{"prices", "price sheet"}, {"policy", "policy"}, {"note", "a text for people"}, {"empty", "no rows"}, {"mixed", "several kinds"}} {
		if k[0] == kind {
			return k[1]
		}
	}
	return "not known"
}

// bytesWords is a size for people.
func bytesWords(n int64) string {
	switch {
	case n < 1_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1_000_000:
		return fmt.Sprintf("%d KB", (n+500)/1_000)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/1e9), ".0") + " GB"
}

// frameData is what every page gets.
type frameData struct {
	Title, Here string
	Who         Principal
	Version     string
	Body        any
}

// render writes a page, whole or not at all.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name, title string, body any) {
	var b bytes.Buffer
	data := frameData{Title: title, Here: name, Who: principalOf(r.Context()), Version: s.Version, Body: body}
	if err := s.pages[name].ExecuteTemplate(&b, "frame", data); err != nil {
		s.log.Error("page failed", "page", name, "error", redact(err))
		http.Error(w, "something went wrong on our side", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a client that left is no error
}

// fragment writes one part of a page, for the script of that page.
func (s *Server) fragment(w http.ResponseWriter, page, part string, body any) error {
	var b bytes.Buffer
	if err := s.pages[page].ExecuteTemplate(&b, part, body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := w.Write(b.Bytes())
	return ignoreGone(err)
}

// compress packs texts for those who can unpack them.
func compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if r.Method == http.MethodHead || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			next.ServeHTTP(w, r)
			return
		}
		c := &compressing{ResponseWriter: w}
		defer c.close()
		next.ServeHTTP(c, r)
	})
}

// compressing packs what follows once the kind of answer is known.
type compressing struct {
	http.ResponseWriter
	packer  *gzip.Writer
	started bool
}

// packed are the kinds of answers that get smaller.
func packed(contentType string) bool {
	return strings.HasPrefix(contentType, "text/") && !strings.HasPrefix(contentType, "text/event-stream") ||
		strings.Contains(contentType, "json") || strings.Contains(contentType, "svg")
}

func (c *compressing) WriteHeader(status int) {
	if !c.started {
		c.started = true
		h := c.Header()
		if status != http.StatusNoContent && status != http.StatusNotModified && status >= 200 && packed(h.Get("Content-Type")) && h.Get("Content-Encoding") == "" {
			h.Set("Content-Encoding", "gzip")
			h.Del("Content-Length")
			c.packer = packers.Get().(*gzip.Writer)
			c.packer.Reset(c.ResponseWriter)
		}
	}
	c.ResponseWriter.WriteHeader(status)
}

// packers are kept: one takes 800 KB.
var packers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func (c *compressing) Write(p []byte) (int, error) {
	if !c.started {
		c.WriteHeader(http.StatusOK)
	}
	if c.packer != nil {
		return c.packer.Write(p)
	}
	return c.ResponseWriter.Write(p)
}

func (c *compressing) close() {
	if c.packer != nil {
		_ = c.packer.Close() // a client that left is no error
		packers.Put(c.packer)
		c.packer = nil
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (c *compressing) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// panicPlace is the first function of ours on the stack of a panic: enough to find it, and nothing of what was worked on.
func panicPlace() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "sizeterm/") && !strings.Contains(f.Function, "recovered") && !strings.Contains(f.Function, "panicPlace") {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
		if !more {
			return "unknown"
		}
	}
}
