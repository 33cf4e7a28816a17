package ingest

import (
	"errors"
	"io"
	"strings"
	"time"

	"sizeterm/ingest/dialect"
)

// stampUndated gives the datasets of charges that no manifest, archive or path dates the newest day that they hold, so
// that of two exports of one month the one that knows more wins. Exports of different months cannot restate each other:
// then the month is enough and the files are not read. The time a file was last changed is never used, because copying
// files changes it.
func stampUndated(inputs []Input) {
	undated := map[string][]int{}
	for i, in := range inputs {
		if strings.HasPrefix(in.Dataset, "|") {
			undated[in.Dataset] = append(undated[in.Dataset], i)
		}
	}
	if len(undated) < 2 {
		return
	}
	first := map[string]int64{}
	months := map[string]int{}
	for dataset, parts := range undated {
		if day, ok := newestDay(inputs[parts[0]], true); ok {
			first[dataset] = day
			months[time.Unix(day, 0).UTC().Format("2006-01")]++
		}
	}
	for dataset, day := range first {
		if months[time.Unix(day, 0).UTC().Format("2006-01")] > 1 {
			for _, i := range undated[dataset] {
				if d, ok := newestDay(inputs[i], false); ok {
					day = max(day, d)
				}
			}
		}
		for _, i := range undated[dataset] {
			inputs[i].Dataset = time.Unix(day, 0).UTC().Format(time.RFC3339) + dataset
		}
	}
}

// newestDay returns the first second of the newest day of a file of charges; of its head only where headOnly says so.
// ok is false where the file is no such file: NewReader will say why.
func newestDay(in Input, headOnly bool) (newest int64, ok bool) {
	opts := Options{SkipHash: true}
	t, err := openText(in, opts)
	if err != nil {
		return 0, false
	}
	defer t.Close()
	h, head, whole, err := headOf(in, t, opts)
	if err != nil || h.match.Kind != KindCharges {
		return 0, false
	}
	p := newPlan(h, chargeFields[:cDay+1])
	full := newPlan(h, chargeFields)
	in.Export = "actual" // it matters not here, and need not be searched for
	note, err := decide(in, opts, full, head[h.rows:], whole)
	if err != nil {
		return 0, false
	}
	if _, err := t.Discard(h.rows); err != nil {
		return 0, false
	}
	c := &chunker{r: t, delim: p.delim, limits: opts.Limits.filled(), line: p.firstLine}
	s := p.splitter(opts)
	clock := dialect.Clock{Order: note.order, Serial: true}
	var at row
	var days memo[dayOf]
	for {
		run, err := c.next()
		if err != nil {
			return newest, ok && (errors.Is(err, io.EOF) || headOnly)
		}
		for data := run.data; len(data) > 0; {
			end, blank, err := s.split(data, &at)
			data = data[end:]
			if blank || err != nil {
				continue
			}
			day := days.get(at.text(cDay), func(cell []byte) dayOf {
				second, err := clock.Parse(cell)
				return dayOf{second: second - second%daySeconds, err: err}
			})
			if day.err == nil {
				newest, ok = max(newest, day.second), true
			}
		}
		if headOnly {
			return newest, ok
		}
	}
}
