package zktest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// t is your test's.
var t *testing.T

// TestExamples runs the examples.
func TestExamples(tt *testing.T) {
	for _, example := range []struct {
		name string
		run  func()
		real bool // needs a server
	}{
		{"Fake", ExampleFake, false},
		{"FakeEnsemble_Expire", ExampleFakeEnsemble_Expire, false},
		{"FakeEnsemble_Network", ExampleFakeEnsemble_Network, false},
		{"fakeOrReal", Example_fakeOrReal, true},
		{"StartOrSkip", ExampleStartOrSkip, true},
		{"Root", ExampleRoot, true},
		{"Start", ExampleStart, true},
		{"Ensemble_Proxy", ExampleEnsemble_Proxy, true},
		{"Server_Kill", ExampleServer_Kill, true},
	} {
		tt.Run(example.name, func(tt *testing.T) {
			if example.real {
				needsServer(tt)
			}
			t = tt
			example.run()
		})
	}
}

// The network is gone for an hour, which takes no time and no Java.
func ExampleFake() {
	synctest.Test(t, func(t *testing.T) {
		zookeeper := zktest.Fake(t)
		s, err := zklock.Dial(t.Context(), zookeeper.Connect(), zklock.WithDialer(zookeeper.Dial))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		job, _ := s.Mutex("job")
		err = job.Do(t.Context(), func(ctx context.Context) error {
			zookeeper.Blackhole()
			time.Sleep(time.Hour) // sleep ok: virtual time passes at once
			return context.Cause(ctx)
		})
		if !errors.Is(err, zklock.ErrLost) {
			t.Errorf("the job went on without the lock: %v", err)
		}
		zookeeper.Heal()
	})
}

// A session expires while its client holds a lock.
func ExampleFakeEnsemble_Expire() {
	synctest.Test(t, func(t *testing.T) {
		zookeeper := zktest.Fake(t)
		s, err := zklock.Dial(t.Context(), zookeeper.Connect(), zklock.WithDialer(zookeeper.Dial))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		job, _ := s.Mutex("job")
		job.Lock()
		if err := zookeeper.Expire(s.ID()); err != nil {
			t.Fatal(err)
		}
		<-job.Lost()
		job.Unlock()
		if _, err := job.LockContext(t.Context()); err != nil { // in the next session
			t.Fatal(err)
		}
		job.Unlock()
	})
}

// Two machines: the network of one fails, and the other takes over.
func ExampleFakeEnsemble_Network() {
	synctest.Test(t, func(t *testing.T) {
		zookeeper := zktest.Fake(t)
		dial := func(net *zktest.FakeNetwork) *zklock.Session {
			s, err := zklock.Dial(t.Context(), zookeeper.Connect(), zklock.WithDialer(net.Dial))
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		netA, netB := zookeeper.Network(), zookeeper.Network()
		a, b := dial(netA), dial(netB)
		defer a.Close()
		defer b.Close()

		leaderA, _ := a.Mutex("leader")
		leaderB, _ := b.Mutex("leader")
		leaderA.Lock()
		netA.Blackhole()
		cutOff := time.Now()
		leaderB.Lock()
		t.Logf("B leads %v later", time.Since(cutOff)) // 10s, the session timeout
		if !errors.Is(leaderA.Err(), zklock.ErrLost) {
			t.Error("two leaders")
		}
		leaderB.Unlock()
		netA.Heal()
		leaderA.Unlock()
	})
}

// The same test runs on the fake and on a real server.
func Example_fakeOrReal() {
	takesOver := func(t *testing.T, connect string, expire func(int64) error,
		opts ...zklock.SessionOption) {
		s, err := zklock.Dial(t.Context(), connect, opts...)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		job, _ := s.Mutex("job")
		job.Lock()
		if err := expire(s.ID()); err != nil {
			t.Fatal(err)
		}
		<-job.Lost()
		job.Unlock()
	}
	t.Run("fake", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			zookeeper := zktest.Fake(t)
			takesOver(t, zookeeper.Connect(), zookeeper.Expire, zklock.WithDialer(zookeeper.Dial))
		})
	})
	t.Run("real", func(t *testing.T) {
		zookeeper := zktest.StartOrSkip(t)
		takesOver(t, zookeeper.Connect(), zookeeper.Expire, zklock.WithRoot(zktest.Root(t)))
	})
}

// Where there is neither Java nor apt-get, and ZKLOCK_CONNECT is not set, the test is skipped.
func ExampleStartOrSkip() {
	zookeeper := zktest.StartOrSkip(t)
	s, err := zklock.Dial(t.Context(), zookeeper.Connect())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
}

// Tests that share a server each have a root of their own.
func ExampleRoot() {
	zookeeper := zktest.Start(t) // or one for all tests, from zktest.Run in TestMain
	s, err := zklock.Dial(t.Context(), zookeeper.Connect(), zklock.WithRoot(zktest.Root(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	locks, err := s.Locks(t.Context())
	if err != nil || len(locks) > 0 {
		t.Errorf("locks of others: %v, %v", locks, err)
	}
}

func ExampleStart() {
	zookeeper := zktest.Start(t)
	s, err := zklock.Dial(t.Context(), zookeeper.Connect())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, _ := s.Mutex("job")
	m.Lock()
	if err := zookeeper.Expire(s.ID()); err != nil {
		t.Fatal(err)
	}
	<-m.Lost()
	m.Unlock()
}

// A proxy breaks the network between a client and a real server.
func ExampleEnsemble_Proxy() {
	zookeeper := zktest.Start(t)
	network := zookeeper.Proxy(t)
	s, err := zklock.Dial(t.Context(), network.Addr(), zklock.WithSessionTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, _ := s.Mutex("job")
	m.Lock()
	network.Blackhole()
	<-m.Lost() // about half a second later
	network.Heal()
	m.Unlock()
}

// The leader of three servers is killed; the lock is kept.
func ExampleServer_Kill() {
	zookeeper := zktest.Start(t, zktest.WithServers(3))
	s, err := zklock.Dial(t.Context(), zookeeper.Connect())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, _ := s.Mutex("job")
	m.Lock()
	leader, err := zookeeper.WaitLeader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := leader.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := m.UnlockContext(t.Context()); err != nil {
		t.Error(err)
	}
}
