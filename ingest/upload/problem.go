package upload

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Problem is an answer that is not a success, as problem+json. It is also the error of functions that take files.
type Problem struct {
	Type   string `json:"type"` // a stable word behind "urn:sizeterm:problem:"
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Limit  int64  `json:"limit,omitempty"` // the limit that was passed

	retry int // seconds after which to try again
	cause error
}

// Error returns the title and what caused the problem, or its detail.
func (p *Problem) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%s: %v", p.Title, p.cause)
	}
	return p.Title + ": " + p.Detail
}

// Unwrap returns the cause, nil where the request itself is at fault.
func (p *Problem) Unwrap() error { return p.cause }

// problem makes a problem with a detail for people.
func problem(status int, slug, title, format string, args ...any) *Problem {
	return &Problem{Type: problemPrefix + slug, Title: title, Status: status, Detail: fmt.Sprintf(format, args...)}
}

// reasons are the words of all problems of this package, and of what cannot be recorded.
var reasons = []string{
	"checksum", "checksum-mismatch", "chunk-too-large", "content-type", "customer", "cut", "disk-failed", "disk-full", "expired", "forbidden", "form", "internal", "length", "locked", "metadata", "method", "name", "not-found", "offset-conflict", "quota", "too-large", "too-long", "too-many-files", "too-many-uploads", "tus-version", "upload-length", "upload-offset",
}

// Reasons lists the words that ReasonOf gives, sorted.
func Reasons() []string { return slices.Clone(reasons) }

// ReasonOf returns the word of the problem that err is or stands for; "internal" for an error that is none of this package.
func ReasonOf(err error) string {
	var p *Problem
	if errors.As(err, &p) {
		if word := strings.TrimPrefix(p.Type, problemPrefix); slices.Contains(reasons, word) {
			return word
		}
	}
	return "internal"
}

// problemPrefix is before the word of a problem.
const problemPrefix = "urn:sizeterm:problem:"

// statusChecksum is the status of tus for a chunk whose checksum does not fit.
const statusChecksum = 460

func notFound() *Problem {
	return problem(http.StatusNotFound, "not-found", "No such upload", "It never existed, has expired, or was removed.")
}

func tooLarge(limit int64) *Problem {
	p := problem(http.StatusRequestEntityTooLarge, "too-large", "The file is too large", "A file may have at most %d bytes. Split it, or compress it with gzip.", limit)
	p.Limit = limit
	return p
}

func diskFull(cause error) *Problem {
	p := problem(http.StatusInsufficientStorage, "disk-full", "No space left", "What was acknowledged is kept; go on when there is space again.")
	p.cause, p.retry = cause, 60
	return p
}

// broken is the answer after a failed fsync: what the disk holds is not known any more, so nothing is acknowledged.
func broken(cause error) *Problem {
	p := problem(http.StatusServiceUnavailable, "disk-failed", "The disk failed", "Nothing is taken until the service was started anew.")
	p.cause = cause
	return p
}

// answer writes the problem that err is or stands for.
func answer(w http.ResponseWriter, err error) {
	var p *Problem
	if !errors.As(err, &p) {
		p = problem(http.StatusInternalServerError, "internal", "Something went wrong", "It was logged; nothing that was acknowledged is lost. Try again.")
	}
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retry))
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}
