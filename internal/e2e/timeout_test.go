package e2e

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// TestTheTimeoutShrinks moves a holder to a server with a smaller maxSessionTimeout, and takes the
// network away.
func TestTheTimeoutShrinks(t *testing.T) {
	t.Parallel()
	slow(t)
	e := zktest.Start(t, zktest.WithServers(3), zktest.WithTickTime(time.Second),
		zktest.WithMaxSessionTimeout(60*time.Second, 4*time.Second, 4*time.Second))
	var target atomic.Int32
	through := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, e.Servers()[target.Load()].Addr())
	}
	var conns breakable
	var log locktest.Log
	s := dialTo(t, e.Connect(), zklock.WithSessionTimeout(40*time.Second),
		zklock.WithDialer(conns.dialer(through)), log.AtWarn())
	require.Equal(t, 40*time.Second, s.Timeout())
	other := dialTo(t, e.Servers()[0].Addr(), zklock.WithSessionTimeout(40*time.Second))
	m, next := mutex(t, s, "m"), mutex(t, other, "m")
	lock(t, m)
	lost, id := m.Lost(), s.ID()
	p := queued(t, next)
	target.Store(1)
	conns.cut()
	require.Eventually(t, func() bool {
		return s.Timeout() == 4*time.Second
	}, patience, time.Millisecond)
	assert.Equal(t, id, s.ID())
	require.Eventually(t, func() bool {
		return strings.Contains(log.String(), "asked=40s granted=4s")
	}, patience, time.Millisecond)
	assert.Equal(t, 1, strings.Count(log.String(), "another session timeout"), log.String())
	time.Sleep(2 * time.Second) // sleep ok: until the first server has told the leader of the session for the last time
	conns.silence(true)
	receive(t, p.Done(), "lock")
	require.NoError(t, p.Err())
	assert.False(t, isOpen(lost), "another was granted the lock before the holder was told")
	conns.silence(false)
	conns.cut()
	assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
	next.Unlock()
}

// TestAConnectRequestAloneIsNotReported has sessions visit a server with a smaller maxSessionTimeout
// and go back without having heard its answer. That server must not report them to the leader
// later, by its timeout. It does if they have sent it a request.
func TestAConnectRequestAloneIsNotReported(t *testing.T) {
	t.Parallel()
	slow(t)
	const long, short = 12 * time.Second, 4 * time.Second
	e := zktest.Start(t, zktest.WithServers(3), zktest.WithTickTime(time.Second),
		zktest.WithMaxSessionTimeout(short, short, long))
	leader, err := e.WaitLeader(t.Context())
	require.NoError(t, err)
	home, visited := e.Servers()[2], e.Servers()[0]
	if visited == leader {
		visited = e.Servers()[1]
	}
	q := quorum{dial: func(address string) (net.Conn, error) { return net.Dial("tcp", address) }}
	conn := dialTo(t, home.Addr()).Conn()
	for _, asks := range []bool{false, true} {
		sessions := 10
		if asks {
			sessions = 40 // of which some must be reported too late
		}
		var znodes []string
		for range sessions {
			at := q.open(t, home.Addr(), nil)
			at.queue(1, "/visitor-")
			_, znode := at.reply()
			znodes = append(znodes, znode)
			at.Close()
			// a follower reports every half tick: some of the visits end just before that
			time.Sleep(35 * time.Millisecond) // sleep ok: another moment of its time
			at = q.open(t, visited.Addr(), at)
			if asks {
				at.children(2, "/")
			}
			at.Close()
			q.open(t, home.Addr(), at)
		}
		time.Sleep(short + 3*time.Second) // sleep ok: they would be over, and are not before long
		left := 0
		for _, znode := range znodes {
			stands, _, err := conn.Exists(znode)
			require.NoError(t, err)
			if stands {
				left++
			}
		}
		t.Logf("requests at the visited server %v: %d of %d sessions left", asks, left, sessions)
		if asks {
			assert.Less(t, left, sessions, "no session is reported after it has left")
		} else {
			assert.Equal(t, sessions, left, "sessions that stand")
		}
	}
}

// breakable are connections that can be broken, or swallow everything.
type breakable struct {
	mu     sync.Mutex // guards conns
	conns  []net.Conn
	silent atomic.Bool
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

func (b *breakable) dialer(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if b.silent.Load() {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.conns = append(b.conns, conn)
		return &swallowing{conn, b}, nil
	}
}

func (b *breakable) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, conn := range b.conns {
		conn.Close()
	}
	b.conns = nil
}

func (b *breakable) silence(silent bool) { b.silent.Store(silent) }

type swallowing struct {
	net.Conn
	b *breakable
}

func (s *swallowing) Write(p []byte) (int, error) {
	if s.b.silent.Load() {
		return len(p), nil
	}
	return s.Conn.Write(p)
}

func (s *swallowing) Read(p []byte) (int, error) {
	for {
		n, err := s.Conn.Read(p)
		if err != nil || !s.b.silent.Load() {
			return n, err
		}
	}
}

// TestTimeoutFarFromTheAskedOne wants it to be logged, once.
func TestTimeoutFarFromTheAskedOne(t *testing.T) {
	locktest.NeedsServer(t)
	e := zktest.Start(t, zktest.WithTickTime(2*time.Second))
	for asked, warnings := range map[time.Duration]int{100 * time.Millisecond: 1,
		4 * time.Second: 0, time.Hour: 1} {
		var log locktest.Log
		s := dialTo(t, e.Connect(), zklock.WithSessionTimeout(asked), log.AtWarn())
		m := mutex(t, s, "m")
		if asked > time.Second { // a busy machine can cost the others the lock
			lock(t, m)
			m.Unlock()
		}
		assert.Equal(t, warnings, strings.Count(log.String(), "another session timeout"),
			"asked for %v: %s", asked, log.String())
	}
}
