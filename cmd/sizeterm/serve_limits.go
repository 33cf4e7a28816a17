package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/spf13/pflag"
)

// gibibytes is a flag of whole GiB over a number of bytes.
type gibibytes int64

// String implements pflag.Value.
func (g *gibibytes) String() string { return strconv.FormatInt(int64(*g)>>30, 10) }

// Type implements pflag.Value.
func (g *gibibytes) Type() string { return "int" }

// Set implements pflag.Value.
func (g *gibibytes) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return errors.New("want a number of GiB, 1 or more")
	}
	*g = gibibytes(n << 30)
	return nil
}

// uploadFlags are the limits of what is sent to the service.
func (s *serving) uploadFlags(f *pflag.FlagSet) {
	s.uploads.File = 2 << 30
	f.Var((*gibibytes)(&s.uploads.File), "upload-size", "GiB of the largest file that is taken")
	f.IntVar(&s.uploads.OpenUser, "upload-open", 5, "unfinished uploads that one person, or one key, may have")
	f.IntVar(&s.uploads.Open, "upload-open-partner", 20, "unfinished uploads that one partner may have")
	f.DurationVar(&s.uploads.Lifetime, "upload-expiry", 24*time.Hour, "how long an unfinished upload is kept after its last byte")
}

// checkUploads refuses limits under which nothing could be sent; the demo has no such flags and the defaults.
func (s *serving) checkUploads(demo bool) error {
	if l := s.uploads; !demo && (l.OpenUser < 1 || l.Open < 1 || l.Lifetime <= 0) {
		return usageError("", "--upload-open, --upload-open-partner, --upload-expiry: want more than 0")
	}
	return nil
}
