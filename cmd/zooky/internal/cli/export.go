package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

// exporting is the command export.
type exporting struct {
	target
	streams Streams
	listen  string
	every   time.Duration
	series  int
	silent  bool // whether the last look was not answered
}

func newExport(streams Streams) *cobra.Command {
	e := exporting{streams: streams}
	cmd := &cobra.Command{
		Use:   "export --listen ADDRESS",
		Short: "Serve metrics of the locks to Prometheus",
		Long: `Export serves metrics of the locks below the root, at /metrics, until a signal ends it: how many
locks are held, free or unreadable; for each lock that is held, its holders, its waiters, the oldest
wait, the age of the hold, and how many contenders were asked to release; and for a semaphore, the
permits in use. It reads the locks at the interval --every, however often Prometheus asks, and only
the locks that have changed since; every five minutes it reads all. If the servers do not answer,
zooky_up is 0 and the other metrics are left out.

The age of a hold is what zooky show prints as HELD or, if that is not known, the time since the
holder came into the queue. --series bounds how many locks have series of their own: the locks with
the most waiters come first, and zooky_locks_left_out counts the locks that are left out.

Anyone who can reach the address can read the metrics, which contain the names of locks. Listen at
an address that only Prometheus can reach.`,
		Example: `  zooky export --listen 127.0.0.1:9141`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if e.every < look {
				return fmt.Errorf("--every %v: it is at least %v", e.every, look)
			}
			if e.series < 0 {
				return errors.New("--series is not negative")
			}
			return endedBySignal(e.with(cmd.Context(), e.run))
		},
	}
	e.addFlags(cmd.Flags(), streams.Err)
	cmd.Flags().StringVar(&e.listen, "listen", "127.0.0.1:9141",
		"`ADDRESS` to serve at, as HOST:PORT; port 0 for any")
	cmd.Flags().DurationVar(&e.every, "every", 15*time.Second, "how often the locks are read")
	cmd.Flags().IntVar(&e.series, "series", 1000, "how many locks have series of their own")
	return cmd
}

// endedBySignal is the error of a command that has no other end.
func endedBySignal(err error) error {
	var exit *exitError
	if errors.As(err, &exit) && exit.status > 128 {
		return nil
	}
	return err
}

func (e *exporting) run(ctx context.Context, s *zklock.Session) error {
	metrics := &exporter{series: e.series, session: s}
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	listener, err := net.Listen("tcp", e.listen)
	if err != nil {
		return err
	}
	defer server.Close()
	locks := s.NewLister()
	defer locks.Close()
	e.look(ctx, locks.Locks, metrics)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }() // ended by Close
	fmt.Fprintf(e.streams.Err, "serving http://%s/metrics\n", listener.Addr())
	tick := time.NewTicker(e.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			e.look(ctx, locks.Locks, metrics)
		case err := <-failed:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// look looks at the locks. That the servers do not answer is told on standard error, once.
func (e *exporting) look(ctx context.Context, list lister, metrics *exporter) {
	bounded, cancel := context.WithTimeout(ctx, 10*e.timeout)
	defer cancel()
	c, err := takeCensus(bounded, list)
	if ctx.Err() != nil {
		return
	}
	if err != nil && !e.silent {
		complain(e.streams.Err, err)
	}
	e.silent = err != nil
	metrics.last.Store(c)
}
