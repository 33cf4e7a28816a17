package usage

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// word is the Arrow type of every column of texts: a dictionary of UTF-8 strings indexed by int32.
var word = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

// ChargeSchema is the table of what was billed. Columns in order:
//
//	customer           word    customer tenant or billing account, lower case
//	customer_name      word    its name as printed; null when the file has none
//	subscription       word    Azure subscription GUID, lower case
//	subscription_name  word
//	resource_group     word    lower case
//	resource           word    ARM resource id, lower case; a scale set for its instances
//	vm                 word    machine name: VMName of AdditionalInfo, else the last part of the resource id
//	size               word    canonical ARM size from ServiceType; the raw text where the catalog does not know it; null on rows without one
//	region             word    canonical region; the raw text where the catalog does not know it
//	os                 word    "linux" or "windows" as billed (a Hybrid Benefit machine bills "linux" compute); null unknown
//	licence            word    "hybrid_benefit" or null
//	kind               uint8   Kind
//	model              uint8   Model
//	start, end         int64   UTC seconds of the charge period, end exclusive (a day without zone is the UTC day)
//	hours              int64   micro-hours of instance time; negative on credits; null on rows that have none
//	benefit            word    id of the reservation or savings plan that covered the row (or was bought); null none
//	benefit_size       word    size of that reservation where the file says it
//	benefit_ratio      int64   normalisation ratio x 100 of the row against that reservation; null unknown
//	rate               int64   on-demand price an instance-hour for this customer, 1e-10, billing currency; null unknown
//	list_rate          int64   list price an instance-hour, 1e-10, billing currency; null unknown
//	cost               int64   cost of the row, micro-units, rounded half-even once from the text
//	currency           word    billing currency, upper case
//	tags               word    the tags as a JSON object text; null none
//	export             word    "actual", "amortized", "focus", "usage": exports of different kinds are never added
//	dataset            word    which export the row came from: files of one export share it, later exports of one kind and scope replace earlier ones
//	line               int64   line in its file
//
// Every column but those said to be nullable is set on every row.
var ChargeSchema = arrow.NewSchema([]arrow.Field{
	{Name: "customer", Type: word},
	{Name: "customer_name", Type: word, Nullable: true},
	{Name: "subscription", Type: word, Nullable: true},
	{Name: "subscription_name", Type: word, Nullable: true},
	{Name: "resource_group", Type: word, Nullable: true},
	{Name: "resource", Type: word, Nullable: true},
	{Name: "vm", Type: word, Nullable: true},
	{Name: "size", Type: word, Nullable: true},
	{Name: "region", Type: word, Nullable: true},
	{Name: "os", Type: word, Nullable: true},
	{Name: "licence", Type: word, Nullable: true},
	{Name: "kind", Type: arrow.PrimitiveTypes.Uint8},
	{Name: "model", Type: arrow.PrimitiveTypes.Uint8},
	{Name: "start", Type: arrow.PrimitiveTypes.Int64},
	{Name: "end", Type: arrow.PrimitiveTypes.Int64},
	{Name: "hours", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "benefit", Type: word, Nullable: true},
	{Name: "benefit_size", Type: word, Nullable: true},
	{Name: "benefit_ratio", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "rate", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "list_rate", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "cost", Type: arrow.PrimitiveTypes.Int64},
	{Name: "currency", Type: word},
	{Name: "tags", Type: word, Nullable: true},
	{Name: "export", Type: word},
	{Name: "dataset", Type: word},
	{Name: "line", Type: arrow.PrimitiveTypes.Int64},
}, nil)

// Charges is a typed view of a record of ChargeSchema. It borrows the record's memory: it is valid while the record is.
type Charges struct {
	Customer, CustomerName, Subscription, SubscriptionName, ResourceGroup Texts
	Resource, VM, Size, Region, OS, Licence                               Texts
	Benefit, BenefitSize, Currency, Tags, Export, Dataset                 Texts
	Kind, Model                                                           []uint8
	Start, End, Cost, Line                                                []int64
	Hours, BenefitRatio, Rate, ListRate                                   Ints
}

// Len returns the number of rows.
func (c *Charges) Len() int { return len(c.Kind) }

// ChargesOf returns the view of rec. It is an error when the schema is another one.
func ChargesOf(rec arrow.Record) (*Charges, error) {
	if !rec.Schema().Equal(ChargeSchema) {
		return nil, fmt.Errorf("usage: record has schema %v, not the charge schema", rec.Schema().Fields())
	}
	t := func(i int) Texts { return textsOf(rec.Column(i)) }
	n := func(i int) Ints { return intsOf(rec.Column(i)) }
	return &Charges{
		Customer: t(0), CustomerName: t(1), Subscription: t(2), SubscriptionName: t(3), ResourceGroup: t(4),
		Resource: t(5), VM: t(6), Size: t(7), Region: t(8), OS: t(9), Licence: t(10),
		Kind: rec.Column(11).(*array.Uint8).Uint8Values(), Model: rec.Column(12).(*array.Uint8).Uint8Values(),
		Start: n(13).Values, End: n(14).Values, Hours: n(15),
		Benefit: t(16), BenefitSize: t(17), BenefitRatio: n(18), Rate: n(19), ListRate: n(20), Cost: n(21).Values,
		Currency: t(22), Tags: t(23), Export: t(24), Dataset: t(25), Line: n(26).Values,
	}, nil
}
