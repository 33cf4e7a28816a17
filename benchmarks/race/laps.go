package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// lap is one run of one racer.
type lap struct {
	wall, cpu time.Duration
	peak      int64 // bytes
}

// fewRounds is how often a floor runs that takes long; its first run counts.
const fewRounds = 2

// run warms up and then runs all racers in turn. It returns the laps of each racer.
func (c *contest) run(ctx context.Context, rounds int, log io.Writer) ([][]lap, error) {
	laps := make([][]lap, len(c.racers))
	var said answers
	for round := range rounds + 1 {
		for i := range c.racers {
			if c.racers[i].few && round >= fewRounds {
				continue
			}
			l, text, err := c.racers[i].lap(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.racers[i].name, err)
			}
			if err := said.agree(&c.racers[i], text); err != nil {
				return nil, err
			}
			if round == 0 && !c.racers[i].few {
				fmt.Fprintf(log, "  %-30s %s %s\n", c.racers[i].name, l.wall.Round(time.Millisecond), strings.TrimSpace(text[:min(len(text), 160)]))
				continue
			}
			laps[i] = append(laps[i], l)
		}
	}
	return laps, nil
}

// answers is what the racers of a contest have said so far.
type answers struct {
	counts *counts
	full   string // of the first peer
}

// agree compares the answer of a racer with those before it: of two peers every figure, of sizeterm and a peer what both
// count, because sizeterm's quantiles are of whole weeks at nearest rank and the peers' of the file at type 7. (That sizeterm's
// are right is tested in benchmarks/core.)
func (a *answers) agree(r *racer, text string) error {
	if !r.answers && !r.ours {
		return nil
	}
	var c counts
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return fmt.Errorf("%s: answer %q: %w", r.name, text, err)
	}
	c.Groups, c.Profiles = c.Groups+c.Profiles, 0 // sizeterm calls them profiles
	if a.counts == nil {
		a.counts = &c
	}
	if c != *a.counts {
		return fmt.Errorf("%s counts %+v, another %+v", r.name, c, *a.counts)
	}
	if text = strings.ReplaceAll(strings.TrimSpace(text), " ", ""); r.answers && a.full == "" {
		a.full = text
	}
	if r.answers && text != a.full {
		return fmt.Errorf("%s answers %s, another %s", r.name, text, a.full)
	}
	return nil
}

// counts is what every racer's answer has.
type counts struct{ Rows, Groups, Profiles, Machines int64 }

func (r *racer) lap(ctx context.Context) (lap, string, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, r.args[0], r.args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if r.name == "cat" {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			return lap{}, "", err
		}
		defer null.Close()
		cmd.Stdout = null
	}
	cmd.Env = append(os.Environ(), r.env...)
	start := time.Now()
	err := cmd.Run()
	l := lap{wall: time.Since(start)}
	if err != nil {
		return l, "", fmt.Errorf("%w: %s", err, bytes.TrimSpace(errs.Bytes()))
	}
	l.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	l.peak = peakOf(cmd.ProcessState)
	return l, out.String(), nil
}
