package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// hold runs the program until it holds the lock, and returns the lock as others see it, what the
// program returns, and a function that ends it as a signal does.
func hold(t *testing.T) (m *zklock.Mutex, ended <-chan error, signal func()) {
	servers = zktest.Start(t).Connect()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- run(ctx) }() // ends with ctx at the latest
	s, err := zklock.Dial(t.Context(), servers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	m, err = s.Mutex("reports/monthly")
	if err != nil {
		t.Fatal(err)
	}
	for {
		queue, err := m.Contenders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(queue) == 1 && queue[0].Holder {
			return m, result, cancel
		}
	}
}

// TestRevocationIsHeeded asks for the lock as an operator or another job does.
func TestRevocationIsHeeded(t *testing.T) {
	m, ended, _ := hold(t)
	asked := time.Now()
	if _, err := m.LockRevoking(t.Context(), zklock.Ask); err != nil {
		t.Fatal(err)
	}
	defer m.Unlock()
	if took := time.Since(asked); took > time.Second {
		t.Errorf("the program held the lock for another %v", took)
	}
	if err := <-ended; !errors.Is(err, zklock.ErrRevoked) {
		t.Errorf("the program ended with %v", err)
	}
}

// TestASignalReleases ends the program early.
func TestASignalReleases(t *testing.T) {
	m, ended, signal := hold(t)
	signal()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the program ended with %v", err)
	}
	if _, err := m.TryLockContext(t.Context()); err != nil {
		t.Error(err)
	}
	m.Unlock()
}

// TestServersThatAreDown has the program end instead of waiting forever.
func TestServersThatAreDown(t *testing.T) {
	servers = "127.0.0.1:1"
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := run(ctx); !errors.Is(err, zklock.ErrUnavailable) {
		t.Errorf("the program ended with %v", err)
	}
}
