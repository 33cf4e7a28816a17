package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// ours gathers the series of this program and leaves those of the process and of Go out.
type ours struct{ from prometheus.Gatherer }

// Gather implements prometheus.Gatherer.
func (o ours) Gather() ([]*dto.MetricFamily, error) {
	all, err := o.from.Gather()
	var kept []*dto.MetricFamily
	for _, family := range all {
		if strings.HasPrefix(family.GetName(), namespace+"_") {
			kept = append(kept, family)
		}
	}
	return kept, err
}
