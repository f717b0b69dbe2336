// Metrics writes reports under a lock, and serves metrics of its locks to Prometheus.
package main

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/otelzklock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:9464")
	if err != nil {
		log.Fatal(err)
	}
	if err := run(ctx, listener, os.Getenv("ZOOKY_SERVERS")); err != nil {
		log.Print(err)
	}
}

// run writes reports and serves /metrics until ctx ends.
func run(
	ctx context.Context, listener net.Listener, servers string, more ...zklock.SessionOption,
) error {
	defer listener.Close()
	meters, page, err := prometheusPage()
	if err != nil {
		return err
	}
	hooks, err := otelzklock.NewHooks(meters)
	if err != nil {
		return err
	}
	dialing, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	s, err := zklock.Dial(dialing, servers, append(more, zklock.WithHooks(hooks))...)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := otelzklock.ObserveStats(s, meters); err != nil {
		return err
	}
	m, err := s.Mutex("reports/monthly")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", page)
	go http.Serve(listener, mux) // ends with the listener

	for ctx.Err() == nil {
		if err := m.Do(ctx, write); err != nil && !errors.Is(err, ctx.Err()) {
			log.Print(err)
		}
	}
	return ctx.Err()
}

// prometheusPage returns where otelzklock is to put metrics, and the page that shows them.
func prometheusPage() (otelzklock.Option, http.Handler, error) {
	registry := prometheus.NewRegistry()
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo())
	if err != nil {
		return nil, nil, err
	}
	provider := metric.NewMeterProvider(metric.WithReader(exporter))
	page := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return otelzklock.WithMeterProvider(provider), page, nil
}

// write is the work: it takes a tenth of a second.
func write(ctx context.Context) error {
	select {
	case <-time.After(100 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
