// Tenants works for many tenants, each of which one replica at a time works for. The replicas share
// the tenants: one that is stopped or cut off leaves its tenants to the others.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"sync"
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
	serve(ctx, s, os.Args[1:], func(ctx context.Context, tenant string) error {
		log.Printf("working for %s", tenant)
		<-ctx.Done()
		return context.Cause(ctx)
	})
}

// serve works for every tenant whose lock it is granted, until ctx ends. The context of work ends
// when the tenant's lock is revoked or lost.
func serve(ctx context.Context, s *zklock.Session, tenants []string,
	work func(context.Context, string) error) {
	var workers sync.WaitGroup
	defer workers.Wait()
	for _, tenant := range tenants {
		m, err := s.Mutex("tenants/" + tenant)
		if err != nil {
			log.Print(err) // a name that ZooKeeper cannot store
			continue
		}
		workers.Go(func() { // ends with ctx
			for ctx.Err() == nil {
				err := m.Do(ctx, func(ctx context.Context) error { return work(ctx, tenant) })
				log.Printf("%s: %v", tenant, err)
			}
		})
	}
}
