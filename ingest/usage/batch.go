package usage

import (
	"unsafe"

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

// ChargeBatch gathers charge rows as plain columns, which Record wraps as Arrow arrays without copying. The dictionaries
// of texts live as long as the batch, so that many records share them. The zero value is ready.
type ChargeBatch struct {
	words       *[len(chargeWords)]Words
	recent      [len(chargeWords)]recentTexts
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
func (b *ChargeBatch) Append(row ChargeRow) { b.Add(&row) }

// Add adds a row without keeping it.
func (b *ChargeBatch) Add(r *ChargeRow) {
	if b.words == nil {
		b.words = new([len(chargeWords)]Words)
	}
	for w, text := range [...]string{r.Customer, r.CustomerName, r.Subscription, r.SubscriptionName, r.ResourceGroup, r.Resource, r.VM,
		r.Size, r.Region, r.OS, r.Licence, r.Benefit, r.BenefitSize, r.Currency, r.Tags, r.Export, r.Dataset} {
		b.texts[w] = append(b.texts[w], b.recent[w].index(&b.words[w], text))
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

// recentTexts remembers the indexes of texts by where they lie: whoever fills a batch row by row has each distinct text
// once and gives it again and again.
type recentTexts struct {
	slots  []recentText
	misses int
}

type recentText struct {
	text  string // kept, so that nothing else comes to lie there
	index int32
}

// index returns w.Index(text).
func (r *recentTexts) index(w *Words, text string) int32 {
	if text == "" {
		return -1
	}
	if len(r.slots) == 0 {
		r.slots = make([]recentText, 16)
	}
	at := r.slot(text)
	if len(at.text) == len(text) && unsafe.StringData(at.text) == unsafe.StringData(text) {
		return at.index
	}
	if r.misses++; r.misses > 8*len(r.slots) && len(r.slots) < 1<<13 {
		*r = recentTexts{slots: make([]recentText, 4*len(r.slots))}
		at = r.slot(text)
	}
	*at = recentText{text, w.Index(text)}
	return at.index
}

// slot returns the place of a text.
func (r *recentTexts) slot(text string) *recentText {
	address := uint64(uintptr(unsafe.Pointer(unsafe.StringData(text))))
	return &r.slots[address*0x9e3779b97f4a7c15>>32&uint64(len(r.slots)-1)]
}

// fixedOf wraps values as an array.
func fixedOf(t arrow.DataType, n int, values, valid []byte, missing int) arrow.Array {
	return arrayOf(t, n, []*memory.Buffer{bitmap(valid, missing), memory.NewBufferBytes(values)}, missing)
}
