package main

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// TestOneMachineRunsTheJob starts two machines, and cuts off the one that runs the job after an
// hour.
func TestOneMachineRunsTheJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zookeeper := zktest.Fake(t)
		ctx, cancel := context.WithCancel(t.Context())
		var ran []string
		var machines sync.WaitGroup
		defer machines.Wait()
		defer cancel()
		start := func(name string) *zktest.FakeNetwork {
			network := zookeeper.Network()
			s, err := zklock.Dial(ctx, zookeeper.Connect(), zklock.WithDialer(network.Dial))
			if err != nil {
				t.Fatal(err)
			}
			machines.Go(func() { // ends with ctx
				defer s.Close()
				cron(ctx, s, time.Minute, func(context.Context) error {
					ran = append(ran, name)
					return nil
				})
			})
			synctest.Wait()
			return network
		}
		network := start("a")
		start("b")
		time.Sleep(time.Hour + time.Second) // sleep ok: virtual time
		synctest.Wait()
		if want := slices.Repeat([]string{"a"}, 60); !slices.Equal(ran, want) {
			t.Errorf("in the first hour: %v", ran)
		}
		network.Blackhole()
		time.Sleep(time.Hour) // sleep ok: virtual time
		synctest.Wait()
		later := ran[60:]
		if len(later) < 59 || slices.Contains(later, "a") {
			t.Errorf("in the second hour: %v", later)
		}
		network.Heal()
	})
}
