package report

import (
	"fmt"
	"reflect"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// displayed returns the plan with every amount of decisions and totals in another currency, for reading; the plan itself does not change.
// Amounts for which there is no conversion stay as they are.
func displayed(p *recommend.Plan, conversions []pricing.Conversion) (*recommend.Plan, error) {
	if len(conversions) == 0 {
		return p, nil
	}
	d := display{}
	for _, c := range conversions {
		d[c.From] = c
	}
	q := *p
	for _, part := range []any{&q.Resizes, &q.Pools, &q.Lines, &q.Later, &q.Rescopes, &q.Reference, &q.Asked, &q.Totals, &q.Answer} {
		v := reflect.ValueOf(part).Elem()
		shown, err := d.convert(v)
		if err != nil {
			return nil, err
		}
		v.Set(shown)
	}
	return &q, nil
}

// display holds a conversion for each currency.
type display map[money.Code]pricing.Conversion

var (
	amountType = reflect.TypeFor[money.Amount]()
	codeType   = reflect.TypeFor[money.Code]()
)

// convert returns a copy of v with its amounts and currencies converted.
func (d display) convert(v reflect.Value) (reflect.Value, error) {
	switch {
	case v.Type() == amountType:
		a, _ := v.Interface().(money.Amount)
		c, ok := d[a.Currency]
		if !ok || a.Micros == -1 { // a limit that is none
			return v, nil
		}
		shown, err := c.Convert(a)
		return reflect.ValueOf(shown), err
	case v.Type() == codeType:
		if c, ok := d[money.Code(v.String())]; ok {
			return reflect.ValueOf(c.To), nil
		}
		return v, nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		return d.pointer(v)
	case reflect.Slice:
		return d.slice(v)
	case reflect.Struct:
		return d.fields(v)
	}
	return v, nil
}

func (d display) pointer(v reflect.Value) (reflect.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	shown, err := d.convert(v.Elem())
	if err != nil {
		return v, err
	}
	p := reflect.New(v.Type().Elem())
	p.Elem().Set(shown)
	return p, nil
}

func (d display) slice(v reflect.Value) (reflect.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	for i := range v.Len() {
		shown, err := d.convert(v.Index(i))
		if err != nil {
			return v, err
		}
		out.Index(i).Set(shown)
	}
	return out, nil
}

// fields converts the exported fields of a struct; times and other closed types stay as they are.
func (d display) fields(v reflect.Value) (reflect.Value, error) {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		shown, err := d.convert(v.Field(i))
		if err != nil {
			return v, err
		}
		out.Field(i).Set(shown)
	}
	return out, nil
}

// displayWords say at what rate of which day amounts are shown.
func displayWords(conversions []pricing.Conversion) []string {
	var said []string
	for _, c := range conversions {
		said = append(said, fmt.Sprintf("Amounts are converted for reading: 1 %s = %s %s, %s of %s. They are billed in %s; prices named in reasons stay in it.", c.From, c.Rate.Decimal(), c.To, c.Source, day(c.On), c.From))
	}
	return said
}

// displayView is a conversion in JSON, where amounts stay in the currency that is billed.
type displayView struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Rate   string `json:"rate"`
	On     string `json:"on"`
	Source string `json:"source"`
}

func newDisplayView(c *pricing.Conversion) displayView {
	return displayView{string(c.From), string(c.To), c.Rate.Decimal(), day(c.On), c.Source}
}
