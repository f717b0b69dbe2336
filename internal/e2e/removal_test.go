package e2e

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// harms are what can befall one frame.
var harms = map[string]func(*harm) zktest.Verdict{
	"cut":    func(*harm) zktest.Verdict { return zktest.Cut },
	"drop":   func(*harm) zktest.Verdict { return zktest.Drop },
	"expire": (*harm).expire,
}

// harm befalls the frame of that number in one direction; 0 is none.
type harm struct {
	name     string
	dir      zktest.Direction
	at       int
	ensemble *zktest.Ensemble
	session  *zklock.Session
	group    errgroup.Group // of expiries
}

// expire ends the session while the frame is held back, and then lets it pass.
func (h *harm) expire() zktest.Verdict {
	expired := make(chan struct{})
	h.group.Go(func() error {
		defer close(expired)
		if err := h.ensemble.Expire(h.session.ID()); !errors.Is(err, zktest.ErrNoSession) {
			return err
		}
		return nil // it is on its way out already
	})
	<-expired
	return zktest.Pass
}

// ways are the ways to get a lock that another holds, who is willing to let go when it is asked.
var ways = map[string]func(*zklock.Mutex, context.Context) error{
	"wait": func(m *zklock.Mutex, ctx context.Context) error { _, err := m.LockContext(ctx); return err },
	"ask": func(m *zklock.Mutex, ctx context.Context) error {
		_, err := m.LockRevoking(ctx, zklock.Ask)
		return err
	},
	"force": func(m *zklock.Mutex, ctx context.Context) error {
		_, err := m.LockRevoking(ctx, zklock.Force)
		return err
	},
}

// TestNoOrphanWhereverItBreaks cuts the connection, loses a frame, or expires the session at every
// step of acquiring, waiting, revoking and releasing. The steps are the frames of a run without a
// fault, in both directions.
func TestNoOrphanWhereverItBreaks(t *testing.T) {
	t.Parallel()
	locktest.NeedsServer(t)
	ensembles := map[string]*zktest.Ensemble{"1 server": server(t)}
	if !testing.Short() {
		ensembles["3 servers"] = zktest.Start(t, zktest.WithServers(3))
	}
	for size, ensemble := range ensembles {
		for way, acquire := range ways {
			for _, dir := range []zktest.Direction{zktest.ToServer, zktest.ToClient} {
				frames, err := breakAt(t, acquire,
					&harm{name: "none", dir: dir, ensemble: ensemble})
				require.NoError(t, err)
				require.Greater(t, frames, 3)
				for name := range harms {
					t.Run(fmt.Sprintf("%s/%s/%v/%s", size, way, dir, name), func(t *testing.T) {
						var g errgroup.Group
						g.SetLimit(16) // they wait most of the time
						for at := 1; at <= frames; at++ {
							g.Go(func() error {
								_, err := breakAt(t, acquire,
									&harm{name: name, dir: dir, at: at, ensemble: ensemble})
								if err != nil {
									t.Errorf("frame %d of %d: %v", at, frames, err)
								}
								return nil
							})
						}
						g.Wait()
					})
				}
			}
		}
	}
}

// breakAt acquires and releases a contended lock behind a proxy that does the harm, and checks what
// is left. It returns how many frames went the harm's way; pings do not count.
func breakAt(t *testing.T, acquire func(*zklock.Mutex, context.Context) error,
	h *harm) (frames int, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	proxy := h.ensemble.Proxy(t)
	defer proxy.Close()
	root := zklock.WithRoot(fmt.Sprintf("%s/%s-%d-%d", root(t), h.name, h.dir, h.at))
	// a request that is lost costs most of it
	h.session, err = zklock.Dial(ctx, proxy.Addr(), root, zklock.WithSessionTimeout(time.Second))
	if err != nil {
		return 0, err
	}
	defer h.session.Close()
	direct, err := zklock.Dial(ctx, h.ensemble.Connect(), root, zklock.WithSessionTimeout(patience))
	if err != nil {
		return 0, err
	}
	defer direct.Close()
	m, err := h.session.Mutex("contended")
	if err != nil {
		return 0, err
	}
	other, err := direct.Mutex("contended")
	if err != nil {
		return 0, err
	}
	revoked, err := other.LockContext(ctx)
	if err != nil {
		return 0, err
	}

	var count atomic.Int64
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if dir == h.dir && xidOf(frame) != wire.XidPing && count.Add(1) == int64(h.at) {
			return harms[h.name](h)
		}
		return zktest.Pass
	})
	var g errgroup.Group
	g.Go(func() error { return acquire(m, ctx) })
	g.Go(func() error { // the other lets go when it is asked, or a little later
		select {
		case <-revoked:
		case <-time.After(100 * time.Millisecond):
		}
		if err := other.UnlockContext(ctx); !errors.Is(err, zklock.ErrLost) {
			return err
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return 0, err
	}
	token := m.Token()
	if err := m.UnlockContext(ctx); err != nil && !errors.Is(err, zklock.ErrLost) {
		return 0, err
	}
	frames = int(count.Load())
	if err := h.group.Wait(); err != nil {
		return 0, err
	}
	proxy.OnFrame(nil)
	return frames, checkLeft(ctx, m, other, token)
}

// checkLeft checks that the lock can be granted, that nobody stands in the queue, and that the
// handles are free.
func checkLeft(ctx context.Context, m, other *zklock.Mutex, last zklock.Token) error {
	if err := m.UnlockContext(ctx); !errors.Is(err, zklock.ErrNotLocked) {
		return fmt.Errorf("the handle is not unlocked: %w", err)
	}
	if _, err := other.LockContext(ctx); err != nil {
		return fmt.Errorf("the lock is not grantable: %w", err)
	}
	if token := other.Token(); token.Compare(last) <= 0 {
		return fmt.Errorf("token %v after %v", token, last)
	}
	contenders, err := other.Contenders(ctx)
	if err != nil || len(contenders) != 1 {
		return fmt.Errorf("left in the queue: %v, %w", contenders, err)
	}
	if err := other.UnlockContext(ctx); err != nil {
		return err
	}
	if _, err := m.LockContext(ctx); err != nil {
		return fmt.Errorf("the handle cannot lock again: %w", err)
	}
	if err := m.UnlockContext(ctx); !errors.Is(err, zklock.ErrLost) { // on a busy machine it can be
		return err
	}
	return nil
}
