package recommend

import (
	"fmt"
	"time"
)

// silentDays is how many days a customer may be without usage at the end of the files, while they hold that of others, before nothing more
// is bought for it.
//
//	days    what it can mean
//	1 - 6   its export is some days older than the others'; the days are unknown and widen the range
//	7 -     its machines may all be gone: three years would be bought for nothing
const silentDays = 7

// silentFor returns the day after the last usage of a customer, and how many days later the last usage of any customer ends.
func (in *Input) silentFor(customer string) (since time.Time, days int) {
	var last time.Time
	for _, c := range in.Analysis.Coverage {
		if c.Customer == customer {
			since = c.To
		}
		if c.To.After(last) {
			last = c.To
		}
	}
	if since.IsZero() {
		return since, 0
	}
	return since, int(last.Sub(since) / (24 * time.Hour))
}

// silence stops the advice for a customer of whom the files tell nothing any more while they tell of others.
func (d *decision) silence(in *Input) {
	since, days := in.silentFor(d.pool.Customer)
	if days < silentDays || len(d.terms) == 0 {
		return
	}
	d.terms = nil
	d.refuse(fmt.Sprintf("%s in %s", d.pool.Group, d.pool.Region), "usage_stops",
		fmt.Sprintf("the files hold no usage of this customer from %s on, but %d days more of others: whether its machines still run is unknown", since.Format(time.DateOnly), days))
}
