package dialect

import (
	"bytes"
	"strconv"
)

// wordless rewrites a date that names its month or its parts in words, "05-Oct-26", "5 October 2026 13:00", "Oct 5, 2026",
// "2026年10月5日" or "2026년 10월 5일", with the day in front or the year, and false where text is no such date. Such a date
// says itself which number is the day.
func wordless(text []byte) ([]byte, bool) {
	if len(text) > 64 {
		return nil, false
	}
	if plain, ok := eastAsian(text); ok {
		return plain, true
	}
	start := bytes.IndexFunc(text, func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' })
	if start < 0 {
		return nil, false
	}
	end := start
	for end < len(text) && text[end]|0x20 >= 'a' && text[end]|0x20 <= 'z' {
		end++
	}
	month := monthOf(text[start:end])
	if month == 0 {
		return nil, false
	}
	rest := bytes.TrimLeft(text[end:], "- /.,")
	day := bytes.TrimRight(text[:start], "- /.")
	if len(day) == 0 { // the month in front
		w := digits(rest)
		day, rest = rest[:w], bytes.TrimLeft(rest[w:], "- /.,")
	}
	if len(day) == 0 || digits(day) != len(day) {
		return nil, false
	}
	plain := append(append([]byte{}, day...), '.')
	return append(append(strconv.AppendInt(plain, int64(month), 10), '.'), rest...), true
}

// eastAsian rewrites the dates of Japan, China and Korea with slashes.
func eastAsian(text []byte) ([]byte, bool) {
	for _, words := range [2][3]string{{"年", "月", "日"}, {"년", "월", "일"}} {
		year, rest, ok1 := bytes.Cut(text, []byte(words[0]))
		month, rest, ok2 := bytes.Cut(rest, []byte(words[1]))
		day, rest, ok3 := bytes.Cut(rest, []byte(words[2]))
		if ok1 && ok2 && ok3 {
			plain := bytes.Join([][]byte{year, bytes.TrimSpace(month), bytes.TrimSpace(day)}, []byte{'/'})
			return append(plain, rest...), true
		}
	}
	return nil, false
}

// monthOf returns the number of a month's English name or its first three letters, 0 for other words.
func monthOf(word []byte) int {
	names := [12]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
	word = bytes.ToLower(word)
	for i, name := range names {
		if string(word) == name || string(word) == name[:3] || string(word) == "sept" && i == 8 {
			return i + 1
		}
	}
	return 0
}

// serial reads a day number of a spreadsheet with a time of day, "46300.0104166667" or "46300,5", to the nearest second: the
// five decimals that a spreadsheet shows are enough for that.
func (c Clock) serial(text []byte) (int64, bool) {
	if !c.Serial || c.Epoch != 0 || len(text) < 7 || digits(text) != 5 || text[5] != '.' && text[5] != ',' {
		return 0, false
	}
	day, err := c.number(text[:5])
	if err != nil || digits(text[6:]) != len(text)-6 || len(text) > 24 {
		return 0, false
	}
	share, err := strconv.ParseFloat("0."+string(text[6:]), 64)
	return day + int64(share*86400+0.5), err == nil
}
