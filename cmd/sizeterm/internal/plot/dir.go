package plot

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"

	"sizeterm/analyzer"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend"
)

// WriteDir writes the pictures of a plan into dir, which it makes: of each pool the demand, the sorted hours, the savings curve, the
// fan of futures, what they save and where one year or three turns, of each customer and currency the cash calendar and the frontier
// of its sizes, of each customer the utilisation, and the week of its largest
// sizes. Each is written as SVG and PNG, complete or not at all, under a name that stays the same from run to run. It
// returns the names of the files in dir, sorted.
func WriteDir(dir string, plan *recommend.Plan) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write pictures: %w", err)
	}
	pics := Pictures(plan)
	if err := eachPicture(pics, func(pic Picture) error { return pic.writeTo(dir) }); err != nil {
		return nil, fmt.Errorf("write pictures: %w", err)
	}
	names := make([]string, 0, 2*len(pics))
	for _, pic := range pics {
		names = append(names, pic.Name+".svg", pic.Name+".png")
	}
	sort.Strings(names)
	return names, nil
}

// ForReport returns the pictures for a page about plan, in the order in which a person looks at them: of each customer the
// payments and the utilisation, of each pool the demand and the savings curve. Those of one customer only are shown in a
// page for that customer.
func ForReport(plan *recommend.Plan) ([]report.Picture, error) {
	var out []report.Picture
	for _, pic := range Pictures(plan) {
		if pic.detail {
			continue
		}
		var b bytes.Buffer
		if err := pic.SVG(&b); err != nil {
			return nil, err
		}
		out = append(out, report.Picture{Title: pic.Title, Alt: pic.Alt, Customer: pic.customer, SVG: b.Bytes()})
	}
	return out, nil
}

// painters is the number of pictures that are drawn at a time.
const painters = 2

// eachPicture does work for each picture, several at a time, and returns the error of the first that failed.
func eachPicture(pics []Picture, work func(Picture) error) error {
	failed := make([]error, len(pics))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(painters, len(pics)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(pics); i = int(next.Add(1)) - 1 {
				failed[i] = work(pics[i])
			}
		})
	}
	wait.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// writeTo writes the picture into dir as SVG and as PNG.
func (p Picture) writeTo(dir string) error {
	if err := writeFile(filepath.Join(dir, p.Name+".svg"), p.SVG); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, p.Name+".png"), p.PNG)
}

// Pictures returns the pictures that WriteDir writes, each with its own name, in the order in which a person looks at
// them: the customers in the order of the plan's totals, then pool by pool.
func Pictures(plan *recommend.Plan) []Picture {
	names := customerNames(plan)
	taken := map[string]bool{}
	var pics []Picture
	add := func(customer string, pic Picture, ok bool, parts ...string) {
		if !ok {
			return
		}
		pic.customer = customer
		pic.Name = unused(taken, slug(append(append([]string{names[customer]}, parts...), pic.Name)...))
		pics = append(pics, pic)
	}
	for i := range plan.Totals {
		t := &plan.Totals[i]
		pic, ok := Cash(t)
		add(t.Customer, pic, ok, string(t.Currency))
		pic, ok = Frontier(plan, t)
		add(t.Customer, pic, ok, string(t.Currency))
	}
	for _, customer := range sortedCustomers(plan) {
		profiles := ofCustomer(plan.Profiles, customer)
		pic, ok := Utilisation(profiles, plan.VMs)
		add(customer, pic, ok)
	}
	for i := range plan.Pools {
		pool := &plan.Pools[i]
		parts := []string{string(pool.Region), pool.Group}
		if currencies(plan, pool.Customer) > 1 {
			parts = append(parts, string(pool.Currency))
		}
		if len(pool.Demand.Flat) > 0 {
			add(pool.Customer, Demand(pool, plan.Window), true, parts...)
			add(pool.Customer, asDetail(Sorted(pool)), len(thresholds(pool)) > 0, parts...)
		}
		pic, ok := Savings(pool, plan.Reference)
		add(pool.Customer, pic, ok, parts...)
		pic, ok = Fan(pool)
		add(pool.Customer, pic, ok, parts...)
		for _, draw := range []func(*recommend.Pool) (Picture, bool){Chances, Flip} {
			pic, ok = draw(pool)
			add(pool.Customer, asDetail(pic), ok, parts...)
		}
	}
	for _, customer := range sortedCustomers(plan) {
		for _, profile := range largest(ofCustomer(plan.Profiles, customer), maxWeeks) {
			pic, ok := Week(&profile, plan.VMs)
			add(customer, asDetail(pic), ok, string(profile.Region), string(profile.Size))
		}
	}
	return pics
}

// asDetail marks a picture that stands in the folder but not in a page.
func asDetail(pic Picture) Picture {
	pic.detail = true
	return pic
}

// maxWeeks is the number of sizes of a customer whose week is drawn.
const maxWeeks = 6

// largest returns the n measured profiles with the most hours.
func largest(profiles []analyzer.Profile, n int) []analyzer.Profile {
	measured := slices.DeleteFunc(profiles, func(p analyzer.Profile) bool { return p.CPUAvg.Samples == 0 })
	sort.SliceStable(measured, func(i, j int) bool { return measured[i].Hours > measured[j].Hours })
	return measured[:min(n, len(measured))]
}

// customerNames maps customers to the names for files: the printed name where there is one.
func customerNames(plan *recommend.Plan) map[string]string {
	names := map[string]string{}
	for i := range plan.Profiles {
		names[plan.Profiles[i].Customer] = plan.Profiles[i].Customer
	}
	for i := range plan.Pools {
		names[plan.Pools[i].Customer] = plan.Pools[i].Customer
	}
	for i := range plan.Totals {
		t := &plan.Totals[i]
		names[t.Customer] = t.Customer
		if slug(t.CustomerName) != "" {
			names[t.Customer] = t.CustomerName
		}
	}
	return names
}

// sortedCustomers lists the customers that have profiles.
func sortedCustomers(plan *recommend.Plan) []string {
	seen := map[string]bool{}
	var list []string
	for i := range plan.Profiles {
		if c := plan.Profiles[i].Customer; !seen[c] {
			seen[c] = true
			list = append(list, c)
		}
	}
	sort.Strings(list)
	return list
}

// ofCustomer returns the profiles of one customer.
func ofCustomer(profiles []analyzer.Profile, customer string) []analyzer.Profile {
	var out []analyzer.Profile
	for i := range profiles {
		if profiles[i].Customer == customer {
			out = append(out, profiles[i])
		}
	}
	return out
}

// currencies counts the currencies of a customer's pools.
func currencies(plan *recommend.Plan, customer string) int {
	seen := map[string]bool{}
	for i := range plan.Pools {
		if plan.Pools[i].Customer == customer {
			seen[string(plan.Pools[i].Currency)] = true
		}
	}
	return len(seen)
}

// maxSlug is the length to which a part of a file name is cut.
const maxSlug = 48

// slug joins parts into a file name of lower case letters, digits and dashes. No part can leave the folder or hide.
func slug(parts ...string) string {
	var out []string
	for _, part := range parts {
		var b strings.Builder
		for _, r := range strings.ToLower(strings.TrimPrefix(part, "Standard_")) {
			switch {
			case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
				b.WriteRune(r)
			case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
				b.WriteByte('-')
			}
		}
		text := b.String()
		if len(text) > maxSlug {
			text = text[:maxSlug]
		}
		if text = strings.Trim(text, "-"); text != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, "_")
}

// unused returns name, or name with a number behind where it is taken already.
func unused(taken map[string]bool, name string) string {
	found := name
	for n := 2; taken[found]; n++ {
		found = fmt.Sprintf("%s-%d", name, n)
	}
	taken[found] = true
	return found
}

// writeFile writes a file beside its place and moves it there once it is complete.
func writeFile(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".picture-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already where all went well
	if _, err := f.Write(b.Bytes()); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
