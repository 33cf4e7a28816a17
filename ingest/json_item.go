package ingest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// items flattens an object.
func (t *jsonTable) items(raw json.RawMessage, line int64) ([]item, error) {
	if measured(raw) {
		return t.batch(raw, line)
	}
	it := item{line: line}
	if err := it.flatten("", raw, 0); err != nil {
		return nil, err
	}
	return []item{it}, nil
}

// nested are members whose own members are columns, with what their names get in front.
var nested = map[string]string{"properties": "", "instancedata": "", "appliedscopeproperties": "appliedscope", "resource": "meter", "meterdetails": "meter"}

// flatten adds the members of an object.
func (it *item) flatten(prefix string, raw json.RawMessage, level int) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := it.add(prefix, name, value, level); err != nil {
			return err
		}
	}
	return nil
}

// add adds one member.
func (it *item) add(prefix, name string, value json.RawMessage, level int) error {
	if text, ok := scalar(value); ok {
		it.names, it.values = append(it.names, prefix+name), append(it.values, text)
		return nil
	}
	if inner, ok := nested[strings.ToLower(name)]; ok && value[0] == '{' && level < 3 {
		return it.flatten(inner, value, level+1)
	}
	if amount, currency, ok := amountOf(value); ok {
		it.names = append(it.names, prefix+name, prefix+name+"currency")
		it.values = append(it.values, amount, currency)
		return nil
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, value); err != nil {
		return err
	}
	it.names, it.values = append(it.names, prefix+name), append(it.values, flat.String())
	return nil
}

// amountOf reads {"currency":"EUR","value":1.5} and {"amount":1.5,"currencyCode":"EUR"}.
func amountOf(value json.RawMessage) (amount, currency string, ok bool) {
	var v struct {
		Value, Amount          json.Number
		Currency, CurrencyCode string
	}
	if value[0] != '{' || json.Unmarshal(value, &v) != nil || (v.Value == "" && v.Amount == "") || v.Currency+v.CurrencyCode == "" {
		return "", "", false
	}
	return string(v.Value + v.Amount), v.Currency + v.CurrencyCode, true
}

// scalar returns the text of a value that is no array and no object. null is the empty text.
func scalar(raw json.RawMessage) (string, bool) {
	switch {
	case len(raw) == 0, raw[0] == '{', raw[0] == '[':
		return "", false
	case raw[0] == 'n':
		return "", true
	case raw[0] != '"':
		return string(raw), true
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", false
	}
	return dated(text), true
}

// dated returns a time that Windows PowerShell wrote as /Date(milliseconds since 1970)/ as others write it; other texts as they are.
func dated(text string) string {
	inner, ok := strings.CutPrefix(text, "/Date(")
	inner, whole := strings.CutSuffix(inner, ")/")
	ms, err := strconv.ParseInt(inner, 10, 64)
	if !ok || !whole || err != nil {
		return text
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano)
}

// batch expands the metrics of one resource in an answer of the batch API, or the one metric of another answer.
func (t *jsonTable) batch(raw json.RawMessage, line int64) ([]item, error) {
	var answer struct {
		Interval, ResourceID string
		Value                []json.RawMessage
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, err
	}
	if len(answer.Value) == 0 {
		return t.series(raw, line, t.about["interval"])
	}
	var all []item
	for _, metric := range answer.Value {
		items, err := t.series(metric, line, cmp.Or(answer.Interval, t.about["interval"]))
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
	}
	return all, nil
}
