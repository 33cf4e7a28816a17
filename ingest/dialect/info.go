package dialect

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Info is what AdditionalInfo says about a virtual machine. An absent key is an empty text.
type Info struct {
	Size      string  // ServiceType: the only field of any export that names the size reliably
	VMName    string  // the machine, also for instances of a scale set, whose resource id names only the set
	UsageType string  // ComputeHR, ComputeHR_SW (a licence), ComputeCR (unused capacity reservation)
	ImageType string  // "Windows Server BYOL" is Hybrid Benefit
	Reserved  string  // ReservationId
	Order     string  // ReservationOrderId
	Ratio     Decimal // RINormalizationRatio; zero when absent
	AHB       bool    // AHB is "True"
	Damaged   bool    // the text is no JSON object; what could still be found in it was taken
}

// infoKeys maps the folded keys of the spellings to the fields. FOCUS prefixes keys that are not its own with x_.
var infoKeys = map[string]func(*Info) *string{
	"servicetype": func(i *Info) *string { return &i.Size }, "instancetype": func(i *Info) *string { return &i.Size },
	"vmname": func(i *Info) *string { return &i.VMName }, "usagetype": func(i *Info) *string { return &i.UsageType },
	"imagetype": func(i *Info) *string { return &i.ImageType }, "reservationid": func(i *Info) *string { return &i.Reserved },
	"reservationorderid": func(i *Info) *string { return &i.Order },
}

// ParseInfo reads an AdditionalInfo cell: a JSON object, such an object without its braces, or nothing. Values may be null,
// numbers or texts. A damaged text gives what a search for the two keys that matter finds.
func ParseInfo(text []byte) Info {
	var info Info
	s := bytes.TrimSpace(text)
	if len(s) == 0 || string(s) == "null" || string(s) == "NULL" || string(s) == "{}" {
		return info
	}
	if s[0] == '"' && len(s) > 1 && bytes.IndexByte(s, '{') < 0 {
		s = append(append([]byte{'{'}, s...), '}')
	}
	if plain, ok := plainInfo(s); ok {
		return plain
	}
	return slowInfo(s)
}

// slowInfo reads any object, and what is none.
func slowInfo(s []byte) (info Info) {
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(s))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil {
		info.Damaged = true
		info.Size = needle(s, `"ServiceType"`)
		info.VMName = needle(s, `"VMName"`)
		info.UsageType = needle(s, `"UsageType"`)
		info.ImageType = needle(s, `"ImageType"`)
		return info
	}
	info.takeAll(object)
	return info
}

// plainInfo reads an object as exports write it: texts of plain ASCII without escapes, numbers without exponents, words, and no
// two keys for one thing. It returns false for every other one.
func plainInfo(s []byte) (info Info, ok bool) {
	if s[0] != '{' {
		return info, false
	}
	var seen [8]string
	n, at := 0, 1
	for more := true; more; {
		var key, value []byte
		var isText bool
		at = skipBlank(s, at)
		if key, at, ok = plainText(s, at); !ok {
			return info, false
		}
		if at = skipBlank(s, at); at >= len(s) || s[at] != ':' {
			return info, false
		}
		at = skipBlank(s, at+1)
		if at < len(s) && s[at] == '"' {
			value, at, ok = plainText(s, at)
			isText = true
		} else {
			value, at, ok = plainWord(s, at)
		}
		if at = skipBlank(s, at); !ok || at >= len(s) || s[at] != ',' && s[at] != '}' {
			return info, false
		}
		more = s[at] == ','
		at++
		folded := strings.TrimPrefix(strings.ToLower(string(key)), "x_")
		what := folded
		switch folded {
		case "properties":
			return info, false
		case "servicetype", "instancetype":
			what = "size"
		case "rinormalizationratio", "ahb":
		default:
			if infoKeys[folded] == nil {
				continue
			}
		}
		if n == len(seen) || slices.Contains(seen[:n], what) {
			return info, false
		}
		seen[n] = what
		n++
		switch {
		case isText:
			info.take(folded, string(value))
		case value[0] == 't':
			info.take(folded, true)
		case value[0] == '-' || value[0] <= '9':
			info.take(folded, json.Number(value))
		}
	}
	return info, true
}

func skipBlank(s []byte, at int) int {
	for at < len(s) && s[at] == ' ' {
		at++
	}
	return at
}

// plainText returns the text in quotes at a place, and where it ends.
func plainText(s []byte, at int) (text []byte, end int, ok bool) {
	if at >= len(s) || s[at] != '"' {
		return nil, at, false
	}
	for i := at + 1; i < len(s); i++ {
		switch b := s[i]; {
		case b == '"':
			return s[at+1 : i], i + 1, true
		case b == '\\' || b < ' ' || b > '~':
			return nil, i, false
		}
	}
	return nil, len(s), false
}

// plainWord returns the number, true, false or null at a place, and where it ends.
func plainWord(s []byte, at int) (word []byte, end int, ok bool) {
	for end = at; end < len(s) && s[end] != ',' && s[end] != '}' && s[end] != ' '; end++ {
	}
	word = s[at:end]
	switch string(word) {
	case "true", "false", "null":
		return word, end, true
	}
	digits := bytes.TrimPrefix(word, []byte{'-'})
	whole, fraction, point := bytes.Cut(digits, []byte{'.'})
	for _, part := range [2][]byte{whole, fraction} {
		for _, b := range part {
			if b < '0' || b > '9' {
				return nil, end, false
			}
		}
	}
	return word, end, len(whole) > 0 && (len(whole) == 1 || whole[0] != '0') && (!point || len(fraction) > 0)
}

// takeAll keeps the keys in their order, so that of two spellings of one key the same one always wins.
func (i *Info) takeAll(object map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		i.take(strings.TrimPrefix(strings.ToLower(key), "x_"), object[key])
	}
}

// take keeps one key and its value.
func (i *Info) take(key string, value any) {
	if key == "properties" { // the billed-usage JSON of Microsoft Graph nests them
		if inner, ok := value.(map[string]any); ok {
			i.takeAll(inner)
		}
		return
	}
	text, isText := value.(string)
	if number, ok := value.(json.Number); ok {
		text = number.String()
	}
	switch key {
	case "rinormalizationratio":
		if d, err := ParseDecimal([]byte(text), '.'); err == nil {
			i.Ratio = d
		}
	case "ahb":
		i.AHB = strings.EqualFold(text, "true") || value == true
	default:
		if field := infoKeys[key]; field != nil && isText && (*field(i) == "" || key == "servicetype") {
			*field(i) = strings.TrimSpace(text)
		}
	}
}

// needle returns the text value that follows key in a damaged object, "" where there is none.
func needle(s []byte, key string) string {
	at := bytes.Index(s, []byte(key))
	if at < 0 {
		return ""
	}
	s = bytes.TrimLeft(s[at+len(key):], " :\t")
	if len(s) == 0 || s[0] != '"' {
		return ""
	}
	end := bytes.IndexByte(s[1:], '"')
	if end < 0 {
		return ""
	}
	return string(s[1 : 1+end])
}
