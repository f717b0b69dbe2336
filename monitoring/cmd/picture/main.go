// Command picture draws the dashboard: it has programs share locks on three servers for five
// minutes, a Prometheus watch them, and writes what the panels show then to docs/dashboard.svg. It
// is run in monitoring/, and fetches what is missing, as the tests do.
package main

import (
	"bytes"
	"context"
	"errors"
	"log"
	"os"
	"os/signal"

	"github.com/zookylock/zklock/monitoring"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	scene, err := monitoring.OpenScene(ctx, log.Printf)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scene.Close()) }()
	played, err := scene.Play(ctx)
	if err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := monitoring.Picture(ctx, &picture, scene.Ask(played), played); err != nil {
		return err
	}
	return os.WriteFile("../docs/dashboard.svg", picture.Bytes(), 0o644)
}
