package migrate

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// TestSideBySide runs both at once on one server.
func TestSideBySide(t *testing.T) {
	zookeeper := zktest.Start(t)
	conn, _, err := zk.Connect([]string{zookeeper.Connect()}, 10*time.Second,
		zk.WithLogger(quiet{}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s, err := zklock.Dial(t.Context(), zookeeper.Connect(), zklock.WithRoot("/locks"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	inside := make(chan struct{}, 1)
	job := func() error {
		select {
		case inside <- struct{}{}:
			<-inside
		default:
			t.Error("two inside")
		}
		return nil
	}
	var both sync.WaitGroup
	both.Go(func() {
		for range 100 {
			if err := before(conn, job); err != nil {
				t.Error(err)
				return
			}
		}
	})
	both.Go(func() {
		for range 100 {
			if err := after(t.Context(), s, func(context.Context) error {
				return job()
			}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	both.Wait()
}
