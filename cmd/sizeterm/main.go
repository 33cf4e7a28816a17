package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// collectAt is by how many percent the heap may grow before the collector runs: less than Go's 100, because what files become is few large
// slices without pointers, which cost the collector little. GOGC overrides it. Peaks of files of 1 GB, MB:
//
//	GOGC   metrics   many machines   cost export   as Parquet   metrics of 60 days
//	 100        88             229           106          134                  103
//	  50        76             195           101          106                   90
//
// Processor time differs by less than the runs do, but for many machines (3.3 and 3.5 s).
const collectAt = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: it parses args, does what they say and returns the exit code. Data goes to stdout, everything else
// to stderr.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(&streams{in: stdin, out: stdout, err: stderr})
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	code := exitCode(ctx, err)
	text := err.Error()
	if code == exitInterrupted {
		text = "interrupted"
	}
	if text != "" {
		fmt.Fprintln(stderr, "sizeterm:", text)
	}
	var hint *hintError
	if errors.As(err, &hint) && hint.hint != "" {
		fmt.Fprintln(stderr, hint.hint)
	}
	return code
}

// streams are the three standard streams of one run.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// The exit codes of the contract.
const (
	exitDone         = 0
	exitUnexpected   = 1
	exitUsage        = 2
	exitInputRefused = 3
	exitTooManyBad   = 4
	exitUnavailable  = 5
	exitFailOn       = 6
	exitInterrupted  = 130
)

// hintError is an error with an exit code and the way out.
type hintError struct {
	code int
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }

// usageError says that the command line cannot be understood.
func usageError(hint, format string, args ...any) error {
	return &hintError{code: exitUsage, err: fmt.Errorf(format, args...), hint: hint}
}

// refused says that an input cannot be used.
func refused(hint string, err error) error {
	return &hintError{code: exitInputRefused, err: err, hint: hint}
}

// exitCode is the one table from errors to exit codes.
func exitCode(ctx context.Context, err error) int {
	var hint *hintError
	switch {
	case errors.As(err, &hint):
		return hint.code
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return exitInterrupted
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return exitInputRefused
	}
	return exitUnexpected
}
