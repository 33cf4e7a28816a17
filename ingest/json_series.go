package ingest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// measured reports whether an object holds series of a metric: of the REST API and the command line, or of Get-AzMetric.
func measured(raw []byte) bool {
	return bytes.Contains(raw, []byte(`"timeseries"`)) || bytes.Contains(raw, []byte(`"Timeseries"`)) ||
		bytes.Contains(raw, []byte(`"Data"`)) && bytes.Contains(raw, []byte(`"TimeStamp"`))
}

// metricSeries is one series of a metric: all of it, or what one value of its dimensions has of it.
type metricSeries struct {
	MetadataValues []struct {
		Name  metricName
		Value string
	}
	Data []struct {
		TimeStamp                        string
		Average, Minimum, Maximum, Total json.Number
	}
}

// metricName is a name that is {"value": ...} in the REST API, and a text in what Get-AzMetric gives.
type metricName string

func (n *metricName) UnmarshalJSON(raw []byte) error {
	var full struct{ Value string }
	if json.Unmarshal(raw, &full) == nil {
		*n = metricName(full.Value)
		return nil
	}
	return json.Unmarshal(raw, (*string)(n))
}

// series expands one metric of an Azure Monitor answer into one item a sample.
func (t *jsonTable) series(raw json.RawMessage, line int64, interval string) ([]item, error) {
	var metric struct {
		ID   string
		Name metricName
		metricSeries
		Timeseries []metricSeries
	}
	if err := json.Unmarshal(raw, &metric); err != nil {
		return nil, err
	}
	resource := metric.ID
	if at := strings.Index(strings.ToLower(resource), "/providers/microsoft.insights/metrics/"); at >= 0 { // the vendor spells it both ways
		resource = resource[:at]
	}
	if len(metric.Timeseries) == 0 && len(metric.Data) > 0 {
		metric.Timeseries = []metricSeries{metric.metricSeries}
	}
	names := []string{"timeStamp", "resourceId", "instanceName", "metricName", "average", "minimum", "maximum", "total", "timeGrain"}
	var all []item
	for _, s := range metric.Timeseries {
		machine, part := s.of(resource)
		for _, d := range s.Data {
			all = append(all, item{names: names, line: line, values: []string{dated(d.TimeStamp), machine, part, string(metric.Name), string(d.Average), string(d.Minimum),
				string(d.Maximum), string(d.Total), interval}})
		}
	}
	return all, nil
}

// of returns the machine of a series, and which part of what it has: the instance of a scale set that a dimension VMName names,
// and the values of other dimensions, such as disks; a series without is the whole.
func (s *metricSeries) of(resource string) (machine, part string) {
	var parts []string
	for _, m := range s.MetadataValues {
		set := strings.TrimRight(resource, "/")
		if strings.EqualFold(string(m.Name), "VMName") && strings.Contains(strings.ToLower(set), "/virtualmachinescalesets/") && m.Value != "" {
			number := m.Value
			if name := set[strings.LastIndexByte(set, '/')+1:] + "_"; len(number) > len(name) && strings.EqualFold(number[:len(name)], name) {
				number = number[len(name):]
			}
			resource = set + "/virtualMachines/" + number
			continue
		}
		parts = append(parts, m.Value)
	}
	if len(parts) == 0 {
		return resource, "_Total"
	}
	slices.Sort(parts)
	return resource, strings.Join(parts, "|")
}
