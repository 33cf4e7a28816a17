package upload

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest/archive"
)

// books record files as the store does: the same bytes of a tenant once.
type books struct {
	mu    sync.Mutex
	files map[string]File
	fail  error
}

func (b *books) record(_ context.Context, f File) (Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return Receipt{}, b.fail
	}
	id := f.Owner.Tenant + "/" + f.Customer + "/" + f.SHA256
	first, known := b.files[id]
	if !known {
		b.files[id], first = f, f
	}
	return Receipt{ID: id, Name: first.Name, Customer: f.Customer, Size: f.Size, SHA256: f.SHA256, State: "received", Fresh: !known}, nil
}

// house is a door with all that stands behind it, mounted at /api/uploads/.
type house struct {
	t       *testing.T
	door    *Door
	books   *books
	archive *archive.Archive
	server  *httptest.Server
	options Options
	now     time.Time
}

func newHouse(t *testing.T, change func(*Options)) *house {
	t.Helper()
	dir := t.TempDir()
	a, err := archive.Open(context.Background(), filepath.Join(dir, "archive"), "")
	require.NoError(t, err)
	h := &house{t: t, books: &books{files: map[string]File{}}, archive: a, now: time.Now()}
	h.options = Options{
		Dir: filepath.Join(dir, "unfinished"), Archive: a, Record: h.books.record, Now: func() time.Time { return h.now },
		Owner: func(r *http.Request) (Owner, error) {
			tenant, author, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "/")
			if !ok {
				return Owner{}, errors.New("who?")
			}
			return Owner{tenant, author}, nil
		},
	}
	if change != nil {
		change(&h.options)
	}
	h.restart()
	h.server = httptest.NewServer(http.StripPrefix("/api/uploads", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.door.ServeHTTP(w, r) })))
	t.Cleanup(h.server.Close)
	return h
}

// restart is what a new process does.
func (h *house) restart() {
	h.t.Helper()
	var err error
	h.door, err = New(h.options)
	require.NoError(h.t, err)
	require.NoError(h.t, h.door.Recover(context.Background()))
}

type answered struct {
	*http.Response
	body string
}

func (h *house) do(method, path string, body io.Reader, header ...string) answered {
	h.t.Helper()
	if !strings.HasPrefix(path, "/api") {
		path = "/api/uploads" + path
	}
	r, err := http.NewRequest(method, h.server.URL+path, body)
	require.NoError(h.t, err)
	r.Header.Set("Authorization", "Bearer one/anna")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(h.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(h.t, err)
	if resp.StatusCode >= 400 && method != http.MethodHead {
		require.Equal(h.t, "application/problem+json", resp.Header.Get("Content-Type"))
		var p Problem
		require.NoError(h.t, json.Unmarshal(text, &p))
		require.Equal(h.t, resp.StatusCode, p.Status)
	}
	return answered{resp, string(text)}
}

func (h *house) tus(method, path string, body io.Reader, header ...string) answered {
	h.t.Helper()
	return h.do(method, path, body, append([]string{"Tus-Resumable", "1.0.0"}, header...)...)
}

// begin creates an upload and returns its path.
func (h *house) begin(size int, name string, header ...string) string {
	h.t.Helper()
	meta := "filename " + base64.StdEncoding.EncodeToString([]byte(name)) + ",empty"
	r := h.tus("POST", "/", nil, append([]string{"Upload-Length", strconv.Itoa(size), "Upload-Metadata", meta}, header...)...)
	require.Equal(h.t, 201, r.StatusCode, r.body)
	require.NotEmpty(h.t, r.Header.Get("Upload-Expires"))
	require.True(h.t, strings.HasPrefix(r.Header.Get("Location"), "/api/uploads/"), r.Header.Get("Location"))
	return r.Header.Get("Location")
}

func (h *house) patch(path string, offset int, data []byte, header ...string) answered {
	h.t.Helper()
	return h.tus("PATCH", path, bytes.NewReader(data), append([]string{"Content-Type", chunkType, "Upload-Offset", strconv.Itoa(offset)}, header...)...)
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// stored is what the archive holds for the recorded file.
func (h *house) stored(sum string) []byte {
	h.t.Helper()
	r, err := h.archive.Open(context.Background(), sum)
	require.NoError(h.t, err)
	defer r.Close()
	data, err := io.ReadAll(r)
	require.NoError(h.t, err)
	return data
}

func random(n int) []byte {
	data := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

func TestOneCurlSuffices(t *testing.T) {
	h := newHouse(t, nil)
	data := random(100_000)
	for i, send := range []func() answered{
		func() answered { return h.do("PUT", "/exports/october.csv", bytes.NewReader(data)) },
		func() answered { return h.do("POST", "/?name=exports/october.csv", bytes.NewReader(data)) },
		func() answered {
			return h.do("POST", "/", bytes.NewReader(data), "Content-Disposition", `attachment; filename="october.csv"`)
		},
		func() answered { return h.do("PUT", "/october.csv", io.NopCloser(bytes.NewReader(data))) }, // chunked
	} {
		r := send()
		var receipt Receipt
		require.NoError(t, json.Unmarshal([]byte(r.body), &receipt))
		require.Equal(t, i == 0, receipt.Fresh)
		require.Equal(t, map[bool]int{true: 201, false: 200}[i == 0], r.StatusCode, r.body)
		require.Equal(t, "exports/october.csv", receipt.Name)
		require.Equal(t, sumOf(data), receipt.SHA256)
		require.EqualValues(t, len(data), receipt.Size)
	}
	require.Equal(t, data, h.stored(sumOf(data)))
	require.Len(t, h.books.files, 1)
	left, err := os.ReadDir(h.options.Dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAForm(t *testing.T) {
	h := newHouse(t, nil)
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.WriteField("customer", "contoso"))
	for i := range 3 {
		f, err := w.CreateFormFile("files", fmt.Sprintf("%d.csv", i))
		require.NoError(t, err)
		_, err = f.Write(random(10 + i))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	r := h.do("POST", "/", &b, "Content-Type", w.FormDataContentType())
	require.Equal(t, 201, r.StatusCode, r.body)
	require.Len(t, h.books.files, 3)
	for _, f := range h.books.files {
		require.Equal(t, "contoso", f.Customer)
	}
	r = h.do("POST", "/", strings.NewReader("nonsense"), "Content-Type", "multipart/form-data; boundary=x")
	require.Equal(t, 400, r.StatusCode)
}

func TestTusFromBeginningToEnd(t *testing.T) {
	h := newHouse(t, nil)
	data := random(3*step + 12345)
	path := h.begin(len(data), "big.csv")
	for offset := 0; offset < len(data); {
		n := min(len(data)-offset, 5<<20)
		r := h.patch(path, offset, data[offset:offset+n])
		require.Equal(t, 204, r.StatusCode, r.body)
		offset += n
		require.Equal(t, strconv.Itoa(offset), r.Header.Get("Upload-Offset"))
		h.restart() // the state of the hash survives too
		r = h.tus("HEAD", path, nil)
		require.Equal(t, 200, r.StatusCode)
		require.Equal(t, strconv.Itoa(offset), r.Header.Get("Upload-Offset"))
		require.Equal(t, strconv.Itoa(len(data)), r.Header.Get("Upload-Length"))
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	}
	require.Equal(t, data, h.stored(sumOf(data)))
	require.Equal(t, "big.csv", h.books.files["one//"+sumOf(data)].Name)
	r := h.tus("HEAD", path, nil)
	require.Equal(t, "one//"+sumOf(data), r.Header.Get("Upload-Receipt"))
	require.Equal(t, 204, h.tus("DELETE", path, nil).StatusCode)
	require.Equal(t, 404, h.tus("HEAD", path, nil).StatusCode)
	require.Equal(t, data, h.stored(sumOf(data)), "ending a finished upload takes no file away")
}

func TestEmptyAndCreationWithUpload(t *testing.T) {
	h := newHouse(t, nil)
	h.begin(0, "empty.csv")
	require.Contains(t, h.books.files, "one//"+sumOf(nil))
	data := random(1000)
	r := h.tus("POST", "/", bytes.NewReader(data[:400]), "Upload-Length", "1000", "Content-Type", chunkType, "Upload-Metadata", "filename eA==")
	require.Equal(t, 201, r.StatusCode, r.body)
	require.Equal(t, "400", r.Header.Get("Upload-Offset"))
	require.Equal(t, 204, h.patch(r.Header.Get("Location"), 400, data[400:]).StatusCode)
	require.Equal(t, data, h.stored(sumOf(data)))
}

func TestChecksums(t *testing.T) {
	h := newHouse(t, nil)
	data := random(1000)
	path := h.begin(len(data), "a.csv")
	sum := sha1.Sum(data[:500])
	good := "sha1 " + base64.StdEncoding.EncodeToString(sum[:])
	require.Equal(t, 460, h.patch(path, 0, data[1:501], "Upload-Checksum", good).StatusCode)
	require.Equal(t, "0", h.tus("HEAD", path, nil).Header.Get("Upload-Offset"), "what does not fit does not count")
	require.Equal(t, 400, h.patch(path, 0, data[:500], "Upload-Checksum", "crc32 AAAA").StatusCode)
	require.Equal(t, 400, h.patch(path, 0, data[:500], "Upload-Checksum", "sha1 !").StatusCode)
	require.Equal(t, 204, h.patch(path, 0, data[:500], "Upload-Checksum", good).StatusCode)
	whole := sha256.Sum256(data[500:])
	require.Equal(t, 204, h.patch(path, 500, data[500:], "Upload-Checksum", "sha256 "+base64.StdEncoding.EncodeToString(whole[:])).StatusCode)
	require.Equal(t, data, h.stored(sumOf(data)))
}

func TestWhatIsRefused(t *testing.T) {
	turned := make(chan string, 100)
	h := newHouse(t, func(o *Options) {
		o.Limits, o.Refused = Limits{File: 1000, Chunk: 100, Name: 20, OpenUser: 100}, func(reason string) { turned <- reason }
	})
	path := h.begin(1000, "a.csv")
	for name, c := range map[string]struct {
		got  answered
		want int
	}{
		"unknown version":       {h.do("HEAD", path, nil, "Tus-Resumable", "0.2.2"), 412},
		"no length":             {h.tus("POST", "/", nil), 400},
		"a deferred length":     {h.tus("POST", "/", nil, "Upload-Defer-Length", "1"), 400},
		"a negative length":     {h.tus("POST", "/", nil, "Upload-Length", "-1", "Upload-Metadata", "filename eA=="), 400},
		"too large":             {h.tus("POST", "/", nil, "Upload-Length", "1001", "Upload-Metadata", "filename eA=="), 413},
		"too large at once":     {h.do("PUT", "/a.csv", bytes.NewReader(random(1001))), 413},
		"too large, chunked":    {h.do("PUT", "/a.csv", io.NopCloser(bytes.NewReader(random(1001)))), 413},
		"no name":               {h.do("POST", "/", bytes.NewReader(random(10))), 400},
		"a long name":           {h.do("PUT", "/"+strings.Repeat("a", 21), bytes.NewReader(random(10))), 400},
		"a line in a name":      {h.do("POST", "/?name=a%0d%0ab", bytes.NewReader(random(10))), 400},
		"a turned name":         {h.do("POST", "/?name=a%E2%80%AEb", bytes.NewReader(random(10))), 400},
		"bad metadata":          {h.tus("POST", "/", nil, "Upload-Length", "1", "Upload-Metadata", "filename !"), 400},
		"metadata twice":        {h.tus("POST", "/", nil, "Upload-Length", "1", "Upload-Metadata", "a eA==,a eA=="), 400},
		"the wrong type":        {h.tus("PATCH", path, nil, "Upload-Offset", "0"), 415},
		"no offset":             {h.tus("PATCH", path, nil, "Content-Type", chunkType), 400},
		"another offset":        {h.patch(path, 5, random(1)), 409},
		"a chunk beyond":        {h.patch(path, 0, random(1001)), 413},
		"a large checked chunk": {h.patch(path, 0, random(101), "Upload-Checksum", "sha1 eA=="), 413},
		"an unknown upload":     {h.tus("HEAD", "/"+newID(), nil), 404},
		"no id":                 {h.tus("HEAD", "/..%2f..%2fetc", nil), 404},
		"another tenant's":      {h.tus("HEAD", path, nil, "Authorization", "Bearer two/eve"), 404},
		"nobody":                {h.tus("HEAD", path, nil, "Authorization", "x"), 403},
		"a GET":                 {h.do("GET", path, nil), 405},
	} {
		require.Equal(t, c.want, c.got.StatusCode, "%s: %s", name, c.got.body)
	}
	heard := map[string]int{}
	for range len(turned) {
		heard[<-turned]++
	}
	require.Equal(t, map[string]int{"tus-version": 1, "upload-length": 3, "too-large": 3, "name": 4, "metadata": 2, "content-type": 1, "upload-offset": 1, "offset-conflict": 1,
		"too-long": 1, "chunk-too-large": 1, "not-found": 3, "forbidden": 1, "method": 1}, heard, "each is heard of once, by its word")
	for n, want := range map[int]int{999: 201, 1000: 201} { // limit-1 and limit; 1001 is above
		require.Equal(t, want, h.do("PUT", "/a.csv", bytes.NewReader(random(n))).StatusCode)
	}
	require.Equal(t, "0", h.tus("HEAD", path, nil).Header.Get("Upload-Offset"))
	other, missing := h.tus("DELETE", path, nil, "Authorization", "Bearer two/eve"), h.tus("DELETE", "/"+newID(), nil)
	require.Equal(t, missing.body, other.body)
}

func TestNamesLeadNowhere(t *testing.T) {
	h := newHouse(t, nil)
	for name, want := range map[string]string{"../../etc/passwd": "etc/passwd", `C:\exports\a.csv`: "exports/a.csv", "/abs/a.csv": "abs/a.csv", "a/./b//c": "a/b/c", "ä.csv": "ä.csv", "a%20b.csv": "a b.csv"} {
		got, err := h.door.safeName(name)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, name := range []string{"", "/", "..", ".", "\xff"} {
		_, err := h.door.safeName(name)
		require.Error(t, err, name)
	}
}

func TestOpenUploadsAreCounted(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits = Limits{OpenUser: 2, Open: 3} })
	data := random(10)
	first := h.begin(10, "a")
	h.begin(10, "b")
	refused := func(who string) int {
		return h.tus("POST", "/", nil, "Upload-Length", "10", "Upload-Metadata", "filename eA==", "Authorization", "Bearer "+who).StatusCode
	}
	require.Equal(t, 429, refused("one/anna"))
	require.Equal(t, 201, refused("one/bob"))
	require.Equal(t, 429, refused("one/carol"), "the tenant has three")
	require.Equal(t, 201, refused("two/eve"))
	h.restart()
	require.Equal(t, 429, refused("one/anna"), "a restart forgets none")
	require.Equal(t, 204, h.patch(first, 0, data).StatusCode)
	require.Equal(t, 201, refused("one/anna"), "a finished one does not count")
}

func TestExpiry(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits = Limits{Lifetime: time.Hour} })
	path, other := h.begin(10, "a"), h.begin(10, "b")
	h.now = h.now.Add(59 * time.Minute)
	require.Equal(t, 200, h.tus("HEAD", path, nil).StatusCode)
	h.now = h.now.Add(2 * time.Minute)
	require.Equal(t, 410, h.tus("HEAD", path, nil).StatusCode)
	require.NoError(t, h.door.Recover(context.Background()))
	require.Equal(t, 404, h.tus("HEAD", other, nil).StatusCode)
	left, err := os.ReadDir(h.options.Dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestQuotaAndTheRecorder(t *testing.T) {
	room := int64(100)
	h := newHouse(t, func(o *Options) {
		o.Room = func(context.Context, string) (int64, error) { return room, nil }
	})
	require.Equal(t, 201, h.do("PUT", "/a", bytes.NewReader(random(100))).StatusCode)
	require.Equal(t, 507, h.do("PUT", "/a", bytes.NewReader(random(101))).StatusCode)
	require.Equal(t, 507, h.do("PUT", "/a", io.NopCloser(bytes.NewReader(random(101)))).StatusCode)
	require.Equal(t, 507, h.tus("POST", "/", nil, "Upload-Length", "101", "Upload-Metadata", "filename eA==").StatusCode)

	// A file that cannot be recorded is not acknowledged, by PATCH or by HEAD, until it is recorded.
	data := random(50)
	path := h.begin(50, "b")
	h.books.fail = errors.New("the database is away")
	require.Equal(t, 500, h.patch(path, 0, data).StatusCode)
	require.Equal(t, 500, h.tus("HEAD", path, nil).StatusCode)
	require.Error(t, h.door.Recover(context.Background()))
	h.books.fail = nil
	require.NoError(t, h.door.Recover(context.Background()))
	require.Contains(t, h.books.files, "one//"+sumOf(data))
	require.Equal(t, "50", h.tus("HEAD", path, nil).Header.Get("Upload-Offset"))
}

// A connection that is cut: what came counts, and the upload goes on at the offset that HEAD tells.
func TestCutConnectionsResume(t *testing.T) {
	h := newHouse(t, nil)
	data := random(2*step + 999)
	path := h.begin(len(data), "a.csv")
	address := strings.TrimPrefix(h.server.URL, "http://")
	r := rand.New(rand.NewPCG(7, 7))
	sent := 0 // the furthest byte on the way: a server that is slow to accept may read an earlier connection later
	for offset := 0; offset < len(data); {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		n := min(1+r.IntN(3<<20), len(data)-offset)
		_, err = fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer one/anna\r\nTus-Resumable: 1.0.0\r\nContent-Type: %s\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n\r\n", path, chunkType, offset, len(data)-offset)
		require.NoError(t, err)
		_, err = conn.Write(data[offset : offset+n])
		require.NoError(t, err)
		if r.IntN(2) == 0 {
			require.NoError(t, conn.(*net.TCPConn).CloseWrite())
		} else {
			require.NoError(t, conn.Close())
		}
		head := h.tus("HEAD", path, nil) // it breaks off a session that still waits
		require.Equal(t, 200, head.StatusCode)
		now, err := strconv.Atoi(head.Header.Get("Upload-Offset"))
		require.NoError(t, err)
		require.GreaterOrEqual(t, now, offset)
		sent = max(sent, offset+n)
		require.LessOrEqual(t, now, sent)
		_ = conn.Close()
		offset = now
	}
	require.Equal(t, data, h.stored(sumOf(data)))
}

// A client that comes back while its old connection hangs is served at once.
func TestANewRequestBreaksOffTheOldOne(t *testing.T) {
	h := newHouse(t, nil)
	data := random(1000)
	path := h.begin(len(data), "a.csv")
	pr, pw := io.Pipe()
	hung := make(chan struct{})
	go func() {
		defer close(hung)
		r, _ := http.NewRequest("PATCH", h.server.URL+path, pr)
		for name, value := range map[string]string{"Authorization": "Bearer one/anna", "Tus-Resumable": "1.0.0", "Content-Type": chunkType, "Upload-Offset": "0"} {
			r.Header.Set(name, value)
		}
		if resp, err := http.DefaultClient.Do(r); err == nil {
			_ = resp.Body.Close()
		}
	}()
	_, err := pw.Write(data[:300])
	require.NoError(t, err)
	head := h.tus("HEAD", path, nil)
	require.Equal(t, 200, head.StatusCode)
	offset, err := strconv.Atoi(head.Header.Get("Upload-Offset"))
	require.NoError(t, err)
	require.NoError(t, pw.Close())
	<-hung
	// Where the question came before the first bytes of the old request, these were kept after it: a client asks again.
	kept, err := strconv.Atoi(h.tus("HEAD", path, nil).Header.Get("Upload-Offset"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, kept, offset)
	require.Equal(t, 204, h.patch(path, kept, data[kept:]).StatusCode)
	require.Equal(t, data, h.stored(sumOf(data)))
}

// A record of the offset that was torn leaves the one before it; one that is gone altogether stops the upload.
func TestATornRecordLeavesTheOneBefore(t *testing.T) {
	h := newHouse(t, nil)
	data := random(100)
	path := h.begin(len(data), "a.csv")
	require.Equal(t, 204, h.patch(path, 0, data[:30]).StatusCode)
	require.Equal(t, 204, h.patch(path, 30, data[30:60]).StatusCode)
	mark := filepath.Join(h.options.Dir, filepath.Base(path), "offset")
	text, err := os.ReadFile(mark)
	require.NoError(t, err)
	require.Len(t, text, 2*slotBytes)
	// rounds: 1 at creation in slot 0, 2 in slot 1, 3 in slot 0
	text[8+7]++ // of the newest
	require.NoError(t, os.WriteFile(mark, text, 0o600))
	require.Equal(t, "30", h.tus("HEAD", path, nil).Header.Get("Upload-Offset"))
	require.Equal(t, 204, h.patch(path, 30, data[30:]).StatusCode)
	require.Equal(t, data, h.stored(sumOf(data)))

	path = h.begin(len(data), "b.csv")
	require.NoError(t, os.WriteFile(filepath.Join(h.options.Dir, filepath.Base(path), "offset"), nil, 0o600))
	require.Equal(t, 500, h.tus("HEAD", path, nil).StatusCode)
}

func TestOptions(t *testing.T) {
	h := newHouse(t, nil)
	r := h.do("OPTIONS", "/", nil, "Authorization", "x")
	require.Equal(t, 204, r.StatusCode)
	require.Equal(t, "1.0.0", r.Header.Get("Tus-Version"))
	require.Equal(t, "creation,creation-with-upload,checksum,expiration,termination", r.Header.Get("Tus-Extension"))
	require.Equal(t, "2147483648", r.Header.Get("Tus-Max-Size"))
}

// Every word that a problem of this package has is one of Reasons, so that a metric has a fixed set of labels.
func TestReasonsAreAllOfThem(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`problem\([^,"]+, "([a-z-]+)"`).FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(found)), Reasons())
	require.Equal(t, "internal", ReasonOf(errors.New("the database is away")))
}
