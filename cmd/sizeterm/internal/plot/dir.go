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
	"unicode"

	"sizeterm/analyzer"
	"sizeterm/recommend"
)

// WriteDir writes the pictures of a plan into dir, which it makes: of each pool the demand, the sorted hours and the savings
// curve, of each customer and currency the cash calendar, of each customer the utilisation, and the week of its largest
// sizes. Each is written as SVG and PNG, complete or not at all, under a name that stays the same from run to run. It
// returns the names of the files in dir, sorted.
func WriteDir(dir string, plan *recommend.Plan) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write pictures: %w", err)
	}
	var names []string
	for _, pic := range Pictures(plan) {
		for _, kind := range []struct {
			extension string
			write     func(io.Writer) error
		}{{".svg", pic.SVG}, {".png", pic.PNG}} {
			name := pic.Name + kind.extension
			if err := writeFile(filepath.Join(dir, name), kind.write); err != nil {
				return nil, fmt.Errorf("write pictures: %w", err)
			}
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// Pictures returns the pictures that WriteDir writes, each with its own name, in the order in which a person looks at
// them: the customers in the order of the plan's totals, then pool by pool.
func Pictures(plan *recommend.Plan) []Picture {
	names := customerNames(plan)
	taken := map[string]bool{}
	var pics []Picture
	add := func(pic Picture, ok bool, parts ...string) {
		if !ok {
			return
		}
		pic.Name = unused(taken, slug(append(parts, pic.Name)...))
		pics = append(pics, pic)
	}
	for i := range plan.Totals {
		t := &plan.Totals[i]
		pic, ok := Cash(t)
		add(pic, ok, names[t.Customer], string(t.Currency))
	}
	for _, customer := range sortedCustomers(plan) {
		profiles := ofCustomer(plan.Profiles, customer)
		pic, ok := Utilisation(profiles, plan.VMs)
		add(pic, ok, names[customer])
	}
	for i := range plan.Pools {
		pool := &plan.Pools[i]
		parts := []string{names[pool.Customer], string(pool.Region), pool.Group}
		if currencies(plan, pool.Customer) > 1 {
			parts = append(parts, string(pool.Currency))
		}
		if len(pool.Demand.Flat) > 0 {
			add(Demand(pool, plan.Window), true, parts...)
			add(Sorted(pool), len(thresholds(pool)) > 0, parts...)
		}
		pic, ok := Savings(pool, plan.Reference)
		add(pic, ok, parts...)
	}
	for _, customer := range sortedCustomers(plan) {
		for _, profile := range largest(ofCustomer(plan.Profiles, customer), maxWeeks) {
			pic, ok := Week(&profile, plan.VMs)
			add(pic, ok, names[customer], string(profile.Region), string(profile.Size))
		}
	}
	return pics
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
