package usage

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// SampleSchema is the table of what was measured, one row a resource and interval. Columns in order:
//
//	resource         word   ARM resource id or machine name, lower case
//	vm               word   machine name where it differs from the resource (an instance of a scale set); null else
//	size             word   canonical size where the file says it; null else
//	region           word   canonical region where the file says it; null else
//	start            int64  UTC seconds
//	seconds          int32  length of the interval that the row covers, at least 1
//	cpu_avg          int32  hundredths of a percent point of the whole machine, average over the interval
//	cpu_max          int32  the same, highest value inside the interval
//	cpu_min          int32  the same, lowest value inside the interval
//	memory_available int64  bytes free, lowest value known in the interval
//	memory_used      int32  hundredths of a percent of the machine's memory, highest value known in the interval
//	net_in, net_out  int64  bytes per second, average over the interval
//	disk_read, disk_write int64 bytes per second, average over the interval
//	disk_ops         int64  thousandths of an operation per second, average over the interval
//	line             int64  line in its file
//
// All measures are nullable: null is "the file does not say". A file gives memory_available or memory_used, seldom both.
var SampleSchema = arrow.NewSchema([]arrow.Field{
	{Name: "resource", Type: word},
	{Name: "vm", Type: word, Nullable: true},
	{Name: "size", Type: word, Nullable: true},
	{Name: "region", Type: word, Nullable: true},
	{Name: "start", Type: arrow.PrimitiveTypes.Int64},
	{Name: "seconds", Type: arrow.PrimitiveTypes.Int32},
	{Name: "cpu_avg", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "cpu_max", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "cpu_min", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "memory_available", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "memory_used", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "net_in", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "net_out", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "disk_read", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "disk_write", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "disk_ops", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "line", Type: arrow.PrimitiveTypes.Int64},
}, nil)

// Samples is a typed view of a record of SampleSchema. It borrows the record's memory: it is valid while the record is.
type Samples struct {
	Resource, VM, Size, Region                  Texts
	Start, Line                                 []int64
	Seconds                                     []int32
	CPUAvg, CPUMax, CPUMin, MemoryUsed          Hundredths
	MemoryAvailable                             Ints
	NetIn, NetOut, DiskRead, DiskWrite, DiskOps Ints
}

// Len returns the number of rows.
func (s *Samples) Len() int { return len(s.Start) }

// SamplesOf returns the view of rec. It is an error when the schema is another one.
func SamplesOf(rec arrow.Record) (*Samples, error) {
	if !rec.Schema().Equal(SampleSchema) {
		return nil, fmt.Errorf("usage: record has schema %v, not the sample schema", rec.Schema().Fields())
	}
	t := func(i int) Texts { return textsOf(rec.Column(i)) }
	n := func(i int) Ints { return intsOf(rec.Column(i)) }
	h := func(i int) Hundredths {
		a := rec.Column(i).(*array.Int32)
		return Hundredths{Values: a.Int32Values(), nulls: nullsOf(a)}
	}
	return &Samples{
		Resource: t(0), VM: t(1), Size: t(2), Region: t(3), Start: n(4).Values,
		Seconds: rec.Column(5).(*array.Int32).Int32Values(),
		CPUAvg:  h(6), CPUMax: h(7), CPUMin: h(8), MemoryAvailable: n(9), MemoryUsed: h(10),
		NetIn: n(11), NetOut: n(12), DiskRead: n(13), DiskWrite: n(14), DiskOps: n(15), Line: n(16).Values,
	}, nil
}
