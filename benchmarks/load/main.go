// Load starts the service as a process of its own, sends it many large files at once while pages are read, and says how long
// pages took, how large they were and how much memory the process had at most (Linux).
//
//	go run ./benchmarks/load                      20 files of 100 MB at once, after 5 of them at once
//	go run ./benchmarks/load --files 6 --mb 10    the same, small
//
// Files are the demo's measurements, repeated under other names of machines. It ends with 1 where a goal was missed.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The goals of the service.
const (
	goalRSS  = 512 << 20
	goalP99  = 150 * time.Millisecond
	goalPage = 200 << 10
)

// load is a run.
type load struct {
	files, few, mb, readers int
	mbit                    int
	base                    string
	client                  *http.Client
	pid                     int
	dir                     string

	mu     sync.Mutex
	phase  string
	took   map[string][]time.Duration // of pages, by phase
	pages  map[string]int             // bytes of each kind of page, unpacked
	kinds  map[string][]time.Duration // of pages, by kind, in all phases
	failed []string
}

func main() {
	l := &load{took: map[string][]time.Duration{}, pages: map[string]int{}, kinds: map[string][]time.Duration{}}
	program := flag.String("sizeterm", "", "the program; built where none is given")
	flag.IntVar(&l.files, "files", 20, "files sent at once")
	flag.IntVar(&l.few, "few", 5, "files sent at once before that, for the goal of the pages")
	flag.IntVar(&l.mb, "mb", 100, "MB of each file")
	flag.IntVar(&l.mbit, "mbit", 1000, "Mbit a second of all uploads together: the line")
	flag.IntVar(&l.readers, "readers", 4, "people who read pages all the time, 20 a second at most")
	flag.Parse()
	if err := l.run(*program); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func (l *load) run(program string) error {
	var err error
	if l.dir, err = os.MkdirTemp("", "sizeterm-load-*"); err != nil {
		return err
	}
	defer os.RemoveAll(l.dir)
	if program == "" {
		program = filepath.Join(l.dir, "sizeterm")
		if out, err := exec.Command("go", "build", "-o", program, "./cmd/sizeterm").CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	stop, err := l.start(program)
	if err != nil {
		return err
	}
	defer stop()
	demo := filepath.Join(l.dir, "demo")
	if out, err := exec.Command(program, "demo", "--out", demo).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if err := l.post("/demo", nil); err != nil {
		return err
	}
	addresses, err := l.addresses()
	if err != nil {
		return err
	}
	reading, done := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	l.enter("nothing else")
	for i := range l.readers {
		readers.Go(func() { l.read(reading, addresses, i) })
	}
	time.Sleep(5 * time.Second)
	err = l.phases(demo)
	done()
	readers.Wait()
	return errors.Join(err, l.report())
}

// phases sends a few files, then many.
func (l *load) phases(demo string) error {
	source, err := openDemo(demo)
	if err != nil {
		return err
	}
	for _, phase := range []struct {
		name  string
		files int
	}{{fmt.Sprintf("%d uploads", l.few), l.few}, {fmt.Sprintf("%d uploads", l.files), l.files}} {
		l.enter(phase.name)
		begin := time.Now()
		var sending sync.WaitGroup
		for i := range phase.files {
			sending.Go(func() { l.send(source, fmt.Sprintf("%s-%d", phase.name, i), int64(l.mbit)*125_000/int64(phase.files)) })
		}
		sending.Wait()
		fmt.Printf("%s of %d MB sent in %.1f s, resident memory at most %d MiB\n", phase.name, l.mb, time.Since(begin).Seconds(), l.memory()>>20)
		l.enter("reading " + phase.name)
		if err := l.settled(); err != nil {
			return err
		}
		fmt.Printf("%s read and planned after %.1f s, resident memory at most %d MiB\n", phase.name, time.Since(begin).Seconds(), l.memory()>>20)
	}
	return nil
}

// start starts the service and signs in.
func (l *load) start(program string) (stop func(), err error) {
	cmd := exec.Command(program, "serve", "--data-dir", filepath.Join(l.dir, "data"), "--listen", "127.0.0.1:0", "--nightly", "0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	l.pid = cmd.Process.Pid
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, err
	}
	link, err := url.Parse(regexp.MustCompile(`http://\S+`).FindString(line))
	if err != nil {
		stop()
		return nil, err
	}
	jar, _ := cookiejar.New(nil) // never fails
	l.client = &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	l.base = "http://" + link.Host
	return stop, l.post("/sign-in", url.Values{"link": {link.Query().Get("link")}})
}

func (l *load) post(path string, form url.Values) error {
	resp, err := l.client.PostForm(l.base+path, form)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		err = fmt.Errorf("%s: %s", path, resp.Status)
	}
	return errors.Join(err, resp.Body.Close())
}

func (l *load) get(path string) (string, error) {
	r, err := http.NewRequest("GET", l.base+path, nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Accept", "text/html")
	resp, err := l.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("%s: %s", path, resp.Status))
	}
	return string(body), err
}

// addresses waits for the demo's plan and finds one page of each kind.
func (l *load) addresses() (map[string]string, error) {
	for range 600 {
		first, err := l.get("/")
		if err != nil {
			return nil, err
		}
		if at := regexp.MustCompile(`/customers/[0-9a-f]{16}`).FindString(first); at != "" {
			customer, err := l.get(at)
			if err != nil {
				return nil, err
			}
			find := func(pattern string) string { return regexp.MustCompile(pattern).FindString(customer) }
			return map[string]string{"portfolio": "/", "customer": at, "pool": find(at + `/pools/[^"#]+`), "machines": at + "/machines", "machine": find(at + `/machines/[0-9a-f]+`),
				"trace": at + "/trace/total", "days": at + "/days", "uploads": "/uploads", "orders": "/orders", "prices": "/prices"}, nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return nil, errors.New("the demo was never planned")
}

func (l *load) enter(phase string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase = phase
}

// read reads page after page.
func (l *load) read(ctx context.Context, addresses map[string]string, from int) {
	var kinds []string
	for kind := range addresses {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for i := from; ctx.Err() == nil; i++ {
		kind := kinds[i%len(kinds)]
		begin := time.Now()
		text, err := l.get(addresses[kind])
		took := time.Since(begin)
		l.mu.Lock()
		if err != nil {
			l.failed = append(l.failed, err.Error())
		}
		l.took[l.phase] = append(l.took[l.phase], took)
		l.kinds[kind] = append(l.kinds[kind], took)
		l.pages[kind] = max(l.pages[kind], len(text))
		l.mu.Unlock()
		time.Sleep(50 * time.Millisecond)
	}
}

// send sends one file whole, at most rate bytes a second.
func (l *load) send(source *demoFile, name string, rate int64) {
	r, err := http.NewRequest("PUT", l.base+"/api/v1/uploads/"+url.PathEscape(name)+".csv", source.reader(name, int64(l.mb)*1_000_000, rate))
	if err == nil {
		var resp *http.Response
		if resp, err = l.client.Do(r); err == nil {
			if resp.StatusCode != http.StatusCreated {
				err = fmt.Errorf("%s: %s", name, resp.Status)
			}
			err = errors.Join(err, resp.Body.Close())
		}
	}
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.failed = append(l.failed, err.Error())
	}
}

// settled waits until everything is read and planned.
func (l *load) settled() error {
	for range 3600 {
		text, err := l.get("/uploads/state")
		if err != nil {
			return err
		}
		if !strings.Contains(text, "Working on it") {
			return nil
		}
		time.Sleep(time.Second)
	}
	return errors.New("it was not done within an hour")
}

// memory is the most resident memory that the process had, in bytes.
func (l *load) memory() int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.pid))
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		return 0
	}
	kib, _ := strconv.ParseInt(string(found[1]), 10, 64)
	return kib << 10
}

// report prints what was measured, and is an error where a goal was missed.
func (l *load) report() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Printf("\n%d CPUs, %s, a line of %d Mbit/s, %d readers\n\npages while          read      p50      p95      p99  slowest\n", runtime.NumCPU(), runtime.Version(), l.mbit, l.readers)
	var missed []error
	for _, phase := range []string{"nothing else", fmt.Sprintf("%d uploads", l.few), fmt.Sprintf("reading %d uploads", l.few), fmt.Sprintf("%d uploads", l.files), fmt.Sprintf("reading %d uploads", l.files)} {
		took := l.took[phase]
		if len(took) == 0 {
			continue
		}
		slices.Sort(took)
		at := func(q float64) time.Duration { return took[min(len(took)-1, int(q*float64(len(took))))] }
		ms := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }
		fmt.Printf("%-20s %4d %8s %8s %8s %8s\n", phase, len(took), ms(at(.5)), ms(at(.95)), ms(at(.99)), ms(took[len(took)-1]))
		if p99 := at(.99); phase == fmt.Sprintf("%d uploads", l.few) && p99 > goalP99 {
			missed = append(missed, fmt.Errorf("p99 of pages while %s run is %s, the goal %s", phase, ms(p99), ms(goalP99)))
		}
	}
	fmt.Println()
	for _, kind := range slices.Sorted(maps.Keys(l.pages)) {
		size, took := l.pages[kind], l.kinds[kind]
		slices.Sort(took)
		if fmt.Printf("page %-10s %4d KB, half of them within %.1f ms\n", kind, size/1000, float64(took[len(took)/2])/1e6); size > goalPage {
			missed = append(missed, fmt.Errorf("page %s has %d bytes, the goal is %d", kind, size, goalPage))
		}
	}
	rss := l.memory()
	if fmt.Printf("resident memory at most %d MiB\n", rss>>20); rss > goalRSS {
		missed = append(missed, fmt.Errorf("resident memory of %d MiB, the goal is %d", rss>>20, goalRSS>>20))
	}
	for _, failure := range l.failed {
		missed = append(missed, errors.New(failure))
	}
	return errors.Join(missed...)
}
