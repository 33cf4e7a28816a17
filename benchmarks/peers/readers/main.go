// Command readers answers the benchmark questions with the CSV readers that a Go program would reach for first, and has the
// floor of a gzip file.
//
//	readers -with encoding/csv|gocsv|arrow -form A|B -file FILE
//	readers -with inflate -file FILE.gz                   unpacks and counts bytes
package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	arrowcsv "github.com/apache/arrow/go/v15/arrow/csv"
	"github.com/gocarina/gocsv"
	"github.com/klauspost/compress/gzip"

	"sizeterm/benchmarks/peers/answer"
)

func main() {
	with := flag.String("with", "encoding/csv", "encoding/csv, gocsv, arrow or inflate")
	form := flag.String("form", "A", "A (metrics) or B (costs)")
	file := flag.String("file", "", "`file`")
	flag.Parse()
	if err := run(*with, *form, *file); err != nil {
		fmt.Fprintln(os.Stderr, "readers:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("unknown reader or form")

func run(with, form, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	if bom, _ := in.Peek(3); string(bom) == "\ufeff" {
		in.Discard(3) // the three bytes are in the buffer
	}
	job := newJob(form)
	switch with + " " + form {
	case "encoding/csv A", "encoding/csv B":
		err = plain(in, job)
	case "gocsv A":
		err = gocsv.UnmarshalToCallback(in, func(r *metricsRow) { job.sample(r.Time, r.Resource, r.Size, r.Region, r.CPU) })
	case "gocsv B":
		err = gocsv.UnmarshalToCallback(in, func(r *costRow) {
			job.charge([]string{r.Date, r.Category, r.Subscription, r.Resource, r.Region, r.Info, r.Model}, r.Quantity, r.Cost)
		})
	case "arrow A":
		err = arrowMetrics(in, job)
	case "inflate A", "inflate B":
		return inflate(in)
	default:
		err = errUsage
	}
	if err != nil {
		return err
	}
	return job.answer().Print(os.Stdout)
}

func inflate(in io.Reader) error {
	z, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, z, make([]byte, 256<<10))
	fmt.Println(n)
	return err
}

// job gathers what both forms are asked for.
type job struct {
	form     string
	a        answer.Answer
	groups   map[string]*[]float64
	machines map[string]*[]float64
	cells    map[string]int
	costs    map[string]float64
}

func newJob(form string) *job {
	return &job{form: form, groups: map[string]*[]float64{}, machines: map[string]*[]float64{}, cells: map[string]int{}, costs: map[string]float64{}}
}

func keep(in map[string]*[]float64, key string, v float64) {
	values := in[key]
	if values == nil {
		values = new([]float64)
		in[strings.Clone(key)] = values
	}
	*values = append(*values, v)
}

func (j *job) sample(at, resource, size, region string, cpu float64) {
	j.a.Rows++
	group := size + "|" + region
	keep(j.groups, group, cpu)
	keep(j.machines, resource, cpu)
	j.cells[group+at[:13]]++
}

// charge takes date, category, subscription, resource, region, info and model.
func (j *job) charge(c []string, quantity, cost float64) {
	j.a.Rows++
	j.a.Dollars += cost
	j.costs[c[2]+"|"+c[1]+"|"+c[0]] += cost
	if c[1] != "Virtual Machines" {
		return
	}
	_, rest, found := strings.Cut(c[5], `"ServiceType":"`)
	if !found {
		return
	}
	size, _, _ := strings.Cut(rest, `"`)
	j.a.Hours += quantity
	keep(j.groups, size+"|"+c[4], quantity)
	keep(j.machines, c[3]+"|"+c[6], quantity)
	j.cells[size+"|"+c[4]+"|"+c[0]]++
}

func (j *job) answer() answer.Answer {
	a := j.a
	a.Groups, a.Machines, a.Cells, a.Costs = int64(len(j.groups)), int64(len(j.machines)), int64(len(j.cells)), int64(len(j.costs))
	for _, v := range j.groups {
		a.AddQuantiles(*v)
	}
	if j.form == "A" {
		for _, v := range j.machines {
			a.AddQuantiles(*v)
			a.Max += (*v)[len(*v)-1]
		}
	}
	return a
}

func plain(in io.Reader, j *job) error {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return err
	}
	place := map[string]int{}
	for i, name := range head {
		place[name] = i
	}
	var at []int
	for _, name := range []string{"date", "meterCategory", "SubscriptionId", "ResourceId", "resourceLocation", "additionalInfo", "pricingModel", "quantity", "costInUsd"} {
		at = append(at, place[name])
	}
	cells := make([]string, 7)
	for {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if j.form == "A" {
			cpu, err := strconv.ParseFloat(row[5], 64)
			if err != nil {
				return err
			}
			for _, c := range row[6:] {
				if _, err := strconv.ParseInt(c, 10, 64); err != nil {
					return err
				}
			}
			j.sample(row[0], row[2], row[3], row[4], cpu)
			continue
		}
		for i := range cells {
			cells[i] = row[at[i]]
		}
		quantity, err := strconv.ParseFloat(row[at[7]], 64)
		if err != nil {
			return err
		}
		cost, err := strconv.ParseFloat(row[at[8]], 64)
		if err != nil {
			return err
		}
		j.charge(cells, quantity, cost)
	}
}

type metricsRow struct {
	Time     string  `csv:"timestamp"`
	Resource string  `csv:"resource_id"`
	Size     string  `csv:"vm_size"`
	Region   string  `csv:"region"`
	CPU      float64 `csv:"cpu_percent"`
	Memory   int64   `csv:"available_memory_bytes"`
}

type costRow struct {
	Date         string  `csv:"date"`
	Category     string  `csv:"meterCategory"`
	Subscription string  `csv:"SubscriptionId"`
	Resource     string  `csv:"ResourceId"`
	Region       string  `csv:"resourceLocation"`
	Info         string  `csv:"additionalInfo"`
	Model        string  `csv:"pricingModel"`
	Quantity     float64 `csv:"quantity"`
	Cost         float64 `csv:"costInUsd"`
}

func arrowMetrics(in io.Reader, j *job) error {
	text, number := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "timestamp", Type: text}, {Name: "subscription_id", Type: text}, {Name: "resource_id", Type: text},
		{Name: "vm_size", Type: text}, {Name: "region", Type: text}, {Name: "cpu_percent", Type: arrow.PrimitiveTypes.Float64},
		{Name: "available_memory_bytes", Type: number}, {Name: "network_in_bytes", Type: number},
		{Name: "network_out_bytes", Type: number}, {Name: "disk_read_bytes", Type: number}, {Name: "disk_write_bytes", Type: number},
	}, nil)
	r := arrowcsv.NewReader(in, schema, arrowcsv.WithHeader(true), arrowcsv.WithChunk(8192))
	defer r.Release()
	for r.Next() {
		rec := r.Record()
		column := func(i int) *array.String { return rec.Column(i).(*array.String) }
		cpu := rec.Column(5).(*array.Float64)
		for i := range int(rec.NumRows()) {
			j.sample(column(0).Value(i), column(2).Value(i), column(3).Value(i), column(4).Value(i), cpu.Value(i))
		}
	}
	return r.Err()
}
