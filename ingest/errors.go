package ingest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"sizeterm/ingest/dialect"
)

// Errors of whole files. A file that has one is refused: none of its rows may be used.
var (
	// ErrUnknownKind says that a file is of no kind that this package reads.
	ErrUnknownKind = dialect.ErrUnknownKind
	// ErrMissingColumn says that a required column is missing.
	ErrMissingColumn = dialect.ErrMissingColumn
	// ErrHeader says that the header names a column twice or deceives the eye.
	ErrHeader = dialect.ErrHeader
	// ErrEmpty says that a file holds nothing at all.
	ErrEmpty = errors.New("file is empty")
	// ErrNoRows says that a file has a header and no rows.
	ErrNoRows = errors.New("no rows below the header")
	// ErrTooLarge says that a limit was passed.
	ErrTooLarge = errors.New("beyond the limit")
	// ErrDamaged says that a file is cut, garbled or contradicts itself.
	ErrDamaged = errors.New("damaged file")
	// ErrTables says that a file holds several tables, one below the other.
	ErrTables = errors.New("one table a file")
	// ErrCurrency says that all of a file's charges are in another currency than Options.Currencies asks of their customers.
	ErrCurrency = errors.New("not the currency of the customer")
	// ErrCustomer says that a file has rows of another customer than the one that it was sent for.
	ErrCustomer = errors.New("a file of another customer")
	// ErrEncoding says that the text is in an encoding that the file does not declare and nobody can guess.
	ErrEncoding = errors.New("unknown text encoding")
)

// Errors of single rows.
var (
	errColumns  = errors.New("wrong number of cells")
	errQuote    = errors.New("quote inside an unquoted cell or text behind a closing quote")
	errUTF8     = errors.New("not valid UTF-8")
	errControl  = errors.New("control character")
	errField    = errors.New("cell beyond the limit")
	errBlank    = errors.New("empty, and a row needs it")
	errNegative = errors.New("negative usage without credit")
	errPercent  = errors.New("share outside of what can be measured")
	errFuture   = errors.New("day lies in the future")
	errPast     = errors.New("before the first day of the service")
	errCurrency = errors.New("not a currency code")
	errTerm     = errors.New("not a term")
	errNoSize   = errors.New("no size that the catalog knows")
	errNoRegion = errors.New("no region that the catalog knows")
)

// errFault says that this program is at fault, not the file: the file is refused and the program goes on.
var errFault = errors.New("a fault of this program, please report it with the file's header")

// fault turns a panic into the error of a file, nil into none, so that no file can end a server.
func fault(panicked any) error {
	if panicked == nil {
		return nil
	}
	return fmt.Errorf("%v: %w", panicked, errFault)
}

// RowError says why one row was not accepted: the first thing found wrong with it.
type RowError struct {
	File   string
	Line   int64  // physical line on which the row begins, from 1
	Column string // header of the column as printed; "" where the row as a whole is wrong
	Value  string // the cell; cut to 200 bytes
	Err    error
}

// Error returns the place, the value and the cause on one line, with unprintable characters escaped.
func (e RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
	}
	return fmt.Sprintf("%s:%d: column %s: %s: %v", e.File, e.Line, strconv.QuoteToGraphic(e.Column), strconv.QuoteToGraphic(e.Value), e.Err)
}

// Unwrap returns the cause.
func (e RowError) Unwrap() error { return e.Err }

// valueOf cuts a cell to what a message can hold, at the border of a character.
func valueOf(cell []byte) string {
	const most = 200
	if len(cell) <= most {
		return strings.ToValidUTF8(string(cell), "\ufffd")
	}
	cut := most
	for cut > most-4 && !utf8.RuneStart(cell[cut]) {
		cut--
	}
	return strings.ToValidUTF8(string(cell[:cut]), "\ufffd") + "..."
}

// WriteRejects writes rejected rows as CSV with the columns file, line, column, value and reason, so that whoever made
// the file can mend and resend it. Cells that a spreadsheet would run as a formula get a leading apostrophe, and control
// characters are escaped.
func WriteRejects(w io.Writer, rejects []RowError) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"file", "line", "column", "value", "reason"}); err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	for _, r := range rejects {
		row := []string{harmless(r.File), strconv.FormatInt(r.Line, 10), harmless(r.Column), harmless(r.Value), harmless(r.Err.Error())}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("write rejects: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	return nil
}

// harmless returns text as a cell that no spreadsheet runs (ASVS 1.2.10). A plain negative number stays as it is.
func harmless(text string) string {
	quoted := strconv.QuoteToGraphic(text)
	text = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	if text == "" || !strings.ContainsRune("=+-@", rune(text[0])) && !strings.HasPrefix(text, `\t`) && !strings.HasPrefix(text, `\r`) {
		return text
	}
	if d := strings.Trim(text[1:], "0123456789."); d == "" && text[0] == '-' && len(text) > 1 {
		return text
	}
	return "'" + text
}
