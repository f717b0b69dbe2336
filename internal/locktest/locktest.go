// Package locktest has what tests of zklock share: handles, what waits for them, and what is
// counted from the documents alone and not from the library.
package locktest

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/wait"
)

// Patience bounds what must happen. A test that runs into it has failed.
const Patience = 30 * time.Second

// Slow leaves a test out of a short run.
func Slow(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("slow: run without -short")
	}
}

// Receive waits for a channel to close.
func Receive(tb testing.TB, ch <-chan struct{}, what string) {
	tb.Helper()
	wait.For(tb, ch, Patience, what)
}

// Mutex makes a handle.
func Mutex(tb testing.TB, s *zklock.Session, name string, opts ...zklock.LockOption) *zklock.Mutex {
	tb.Helper()
	m, err := s.Mutex(name, opts...)
	require.NoError(tb, err)
	return m
}

// Lock acquires m.
func Lock(tb testing.TB, m *zklock.Mutex) (revoked <-chan struct{}) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	revoked, err := m.LockContext(ctx)
	require.NoError(tb, err)
	return revoked
}

// Queued begins to acquire m and returns once it stands in the queue.
func Queued(tb testing.TB, m *zklock.Mutex) *zklock.Pending {
	tb.Helper()
	p := m.LockAsync(context.Background())
	wait.For(tb, p.Queued(), Patience, "candidate")
	return p
}

// Contenders returns the queue as the ensemble sees it.
func Contenders(tb testing.TB, m *zklock.Mutex) []zklock.Contender {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	got, err := m.Contenders(ctx)
	require.NoError(tb, err)
	return got
}

// RequireQueue waits until n candidates are in the lock's queue, as the ensemble sees it.
func RequireQueue(tb testing.TB, m *zklock.Mutex, n int) {
	tb.Helper()
	var contenders []zklock.Contender
	require.Eventually(tb, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		var err error
		contenders, err = m.Contenders(ctx)
		return err == nil && len(contenders) == n
	}, Patience, 5*time.Millisecond, "contenders: %v", &contenders)
}

// RWMutex makes a handle.
func RWMutex(tb testing.TB, s *zklock.Session, name string,
	opts ...zklock.LockOption) *zklock.RWMutex {
	tb.Helper()
	rw, err := s.RWMutex(name, opts...)
	require.NoError(tb, err)
	return rw
}

// Recreate removes the holder's candidate and the lock's znode, and makes that again, in one
// transaction with more.
func Recreate(tb testing.TB, conn *zk.Conn, holder *zklock.Mutex, more ...any) {
	tb.Helper()
	guard, err := holder.Guard()
	require.NoError(tb, err)
	_, err = conn.Multi(append([]any{
		&zk.DeleteRequest{Path: guard.Path, Version: -1},
		&zk.DeleteRequest{Path: holder.Path(), Version: -1},
		&zk.CreateRequest{Path: holder.Path(), Acl: zk.WorldACL(zk.PermAll)},
	}, more...)...)
	require.NoError(tb, err)
}

// RecreateAndQueue makes another client's candidate stand in the znode that was made again, and
// returns its path.
func RecreateAndQueue(tb testing.TB, conn *zk.Conn, holder *zklock.Mutex) (foreign string) {
	tb.Helper()
	prefix := holder.Path() + "/_c_00000000000000000000000000000000-lock-"
	Recreate(tb, conn, holder,
		&zk.CreateRequest{Path: prefix, Acl: zk.WorldACL(zk.PermAll),
			Flags: zk.FlagEphemeral | zk.FlagSequence})
	return prefix + "0000000000"
}

// Lease is the deadline that DESIGN.md has, counted from an operation that took rtt, for a client
// that does not know the tick: that is half the timeout at most.
func Lease(timeout, rtt time.Duration) time.Duration {
	return timeout - timeout/100 - (timeout/4 + timeout/4 + rtt)
}

// Log keeps what is logged. Its zero value is ready for use.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// AtWarn is a logger of warnings and errors.
func (l *Log) AtWarn() zklock.SessionOption {
	return zklock.WithLogger(slog.New(slog.NewTextHandler(l,
		&slog.HandlerOptions{Level: slog.LevelWarn})))
}
