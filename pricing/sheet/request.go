package sheet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// ask requests a page until it is whole: status 429 and 5xx, broken connections
// and bodies that are cut or no JSON are tried again after a wait.
func (l *list) ask(link string) ([]byte, *retailPage, error) {
	attempts := l.Attempts
	if attempts == 0 {
		attempts = 6
	}
	var last error
	for attempt := range attempts {
		if attempt > 0 {
			if err := l.wait(last, attempt); err != nil {
				return nil, nil, err
			}
		}
		body, err := l.get(link)
		if err == nil {
			var p *retailPage
			if p, err = l.decode(body); err == nil {
				return body, p, nil
			}
			if errors.Is(err, ErrIncomplete) {
				return nil, nil, err
			}
		}
		var status *statusError
		if l.ctx.Err() != nil || errors.As(err, &status) || errors.Is(err, ErrTooLarge) {
			return nil, nil, err
		}
		last = err
	}
	return nil, nil, fmt.Errorf("%d attempts, the last: %w: %w", attempts, last, ErrUnavailable)
}

// busyError is an answer to come back later.
type busyError struct {
	code  int
	after time.Duration // 0: it does not say when
}

func (e *busyError) Error() string { return fmt.Sprintf("answered with status %d", e.code) }

// get sends one request and reads its body.
func (l *list) get(link string) ([]byte, error) {
	request, err := http.NewRequestWithContext(l.ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := l.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	switch code := response.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		return nil, &busyError{code, retryAfter(response.Header)}
	case code != http.StatusOK:
		return nil, &statusError{code}
	}
	return io.ReadAll(&limited{r: response.Body, left: maxPage})
}

// longestWait bounds what a remote may ask to wait.
const longestWait = 5 * time.Minute

// retryAfter reads the header in both its forms, relative to the answer's own date.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 86_400))*time.Second, longestWait)
	}
	until, err := http.ParseTime(text)
	now, errNow := http.ParseTime(h.Get("Date"))
	if err != nil || errNow != nil || !until.After(now) {
		return 0
	}
	return min(until.Sub(now), longestWait)
}

// wait sleeps before the attempt counted from 0.
func (l *list) wait(last error, attempt int) error {
	pause := time.Second << min(attempt-1, 6)
	var busy *busyError
	if errors.As(last, &busy) && busy.after > 0 {
		pause = busy.after
	}
	if l.Sleep != nil {
		return l.Sleep(l.ctx, pause)
	}
	return sleep(l.ctx, pause)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Folder is a PageStore of files in a folder, which must exist.
type Folder string

// Get returns the page kept under key, nil where there is none.
func (f Folder) Get(key string) ([]byte, error) {
	page, err := os.ReadFile(filepath.Join(string(f), key+".json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return page, err
}

// Put keeps a page whole or not at all.
func (f Folder) Put(key string, page []byte) error {
	file, err := os.CreateTemp(string(f), ".page-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone when the rename went well
	if _, err := file.Write(page); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(string(f), key+".json"))
}
