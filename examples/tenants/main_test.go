package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// TestEveryTenantHasOneWorker cuts off one of two replicas, which has all the tenants.
func TestEveryTenantHasOneWorker(t *testing.T) {
	log.SetOutput(io.Discard)
	var tenants []string
	for i := range 200 {
		tenants = append(tenants, fmt.Sprintf("tenant-%d", i))
	}
	synctest.Test(t, func(t *testing.T) {
		zookeeper := zktest.Fake(t)
		ctx, cancel := context.WithCancel(t.Context())
		var replicas sync.WaitGroup
		defer replicas.Wait()
		defer cancel()
		var mu sync.Mutex // guards what follows
		serving := make(map[string]int)
		workers := make(map[string]int)
		start := func(name string) *zktest.FakeNetwork {
			network := zookeeper.Network()
			s, err := zklock.Dial(ctx, zookeeper.Connect(), zklock.WithDialer(network.Dial))
			if err != nil {
				t.Fatal(err)
			}
			replicas.Go(func() { // ends with ctx
				defer s.Close()
				serve(ctx, s, tenants, func(ctx context.Context, tenant string) error {
					count := func(n int) {
						mu.Lock()
						defer mu.Unlock()
						serving[name] += n
						workers[tenant] += n
						if workers[tenant] > 1 {
							t.Errorf("two workers for %s", tenant)
						}
					}
					count(1)
					defer count(-1)
					<-ctx.Done()
					return context.Cause(ctx)
				})
			})
			synctest.Wait()
			return network
		}
		network := start("a")
		start("b")
		mu.Lock()
		if serving["a"] != 200 || serving["b"] != 0 {
			t.Errorf("at first: %v", serving)
		}
		mu.Unlock()
		network.Blackhole()
		time.Sleep(time.Minute) // sleep ok: virtual time
		mu.Lock()
		if serving["a"] != 0 || serving["b"] != 200 {
			t.Errorf("when a is cut off: %v", serving)
		}
		mu.Unlock()
		network.Heal()
	})
}
