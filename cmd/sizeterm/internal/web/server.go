package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/danielgtaylor/huma/v2"

	"sizeterm/recommend/order"
	"sizeterm/recommend/order/prove"
)

// Options are what a Server is made of. Receiver, Files, Plans, People, Links and Secret are needed.
type Options struct {
	Receiver Receiver
	Files    Files
	Plans    Plans
	People   People
	Links    Links
	// Rules are what customers' plans are decided by; nil where nobody keeps any.
	Rules Rules
	// Keys are those of programs, Answers what their requests were answered with.
	Keys    Keys
	Answers Answers
	// Secret is the key of what is kept of links and API keys: 32 random bytes that stay the same.
	Secret []byte
	// Desk returns the desk at which a tenant's orders are acted on.
	Desk func(tenant string) (*order.Desk, error)
	// Proofs returns what was found of a tenant's orders, by customer and month; nil where nothing is compared.
	Proofs func(ctx context.Context, tenant string) ([]prove.Month, error)
	// Hooks keeps who is told of orders, and Posts makes calls to them; nil where nobody is told.
	Hooks Webhooks
	Posts Posts
	// Facts are what is known of customers for exports of orders, by customer; any may be lacking.
	Facts map[string]order.Facts
	// Due says what of a tenant runs out or is planned within 30 days, given the tenant's orders; nil where nobody knows.
	Due func(ctx context.Context, tenant string, orders []order.Order) ([]order.Reminder, error)
	// Home is the tenant whose people sign in by name and password.
	Home string
	// Provider signs people in elsewhere; nil where nobody does.
	Provider *Provider
	// Public is the address of the service, without a slash at its end; "" takes that under which a browser comes.
	Public string
	// Audit records what somebody did; nil records nothing.
	Audit func(ctx context.Context, tenant, actor, action, object, detail string) error
	// Door takes files in pieces by the tus protocol, or whole; it sees paths behind /api/v1/uploads and asks Asking who
	// sends. nil where there is none.
	Door http.Handler
	// Happened tells of uploads and plans as they come; nil where nothing does.
	Happened Happened
	// Demo brings the demo's files into a tenant; nil where there is none to bring.
	Demo func(ctx context.Context, tenant, by string) error
	// Ready reports why the service cannot work, nil where it can.
	Ready func(ctx context.Context) error
	// Sessions keeps sessions; nil keeps them as long as the process lives.
	Sessions scs.Store
	// Secure says that browsers reach the service by HTTPS: cookies and headers then insist on it.
	Secure  bool
	Log     *slog.Logger
	Now     func() time.Time // the clock, UTC; nil is the real one
	Version string
	// MaxUpload is the largest file, in bytes; 0 is 2 GiB.
	MaxUpload int64
	// SessionIdle is how long a session lasts without a request; 0 is 30 minutes. None lasts more than 12 hours.
	SessionIdle time.Duration
	// Observe hears of every answer: route, status and time.
	Observe func(route string, status int, took time.Duration)
	// Metrics answers scrapes of /metrics; nil where they are answered elsewhere.
	Metrics http.Handler
}

// Server answers requests. Make one with New.
type Server struct {
	Options
	log       *slog.Logger
	now       func() time.Time
	mux       *http.ServeMux
	sessions  *scs.SessionManager
	attempts  attempts
	buckets   buckets
	watching  watching
	openapi   *huma.OpenAPI
	apiRoutes []route
	pages     pages
	views     views
	tables    *tables
	handler   http.Handler
	stopping  chan struct{} // closed when Serve is to end
}

// The limits of requests.
const (
	defaultMaxUpload = 2 << 30
	maxForm          = 1 << 20
	maxHeader        = 16 << 10
	readHeader       = 5 * time.Second
	idle             = 60 * time.Second
	sessionIdle      = 30 * time.Minute
	sessionLife      = 12 * time.Hour
)

// New makes a server. It panics where the routes contradict each other: a mistake of ours.
func New(o Options) *Server {
	s := &Server{Options: o, log: o.Log, now: o.Now, mux: http.NewServeMux(), pages: parsePages(), views: newViews(), stopping: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = func() time.Time { return time.Now().UTC() }
	}
	if s.MaxUpload == 0 {
		s.MaxUpload = defaultMaxUpload
	}
	s.tables = newTables(s.stopping)
	s.sessions = s.newSessions()
	s.mount()
	s.handler = s.middleware()
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// middleware is what every request passes, outermost first: the recover, the headers, the log, compression, the session, who asks,
// forged requests, and the routes.
func (s *Server) middleware() http.Handler {
	var h http.Handler = http.HandlerFunc(s.dispatch)
	h = s.sameOrigin(h)
	h = s.identify(h)
	h = s.sessions.LoadAndSave(h)
	h = compress(h)
	h = s.logged(h)
	h = s.headers(h)
	return s.recovered(h)
}

// dispatch finds the route, or answers as our errors do.
func (s *Server) dispatch(w http.ResponseWriter, r *http.Request) {
	_, pattern := s.mux.Handler(r)
	if pattern == "" {
		err := errMissing
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			probe := r.Clone(r.Context())
			probe.Method = method
			if _, other := s.mux.Handler(probe); other != "" {
				err = errMethod
			}
		}
		s.fail(w, r, err)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// sameOrigin refuses requests that another site made a browser send. Programs with a key bring no cookie and pass.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !principalOf(r.Context()).Key {
			if err := protection.Check(r); err != nil {
				s.fail(w, r, errForged)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// headers are those of every answer.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		h.Set("Cache-Control", "no-store")
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// recovered turns a panic into an answer: the process and the other requests go on.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			s.log.Error("panic", "route", s.routeName(r), "place", panicPlace())
			s.fail(w, r, errUnexpected)
		}()
		next.ServeHTTP(w, r)
	})
}

// logged writes one line a request, with its route and never its address: addresses name objects.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		took := time.Since(start)
		name := s.routeName(r)
		if s.Observe != nil {
			s.Observe(name, rec.status, took)
		}
		if strings.HasPrefix(name, "/assets/") || strings.HasSuffix(name, "z") {
			return
		}
		s.log.Info("request", "method", r.Method, "route", name, "status", rec.status, "ms", took.Milliseconds(), "bytes", rec.bytes)
	})
}

// routeName is the path of the route that answered, "other" where none did.
func (s *Server) routeName(r *http.Request) string {
	_, pattern := s.mux.Handler(r)
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return "other"
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// stopWithin is how long requests may go on after the order to stop.
const stopWithin = 8 * time.Second

// Serve answers on l until ctx ends, then lets requests finish for up to 8 s.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	// Requests end with the connection, not with ctx: those under way finish.
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: readHeader, IdleTimeout: idle, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	close(s.stopping)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := server.Shutdown(stopping); err != nil {
		s.log.Warn("requests cut off at the stop")
		_ = server.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
