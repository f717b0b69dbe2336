// First writes a report of many pages, which one process at a time may do.
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

var servers = "127.0.0.1:2181" // "zk1:2181,zk2:2181,zk3:2181" for an ensemble

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err) // run's deferred calls have released the lock
	}
}

func run(ctx context.Context) error {
	dialing, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	s, err := zklock.Dial(dialing, servers)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := s.Mutex("reports/monthly")
	if err != nil {
		return err
	}
	return m.Do(ctx, func(ctx context.Context) error {
		for page := 1; page <= 1000; page++ {
			if err := write(ctx, page, m.Token()); err != nil {
				return err
			}
		}
		return nil
	})
}

// write stands for one step of your work. It ends when the lock is revoked or lost, or on a signal.
// A store that refuses a token smaller than the greatest it has seen keeps late writes out.
func write(ctx context.Context, page int, token zklock.Token) error {
	select {
	case <-time.After(20 * time.Millisecond):
		fmt.Printf("page %d, token %s\n", page, token)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx) // zklock.ErrRevoked, or why the lock was lost
	}
}
