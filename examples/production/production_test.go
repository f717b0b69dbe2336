package production

import (
	"context"
	"errors"
	"slices"
	"strconv"
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

// memory is an object store.
type memory struct {
	mu      sync.Mutex
	token   zklock.Token
	version int
	body    string
	race    func() // called between a look and the write after it
}

func (m *memory) Get(context.Context, string) (zklock.Token, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.token, strconv.Itoa(m.version), nil
}

func (m *memory) PutIfMatch(_ context.Context, _, etag string, token zklock.Token,
	body []byte) error {
	if race := m.race; race != nil {
		m.race = nil
		race()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if etag != strconv.Itoa(m.version) {
		return errPrecondition
	}
	m.token, m.body = token, string(body)
	m.version++
	return nil
}

func TestLateObjectsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := dial(t)
		defer s.Close()
		m, err := s.Mutex("object", identity())
		if err != nil {
			t.Fatal(err)
		}
		var tokens []zklock.Token
		for range 2 {
			m.Lock()
			tokens = append(tokens, m.Token())
			m.Unlock()
		}
		store := new(memory)
		store.race = func() {
			if err := put(t.Context(), store, tokens[1], "k", []byte("new")); err != nil {
				t.Error(err)
			}
		}
		if err := put(t.Context(), store, tokens[0], "k",
			[]byte("late")); !errors.Is(err, errFenced) {
			t.Errorf("a late write: %v", err)
		}
		if store.body != "new" {
			t.Errorf("the object is %q", store.body)
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
		if state.Load() != zklock.StateConnected {
			t.Errorf("the state is %v", state.Load())
		}
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
