package interop_test

import (
	"context"
	"path"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/peers"
)

// oursOf is a handle of zklock's on a semaphore, in the shape of the peers'.
type oursOf struct {
	*zklock.Semaphore
	permit *zklock.Permit
	kind   peers.Kind
}

var _ peers.Handle = new(oursOf)

func (o *oursOf) Lock(timeout time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), max(timeout, patience))
	defer cancel()
	var err error
	o.permit, err = o.Acquire(ctx, 1)
	return err == nil, err
}

func (o *oursOf) Unlock() error { return o.permit.ReleaseContext(context.Background()) }

func (o *oursOf) Churn(n int, dir string) error { return peers.Churn(o, "zklock", o.kind, n, dir) }

func (o *oursOf) Contenders() ([]string, error) { return nil, peers.ErrUnsupported }

// openOurs makes a handle of ours on a semaphore.
func openOurs(tb testing.TB, s *zklock.Session, name string, n int, naming zklock.Naming) *oursOf {
	tb.Helper()
	sem, err := s.Semaphore(name, n, zklock.WithNaming(naming))
	require.NoError(tb, err)
	return &oursOf{Semaphore: sem, kind: peers.Semaphore(n)}
}

// curators opens a handle of Curator's.
func curators(tb testing.TB, name string, n int) peers.Handle {
	tb.Helper()
	h, err := peer(tb, "Curator").Open(peers.Semaphore(n), root+"/"+name)
	require.NoError(tb, err)
	return h
}

// TestCuratorAndWeShareASemaphore has both take permits at the same time, many more clients than
// there are permits. There are never too many inside, all are there at some time, and nothing is
// left.
func TestCuratorAndWeShareASemaphore(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			name := lockName(t)
			site, err := peers.NewSite(t.TempDir())
			require.NoError(t, err)
			each := handOffs(t) / 8
			s := dial(t, server(t).Connect())
			// whose permits are held until all of them queue
			var gates []*zklock.Permit
			for range n { // Curator counts each hold as one permit
				gate, err := openOurs(t, s, name, n, zklock.NamingCurator).Acquire(t.Context(), 1)
				require.NoError(t, err)
				gates = append(gates, gate)
			}
			var g errgroup.Group
			for range 4 {
				s := dial(t, server(t).Connect())
				for _, h := range []peers.Handle{openOurs(t, s, name, n, zklock.NamingCurator),
					curators(t, name, n)} {
					g.Go(func() error { return h.Churn(each, site.Dir()) })
				}
			}
			eventually(t, func() bool {
				return len(children(t, s, root+"/"+name+"/locks")) == 8
			}, "everybody in the queue")
			for _, gate := range gates {
				require.NoError(t, gate.ReleaseContext(t.Context()))
			}
			require.NoError(t, g.Wait())
			tookTurns(t, site, 8*each, 8)
			assert.Empty(t, children(t, s, root+"/"+name+"/locks"))
			assert.Empty(t, children(t, s, root+"/"+name+"/leases"))
		})
	}
}

// TestCuratorAndWeCountEachOther has each side hold permits while the other wants one more, and
// hand them over.
func TestCuratorAndWeCountEachOther(t *testing.T) {
	t.Parallel()
	name := lockName(t)
	s := dial(t, server(t).Connect())
	one, two, three := openOurs(t, s, name, 2, zklock.NamingCurator), curators(t, name, 2),
		curators(t, name, 2)
	acquire(t, one)
	acquire(t, two)
	got, err := three.Lock(100 * time.Millisecond)
	require.NoError(t, err)
	assert.False(t, got, "Curator has not counted our permit")
	_, err = one.TryAcquire(t.Context(), 1)
	assert.ErrorIs(t, err, zklock.ErrLocked)
	leases, err := two.Contenders()
	require.NoError(t, err)
	assert.Len(t, leases, 2)
	_, err = one.Acquire(t.Context(), 2)
	assert.ErrorContains(t, err, "Curator counts each hold as one")

	queue := root + "/" + name + "/locks"
	next := openOurs(t, s, name, 2, zklock.NamingCurator)
	ours := begin(t, s, queue, next, 1)
	theirs := begin(t, s, queue, three, 2)
	release(t, two)
	receive(t, ours, "our grant, after Curator's release")
	assert.True(t, isOpen(theirs))
	release(t, one)
	receive(t, theirs, "Curator's grant, after our release")
	release(t, next)
	release(t, three)
}

// TestSemaphoresOfOthersAreRefused has our handles meet permits that are counted in another way.
func TestSemaphoresOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	t.Run("CuratorByTheDefault", func(t *testing.T) {
		name := lockName(t)
		h := curators(t, name, 2)
		acquire(t, h)
		_, err := openOurs(t, s, name, 2, zklock.NamingDefault).Acquire(t.Context(), 1)
		assert.ErrorIs(t, err, zklock.ErrMixedDialects)
		assert.ErrorContains(t, err, "use WithNaming(NamingCurator)")
		release(t, h)
	})
	t.Run("DefaultByCuratorsNaming", func(t *testing.T) {
		name := lockName(t)
		h := openOurs(t, s, name, 5, zklock.NamingDefault)
		acquire(t, h)
		_, err := openOurs(t, s, name, 5, zklock.NamingCurator).Acquire(t.Context(), 1)
		assert.ErrorIs(t, err, zklock.ErrMixedDialects)
		release(t, h)
	})
	t.Run("KazooThatHolds", func(t *testing.T) {
		name := lockName(t)
		h, err := peer(t, "kazoo").Open(peers.Semaphore(2), root+"/"+name)
		require.NoError(t, err)
		acquire(t, h)
		for _, naming := range []zklock.Naming{zklock.NamingDefault, zklock.NamingCurator} {
			_, err = openOurs(t, s, name, 2, naming).Acquire(t.Context(), 1)
			assert.ErrorIs(t, err, zklock.ErrMixedDialects)
			assert.ErrorContains(t, err, "kazoo's Semaphore")
		}
		release(t, h)
		_, err = openOurs(t, s, name, 2, zklock.NamingDefault).Acquire(t.Context(), 1)
		assert.ErrorIs(t, err, zklock.ErrMixedDialects, "it may come back")
	})
	t.Run("KazooRefusesOurs", func(t *testing.T) {
		name := lockName(t)
		ours := openOurs(t, s, name, 2, zklock.NamingDefault)
		acquire(t, ours)
		release(t, ours)
		h, err := peer(t, "kazoo").Open(peers.Semaphore(2), root+"/"+name)
		require.NoError(t, err)
		_, err = h.Lock(0)
		assert.ErrorContains(t, err, "Inconsistent max leases: -2, expected: 2")
		acquire(t, ours)
		release(t, ours)
	})
}

// TestPermitsLookLikeCurators compares the znodes.
func TestPermitsLookLikeCurators(t *testing.T) {
	t.Parallel()
	s := dial(t, server(t).Connect())
	name := lockName(t)
	ours, theirs := openOurs(t, s, name, 2, zklock.NamingCurator), curators(t, name, 2)
	acquire(t, ours)
	acquire(t, theirs)
	names := children(t, s, root+"/"+name+"/leases")
	require.Len(t, names, 2)
	for _, name := range names {
		assert.Regexp(t, `^_c_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-lease-[0-9]{10}$`,
			path.Base(name))
	}
	release(t, ours)
	release(t, theirs)
}
