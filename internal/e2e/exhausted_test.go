package e2e

import (
	"context"
	"fmt"
	"hash/adler32"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/jute"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// No request sets the counter that a znode numbers its sequential children by, and to create two
// thousand million of them would take days. But a server numbers by what its transaction log says:
// the record of a creation has the parent's counter after it. So a log of one record is written,
// the creation of a child, which the server reads when it starts.

// setCounter brings the counter of parent, which must exist, to next, which must be more than it
// is: the next sequential child gets that number. It stops and starts the server.
func setCounter(t *testing.T, s *zktest.Server, parent string, next int32) {
	t.Helper()
	conf, err := s.Command("conf")
	require.NoError(t, err)
	dir := regexp.MustCompile(`(?m)^dataLogDir=(.+)$`).FindStringSubmatch(conf)
	require.NotNil(t, dir, conf)
	stat, err := s.Command("srvr")
	require.NoError(t, err)
	last := regexp.MustCompile(`(?m)^Zxid: 0x([0-9a-f]+)$`).FindStringSubmatch(stat)
	require.NotNil(t, last, stat)
	// More than the last one by enough for what the server does until it has stopped.
	zxid, err := strconv.ParseInt(last[1], 16, 64)
	require.NoError(t, err)
	zxid += 1000
	require.NoError(t, s.Stop())

	var txn jute.Writer // TxnHeader and CreateTxn
	txn.Int64(0)        // of no session
	txn.Int32(0)
	txn.Int64(zxid)
	txn.Int64(time.Now().UnixMilli())
	txn.Int32(wire.OpCreate)
	txn.Buffer([]byte(parent + "/counter"))
	txn.Buffer(nil)
	acl := zk.WorldACL(zk.PermAll)[0]
	txn.Int32(1)
	txn.Int32(acl.Perms)
	txn.Buffer([]byte(acl.Scheme))
	txn.Buffer([]byte(acl.ID))
	txn = append(txn, 0) // not ephemeral
	txn.Int32(next)

	var log jute.Writer
	log = append(log, "ZKLG"...)
	log.Int32(2) // version
	log.Int64(0) // database
	log.Int64(int64(adler32.Checksum(txn)))
	log.Buffer(txn)
	log = append(log, 'B') // the record is complete
	file := filepath.Join(dir[1], fmt.Sprintf("log.%x", zxid))
	require.NoError(t, os.WriteFile(file, log, 0o600))
	require.NoError(t, s.Start())

	conn := bare(t, s.Addr())
	defer conn.Close()
	require.NoError(t, conn.Delete(parent+"/counter", -1),
		"the server did not read what was written for it")
}

// numbered returns a server of the test's own, and a lock on it whose next candidate gets a number.
func numbered(t *testing.T, next int32) (*zktest.Ensemble, *zklock.Session, *zklock.Mutex) {
	t.Helper()
	locktest.NeedsServer(t)
	ensemble := zktest.Start(t, zktest.WithServers(1))
	s := dialTo(t, ensemble.Connect(), zklock.WithSessionTimeout(patience))
	m := mutex(t, s, "old")
	lock(t, m)
	m.Unlock()
	setCounter(t, ensemble.Servers()[0], m.Path(), next)
	return ensemble, s, m
}

// TestLastNumberIsGrantedAndTheNextRefused walks over the end that the library sets, and begins
// anew.
func TestLastNumberIsGrantedAndTheNextRefused(t *testing.T) {
	t.Parallel()
	_, s, m := numbered(t, queue.MaxSeq)
	lock(t, m)
	assert.EqualValues(t, queue.MaxSeq, contenders(t, m)[0].Sequence)
	last := m.Token()

	rw, err := s.RWMutex("old")
	require.NoError(t, err)
	other := mutex(t, s, "old")
	for name, acquire := range map[string]func() error{
		"Lock":  func() error { _, err := other.LockContext(t.Context()); return err },
		"Force": func() error { _, err := other.LockRevoking(t.Context(), zklock.Force); return err },
		"read":  func() error { _, err := rw.RLockContext(t.Context()); return err },
		"write": func() error { _, err := rw.LockContext(t.Context()); return err },
	} {
		err := acquire()
		require.ErrorIs(t, err, zklock.ErrExhausted, name)
		require.ErrorContains(t, err, m.Path(), name)
	}
	_, err = other.TryLockContext(t.Context())
	require.ErrorIs(t, err, zklock.ErrLocked, "a refused try takes no number")
	requireQueue(t, m, 1)
	assert.NoError(t, m.Err(), "the holder is left alone, also by force")
	require.ErrorIs(t, s.Remove(t.Context(), "old"), zklock.ErrLocked)
	m.Unlock()
	_, err = m.LockContext(t.Context())
	require.ErrorIs(t, err, zklock.ErrExhausted, "free or not")
	requireQueue(t, m, 0)

	require.NoError(t, s.Remove(t.Context(), "old"))
	lock(t, m)
	assert.Zero(t, contenders(t, m)[0].Sequence)
	assert.Greater(t, m.Token().Zxid, last.Zxid, "tokens go on")
	m.Unlock()
}

// TestBareLocksAreGrantedTwiceAtTheEnd has the server repeat a number, and go-zookeeper's own lock
// grant itself to two.
func TestBareLocksAreGrantedTwiceAtTheEnd(t *testing.T) {
	t.Parallel()
	ensemble, s, m := numbered(t, math.MaxInt32-1)
	conns := []*zk.Conn{bare(t, ensemble.Connect()), bare(t, ensemble.Connect())}
	create := func(name string) (string, error) {
		created, err := conns[0].Create(m.Path()+"/"+name, nil, zk.FlagEphemeralSequential,
			zk.WorldACL(zk.PermAll))
		return strings.TrimPrefix(created, m.Path()+"/"), err
	}
	for _, want := range []string{"a-2147483646", "a-2147483647"} {
		name, err := create("a-")
		require.NoError(t, err)
		assert.Equal(t, want, name)
	}
	_, err := create("a-")
	assert.ErrorIs(t, err, zk.ErrNodeExists, "the number repeats, and the name is taken")
	name, err := create("b-")
	require.NoError(t, err)
	assert.Equal(t, "b-2147483647", name, "the number repeats")

	locks := make([]*zk.Lock, len(conns))
	for i, conn := range conns {
		locks[i] = zk.NewLock(conn, m.Path(), zk.WorldACL(zk.PermAll))
	}
	for _, name := range []string{"a-2147483646", "a-2147483647", "b-2147483647"} {
		// go-zookeeper's lock knows no names but its own
		require.NoError(t, conns[0].Delete(m.Path()+"/"+name, -1))
	}
	held := make(chan error, 1)
	// one after the other: of two at a time, one gets a negative number, and an error
	for _, l := range locks {
		// ends with the grant that is waited for, or with the connection
		go func() { held <- l.Lock() }()
		select {
		case err := <-held:
			require.NoError(t, err)
		case <-time.After(patience):
			require.FailNow(t, "it was not granted twice")
		}
	}
	requireQueue(t, m, 2)
	for _, c := range contenders(t, m) {
		assert.EqualValues(t, math.MaxInt32, c.Sequence)
	}

	_, err = m.LockContext(t.Context())
	require.ErrorIs(t, err, zklock.ErrExhausted)
	requireQueue(t, m, 2)
	for _, l := range locks {
		require.NoError(t, l.Unlock())
	}
	require.NoError(t, s.Remove(t.Context(), "old"))
	lock(t, m)
	m.Unlock()
}

// TestManyAtTheEndAreAllRefused has creations under way at the same time. A server then hands out
// negative numbers too: it counts on from 2147483647 for creations that it has not yet carried out.
func TestManyAtTheEndAreAllRefused(t *testing.T) {
	t.Parallel()
	ensemble, s, m := numbered(t, math.MaxInt32)
	conn := bare(t, ensemble.Connect())
	require.Eventually(t, func() bool {
		var created sync.WaitGroup
		var negative atomic.Bool
		for range 20 {
			created.Go(func() {
				name, err := conn.Create(m.Path()+"/n-", nil, zk.FlagEphemeralSequential,
					zk.WorldACL(zk.PermAll))
				if err == nil {
					negative.CompareAndSwap(false, strings.Contains(name, "/n--21474836"))
					err = conn.Delete(name, -1)
				}
				if err != nil {
					assert.ErrorIs(t, err, zk.ErrNodeExists)
				}
			})
		}
		created.Wait()
		return negative.Load()
	}, patience, time.Millisecond, "no negative number")

	var work sync.WaitGroup
	for range 100 {
		work.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_, err := mutex(t, s, "old").LockContext(ctx)
			assert.ErrorIs(t, err, zklock.ErrExhausted)
		})
	}
	work.Wait()
	children, _, err := conn.Children(m.Path())
	require.NoError(t, err)
	assert.Empty(t, children, "a candidate is left")
}

// TestLostAnswerAtTheEndIsRefused loses the answer to the creation of a candidate whose number is
// too high.
func TestLostAnswerAtTheEndIsRefused(t *testing.T) {
	t.Parallel()
	ensemble, _, m := numbered(t, queue.MaxSeq+1)
	proxy := ensemble.Proxy(t)
	s := dialTo(t, proxy.Addr(), zklock.WithRoot(root(t)), zklock.WithSessionTimeout(patience))
	var asked, cut atomic.Bool
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if opOf(dir, frame) == wire.OpCreate2 {
			asked.Store(true)
		}
		if dir == zktest.ToClient && asked.Load() && cut.CompareAndSwap(false, true) {
			return zktest.Cut
		}
		return zktest.Pass
	})
	_, err := mutex(t, s, "old").LockContext(t.Context())
	require.ErrorIs(t, err, zklock.ErrExhausted)
	assert.True(t, cut.Load())
	requireQueue(t, m, 0)
}
