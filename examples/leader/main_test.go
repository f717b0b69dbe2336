package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

func (c *candidate) status(path string) int {
	answer := httptest.NewRecorder()
	c.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer.Code
}

// TestLeadershipMoves has the leader's network fail and heal.
func TestLeadershipMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zookeeper := zktest.Fake(t)
		ctx, cancel := context.WithCancel(t.Context())
		var replicas sync.WaitGroup
		defer replicas.Wait()
		defer cancel()
		start := func() (*candidate, *zktest.FakeNetwork) {
			c, network := new(candidate), zookeeper.Network()
			s, err := zklock.Dial(ctx, zookeeper.Connect(), zklock.WithDialer(network.Dial))
			if err != nil {
				t.Fatal(err)
			}
			replicas.Go(func() { // ends with ctx
				defer s.Close()
				c.campaign(ctx, s)
			})
			synctest.Wait()
			return c, network
		}
		a, network := start()
		b, _ := start()
		check := func(when string, leader, other int) {
			t.Helper()
			if a.status("/leader") != leader || b.status("/leader") != other {
				t.Errorf("%s: a %d, b %d", when, a.status("/leader"), b.status("/leader"))
			}
			if a.status("/healthz") != http.StatusOK || b.status("/healthz") != http.StatusOK {
				t.Errorf("%s: not healthy", when)
			}
		}
		check("at first", http.StatusOK, http.StatusServiceUnavailable)
		network.Blackhole()
		time.Sleep(time.Minute) // sleep ok: virtual time
		check("without a network", http.StatusServiceUnavailable, http.StatusOK)
		network.Heal()
		time.Sleep(time.Minute) // sleep ok: virtual time
		check("with a network", http.StatusServiceUnavailable, http.StatusOK)
	})
}
