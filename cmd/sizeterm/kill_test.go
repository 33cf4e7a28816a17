//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/jobs"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/ingest/upload"
)

// killedDir, set, makes this binary the server that TestNothingAcknowledgedIsLost kills; killedAt is POINT:N, where it ends
// itself without a word.
const (
	killedDir = "SIZETERM_KILLED_DIR"
	killedAt  = "SIZETERM_KILLED_AT"
)

// points are the delicate places of the door.
var points = []string{"create.rename", "commit.data", "commit.offset", "commit.done", "finish.archive", "finish.record", "finish.receipt", "take.sync", "take.archive", "take.record"}

// TestKilledServer is no test: it is the server, with the real database, archive, door and queue.
func TestKilledServer(t *testing.T) {
	dir := os.Getenv(killedDir)
	if dir == "" {
		return
	}
	ctx := context.Background()
	p, err := openPipeline(ctx, &common{streams: streams{out: io.Discard, err: io.Discard}}, house{dataDir: dir}, recommending{})
	require.NoError(t, err)
	p.queue, err = jobs.Open(ctx, p.db, nil, jobs.Options{})
	require.NoError(t, err)
	where, count, _ := strings.Cut(os.Getenv(killedAt), ":")
	left, _ := strconv.Atoi(count)
	var mu sync.Mutex
	door, err := upload.New(upload.Options{
		Dir: filepath.Join(dir, "unfinished"), Archive: p.archive, Record: p.record, Now: now, Limits: upload.Limits{OpenUser: 1 << 20, Open: 1 << 20},
		Owner: func(*http.Request) (upload.Owner, error) {
			return upload.Owner{Tenant: store.Local, Author: "client"}, nil
		},
		Point: func(name string) {
			mu.Lock()
			defer mu.Unlock()
			if name == where {
				if left--; left == 0 {
					_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
					select {}
				}
			}
		},
	})
	require.NoError(t, err)
	require.NoError(t, p.archive.Sweep())
	require.NoError(t, door.Recover(ctx))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	fmt.Fprintf(os.Stdout, "listening %s\n", listener.Addr())
	_ = http.Serve(listener, door)
}

// killed is a server that runs until it is killed.
type killed struct {
	cmd *exec.Cmd
	url string
}

func startKilled(t *testing.T, dir, at string) *killed {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledServer$")
	cmd.Env = append(os.Environ(), killedDir+"="+dir, killedAt+"="+at)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return &killed{cmd, "http://" + address}
		}
	}
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); at != "" && ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return startKilled(t, dir, "") // it was killed while it mended what the kill before had left
	}
	t.Fatalf("the server did not start again: %s", errs.String())
	return nil
}

func (k *killed) kill() {
	_ = k.cmd.Process.Kill()
	_ = k.cmd.Wait()
}

// sender is a client that sends one file after the other, remembers what was acknowledged, and goes on after each restart.
type sender struct {
	random   *rand.Rand
	data     []byte // of the file at hand
	path     string // of its upload, "" while there is none
	acked    int    // bytes
	finished []string
	broken   string // a promise that was not kept
}

func (s *sender) next() {
	s.data = make([]byte, 1+s.random.IntN(300_000))
	for i := range s.data {
		s.data[i] = byte(s.random.Uint32())
	}
	s.path, s.acked = "", 0
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// send sends until the server is gone.
func (s *sender) send(url string) {
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	do := func(method, path string, body []byte, header ...string) *http.Response {
		r, err := http.NewRequest(method, url+path, bytes.NewReader(body))
		if err != nil {
			return nil
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := client.Do(r)
		if err != nil {
			return nil
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return resp
	}
	for s.broken == "" {
		if s.data == nil {
			s.next()
		}
		switch {
		case s.path == "" && s.random.IntN(3) == 0: // whole
			resp := do("PUT", "/whole.csv", s.data)
			if resp == nil {
				return
			}
			if resp.StatusCode != 201 && resp.StatusCode != 200 {
				s.broken = "PUT: " + resp.Status
				return
			}
			s.done()
		case s.path == "":
			resp := do("POST", "/", nil, "Tus-Resumable", "1.0.0", "Upload-Length", strconv.Itoa(len(s.data)), "Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte("part.csv")))
			if resp == nil {
				return
			}
			if resp.StatusCode != 201 {
				s.broken = "POST: " + resp.Status
				return
			}
			s.path = resp.Header.Get("Location")
		default:
			if !s.resume(do) {
				return
			}
		}
	}
}

// resume asks how far the upload is, and sends what is missing in chunks.
func (s *sender) resume(do func(method, path string, body []byte, header ...string) *http.Response) bool {
	resp := do("HEAD", s.path, nil, "Tus-Resumable", "1.0.0")
	if resp == nil {
		return false
	}
	offset, err := strconv.Atoi(resp.Header.Get("Upload-Offset"))
	if resp.StatusCode != 200 || err != nil || offset < s.acked {
		s.broken = fmt.Sprintf("HEAD: %s, %d bytes, %d were acknowledged", resp.Status, offset, s.acked)
		return false
	}
	for s.acked = offset; s.acked < len(s.data); {
		n := min(len(s.data)-s.acked, 1+s.random.IntN(100_000))
		resp := do("PATCH", s.path, s.data[s.acked:s.acked+n], "Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream", "Upload-Offset", strconv.Itoa(s.acked))
		if resp == nil {
			return false
		}
		if resp.StatusCode != 204 {
			s.broken = "PATCH: " + resp.Status
			return false
		}
		s.acked += n
	}
	s.done()
	return true
}

func (s *sender) done() {
	s.finished = append(s.finished, digestOf(s.data))
	s.data = nil
}

// The server is killed again and again, at random moments and at every delicate place, while three clients send files. No
// byte and no file that it acknowledged is lost, and none is there twice. SIZETERM_KILLS says how often; .ci/run kills 150
// times.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	kills := 12
	if text := os.Getenv("SIZETERM_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		kills = n
	}
	const seed = 20261128
	random := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	senders := make([]*sender, 3)
	for i := range senders {
		senders[i] = &sender{random: rand.New(rand.NewPCG(seed, uint64(2+i)))}
	}
	for n := range kills {
		at := ""
		if n%2 == 0 {
			at = fmt.Sprintf("%s:%d", points[n/2%len(points)], 1+random.IntN(3))
		}
		server := startKilled(t, dir, at)
		var wait sync.WaitGroup
		for _, s := range senders {
			wait.Go(func() { s.send(server.url) })
		}
		time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
		if at != "" { // it ends itself; a place that is not reached in time is no reason to wait
			time.Sleep(150 * time.Millisecond)
		}
		server.kill()
		wait.Wait()
		for i, s := range senders {
			require.Empty(t, s.broken, "kill %d (%s), client %d, seed %d", n, at, i, seed)
		}
	}
	checkKilled(t, dir, senders)
}

func checkKilled(t *testing.T, dir string, senders []*sender) {
	t.Helper()
	ctx := context.Background()
	startKilled(t, dir, "").kill() // whatever was complete is recorded at the start
	p, err := openPipeline(ctx, &common{}, house{dataDir: dir}, recommending{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.close()) }()
	require.NoError(t, p.db.Check(ctx))
	total := 0
	for _, s := range senders {
		total += len(s.finished)
		for _, digest := range s.finished {
			_, err := p.db.Partner(store.Local).UploadBySum(ctx, "", digest)
			require.NoError(t, err, "a file that was acknowledged is recorded")
			_, err = p.archive.Path(ctx, digest)
			require.NoError(t, err, "and its bytes are in the archive")
		}
	}
	uploads, err := p.db.Partner(store.Local).Uploads(ctx, store.UploadFilter{Page: store.Page{Limit: 1 << 20}})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(uploads), total)
	require.Less(t, len(uploads), total+len(senders)+1, "at most one file of each client was not acknowledged any more")
	seen := map[string]bool{}
	for _, u := range uploads {
		require.False(t, seen[u.SHA256], "no file is there twice")
		seen[u.SHA256] = true
	}
	var waiting int
	require.NoError(t, p.db.DB().QueryRow("SELECT count(*) FROM river_job").Scan(&waiting))
	require.Equal(t, len(uploads), waiting, "every file has its job")
	entries, err := os.ReadDir(filepath.Join(dir, "unfinished"))
	require.NoError(t, err)
	for _, e := range entries {
		require.Len(t, e.Name(), 32, "nothing half made is left")
	}
	t.Logf("%d files acknowledged", total)
}
