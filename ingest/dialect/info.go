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
