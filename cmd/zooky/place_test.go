//go:build unix

package main_test

import (
	"context"
	"fmt"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// place is a root of a test's own, and a session there.
type place struct {
	t        *testing.T
	ensemble *zktest.Ensemble
	root     string
	session  *zklock.Session
}

// places counts them, so that a test can be repeated.
var places atomic.Int32

// newPlace returns a place on the shared server.
func newPlace(t *testing.T) *place {
	t.Helper()
	locktest.NeedsServer(t)
	return newPlaceOn(t, ensemble)
}

func newPlaceOn(t *testing.T, e *zktest.Ensemble) *place {
	t.Helper()
	root := fmt.Sprintf("/%s-%d", strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()),
		places.Add(1))
	s, err := zklock.Dial(t.Context(), e.Connect(), zklock.WithRoot(root))
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return &place{t: t, ensemble: e, root: root, session: s}
}

// prepare makes a command that works at the place.
func (p *place) prepare(args ...string) *command {
	p.t.Helper()
	c := prepare(p.t, args...)
	c.Env = append(c.Env, "ZOOKY_SERVERS="+p.ensemble.Connect(), "ZOOKY_ROOT="+p.root)
	return c
}

// zooky runs a command to its end.
func (p *place) zooky(args ...string) (status int, stdout, stderr string) {
	p.t.Helper()
	c := p.prepare(args...).start(p.t)
	status = c.status(p.t)
	return status, c.stdout.String(), c.stderr.String()
}

// lock takes a lock as ann.
func (p *place) lock(name string) *zklock.Mutex {
	p.t.Helper()
	m := p.mutex(name, "ann")
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	_, err := m.LockContext(ctx)
	require.NoError(p.t, err)
	return m
}

func (p *place) mutex(name, identifier string) *zklock.Mutex {
	p.t.Helper()
	m, err := p.session.Mutex(name, zklock.WithIdentifier(identifier))
	require.NoError(p.t, err)
	return m
}

// queue has somebody wait for a lock.
func (p *place) queue(name, identifier string) *zklock.Pending {
	p.t.Helper()
	pending := p.mutex(name, identifier).LockAsync(context.Background()) // ended with the session
	receive(p.t, pending.Queued())
	return pending
}

// create makes a znode below the root.
func (p *place) create(name, data string) {
	p.t.Helper()
	conn := p.session.Conn()
	_, err := conn.Create(path.Join(p.root, name), []byte(data), 0, zk.WorldACL(zk.PermAll))
	require.NoError(p.t, err)
}

// requireQueue waits until n contenders are in a lock's queue.
func (p *place) requireQueue(name string, n int) []zklock.Contender {
	p.t.Helper()
	var contenders []zklock.Contender
	m := p.mutex(name, "looker")
	require.Eventually(p.t, func() bool {
		var err error
		contenders, err = m.Contenders(p.t.Context())
		return err == nil && len(contenders) == n
	}, patience, 5*time.Millisecond)
	return contenders
}

// receive waits for a channel to close.
func receive(t *testing.T, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(patience):
		require.FailNow(t, "never came")
	}
}
