package metrics

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sizeterm/ingest"
	"sizeterm/ingest/upload"
)

// Metrics are the series of one process.
type Metrics struct {
	registry *prometheus.Registry

	uploads, uploadBytes    *prometheus.CounterVec
	rows, rejected          *prometheus.CounterVec
	turnedAway              *prometheus.CounterVec
	stages, requests        *prometheus.HistogramVec
	responses, jobs         *prometheus.CounterVec
	success                 *prometheus.GaugeVec
	priceBook               prometheus.Gauge
	queue, queueAge         *prometheus.GaugeVec
	portfolio               *portfolioCollector
	customersOK, customersX prometheus.Gauge
}

// Stage names a step of the way from files to a plan.
type Stage string

// The stages.
const (
	Ingest    Stage = "ingest"
	Analyze   Stage = "analyze"
	Recommend Stage = "recommend"
	Report    Stage = "report"
)

// Result says how something ended.
type Result string

// The results.
const (
	Accepted  Result = "accepted"  // an upload that was kept
	Duplicate Result = "duplicate" // an upload whose bytes were there already
	Refused   Result = "refused"   // an upload that was not kept
	Done      Result = "done"      // a job that ended well
	Retried   Result = "retried"   // a job that failed and will run again
	Discarded Result = "discarded" // a job that was set aside
)

// New makes a registry of its own with all series. Version is that of the program.
func New(version string) *Metrics {
	m := &Metrics{
		registry:    prometheus.NewRegistry(),
		uploads:     counter("uploads_total", "Uploads by result.", "result"),
		uploadBytes: counter("upload_bytes_total", "Bytes of uploads by result.", "result"),
		rows:        counter("rows_total", "Rows read from usage files, by result: accepted or rejected.", "result"),
		turnedAway:  counter("upload_rejections_total", "Uploads turned away at the door, by reason: the last word of the answer's type.", "reason"),
		rejected:    counter("rejected_rows_total", "Rows rejected, by reason.", "reason"),
		stages: histogram("stage_duration_seconds", "Time of each stage from files to a plan.",
			[]float64{0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 1800}, "stage"),
		requests: histogram("http_request_duration_seconds", "Time to answer, by route pattern.",
			[]float64{0.005, 0.025, 0.1, 0.15, 0.5, 2, 10}, "route"),
		responses: counter("http_responses_total", "Answers, by class of status: 2xx, 3xx, 4xx, 5xx.", "class"),
		jobs:      counter("jobs_total", "Ends of jobs by kind and result.", "kind", "result"),
		success:   gauge("last_success_timestamp_seconds", "When each job last succeeded, in seconds since 1970.", "job"),
		queue:     gauge("queue_jobs", "Jobs by state: waiting, running, retrying or set aside.", "state"),
		queueAge:  gauge("queue_oldest_age_seconds", "Age of the oldest job of a state.", "state"),
		priceBook: plain("price_book_timestamp_seconds", "As-of date of the oldest price that a line of the newest plans rests on, in seconds since 1970."),
		customersOK: plain("batch_customers_planned",
			"Customers for whom the last batch made a plan."),
		customersX: plain("batch_customers_failed", "Customers for whom the last batch could not make a plan."),
		portfolio:  newPortfolioCollector(),
	}
	for _, c := range []prometheus.Collector{
		m.uploads, m.uploadBytes, m.turnedAway, m.rows, m.rejected, m.stages, m.requests, m.responses, m.jobs, m.success, m.queue,
		m.queueAge, m.portfolio, buildInfo(version), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		m.registry.MustRegister(c)
	}
	m.zero()
	return m
}

// zero makes the counters whose labels are known, so that a rate over the first event is seen.
func (m *Metrics) zero() {
	for _, r := range []Result{Accepted, Duplicate, Refused} {
		m.uploads.WithLabelValues(string(r))
		m.uploadBytes.WithLabelValues(string(r))
	}
	for _, word := range upload.Reasons() {
		m.turnedAway.WithLabelValues(word)
	}
	m.rows.WithLabelValues("accepted")
	m.rows.WithLabelValues("rejected")
	for _, word := range ingest.Reasons() {
		m.rejected.WithLabelValues(word)
	}
	for _, class := range []string{"2xx", "3xx", "4xx", "5xx"} {
		m.responses.WithLabelValues(class)
	}
}

const namespace = "sizeterm"

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func plain(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
}

// buildInfo is always 1; its labels say what runs.
func buildInfo(version string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info", Help: "1, labelled with the version of the program and of Go.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()}}, func() float64 { return 1 })
}

// Handler answers scrapes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// WriteTextfile replaces the file at path by all series at once, for the textfile collector of node_exporter: path must end
// in .prom. Series of the process and of Go are left out, which would clash with those of the exporter.
func (m *Metrics) WriteTextfile(path string) error {
	return prometheus.WriteToTextfile(path, ours{m.registry})
}

// Upload counts an upload and its bytes.
func (m *Metrics) Upload(result Result, bytes int64) {
	m.uploads.WithLabelValues(string(result)).Inc()
	m.uploadBytes.WithLabelValues(string(result)).Add(float64(max(0, bytes)))
}

// TurnedAway counts an upload that the door refused, for one of upload.Reasons.
func (m *Metrics) TurnedAway(reason string) { m.turnedAway.WithLabelValues(reason).Inc() }

// Rows counts the rows of one file; every rejected row has its error in rejects, or is counted as "other".
func (m *Metrics) Rows(accepted, rejected int64, rejects []ingest.RowError) {
	m.rows.WithLabelValues("accepted").Add(float64(max(0, accepted)))
	m.rows.WithLabelValues("rejected").Add(float64(max(0, rejected)))
	for _, e := range rejects {
		m.rejected.WithLabelValues(e.Reason()).Inc()
	}
	m.rejected.WithLabelValues("other").Add(float64(max(0, rejected-int64(len(rejects)))))
}

// Took records how long a stage took.
func (m *Metrics) Took(stage Stage, d time.Duration) {
	m.stages.WithLabelValues(string(stage)).Observe(d.Seconds())
}

// Answered records an answer to a request: route is the pattern that matched, never the path.
func (m *Metrics) Answered(route string, status int, d time.Duration) {
	m.requests.WithLabelValues(route).Observe(d.Seconds())
	if class := status / 100; class >= 2 && class <= 5 {
		m.responses.WithLabelValues(string(rune('0'+class)) + "xx").Inc()
	}
}

// Job counts the end of a job.
func (m *Metrics) Job(kind string, result Result) {
	m.jobs.WithLabelValues(kind, string(result)).Inc()
}

// Succeeded records when a job last succeeded.
func (m *Metrics) Succeeded(job string, at time.Time) {
	m.success.WithLabelValues(job).Set(float64(at.Unix()))
}

// Queue records how many jobs of a state there are and how old the oldest is.
func (m *Metrics) Queue(state string, jobs int, oldest time.Duration) {
	m.queue.WithLabelValues(state).Set(float64(jobs))
	m.queueAge.WithLabelValues(state).Set(oldest.Seconds())
}

// Batch records for how many customers the last batch made a plan and for how many it could not.
func (m *Metrics) Batch(planned, failed int) {
	for g, n := range map[prometheus.Gauge]int{m.customersOK: planned, m.customersX: failed} {
		g.Set(float64(n))
		m.show(g)
	}
}

// show registers a gauge when it is first set: until then it is absent.
func (m *Metrics) show(g prometheus.Gauge) {
	_ = m.registry.Register(g) // a second time it is there already
}
