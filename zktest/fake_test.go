package zktest_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// network is what a FakeNetwork and a Proxy have in common.
type network interface {
	Blackhole(...zktest.Direction)
	Break()
	Cut()
	Delay(time.Duration)
	Heal()
}

// site is an ensemble, fake or real, and a network to it.
type site struct {
	network
	connect string
	expire  func(int64) error
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

// onEach runs a test on a fake and on a real ensemble.
func onEach(t *testing.T, f func(*testing.T, site)) {
	locktest.NeedsServer(t)
	t.Run("fake", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := zktest.Fake(t)
			f(t, site{e, e.Connect(), e.Expire, e.Dial})
		})
	})
	t.Run("real", func(t *testing.T) {
		needsServer(t)
		t.Parallel()
		e := zktest.Start(t)
		p := e.Proxy(t)
		f(t, site{p, p.Addr(), e.Expire, new(net.Dialer).DialContext})
	})
}

// needsServer leaves a test out of a short run, which needs no Java.
func needsServer(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a server: run without -short")
	}
}

func (s site) open(t *testing.T) *zklock.Session {
	t.Helper()
	session, err := zklock.Dial(t.Context(), s.connect, zklock.WithDialer(s.dial),
		zklock.WithSessionTimeout(time.Second))
	require.NoError(t, err)
	return session
}

func hold(t *testing.T, s *zklock.Session) *zklock.Mutex {
	t.Helper()
	m, err := s.Mutex("m")
	require.NoError(t, err)
	_, err = m.LockContext(t.Context())
	require.NoError(t, err)
	return m
}

func receive(t *testing.T, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing for 30s")
	}
}

// TestFakeOrReal runs what a user's tests do on both.
func TestFakeOrReal(t *testing.T) {
	t.Run("Expire", func(t *testing.T) {
		onEach(t, func(t *testing.T, on site) {
			s := on.open(t)
			defer s.Close()
			m, id := hold(t, s), s.ID()
			require.NoError(t, on.expire(id))
			receive(t, m.Lost())
			require.ErrorIs(t, on.expire(id), zktest.ErrNoSession)
			m.Unlock()
			hold(t, s).Unlock()
			require.NotEqual(t, id, s.ID())
		})
	})
	for name, directions := range map[string][]zktest.Direction{
		"both":     nil,
		"ToServer": {zktest.ToServer},
		"ToClient": {zktest.ToClient},
	} {
		t.Run("Blackhole/"+name, func(t *testing.T) {
			onEach(t, func(t *testing.T, on site) {
				s := on.open(t)
				defer s.Close()
				m := hold(t, s)
				on.Blackhole(directions...)
				receive(t, m.Lost())
				on.Heal()
				m.Unlock()
				hold(t, s).Unlock()
			})
		})
	}
	t.Run("Cut", func(t *testing.T) {
		onEach(t, func(t *testing.T, on site) {
			s := on.open(t)
			defer s.Close()
			m := hold(t, s)
			on.Cut()
			receive(t, m.Lost())
			on.Heal()
			m.Unlock()
			hold(t, s).Unlock()
		})
	})
	t.Run("Break", func(t *testing.T) {
		onEach(t, func(t *testing.T, on site) {
			s := on.open(t)
			defer s.Close()
			m, id := hold(t, s), s.ID()
			on.Break()
			require.NoError(t, m.UnlockContext(t.Context()), "the session goes on")
			require.Equal(t, id, s.ID())
		})
	})
	t.Run("Delay", func(t *testing.T) {
		onEach(t, func(t *testing.T, on site) {
			s := on.open(t)
			defer s.Close()
			m := hold(t, s)
			on.Delay(50 * time.Millisecond)
			begin := time.Now()
			require.NoError(t, m.UnlockContext(t.Context()))
			require.GreaterOrEqual(t, time.Since(begin), 100*time.Millisecond)
			on.Heal()
		})
	})
}

func TestFakeNetworksFailAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := zktest.Fake(t)
		other := site{e.Network(), e.Connect(), e.Expire, nil}
		other.dial = other.network.(*zktest.FakeNetwork).Dial
		a, b := site{e, e.Connect(), e.Expire, e.Dial}.open(t), other.open(t)
		defer a.Close()
		defer b.Close()
		held := hold(t, a)
		lost := held.Lost()
		e.Blackhole()
		begin := time.Now()
		hold(t, b).Unlock()
		receive(t, lost)
		assert.Equal(t, time.Second, time.Since(begin).Round(100*time.Millisecond),
			"the session timeout")
		e.Heal()
		held.Unlock()
	})
}

// TestFakeWithoutABubble runs it on real time.
func TestFakeWithoutABubble(t *testing.T) {
	e := zktest.Fake(t)
	s := site{e, e.Connect(), e.Expire, e.Dial}.open(t)
	defer s.Close()
	hold(t, s).Unlock()
}

func TestFakeGrantsTheTimeoutsOfStart(t *testing.T) {
	for asked, granted := range map[time.Duration]time.Duration{
		100 * time.Millisecond: 200 * time.Millisecond,
		time.Second:            time.Second,
		time.Hour:              time.Minute,
	} {
		onEach(t, func(t *testing.T, on site) {
			s, err := zklock.Dial(t.Context(), on.connect, zklock.WithDialer(on.dial),
				zklock.WithSessionTimeout(asked))
			require.NoError(t, err)
			defer s.Close()
			assert.Equal(t, granted, s.Timeout())
		})
	}
}

func TestFakeRefusesWhatItDoesNotKnow(t *testing.T) {
	e := zktest.Fake(t)
	s := site{e, e.Connect(), e.Expire, e.Dial}.open(t)
	defer s.Close()
	_, _, err := s.Conn().GetACL("/")
	require.Error(t, err)
	_, err = s.Conn().Create("/data", nil, zk.FlagPersistent, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
}
