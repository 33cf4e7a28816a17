package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"github.com/spf13/cobra"

	"sizeterm/benchmarks/fleet/contoso"
	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/recommend"
)

// serving are the flags of the service.
type serving struct {
	*common
	house
	listen, policyPath           string
	prices                       []string
	idle                         time.Duration
	behindTLS                    bool
	metricsListen, metricsConfig string
}

// adminLinkLife is how long the link that is printed at the start can be used.
const adminLinkLife = time.Hour

func newServe(c *common) *cobra.Command {
	s := &serving{common: c}
	cmd := &cobra.Command{
		Use:   "serve [FLAGS]",
		Short: "Pages for uploads, plans and orders; it prints a one-time link to sign in with",
		Long: `Answers on a loopback address with pages on which files are uploaded and plans looked at. Everything is kept in one
folder. At the start it prints a link that signs one browser in as admin, once.`,
		Example: `  sizeterm serve
  sizeterm serve --listen 127.0.0.1:9000 --data-dir /srv/sizeterm`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context(), false) },
	}
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8317", "address to answer on")
	s.house.flags(cmd)
	f.StringArrayVar(&s.prices, "prices", nil, "price sheet over the embedded prices (repeatable; the last one wins)")
	f.StringVar(&s.policyPath, "policy", "", "YAML file with the rules of the plans")
	f.DurationVar(&s.idle, "session-idle", 30*time.Minute, "how long a session lasts without a request; 12 h at most")
	f.StringVar(&s.metricsListen, "metrics-listen", "", "address for scrapes of /metrics alone; without one they are answered beside the pages")
	f.StringVar(&s.metricsConfig, "metrics-config", "", "file with the TLS and passwords of --metrics-listen, as Prometheus exporters have it")
	f.BoolVar(&s.behindTLS, "behind-tls", false, "browsers reach the service by HTTPS through a proxy: cookies insist on it")
	return cmd
}

func newDemo(c *common) *cobra.Command {
	s := &serving{common: c, idle: 12 * time.Hour}
	var out string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Open a filled instance of the service with a made-up customer, or write the demo's files with --out",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out != "" {
				if err := contoso.Write(out, contoso.Seed); err != nil {
					return err
				}
				s.note("demo files written to %s; try: sizeterm recommend %s", out, out)
				return nil
			}
			dir, err := os.MkdirTemp("", "sizeterm-demo-*")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			s.dataDir = dir
			return s.run(cmd.Context(), true)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write the demo's files into this folder and do nothing else")
	cmd.Flags().StringVar(&s.listen, "listen", "127.0.0.1:8317", "address to answer on")
	return cmd
}

// run serves until ctx ends.
func (s *serving) run(ctx context.Context, filled bool) (err error) {
	if s.dataDir == "" {
		dir, err := userDataDir()
		if err != nil {
			return err
		}
		s.dataDir = dir
	}
	if err := os.MkdirAll(s.dataDir, 0o700); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return &hintError{code: exitUnexpected, err: err, hint: "Choose another address with --listen."}
	}
	log := slog.New(slog.NewJSONHandler(s.common.err, &slog.HandlerOptions{ReplaceAttr: utcTimes}))
	p, err := openPipeline(ctx, s.common, s.house, recommending{policyPath: s.policyPath, prices: s.prices})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, p.close()) }()
	lib := newLibrary(p, now)
	series := metrics.New(release)
	p.metrics = series
	lib.done = func(_ string, planned *web.Planned, took time.Duration, err error) {
		if err != nil {
			series.Job("plan", metrics.Discarded)
			log.Warn("no plan", "ms", took.Milliseconds())
			return
		}
		series.Job("plan", metrics.Done)
		series.Succeeded("plan", now())
		if portfolio, err := portfolioOf(lib.newest()); err == nil {
			series.Show(portfolio)
		} else {
			log.Error("portfolio not shown as metrics")
		}
		log.Info("plan made", "ms", took.Milliseconds(), "pools", len(planned.Plan.Pools), "lines", len(planned.Plan.Lines))
	}
	who := &accounts{db: p.db, now: now}
	secret, err := secretFile(filepath.Join(s.dataDir, "secret.key"))
	if err = errors.Join(err, who.welcome(ctx)); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := web.New(web.Options{
		Files: lib, Plans: lib, People: who, Links: who, Keys: who, Answers: who, Secret: secret, Sessions: p.db.Sessions(now), Audit: who.record, Home: store.Local, Desk: who.desk,
		Log: log, Now: now, Version: release, Secure: s.behindTLS, SessionIdle: s.idle, Ready: p.db.Ready,
		Observe: series.Answered,
		Demo:    func(ctx context.Context, tenant, by string) error { return bringDemo(ctx, lib, tenant, by) },
	})
	if err := s.begin(ctx, lib, filled); err != nil {
		return errors.Join(err, listener.Close())
	}
	link, err := server.NewLink(ctx, store.Local, firstAdmin, adminLinkLife)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	fmt.Fprintf(s.out, "Sign in with this link, once: http://%s%s\n", listener.Addr(), link)
	stop, err := s.serveMetrics(ctx, server, series, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return errors.Join(server.Serve(ctx, listener), stop())
}

// serveMetrics answers scrapes on a listener of their own, with the TLS and passwords of a file, where one is wanted; else at
// /metrics beside the pages.
func (s *serving) serveMetrics(ctx context.Context, server *web.Server, series *metrics.Metrics, log *slog.Logger) (stop func() error, err error) {
	if s.metricsListen == "" {
		server.Metrics = series.Handler()
		return func() error { return nil }, nil
	}
	listener, err := net.Listen("tcp", s.metricsListen)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", series.Handler())
	scrapes := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() {
		done <- toolkit.Serve(listener, scrapes, &toolkit.FlagConfig{WebConfigFile: &s.metricsConfig}, log)
	}()
	return func() error {
		err := scrapes.Close()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

// portfolioOf sums the newest plans of all tenants for the metrics.
func portfolioOf(plans []*recommend.Plan) (*metrics.Portfolio, error) {
	var documents [][]byte
	for _, p := range plans {
		var text bytes.Buffer
		if err := report.Write(&text, p, report.JSON, report.Options{Version: release}); err != nil {
			return nil, err
		}
		documents = append(documents, text.Bytes())
	}
	return metrics.NewPortfolio(documents, now())
}

// begin makes the plan of what is there already, and brings the demo where it is asked for.
func (s *serving) begin(ctx context.Context, lib *library, filled bool) error {
	if filled {
		return bringDemo(ctx, lib, store.Local, "demo")
	}
	tenants, err := lib.p.db.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		uploads, err := lib.Uploads(ctx, t.ID)
		if err != nil {
			return err
		}
		if len(uploads) > 0 {
			if err := lib.Refresh(ctx, t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// bringDemo uploads the demo's files, as a person would.
func bringDemo(ctx context.Context, lib *library, tenant, by string) error {
	files, err := contoso.Files(contoso.Seed)
	if err != nil {
		return err
	}
	for _, f := range files {
		if _, err := lib.Receive(ctx, tenant, by, f.Name, bytes.NewReader(f.Data)); err != nil {
			return err
		}
	}
	return lib.Refresh(ctx, tenant)
}

// secretBytes is the length of the key of the service.
const secretBytes = 32

// secretFile reads the key of the service, and makes it where there is none yet.
func secretFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		secret := make([]byte, secretBytes)
		_, _ = rand.Read(secret) // never fails
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		_, err = f.WriteString(hex.EncodeToString(secret) + "\n")
		return secret, errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, errors.Join(err, fmt.Errorf("%s: others may read it: chmod 600", path))
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != secretBytes {
		return nil, fmt.Errorf("%s: not a key of %d bytes in hex", path, secretBytes)
	}
	return secret, nil
}

// now is the clock of the service.
func now() time.Time { return time.Now().UTC() }

// utcTimes prints the times of the log in UTC.
func utcTimes(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	}
	return a
}

// userDataDir is where a person's data rest.
func userDataDir() (string, error) {
	dir := os.Getenv("XDG_DATA_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(dir, "sizeterm"), nil
}
