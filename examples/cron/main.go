// Cron is started on several machines and runs a job every minute on one of them.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zookylock/zklock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dialing, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	s, err := zklock.Dial(dialing, os.Getenv("ZOOKY_SERVERS"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	cron(ctx, s, time.Minute, func(context.Context) error {
		fmt.Println("a minute has passed")
		return nil
	})
}

// cron runs job every so often, on whichever machine holds the lock, until ctx ends. A job that is
// under way when the lock is revoked or lost has its context cancelled.
func cron(ctx context.Context, s *zklock.Session, every time.Duration,
	job func(context.Context) error) {
	m, err := s.Mutex("cron/report")
	if err != nil {
		log.Fatal(err)
	}
	for ctx.Err() == nil {
		err := m.Do(ctx, func(ctx context.Context) error {
			ticks := time.NewTicker(every)
			defer ticks.Stop()
			for {
				select {
				case <-ticks.C:
					if err := job(ctx); err != nil {
						log.Print(err) // and again at the next tick
					}
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		})
		log.Print(err) // revoked or lost: queue again
	}
}
