package main

import (
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
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/ingest/upload"
	"sizeterm/recommend/order"
)

// serving are the flags of the service.
type serving struct {
	*common
	house
	vouching
	reading                      reading
	listen, policyPath           string
	prices, watch                []string
	idle, nightly                time.Duration
	quota                        int64
	uploads                      upload.Limits
	behindTLS, privateHooks      bool
	facts                        string
	buying                       order.Policy
	metricsListen, metricsConfig string
	mail                         mailing
	hook                         telling
}

// adminLinkLife is how long the link that is printed at the start can be used.
const adminLinkLife = time.Hour

func newServe(c *common) *cobra.Command {
	s := &serving{common: c, buying: order.DefaultPolicy()}
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
	s.reading.limitFlag(f)
	f.StringArrayVar(&s.prices, "prices", nil, "price sheet over the embedded prices (repeatable; the last one wins)")
	f.StringVar(&s.policyPath, "policy", "", "YAML file with the rules of the plans")
	f.DurationVar(&s.nightly, "nightly", 2*time.Hour, "when the nightly run begins, after midnight UTC: what batch does, for whom no scheduler starts it; 0 is never")
	f.StringArrayVar(&s.watch, "watch", nil, "folder or container (azblob://, s3://) from which the nightly run takes new files (repeatable)")
	f.Int64Var(&s.quota, "quota", 0, "GiB of files that each partner may keep here; 0 is as much as the disk takes")
	s.uploadFlags(f)
	f.DurationVar(&s.idle, "session-idle", 30*time.Minute, "how long a session lasts without a request; 12 h at most")
	f.StringVar(&s.metricsListen, "metrics-listen", "", "address for scrapes of /metrics alone; without one they are answered beside the pages")
	f.StringVar(&s.metricsConfig, "metrics-config", "", "file with the TLS and passwords of --metrics-listen, as Prometheus exporters have it")
	s.vouching.flags(cmd)
	f.StringVar(&s.facts, "facts", "", "JSON file with what is known of customers and subscriptions (sizeterm.facts/1), for the checks and exports of orders")
	capFlags(f, &s.buying)
	f.BoolVar(&s.privateHooks, "private-webhooks", false, "webhooks may be posted to private networks and to this machine")
	s.mail.flags(cmd)
	s.hook.flags(cmd)
	f.BoolVar(&s.behindTLS, "behind-tls", false, "browsers reach the service by HTTPS through a proxy: cookies insist on it")
	return cmd
}

func newDemo(c *common) *cobra.Command {
	s := &serving{common: c, idle: 12 * time.Hour, buying: order.DefaultPolicy()}
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
	public, err := s.address()
	if err = errors.Join(err, s.mail.check(), s.hook.check(), s.checkUploads(filled)); err != nil {
		return err
	}
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
	p, err := openPipeline(ctx, s.common, s.house, recommending{reading: s.reading, policyPath: s.policyPath, prices: s.prices})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, p.close()) }()
	defer listener.Close() // a second time where it served
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	series := metrics.New(release)
	p.metrics, p.quota = series, s.quota<<30
	secret, err := secretFile(filepath.Join(s.dataDir, "secret.key"))
	if err != nil {
		return err
	}
	if p.hooks, err = newWebhooks(p.db, secret, s.privateHooks); err != nil {
		return err
	}
	p.hooks.log = log
	lib, stopJobs, err := s.employ(ctx, p, log)
	if err != nil {
		return err
	}
	defer func() { cancel(); err = errors.Join(err, stopJobs()) }()
	facts, err := factsIn(s.facts)
	if err != nil {
		return err
	}
	who := &accounts{db: p.db, now: now, policy: s.buying}
	if err := who.welcome(ctx); err != nil {
		return err
	}
	provider, err := s.provider(ctx, p.db, public)
	if err != nil {
		return err
	}
	lib.going.Go(func() { p.hooks.deliver(ctx) })
	server := web.New(web.Options{
		Provider: provider, Public: public, Rules: lib,
		Receiver: lib, Files: lib, Plans: lib, People: who, Links: who, Keys: who, Answers: who, Secret: secret, Sessions: p.db.Sessions(now), Audit: who.record, Home: store.Local, Desk: who.desk, Proofs: who.proofs,
		Hooks: p.hooks, Posts: p.hooks, Due: p.reminders, Facts: facts,
		Log: log, Now: now, Version: release, Secure: s.behindTLS || strings.HasPrefix(public, "https://"), SessionIdle: s.idle, MaxUpload: s.uploads.File, Ready: func(ctx context.Context) error { return errors.Join(p.db.Ready(ctx), lib.door.Err()) },
		Observe: series.Answered, Door: lib.door, Happened: lib,
		Demo: func(ctx context.Context, tenant, by string) error { return bringDemo(ctx, lib, tenant, by) },
	})
	if filled {
		if err := bringDemo(ctx, lib, store.Local, "demo"); err != nil {
			return err
		}
	}
	link, err := server.NewLink(ctx, store.Local, firstAdmin, adminLinkLife)
	if err != nil {
		return err
	}
	if public == "" {
		public = "http://" + listener.Addr().String()
	}
	fmt.Fprintf(s.out, "Sign in with this link, once: %s%s\n", public, link)
	stop, err := s.serveMetrics(ctx, server, series, log)
	if err != nil {
		return err
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
