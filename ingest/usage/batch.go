package usage

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// ChargeRow is one row of ChargeSchema in Go's terms. An empty text is null. Nullable numbers have a flag beside them.
type ChargeRow struct {
	Customer, CustomerName, Subscription, SubscriptionName, ResourceGroup string
	Resource, VM, Size, Region, OS, Licence                               string
	Benefit, BenefitSize, Currency, Tags, Export, Dataset                 string
	Kind                                                                  Kind
	Model                                                                 Model
	Start, End, Hours, BenefitRatio, Rate, ListRate, Cost, Line           int64
	HasHours, HasRatio, HasRate, HasListRate                              bool
}

// chargeWords names the columns of texts of ChargeSchema, and chargeNumbers those of 64-bit numbers, in the order of the
// columns of ChargeBatch.
var (
	chargeWords   = [...]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 17, 22, 23, 24, 25}
	chargeNumbers = [...]int{13, 14, 15, 18, 19, 20, 21, 26}
)

// ChargeTexts are the texts of a charge as indexes into the dictionaries of a ChargeBatch; -1 is null.
type ChargeTexts [len(chargeWords)]int32

// ChargeBatch gathers charge rows as plain columns, which Record wraps as Arrow arrays without copying. The dictionaries
// of texts live as long as the batch, so that many records share them. The zero value is ready.
type ChargeBatch struct {
	words       *[len(chargeWords)]Words
	texts       [len(chargeWords)][]int32
	numbers     [len(chargeNumbers)][]int64
	kind, model []uint8
}

// ShareWords gives b the dictionaries of another batch, which may belong to another goroutine. It must be called before
// either has rows.
func (b *ChargeBatch) ShareWords(other *ChargeBatch) {
	if other.words == nil {
		other.words = new([len(chargeWords)]Words)
	}
	b.words = other.words
}

// Append adds a row.
func (b *ChargeBatch) Append(row ChargeRow) {
	texts := b.Texts(&row)
	b.Add(&row, &texts)
}

// Texts looks the texts of a row up: whoever has many rows of equal texts does so once and keeps the indexes.
func (b *ChargeBatch) Texts(r *ChargeRow) (texts ChargeTexts) {
	if b.words == nil {
		b.words = new([len(chargeWords)]Words)
	}
	for w, text := range [...]string{r.Customer, r.CustomerName, r.Subscription, r.SubscriptionName, r.ResourceGroup, r.Resource, r.VM,
		r.Size, r.Region, r.OS, r.Licence, r.Benefit, r.BenefitSize, r.Currency, r.Tags, r.Export, r.Dataset} {
		texts[w] = b.words[w].Index(text)
	}
	return texts
}

// Add adds a row whose texts were looked up; those of the row itself are not looked at. Neither is kept.
func (b *ChargeBatch) Add(r *ChargeRow, texts *ChargeTexts) {
	for w, index := range texts {
		b.texts[w] = append(b.texts[w], index)
	}
	null := func(v int64, ok bool) int64 {
		if !ok {
			return NullInt
		}
		return v
	}
	for n, v := range [...]int64{r.Start, r.End, null(r.Hours, r.HasHours), null(r.BenefitRatio, r.HasRatio), null(r.Rate, r.HasRate),
		null(r.ListRate, r.HasListRate), r.Cost, r.Line} {
		b.numbers[n] = append(b.numbers[n], v)
	}
	b.kind, b.model = append(b.kind, uint8(r.Kind)), append(b.model, uint8(r.Model))
}

// Take appends n rows of another batch that has the same dictionaries, from its row at on.
func (b *ChargeBatch) Take(from *ChargeBatch, at, n int) {
	for w := range b.texts {
		b.texts[w] = append(b.texts[w], from.texts[w][at:at+n]...)
	}
	for i := range b.numbers {
		b.numbers[i] = append(b.numbers[i], from.numbers[i][at:at+n]...)
	}
	b.kind, b.model = append(b.kind, from.kind[at:at+n]...), append(b.model, from.model[at:at+n]...)
}

// Reset drops all rows.
func (b *ChargeBatch) Reset() {
	for w := range b.texts {
		b.texts[w] = b.texts[w][:0]
	}
	for i := range b.numbers {
		b.numbers[i] = b.numbers[i][:0]
	}
	b.kind, b.model = b.kind[:0], b.model[:0]
}

// Len returns the number of rows gathered since the last Record.
func (b *ChargeBatch) Len() int { return len(b.kind) }

// Record returns the gathered rows as a record of ChargeSchema, which the caller releases. The columns go over to the
// record; the batch starts anew with the same dictionaries.
func (b *ChargeBatch) Record() arrow.Record {
	if b.words == nil {
		b.words = new([len(chargeWords)]Words)
	}
	n := b.Len()
	null := nullsFor(n)
	cols := make([]arrow.Array, ChargeSchema.NumFields())
	for w, col := range chargeWords {
		cols[col] = wordsColumn(b.texts[w], n, &b.words[w], null)
		b.texts[w] = arrow.Int32Traits.CastFromBytes(reused(4 * n))[:0]
	}
	for i, col := range chargeNumbers {
		cols[col] = intColumn(b.numbers[i], n, null)
		b.numbers[i] = arrow.Int64Traits.CastFromBytes(reused(8 * n))[:0]
	}
	cols[11] = fixedOf(arrow.PrimitiveTypes.Uint8, n, b.kind, nil, 0)
	cols[12] = fixedOf(arrow.PrimitiveTypes.Uint8, n, b.model, nil, 0)
	b.kind, b.model = make([]uint8, 0, n), make([]uint8, 0, n)
	return recordOf(ChargeSchema, cols, n)
}

// fixedOf wraps values as an array.
func fixedOf(t arrow.DataType, n int, values, valid []byte, missing int) arrow.Array {
	return arrayOf(t, n, []*memory.Buffer{bitmap(valid, missing), memory.NewBufferBytes(values)}, missing)
}
