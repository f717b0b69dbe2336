package e2e

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
)

// rwLocker is what sync.RWMutex offers.
type rwLocker interface {
	sync.Locker
	TryLock() bool
	RLock()
	RUnlock()
	TryRLock() bool
	RLocker() sync.Locker
}

var (
	_ rwLocker = (*sync.RWMutex)(nil)
	_ rwLocker = (*zklock.RWMutex)(nil)
)

func TestReadersShareAndAWriterWaits(t *testing.T) {
	rw, other := rwmutex(t, dial(t), "rw"), rwmutex(t, dial(t), "rw")
	rw.RLock()
	rw.RLock()
	other.RLock()
	assert.False(t, other.TryLock(), "a writer among readers")
	p := queued(t, other.Mutex)
	assert.False(t, rw.TryRLock(), "a reader overtook a waiting writer")

	kinds := []zklock.Kind{zklock.KindRead, zklock.KindRead, zklock.KindRead, zklock.KindWrite}
	for i, c := range contenders(t, rw.Mutex) {
		assert.Equal(t, kinds[i], c.Kind)
		assert.Equal(t, c.Kind == zklock.KindRead, c.Holder)
	}
	rw.RUnlock()
	rw.RUnlock()
	assert.True(t, isOpen(p.Done()))
	other.RUnlock()
	receive(t, p.Done(), "write lock")
	require.NoError(t, p.Err())
	assert.False(t, rw.TryRLock(), "a reader beside a writer")
	assert.False(t, rw.TryLock(), "two writers")
	other.Unlock()
	assert.True(t, rw.TryRLock())
	rw.RUnlock()
	requireQueue(t, rw.Mutex, 0)
}

func TestOneNameAsMutexAndAsRWMutex(t *testing.T) {
	s := dial(t)
	m, rw := mutex(t, s, "both"), rwmutex(t, s, "both")
	lock(t, m)
	assert.False(t, rw.TryRLock(), "a reader does not see the mutex")
	assert.False(t, rw.TryLock(), "a writer does not see the mutex")
	m.Unlock()
	rw.RLock()
	assert.False(t, m.TryLock(), "the mutex does not see the reader")
	rw.RUnlock()
	rw.Lock()
	assert.False(t, m.TryLock(), "the mutex does not see the writer")
	rw.Unlock()
}

func TestRUnlockOfUnlockedPanics(t *testing.T) {
	rw := rwmutex(t, dial(t), "free")
	assert.Panics(t, rw.RUnlock)
	assert.Panics(t, rw.Unlock)
	rw.Lock()
	assert.Panics(t, rw.RUnlock, "the writer's hold is no reader's")
	rw.Unlock()
}

func TestRUnlockTakesTheWorstHoldFirst(t *testing.T) {
	rw := rwmutex(t, dial(t), "worst")
	var revoked []<-chan struct{}
	for range 4 {
		ch, err := rw.RLockContext(t.Context())
		require.NoError(t, err)
		revoked = append(revoked, ch)
	}
	queue := contenders(t, rw.Mutex)
	conn := dial(t).Conn()
	_, err := conn.Set(rw.Path()+"/"+queue[1].Znode, []byte("unlock"), -1) // the second is revoked
	require.NoError(t, err)
	require.NoError(t, conn.Delete(rw.Path()+"/"+queue[3].Znode, -1)) // the fourth is lost
	receive(t, revoked[1], "revocation")
	receive(t, revoked[3], "loss")
	for _, want := range [][]int{{0, 1, 2}, {0, 2}, {2}, {}} {
		rw.RUnlock()
		left := []string{}
		for _, c := range contenders(t, rw.Mutex) {
			left = append(left, c.Znode)
		}
		wanted := []string{}
		for _, i := range want {
			wanted = append(wanted, queue[i].Znode)
		}
		assert.Equal(t, wanted, left)
	}
	assert.True(t, isOpen(revoked[0]))
}

func TestReaderKnowsItsHold(t *testing.T) {
	rw := rwmutex(t, dial(t), "reader")
	a, b := rw.Reader(), rw.Reader()
	revokedA, revokedB := lock(t, a), lock(t, b)
	assert.NotEqual(t, a.Token(), b.Token())
	assert.False(t, rw.TryLock())
	_, err := dial(t).Conn().Set(rw.Path()+"/"+contenders(t, rw.Mutex)[1].Znode,
		[]byte("unlock"), -1)
	require.NoError(t, err)
	receive(t, revokedB, "revocation")
	assert.True(t, isOpen(revokedA))
	assert.NoError(t, a.Err())
	assert.ErrorIs(t, b.Err(), zklock.ErrRevoked)
	b.Unlock()
	assert.Panics(t, b.Unlock)
	guard, err := a.Guard()
	require.NoError(t, err)
	_, err = dial(t).Conn().Multi(guard)
	assert.NoError(t, err)
	assert.False(t, a.TryLock(), "a Reader is a handle on one hold, like any Mutex")
	require.NoError(t, b.Do(t.Context(), func(context.Context) error { return nil }))
	a.Unlock()
	assert.True(t, rw.TryLock())
	rw.Unlock()
}

func TestRLockerIsAReader(t *testing.T) {
	rw := rwmutex(t, dial(t), "locker")
	l := rw.RLocker()
	l.Lock()
	rw.RLock()
	l.Unlock()
	assert.False(t, rw.TryLock())
	l.Unlock()
	assert.True(t, rw.TryLock())
	rw.Unlock()
}

func TestRLockPanicsOnAClosedSession(t *testing.T) {
	s := dial(t)
	rw := rwmutex(t, s, "closed")
	require.NoError(t, s.Close())
	assert.Panics(t, rw.RLock)
	assert.False(t, rw.TryRLock())
	_, err := rw.RLockContext(t.Context())
	assert.ErrorIs(t, err, zklock.ErrClosed)
}

// passage is one acquisition, seen from outside.
type passage struct {
	zxid                      int64 // the order in which they queued
	write                     bool
	begun, granted, releasing time.Time
}

// TestReadersAndAWriterForSeconds lets 16 readers and a writer, each in a session of its own,
// run against each other and checks the whole history: who overlapped whom, who overtook whom, and
// whether anybody waited for nobody: until everybody looks again anyway, which they do once in a
// session timeout.
func TestReadersAndAWriterForSeconds(t *testing.T) {
	slow(t)
	const readers, duration = 16, 4 * time.Second
	var mu sync.Mutex
	var history []passage
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	var g errgroup.Group
	for i := range readers + 1 {
		rw := rwmutex(t, dial(t, zklock.WithSessionTimeout(patience)), "busy")
		m := rw.Reader()
		if i == readers {
			m = rw.Mutex
		}
		g.Go(func() error {
			for ctx.Err() == nil {
				p := passage{write: i == readers, begun: time.Now()}
				if _, err := m.LockContext(context.Background()); err != nil {
					return err
				}
				p.granted, p.zxid = time.Now(), m.Token().Zxid
				<-time.After(time.Millisecond) // the work
				p.releasing = time.Now()
				if err := m.UnlockContext(context.Background()); err != nil {
					return err
				}
				mu.Lock()
				history = append(history, p)
				mu.Unlock()
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	slices.SortFunc(history, func(a, b passage) int { return cmp.Compare(a.zxid, b.zxid) })

	var writes, reads int
	var lastWrite, lastAny passage // whose release came last, of those ahead
	var longest, unexplained time.Duration
	for _, p := range history {
		ahead := lastWrite
		if p.write {
			writes++
			ahead = lastAny
		} else {
			reads++
		}
		require.False(t, p.granted.Before(ahead.releasing), "granted %v before one ahead released",
			ahead.releasing.Sub(p.granted))
		free := p.begun // from when on nobody ahead explains the wait
		if ahead.releasing.After(free) {
			free = ahead.releasing
		}
		longest = max(longest, p.granted.Sub(p.begun))
		unexplained = max(unexplained, p.granted.Sub(free))
		if p.releasing.After(lastAny.releasing) {
			lastAny = p
		}
		if p.write && p.releasing.After(lastWrite.releasing) {
			lastWrite = p
		}
	}
	t.Logf("%d reads, %d writes, longest wait %v, of which nobody ahead explains %v", reads, writes,
		longest, unexplained)
	assert.Positive(t, writes, "the writer starved")
	assert.Greater(t, reads, writes)
	assert.Less(t, unexplained, patience/3)
	requireQueue(t, mutex(t, dial(t), "busy"), 0)
}

// TestDowngradeOnARealServer has a reader and a writer of another session wait for a writer that
// becomes a reader. How its znodes change in one transaction is told as the fake has it.
func TestDowngradeOnARealServer(t *testing.T) {
	for _, naming := range []zklock.Naming{
		zklock.NamingDefault, zklock.NamingZktools, zklock.NamingCurator, zklock.NamingKazoo,
	} {
		t.Run(naming.String(), func(t *testing.T) {
			name := "downgrade/" + naming.String()
			rw := rwmutex(t, dial(t), name, zklock.WithNaming(naming))
			other := rwmutex(t, dial(t), name, zklock.WithNaming(naming))
			lock(t, rw.Mutex)
			r, p := queued(t, other.Reader()), queued(t, other.Mutex)
			behind := queued(t, rwmutex(t, dial(t), name, zklock.WithNaming(naming)).Mutex)
			time.Sleep(100 * time.Millisecond) // sleep ok: they watch those ahead
			reader, err := rw.Downgrade(t.Context())
			require.NoError(t, err)
			receive(t, r.Done(), "read lock")
			time.Sleep(200 * time.Millisecond) // sleep ok: nothing is to happen
			assert.True(t, isOpen(p.Done()), "a writer beside readers")
			assert.NoError(t, reader.Err())
			reader.Unlock()
			assert.True(t, isOpen(p.Done()), "a writer beside a reader")
			r.Cancel()
			receive(t, p.Done(), "write lock")
			assert.True(t, isOpen(behind.Done()))
			p.Cancel()
			receive(t, behind.Done(), "write lock")
			behind.Cancel()
		})
	}
}
