package ingest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// jsonTable turns a JSON document or JSON lines into a CSV text with one row an object, so that everything behind it reads
// one form. A row lies on the line on which its object begins, where the document has lines; blank lines fill the gaps.
type jsonTable struct {
	in     *lineCounter
	dec    *json.Decoder
	limits Limits
	out    bytes.Buffer
	rows   *csv.Writer
	names  []string
	at     map[string]int
	early  []item            // objects seen before the header is settled
	about  map[string]string // scalars beside the array: the interval of a metrics answer
	stack  []byte            // open arrays and objects around the items
	lines  bool              // JSON lines
	room   int64             // limits.Record that one value may take: a metric of a month by the minute is one value of 3 MB
	line   int64             // line of the document that the next line of the CSV stands for; the header is line 0
	err    error
}

// item is one object as texts by name.
type item struct {
	names  []string
	values []string
	line   int64
}

// headerItems is how many objects may bring names of columns.
const headerItems = 256

// newJSONTable starts to read a document.
func newJSONTable(r *bufio.Reader, limits Limits) *jsonTable {
	t := &jsonTable{in: &lineCounter{r: r, budget: int64(limits.Record) + headBytes, line: 1}, limits: limits, room: 1, about: map[string]string{}, at: map[string]int{}}
	t.dec = json.NewDecoder(t.in)
	t.dec.UseNumber()
	t.rows = csv.NewWriter(&t.out)
	return t
}

// lineCounter remembers where line ends lie and stops a reader that wants too much for one object.
type lineCounter struct {
	r      io.Reader
	n      int64
	budget int64
	ends   []int64 // offsets of line ends that no object has passed yet
	line   int64
}

func (l *lineCounter) Read(p []byte) (int, error) {
	if l.budget <= 0 {
		return 0, fmt.Errorf("line %d: a JSON value is longer than the limit: %w", l.line, ErrTooLarge)
	}
	n, err := l.r.Read(p)
	for i, b := range p[:n] {
		if b == '\n' {
			l.ends = append(l.ends, l.n+int64(i))
		}
	}
	l.n += int64(n)
	l.budget -= int64(n)
	return n, err
}

// lineAt returns the line of an offset, which never goes back.
func (l *lineCounter) lineAt(offset int64) int64 {
	passed := 0
	for passed < len(l.ends) && l.ends[passed] < offset {
		passed++
	}
	l.line += int64(passed)
	l.ends = l.ends[passed:]
	return l.line
}

// Read returns the CSV.
func (t *jsonTable) Read(p []byte) (int, error) {
	for t.out.Len() == 0 {
		if t.err != nil {
			return 0, t.err
		}
		t.step()
	}
	return t.out.Read(p)
}

// step reads the next object.
func (t *jsonTable) step() {
	it, err := t.next()
	if err != nil {
		if len(t.early) > 0 || t.names == nil {
			t.header()
		}
		t.err = t.explain(err)
		t.rows.Flush()
		return
	}
	if t.names == nil {
		if t.early = append(t.early, it...); len(t.early) >= headerItems {
			t.header()
		}
		return
	}
	for _, i := range it {
		t.write(i)
	}
	t.rows.Flush()
}

// explain turns an error of the decoder into one of a file.
func (t *jsonTable) explain(err error) error {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && len(t.stack) == 0 {
		return io.EOF
	}
	if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrUnknownKind) {
		return err
	}
	return fmt.Errorf("line %d: JSON: %w: %w", t.in.lineAt(t.dec.InputOffset()), err, ErrDamaged)
}

// header writes the names of the columns and the objects that brought them.
func (t *jsonTable) header() {
	for _, it := range t.early {
		for _, name := range it.names {
			if _, ok := t.at[name]; !ok {
				t.at[name] = len(t.names)
				t.names = append(t.names, name)
			}
		}
	}
	if len(t.names) == 0 {
		t.names = []string{"json"}
	}
	_ = t.rows.Write(t.names)
	t.line++
	for _, it := range t.early {
		t.write(it)
	}
	t.early = nil
	t.rows.Flush()
}

// write writes a row, after as many blank lines as bring it to its line.
func (t *jsonTable) write(it item) {
	t.rows.Flush()
	for t.line < it.line {
		t.out.WriteByte('\n')
		t.line++
	}
	record := make([]string, len(t.names))
	for i, name := range it.names {
		if at, ok := t.at[name]; ok && record[at] == "" {
			record[at] = it.values[i]
		}
	}
	if len(record) == 1 && record[0] == "" {
		record[0] = `""`
	}
	_ = t.rows.Write(record)
	t.line++
	for _, v := range record {
		t.line += int64(strings.Count(v, "\n"))
	}
}

// containers are the names under which documents of the APIs hold their arrays of objects.
var containers = []string{"value", "values", "items", "lineitems", "responses", "200", "body", "data", "records"}

// next returns the next object as one item, or as many as it stands for.
func (t *jsonTable) next() ([]item, error) {
	for {
		t.in.budget = int64(t.limits.Record)*t.room + headBytes
		if len(t.stack) > 0 && !t.dec.More() {
			if _, err := t.dec.Token(); err != nil {
				return nil, unexpected(err)
			}
			t.stack = t.stack[:len(t.stack)-1]
			continue
		}
		if len(t.stack) > 0 && t.stack[len(t.stack)-1] == '{' {
			if err := t.member(); err != nil {
				return nil, unexpected(err)
			}
			continue
		}
		items, done, err := t.value()
		if err != nil {
			if len(t.stack) > 0 {
				err = unexpected(err)
			}
			return nil, err
		}
		if done {
			return items, nil
		}
	}
}

// unexpected makes the end of a text inside of a value an error of its own.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// member reads one member of an object around the items: it opens what may hold them and keeps scalars.
func (t *jsonTable) member() error {
	key, err := t.dec.Token()
	if err != nil {
		return err
	}
	name, _ := key.(string)
	var raw json.RawMessage
	if slices.Contains(containers, strings.ToLower(name)) {
		if opening, err := t.opening(); err != nil || opening {
			return err
		}
	}
	if err := t.dec.Decode(&raw); err != nil {
		return err
	}
	if text, ok := scalar(raw); ok {
		t.about[strings.ToLower(name)] = text
	}
	return nil
}

// opening takes the bracket of an array or object that begins here; false where a scalar does, which it leaves.
func (t *jsonTable) opening() (bool, error) {
	b, err := t.peek()
	if err != nil || (b != '[' && b != '{') {
		return false, err
	}
	if _, err := t.dec.Token(); err != nil {
		return false, err
	}
	if t.stack = append(t.stack, b); len(t.stack) > t.limits.Depth {
		return false, fmt.Errorf("JSON nested deeper than %d: %w", t.limits.Depth, ErrTooLarge)
	}
	return true, nil
}

// peek returns the first byte of the next value, behind a colon.
func (t *jsonTable) peek() (byte, error) {
	buffered := t.dec.Buffered()
	for {
		var b [1]byte
		if _, err := io.ReadFull(buffered, b[:]); err != nil {
			// The decoder has read no further than the key: let it look for more.
			if !t.dec.More() {
				return 0, io.ErrUnexpectedEOF
			}
			buffered = t.dec.Buffered()
			if _, err := io.ReadFull(buffered, b[:]); err != nil {
				return 0, io.ErrUnexpectedEOF
			}
		}
		if !bytes.ContainsRune([]byte(" \t\r\n:"), rune(b[0])) {
			return b[0], nil
		}
	}
}

// value reads a value where items may be. done is false where it only opened something.
func (t *jsonTable) value() (items []item, done bool, err error) {
	if len(t.stack) == 0 && !t.lines {
		if !t.dec.More() {
			return nil, false, io.EOF
		}
		if b, err := t.peek(); err != nil {
			return nil, false, err
		} else if b == '[' {
			_, err := t.opening()
			return nil, false, err
		}
		if t.isEnvelope() {
			_, err := t.opening()
			return nil, false, err
		}
		t.lines = true
	}
	var raw json.RawMessage
	if err := t.dec.Decode(&raw); err != nil {
		return nil, false, err
	}
	line := t.in.lineAt(t.dec.InputOffset() - int64(len(raw)))
	if len(raw) == 0 || raw[0] != '{' {
		return nil, false, fmt.Errorf("line %d: JSON: %s is no object: %w", line, valueOf(raw[:min(len(raw), 40)]), ErrUnknownKind)
	}
	if depth(raw) > t.limits.Depth {
		return nil, false, fmt.Errorf("line %d: JSON nested deeper than %d: %w", line, t.limits.Depth, ErrTooLarge)
	}
	items, err = t.items(raw, line)
	return items, true, err
}

// isEnvelope reports whether the object that begins here holds the items in one of its members: then it has one of the
// known names among the first keys, which JSON lines of usage never have.
func (t *jsonTable) isEnvelope() bool {
	head, _ := io.ReadAll(io.LimitReader(t.dec.Buffered(), 4096))
	if measured(head) || bytes.Contains(head, []byte("Microsoft.Insights/metrics")) {
		t.room = 16
	}
	d := json.NewDecoder(bytes.NewReader(head))
	if _, err := d.Token(); err != nil {
		return false
	}
	seen := map[string]bool{}
	for {
		key, err := d.Token()
		if err != nil {
			return false
		}
		name, ok := key.(string)
		if !ok {
			return false
		}
		seen[strings.ToLower(name)] = true
		if seen["data"] && seen["id"] && seen["name"] { // one metric of Get-AzMetric, whose data are its own
			return false
		}
		rest, _ := io.ReadAll(io.LimitReader(d.Buffered(), 16))
		if first := bytes.TrimLeft(rest, " \t\r\n:"); slices.Contains(containers, strings.ToLower(name)) && len(first) > 0 && (first[0] == '[' || first[0] == '{') {
			return true
		}
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			return false
		}
	}
}

// depth returns how deep a value nests.
func depth(raw []byte) int {
	most, now, quoted := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			now++
			most = max(most, now)
		case b == '}' || b == ']':
			now--
		}
	}
	return most
}
