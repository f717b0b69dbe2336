package virtual

import (
	"context"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// liesToTell is how many a test has its liar tell; ZKLOCK_LIES sets another number, see make
// hostile.
func liesToTell(t *testing.T) int {
	few := fewer(1500, 500)
	text := os.Getenv("ZKLOCK_LIES")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// referee knows who holds a lock.
type referee struct {
	mu     sync.Mutex // guards what follows
	holder string
	lost   <-chan struct{} // the holder's
	holds  map[string]int
}

// hold holds the lock for a while.
func (r *referee) hold(t *testing.T, who string, m *zklock.Mutex, lost <-chan struct{},
	span time.Duration) {
	r.mu.Lock()
	if r.holder != "" && isOpen(r.lost) {
		assert.Fail(t, "two holders", "%s beside %s, who was not told", who, r.holder)
	}
	r.holder, r.lost = who, lost
	r.holds[who]++
	r.mu.Unlock()
	select {
	case <-time.After(span):
	case <-lost:
	}
	r.mu.Lock()
	if r.holder == who {
		r.holder = ""
	}
	r.mu.Unlock()
	_ = m.UnlockContext(t.Context())
}

// contend has a client lock and unlock until ctx ends.
func (r *referee) contend(ctx context.Context, t *testing.T, who string, m *zklock.Mutex,
	timeout time.Duration, rng *rand.Rand) {
	for ctx.Err() == nil {
		attempt, cancel := context.WithTimeout(ctx, timeout)
		_, err := m.LockContext(attempt)
		cancel()
		if err == nil {
			r.hold(t, who, m, m.Lost(), time.Duration(rng.Int64N(int64(timeout))))
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// TestVirtualLiarHarmsItsClientsAlone has one of three servers lie in every field of every reply.
// Whatever its client makes of that, the clients of the others never hold a lock together, the
// client comes back when it finds an honest server, and nothing grows.
func TestVirtualLiarHarmsItsClientsAlone(t *testing.T) {
	const timeout = 4 * time.Second
	lieAtLength(t, timeout, func(string) bool { return true }, "ben", "cleo")
}

// TestVirtualLiarAboutTheSession has a server lie about all but the queue: the client that it lies
// to holds no lock beside another.
func TestVirtualLiarAboutTheSession(t *testing.T) {
	const timeout = 4 * time.Second
	lieAtLength(t, timeout, isAboutTheSession, "ann", "ben", "cleo")
}

// isAboutTheSession leaves out what an acquisition has to believe of the server: which candidates
// there are, and whose.
func isAboutTheSession(field string) bool {
	for _, believed := range []string{".Children", ".EphemeralOwner", ".Czxid", ".Mzxid", ".Path",
		".Err", ".Code", ".Xid", "event", " twice"} {
		if strings.Contains(field, believed) {
			return false
		}
	}
	return true
}

// lieAtLength has ann's server lie, as often as liesToTell says, and the contenders contend with
// one another.
func lieAtLength(t *testing.T, timeout time.Duration, may func(string) bool, contenders ...string) {
	defer debug.SetGCPercent(debug.SetGCPercent(100)) // what is in use is measured below
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	told, most, slowest, holds := map[string]int{}, uint64(0), time.Duration(0), map[string]int{}
	for seed, lies := uint64(0), 0; lies < liesToTell(t) && !t.Failed(); seed++ {
		virtually(t, fakezk.Config{Servers: 3, Latency: ms(2)}, func(t *testing.T, w *world) {
			l := &liar{
				server: "zk1:2181", client: w.Client(), may: may,
				rng:  rand.New(rand.NewPCG(seed, 1)),
				told: told, conns: make(map[net.Conn]string),
			}
			before := l.lies()
			s, _ := w.dial("", timeout, zklock.WithDialer(l.dial))
			r := &referee{holds: make(map[string]int)}
			ctx, cancel := context.WithCancel(t.Context())
			var contending sync.WaitGroup
			for i, who := range contenders {
				session := s
				if who != "ann" {
					session, _ = w.dial("zk0:2181,zk2:2181", timeout)
				}
				m, rng := mutex(t, session, "contended"), rand.New(rand.NewPCG(seed, uint64(2+i)))
				contending.Go(func() { r.contend(ctx, t, who, m, timeout, rng) })
			}
			for episode := range 5 {
				l.reach(l.server, []float64{1, 0.3, 0.05}[(int(seed)+episode)%3])
				meet(t, s, 2*timeout)
				l.reach("zk0:2181", 0)
				found := time.Now()
				back, giveUp := context.WithTimeout(t.Context(), 2*timeout)
				m := mutex(t, s, "back-"+strconv.Itoa(episode))
				_, err := m.LockContext(back)
				giveUp()
				if assert.NoError(t, err, "seed %d, episode %d", seed, episode) {
					slowest = max(slowest, time.Since(found))
					_ = m.UnlockContext(t.Context())
				}
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapInuse)
			}
			l.reach("", 0)
			cancel()
			contending.Wait()
			for who, n := range r.holds {
				holds[who] += n
			}
			lies += l.lies() - before
		})
	}
	fields := slices.Sorted(maps.Keys(told))
	t.Logf("holds: %v; back after %v at most; %d MiB in use at most, %d before; %d kinds of lies: %v", holds, slowest, most>>20, before.HeapInuse>>20,
		len(fields), fields)
	for _, who := range contenders {
		assert.Positive(t, holds[who], who)
	}
	assert.Less(t, most, before.HeapInuse+64<<20)
}

// meet has a client do all kinds of things for a while.
func meet(t *testing.T, s *zklock.Session, span time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	var all sync.WaitGroup
	for name, op := range map[string]func(context.Context, *zklock.Mutex){
		"mutex": func(ctx context.Context, m *zklock.Mutex) {
			if _, err := m.LockContext(ctx); err == nil {
				time.Sleep(span / 20) // sleep ok: virtual time
				_ = m.UnlockContext(ctx)
			}
		},
		"try": func(ctx context.Context, m *zklock.Mutex) {
			if _, err := m.TryLockContext(ctx); err == nil {
				_ = m.UnlockContext(ctx)
			}
		},
		"look": func(ctx context.Context, m *zklock.Mutex) {
			_, _ = m.Contenders(ctx)
			_, _ = m.RevokeAll(ctx)
			_, _ = s.Locks(ctx)
		},
	} {
		m := mutex(t, s, name)
		all.Go(func() {
			for ctx.Err() == nil {
				attempt, cancel := context.WithTimeout(ctx, span/8)
				op(attempt, m)
				cancel()
				time.Sleep(time.Millisecond) // sleep ok: virtual time
			}
			_ = m.UnlockContext(t.Context()) // if it was granted after all
		})
	}
	all.Wait()
}
