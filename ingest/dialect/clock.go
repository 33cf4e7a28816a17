package dialect

import "errors"

// Errors of times.
var (
	// ErrTime says that a text is no date or time of a known layout.
	ErrTime = errors.New("not a date or time")
	// ErrOrder says that a date such as 03/04/2026 is two days, and neither the file nor the locale says which.
	ErrOrder = errors.New("day or month first? the column does not decide it: say --locale")
)

// Order says which of the first two numbers of a date with slashes, dots or dashes is the day.
type Order uint8

// The orders of a date.
const (
	OrderUnknown Order = iota
	MonthFirst         // 09/30/2026, as Microsoft's exports write
	DayFirst           // 30.09.2026, as spreadsheets of most countries write
)

// Clock reads the times of one column of one file: whole seconds of UTC. A time without zone is UTC, because every known
// export is billed and measured in UTC days. Seconds beyond 59 and hours beyond 23 are ErrTime.
type Clock struct {
	// Order is what the file or the locale decided; OrderUnknown makes a date that needs it ErrOrder.
	Order Order
	// Serial permits spreadsheet day numbers (46327 is 2026-11-01, 1900 system) and digits only ("20261101").
	Serial bool
	// Epoch is what a bare integer means: 0 nothing, 1 seconds since 1970, 1000 milliseconds.
	Epoch int64
	// Base is added to a bare integer in seconds: the nominal beginning of a trace that counts from its own start.
	Base int64
}

// Parse returns the UTC second of text.
func (c Clock) Parse(text []byte) (int64, error) {
	n := len(text)
	if n >= 10 && text[4] == '-' && text[7] == '-' {
		return parseISO(text)
	}
	if digits(text) > 0 && digits(text) == n {
		return c.number(text)
	}
	second, err := c.calendar(text)
	if errors.Is(err, ErrTime) {
		if plain, ok := wordless(text); ok {
			return Clock{Order: DayFirst}.calendar(plain)
		}
		if second, ok := c.serial(text); ok {
			return second, nil
		}
	}
	return second, err
}

// digits returns the number of leading digits.
func digits(text []byte) int {
	for i := range text {
		if text[i]-'0' > 9 {
			return i
		}
	}
	return len(text)
}

// two reads two digits; false when they are none.
func two(text []byte) (int, bool) {
	a, b := text[0]-'0', text[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// parseISO reads 2006-01-02, with T or blank 15:04[:05[.fraction]] and Z or an offset behind it.
func parseISO(text []byte) (int64, error) {
	y1, ok1 := two(text)
	y2, ok2 := two(text[2:])
	m, ok3 := two(text[5:])
	d, ok4 := two(text[8:])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return 0, ErrTime
	}
	day, err := dayOf(y1*100+y2, m, d)
	if err != nil || len(text) == 10 {
		return day, err
	}
	if text[10] != 'T' && text[10] != ' ' && text[10] != 't' {
		return 0, ErrTime
	}
	second, err := parseDaytime(text[11:])
	return day + second, err
}

// dayOf returns the first second of a day that exists.
func dayOf(y, m, d int) (int64, error) {
	if m < 1 || m > 12 || d < 1 || d > monthDays[m] || (m == 2 && d == 29 && (y%4 != 0 || (y%100 == 0 && y%400 != 0))) || y < 1 {
		return 0, ErrTime
	}
	// Days from the civil date, months counted from March so that the leap day is the last of its year.
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + d - 1
	return (int64(era)*146097 + int64(yoe*365+yoe/4-yoe/100+doy) - 719468) * 86400, nil
}

var monthDays = [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// parseDaytime reads 15:04[:05[.fraction]][ AM| PM][Z|±hh[:]mm] as seconds of the day, less the offset.
func parseDaytime(text []byte) (int64, error) {
	if len(text) == 9 && text[2] == ':' && text[5] == ':' && text[8] == 'Z' {
		h, ok1 := two(text)
		m, ok2 := two(text[3:])
		s, ok3 := two(text[6:])
		if ok1 && ok2 && ok3 && h < 24 && m < 60 && s < 60 {
			return int64(h*3600 + m*60 + s), nil
		}
		return 0, ErrTime
	}
	var part [3]int
	i, n := 0, 0
	for ; n < 3; n++ {
		w := digits(text[i:])
		if w < 1 || w > 2 || (w == 1 && n > 0) {
			return 0, ErrTime
		}
		for _, b := range text[i : i+w] {
			part[n] = part[n]*10 + int(b-'0')
		}
		if i += w; i == len(text) || text[i] != ':' || n == 2 {
			n++
			break
		}
		i++
	}
	if n < 2 || part[1] > 59 || part[2] > 59 {
		return 0, ErrTime
	}
	if n == 3 && i < len(text) && (text[i] == '.' || text[i] == ',') {
		w := digits(text[i+1:])
		if w == 0 || w > 9 {
			return 0, ErrTime
		}
		i += 1 + w
	}
	hour, rest, err := halfDay(part[0], text[i:])
	if err != nil {
		return 0, err
	}
	offset, err := parseOffset(rest)
	return int64(hour*3600+part[1]*60+part[2]) - offset, err
}

// halfDay takes an AM or PM off the front of rest.
func halfDay(hour int, rest []byte) (int, []byte, error) {
	i := 0
	for i < len(rest) && (rest[i] == ' ' || rest[i] >= 0x80) { // Windows writes a narrow no-break space before AM
		i++
	}
	if i+2 <= len(rest) && rest[i+1]|0x20 == 'm' && (rest[i]|0x20 == 'a' || rest[i]|0x20 == 'p') {
		if hour < 1 || hour > 12 {
			return 0, nil, ErrTime
		}
		hour %= 12
		if rest[i]|0x20 == 'p' {
			hour += 12
		}
		return hour, rest[i+2:], nil
	}
	if hour > 23 {
		return 0, nil, ErrTime
	}
	return hour, rest, nil
}

// parseOffset reads "", Z, +02:00, +0200 or +02 as seconds.
func parseOffset(text []byte) (int64, error) {
	for len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	switch {
	case len(text) == 0, string(text) == "Z", string(text) == "z", string(text) == "UTC":
		return 0, nil
	case text[0] != '+' && text[0] != '-':
		return 0, ErrTime
	}
	body := text[1:]
	if len(body) < 2 {
		return 0, ErrTime
	}
	h, ok := two(body)
	m, rest := 0, body[2:]
	if len(rest) > 0 && rest[0] == ':' {
		rest = rest[1:]
	}
	if len(rest) > 0 {
		if len(rest) != 2 {
			return 0, ErrTime
		}
		var ok2 bool
		m, ok2 = two(rest)
		ok = ok && ok2
	}
	if !ok || h > 14 || m > 59 {
		return 0, ErrTime
	}
	offset := int64(h*3600 + m*60)
	if text[0] == '-' {
		offset = -offset
	}
	return offset, nil
}

// number reads digits alone: 20261101, a spreadsheet day number or an epoch.
func (c Clock) number(text []byte) (int64, error) {
	if len(text) > 17 {
		return 0, ErrTime
	}
	var n int64
	for _, b := range text {
		n = n*10 + int64(b-'0')
	}
	switch {
	case c.Epoch > 0:
		return n/c.Epoch + c.Base, nil
	case c.Serial && len(text) == 8:
		return dayOf(int(n/10000), int(n/100%100), int(n%100))
	case c.Serial && n >= 36526 && n <= 73050: // 2000-01-01 to 2099-12-31
		return (n - 25569) * 86400, nil
	}
	return 0, ErrTime
}

// calendar reads 9/30/2026, 30.09.2026, 30-09-2026, 2026/09/30 with an optional time of day behind a blank, a comma or a T.
func (c Clock) calendar(text []byte) (int64, error) {
	if day, rest, ok := yearFirst(text); ok {
		return timeOfDay(day, rest)
	}
	first, second, year, rest, ok := cutDate(text)
	if !ok {
		return 0, ErrTime
	}
	m, d := first, second
	if c.Order == DayFirst {
		m, d = second, first
	}
	if c.Order == OrderUnknown && first != second {
		return 0, ErrOrder
	}
	day, err := dayOf(year, m, d)
	if err != nil {
		return 0, err
	}
	return timeOfDay(day, rest)
}

// timeOfDay adds the time of day that stands behind a date, if there is one.
func timeOfDay(day int64, rest []byte) (int64, error) {
	if len(rest) == 0 {
		return day, nil
	}
	if rest[0] == ',' {
		rest = rest[1:]
	}
	if len(rest) < 2 || (rest[0] != ' ' && rest[0] != 'T') {
		return 0, ErrTime
	}
	t, err := parseDaytime(rest[1:])
	return day + t, err
}

// yearFirst reads 2026/9/30 and "2026. 09. 30." with an optional time of day, as spreadsheets of East Asia, Hungary and
// Lithuania write; no other order begins with the year.
func yearFirst(text []byte) (day int64, rest []byte, ok bool) {
	var n [3]int
	rest = text
	for i := range n {
		w := digits(rest)
		if w < 1 || (i == 0 && w != 4) || (i > 0 && w > 2) {
			return 0, nil, false
		}
		for _, b := range rest[:w] {
			n[i] = n[i]*10 + int(b-'0')
		}
		rest = rest[w:]
		if i == 2 {
			break
		}
		if len(rest) == 0 || (rest[0] != '/' && rest[0] != '.' && rest[0] != '-') {
			return 0, nil, false
		}
		if rest = rest[1:]; len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
	}
	if len(rest) > 0 && rest[0] == '.' {
		rest = rest[1:]
	}
	day, err := dayOf(n[0], n[1], n[2])
	return day, rest, err == nil
}

// cutDate cuts "30.09.2026 12:00" into its numbers and the rest. Years have four digits, or two (spreadsheets on Macs), which
// are of this century. A blank may stand behind a dot ("5. 10. 2026"), and a dot behind the year ("5. 10. 2026.").
func cutDate(text []byte) (first, second, year int, rest []byte, ok bool) {
	var n [3]int
	var mark byte
	for i := range n {
		w := digits(text)
		if w < 1 || (i < 2 && w > 2) || (i == 2 && w != 4 && w != 2) {
			return 0, 0, 0, nil, false
		}
		for _, b := range text[:w] {
			n[i] = n[i]*10 + int(b-'0')
		}
		text = text[w:]
		if i == 2 {
			if w == 2 {
				n[i] += 2000
			}
			if mark == '.' && len(text) > 0 && text[0] == '.' {
				text = text[1:]
			}
			break
		}
		if len(text) == 0 || (text[0] != '/' && text[0] != '.' && text[0] != '-') || (i == 1 && text[0] != mark) {
			return 0, 0, 0, nil, false
		}
		if mark, text = text[0], text[1:]; mark == '.' && len(text) > 0 && text[0] == ' ' {
			text = text[1:]
		}
	}
	return n[0], n[1], n[2], text, true
}

// Numbers returns the first two numbers of a date such as 03/04/2026; ok is false where the text is no such date.
func Numbers(text []byte) (first, second int, ok bool) {
	first, second, _, _, ok = cutDate(text)
	return first, second, ok && first < 16 && second < 16
}

// Contradicts reports whether text proves another order of day and month than the clock's.
func (c Clock) Contradicts(text []byte) bool {
	order, ok := OrderOf(text)
	return ok && order != OrderUnknown && c.Order != OrderUnknown && order != c.Order
}

// OrderOf returns what one text proves about the order of dates in its file: a number beyond 12 is the day, and dots part
// dates that begin with the day everywhere they are written. ok is false where the text is no such date.
func OrderOf(text []byte) (order Order, ok bool) {
	first, second, _, _, ok := cutDate(text)
	switch {
	case !ok:
		return OrderUnknown, false
	case first > 12 && second <= 12:
		return DayFirst, true
	case second > 12 && first <= 12:
		return MonthFirst, true
	case first > 12:
		return OrderUnknown, false
	}
	if w := digits(text); text[w] == '.' {
		return DayFirst, true
	}
	return OrderUnknown, true
}
