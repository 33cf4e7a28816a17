package paper

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"sizeterm/pricing/money"
)

// amounts are the columns that hold money: a spreadsheet writes 1118.00 back as 1118, 1118,00 or "1.118,00".
var amounts = []string{"unit_price", "total_price", "saving_month"}

// maxReviewed is the size that no reviewed file exceeds.
const maxReviewed = 32 << 20

// errMarks says that a file is in an encoding that is not read.
var errMarks = errors.New("neither UTF-8 nor UTF-16 text")

// spreadsheet opens a CSV as spreadsheets save it: UTF-8 with or without mark, or UTF-16; with commas, semicolons or tabs;
// with a line "sep=;" on top, the header decides which; or as a workbook.
func spreadsheet(r io.Reader) (*csv.Reader, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxReviewed+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxReviewed {
		return nil, errors.New("more than 32 MiB: not a reviewed order file")
	}
	if bytes.HasPrefix(text, []byte("PK\x03\x04")) {
		text, err = csvOf(text)
	} else {
		text, err = utf8Of(text)
	}
	if err != nil {
		return nil, err
	}
	body := bufio.NewReader(bytes.NewReader(text))
	first, _, _ := strings.Cut(string(text), "\n")
	if mark, ok := strings.CutPrefix(strings.TrimSpace(first), "sep="); ok && len(mark) == 1 {
		if _, err := body.Discard(min(len(first)+1, len(text))); err != nil {
			return nil, err
		}
		first = mark
	}
	in := csv.NewReader(body)
	for _, mark := range ";\t" {
		if strings.Count(first, string(mark)) > strings.Count(first, string(in.Comma)) {
			in.Comma = mark
		}
	}
	return in, nil
}

// utf8Of decodes UTF-16 with its mark, and drops the mark of UTF-8.
func utf8Of(text []byte) ([]byte, error) {
	for _, form := range []struct {
		mark  string
		order binary.ByteOrder
	}{{"\xff\xfe", binary.LittleEndian}, {"\xfe\xff", binary.BigEndian}} {
		if !bytes.HasPrefix(text, []byte(form.mark)) {
			continue
		}
		var units []uint16
		for at := 2; at+1 < len(text); at += 2 {
			units = append(units, form.order.Uint16(text[at:]))
		}
		return []byte(string(utf16.Decode(units))), nil
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, errMarks
	}
	return text, nil
}

// plainAmount writes an amount with a decimal point and nothing else. comma says that the file may have decimal commas:
// then the last mark of the text is the decimal one, unless it is a comma that groups thousands.
func plainAmount(text string, comma bool) string {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(text)
	point, last := strings.LastIndexByte(text, '.'), strings.LastIndexByte(text, ',')
	switch {
	case last < 0:
	case point > last: // 1,118.00
		text = strings.ReplaceAll(text, ",", "")
	case comma && strings.Count(text, ",") == 1: // 1.118,00
		text = strings.ReplaceAll(text, ".", "")
		text = strings.Replace(text, ",", ".", 1)
	}
	return text
}

// sameCell compares a cell that came back with what was written: amounts by value, the rest as text, names of states and
// places without their case.
func sameCell(name, value, old string) bool {
	if value == old {
		return true
	}
	if !slices.Contains(amounts, name) {
		return false
	}
	a, err := money.Parse(value, "")
	if err != nil {
		return false
	}
	b, err := money.Parse(old, "")
	return err == nil && a == b
}

func emptyRow(cells []string) bool {
	return strings.TrimSpace(strings.Join(cells, "")) == ""
}
