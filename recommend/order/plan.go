package order

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// planSchema is the form of plans that ReadPlan reads.
const planSchema = "sizeterm.plan/1"

// Plan is what an order takes from a plan: its lines, and by what hash the plan is known.
type Plan struct {
	SHA256 string
	AsOf   time.Time
	Lines  []Line
}

// maxPlan is the size that no plan exceeds.
const maxPlan = 256 << 20

// planFile is the part of the JSON plan that orders need.
type planFile struct {
	Schema string    `json:"schema"`
	AsOf   time.Time `json:"as_of"`
	Prices []struct {
		Source string    `json:"source"`
		AsOf   time.Time `json:"as_of"`
	} `json:"prices"`
	VMs []struct {
		Customer string `json:"customer"`
		Resource string `json:"resource"`
		Name     string `json:"name"`
		Region   string `json:"region"`
	} `json:"vms"`
	Resizes []struct {
		ID     string `json:"id"`
		VM     string `json:"vm"`
		Action string `json:"action"`
	} `json:"resizes"`
	Pools []planPool `json:"pools"`
	Lines []planLine `json:"lines"`
}

type planPool struct {
	ID    string `json:"id"`
	Rates []struct {
		Size string `json:"size"`
		Rate string `json:"rate"`
	} `json:"rates"`
}

type planLine struct {
	ID              string  `json:"id"`
	Pool            string  `json:"pool"`
	Action          string  `json:"action"`
	Customer        string  `json:"customer"`
	Subscription    string  `json:"subscription"`
	Scope           string  `json:"scope"`
	Region          string  `json:"region"`
	Size            string  `json:"size"`
	Term            string  `json:"term"`
	Quantity        int64   `json:"quantity"`
	Flexibility     string  `json:"flexibility"`
	BillingPlan     string  `json:"billing_plan"`
	UnitPrice       string  `json:"unit_price"`
	TotalPrice      string  `json:"total_price"`
	Currency        string  `json:"currency"`
	PriceSource     string  `json:"price_source"`
	SavingMonth     string  `json:"saving_month"`
	PartnerOnRecord *string `json:"partner_on_record"`
}

// ReadPlan reads a JSON plan. It refuses another schema, a plan without a day, and a line whose amounts do not fit
// together: such a plan was not written by this program, or was changed afterwards.
func ReadPlan(r io.Reader) (*Plan, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPlan+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxPlan {
		return nil, fmt.Errorf("more than %d bytes: not a plan", maxPlan)
	}
	var file planFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("not a JSON plan: %w", err)
	}
	if file.Schema != planSchema {
		return nil, fmt.Errorf("schema: %q: not %s", file.Schema, planSchema)
	}
	if file.AsOf.IsZero() {
		return nil, errors.New("as_of: the plan has no day")
	}
	sum := sha256.Sum256(text)
	plan := &Plan{SHA256: hex.EncodeToString(sum[:]), AsOf: file.AsOf}
	seen := map[string]bool{}
	for i := range file.Lines {
		if file.Lines[i].Action != "reserve" {
			return nil, fmt.Errorf("line %s: action: %q: not reserve", file.Lines[i].ID, file.Lines[i].Action)
		}
		line, err := file.line(&file.Lines[i])
		if err != nil {
			return nil, err
		}
		if err := line.Check(); err != nil {
			return nil, err
		}
		if seen[line.lineage()] {
			return nil, fmt.Errorf("line %s: it is in the plan twice", line.ID)
		}
		seen[line.lineage()] = true
		plan.Lines = append(plan.Lines, line)
	}
	return plan, nil
}

// line turns a line of the file into ours; Check judges what this does not.
func (f *planFile) line(p *planLine) (Line, error) {
	bad := func(field, value string, err error) (Line, error) {
		return Line{}, fmt.Errorf("line %s: %s: %q: %w", p.ID, field, value, err)
	}
	l := Line{
		ID: p.ID, Customer: strings.ToLower(p.Customer), Subscription: strings.ToLower(p.Subscription), Scope: strings.ToLower(p.Scope),
		Region: catalog.Region(p.Region), Size: catalog.Size(p.Size), Quantity: p.Quantity, BillingPlan: p.BillingPlan,
		PriceSource: p.PriceSource, AsOf: f.AsOf, PriceAsOf: f.priceDay(p.PriceSource),
	}
	l.Resizes, l.Resized = f.resizesOf(p)
	var err error
	if l.Term, err = pricing.ParseTerm(p.Term); err != nil {
		return bad("term", p.Term, err)
	}
	currency, err := money.ParseCode(p.Currency)
	if err != nil {
		return bad("currency", p.Currency, err)
	}
	for _, amount := range []struct {
		field, text string
		into        *money.Amount
	}{{"unit_price", p.UnitPrice, &l.UnitPrice}, {"total_price", p.TotalPrice, &l.TotalPrice}, {"saving_month", p.SavingMonth, &l.SavingMonth}} {
		if *amount.into, err = money.Parse(amount.text, currency); err != nil {
			return bad(amount.field, amount.text, err)
		}
	}
	switch p.Flexibility {
	case "on":
		l.Flexible = true
	case "capacity_priority":
	default:
		return bad("flexibility", p.Flexibility, errors.New("not on or capacity_priority"))
	}
	if p.PartnerOnRecord != nil {
		l.PartnerOnRecord = *p.PartnerOnRecord
	}
	l.Rate, err = f.rateOf(p)
	return l, err
}

// rateOf is the pay-as-you-go rate of the line's size in its pool, 0 where the plan does not say. A pool lists the rates of
// the sizes that run; the rate of another size of the flexibility group follows from the nearest of them by the ratio.
func (f *planFile) rateOf(p *planLine) (money.Rate, error) {
	at := slices.IndexFunc(f.Pools, func(pool planPool) bool { return pool.ID == p.Pool })
	if at < 0 {
		return 0, nil
	}
	mine, flexible := catalog.Size(p.Size).Group()
	var rate money.Rate
	nearest := int64(-1)
	for _, r := range f.Pools[at].Rates {
		other, ok := catalog.Size(r.Size).Group()
		if r.Size != p.Size && (!flexible || !ok || other.Name != mine.Name) {
			continue
		}
		parsed, err := money.ParseRate(r.Rate)
		if err != nil {
			return 0, fmt.Errorf("pool %s: rate of %s: %q: %w", p.Pool, r.Size, r.Rate, err)
		}
		if r.Size == p.Size {
			return parsed, nil
		}
		if off := max(other.Ratio-mine.Ratio, mine.Ratio-other.Ratio); nearest < 0 || off < nearest {
			nearest = off
			if rate, err = parsed.MulDiv(mine.Ratio, other.Ratio); err != nil {
				return 0, err
			}
		}
	}
	return rate, nil
}

// priceDay is the day of the price source that the line names: the longest name of a source with which its text begins.
func (f *planFile) priceDay(source string) time.Time {
	var day time.Time
	longest := 0
	for _, s := range f.Prices {
		if len(s.Source) > longest && strings.HasPrefix(source, s.Source) {
			day, longest = s.AsOf, len(s.Source)
		}
	}
	return day
}

// resizesOf lists the resizes of the customer's machines in the line's region, by id and by name of the machine: they come
// before the reservation.
func (f *planFile) resizesOf(p *planLine) (ids, names []string) {
	for _, r := range f.Resizes {
		for _, vm := range f.VMs {
			if r.Action == "resize" && cmp.Or(vm.Resource, vm.Name) == r.VM && strings.EqualFold(vm.Customer, p.Customer) && vm.Region == p.Region {
				ids, names = append(ids, r.ID), append(names, path.Base(r.VM))
				break
			}
		}
	}
	return ids, names
}
