package production

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// dial opens a Session on a fake in a bubble.
func dial(t *testing.T) (*zklock.Session, *zktest.FakeEnsemble) {
	zookeeper := zktest.Fake(t)
	s, err := open(t.Context(), zookeeper.Connect(), zklock.WithDialer(zookeeper.Dial))
	if err != nil {
		t.Fatal(err)
	}
	return s, zookeeper
}

func TestIdentityOfAPod(t *testing.T) {
	t.Setenv("POD_NAME", "billing-0")
	synctest.Test(t, func(t *testing.T) {
		s, _ := dial(t)
		defer s.Close()
		m, err := s.Mutex("data", identity())
		if err != nil {
			t.Fatal(err)
		}
		m.Lock()
		defer m.Unlock()
		queue, err := m.Contenders(t.Context())
		if err != nil || len(queue) != 1 || string(queue[0].Data) != "billing-0" {
			t.Errorf("the holder is %v, %v", queue, err)
		}
	})
}

func TestSetIsGuarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, zookeeper := dial(t)
		defer s.Close()
		m, err := s.Mutex("data")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Conn().Create("/data", nil, 0, zk.WorldACL(zk.PermAll)); err != nil {
			t.Fatal(err)
		}
		if err := set(s, m, "/data", nil); !errors.Is(err, zklock.ErrNotLocked) {
			t.Errorf("without the lock: %v", err)
		}
		m.Lock()
		defer m.Unlock()
		if err := set(s, m, "/data", []byte("x")); err != nil {
			t.Error(err)
		}
		if err := zookeeper.Expire(s.ID()); err != nil {
			t.Fatal(err)
		}
		<-m.Lost()
		if err := set(s, m, "/data", []byte("late")); !errors.Is(err, zklock.ErrLost) {
			t.Errorf("after a loss: %v", err)
		}
	})
}

// TestAllInAnyOrder has two programs name two locks in opposite orders.
func TestAllInAnyOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, zookeeper := dial(t)
		defer a.Close()
		b, err := open(t.Context(), zookeeper.Connect(), zklock.WithDialer(zookeeper.Dial))
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		var programs sync.WaitGroup
		inside := make(chan struct{}, 1)
		for _, s := range []*zklock.Session{a, b} {
			names := []string{"x", "y", "x"}
			if s == b {
				slices.Reverse(names)
				names[1] = "z"
				names = append(names, "y")
			}
			programs.Go(func() {
				for range 100 {
					err := all(t.Context(), s, names, func(context.Context) error {
						select {
						case inside <- struct{}{}:
							time.Sleep(time.Millisecond) // sleep ok: virtual time
							<-inside
						default:
							t.Error("two inside")
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		programs.Wait()
	})
}

// TestPrivate only looks at the options: zktest.Fake checks no rights.
func TestPrivate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zookeeper := zktest.Fake(t)
		options := private("billing", "secret", nil)
		s, err := open(t.Context(), zookeeper.Connect(), options[1],
			zklock.WithDialer(zookeeper.Dial))
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	})
}
