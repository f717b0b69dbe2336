package virtual

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// day is what happens in the test below: who holds what, and what was wrong with it.
type day struct {
	*world
	ctx    context.Context
	random func() *rand.Rand // one for each goroutine, from the seed

	mu     sync.Mutex // guards what follows
	holds  map[*dayHold]struct{}
	last   map[string]zklock.Token // by lock
	writer map[string]zklock.Token // the last exclusive one
	grants map[string]int          // by worker
	ends   map[string]int          // by how a hold ended
	faults map[string]int
	wrong  []string
}

type dayHold struct {
	lock    string
	shared  bool
	session int64
	token   zklock.Token
	lost    <-chan struct{}
	forced  bool // its session was ended for no reason that it could know: it may overlap
}

func (d *day) complain(format string, args ...any) {
	if len(d.wrong) < 20 {
		d.wrong = append(d.wrong, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
	}
}

// granted enters a hold and looks for others at the same time.
func (d *day) granted(who string, h *dayHold) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.grants[who]++
	for other := range d.holds {
		if other.lock == h.lock && !(other.shared && h.shared) && !other.forced &&
			isOpen(other.lost) {
			d.complain("%s: %+v overlaps %+v", who, *h, *other)
		}
	}
	if least := d.writer[h.lock]; h.token.Compare(least) <= 0 {
		d.complain("%s: token %v after %v", who, h.token, least)
	}
	if !h.shared {
		if h.token.Compare(d.last[h.lock]) <= 0 {
			d.complain("%s: token %v after %v", who, h.token, d.last[h.lock])
		}
		d.writer[h.lock] = h.token
	}
	if h.token.Compare(d.last[h.lock]) > 0 {
		d.last[h.lock] = h.token
	}
	d.holds[h] = struct{}{}
}

// over takes a hold out, and compares the moment with the deadline of its session.
func (d *day) over(h *dayHold, how string) {
	late := time.Since(d.proof(h.session).deadline)
	d.mu.Lock()
	defer d.mu.Unlock()
	if late > 50*time.Millisecond {
		d.complain("%s %v after the deadline: %+v", how, late, *h)
	}
	d.ends[how]++
	delete(d.holds, h)
}

// expiring runs in the moment before a session's znodes are removed.
func (d *day) expiring(session int64, forced bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for h := range d.holds {
		if h.session == session {
			if !forced && isOpen(h.lost) {
				d.complain("not told before the expiry: %+v", *h)
			}
			h.forced = h.forced || forced
		}
	}
}

// work locks and unlocks until the day is over.
func (d *day) work(who, name string, m *zklock.Mutex, shared bool) {
	r := d.random()
	some := func(most time.Duration) time.Duration { return time.Duration(r.Int64N(int64(most))) }
	for d.ctx.Err() == nil {
		ctx, cancel := context.WithTimeout(d.ctx, time.Minute+some(time.Hour))
		lock := m.LockContext
		if r.IntN(20) == 0 {
			lock = func(ctx context.Context) (<-chan struct{}, error) {
				return m.LockRevoking(ctx, zklock.Ask)
			}
		}
		revoked, err := lock(ctx)
		cancel()
		if err == nil {
			d.hold(who, &dayHold{lock: name, shared: shared, token: m.Token(), lost: m.Lost()}, m,
				revoked, some(10*time.Minute))
		} else if !errors.Is(err, ctx.Err()) {
			d.mu.Lock()
			d.complain("%s: %v", who, err)
			d.mu.Unlock()
		}
		select {
		case <-time.After(some(5 * time.Minute)):
		case <-d.ctx.Done():
		}
	}
}

func (d *day) hold(who string, h *dayHold, m *zklock.Mutex, revoked <-chan struct{},
	length time.Duration) {
	if guard, err := m.Guard(); err == nil {
		h.session = d.Owner(guard.Path)
	}
	if h.session != 0 {
		d.granted(who, h)
		how := "released"
		select {
		case <-time.After(length):
		case <-d.ctx.Done():
		case <-revoked:
			if how = "revoked"; !isOpen(h.lost) {
				how = "lost"
			}
		}
		d.over(h, how)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := m.UnlockContext(ctx); err != nil && !errors.Is(err, zklock.ErrLost) &&
		!errors.Is(err, context.DeadlineExceeded) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.complain("%s: unlock: %v", who, err)
	}
}

// harm puts one fault on after the other.
func (d *day) harm(clients []*fakezk.Client, sessions []*zklock.Session) {
	r := d.random()
	names := slices.Sorted(maps.Keys(troubles))
	for {
		select {
		case <-time.After(time.Minute + time.Duration(r.Int64N(int64(3*time.Minute)))):
		case <-d.ctx.Done():
			return
		}
		name, i, server := names[r.IntN(len(names))], r.IntN(len(clients)), d.Server(r.IntN(3))
		switch name {
		case "hung":
			server.Hang()
		case "mute":
			server.Mute()
		case "severed":
			server.Sever()
		case "stopped":
			server.Stop()
		default:
			troubles[name](d.world, clients[i], sessions[i].ID())
		}
		select {
		case <-time.After(time.Duration(r.Int64N(int64(2 * time.Minute)))):
		case <-d.ctx.Done():
		}
		server.Resume()
		clients[i].Heal()
		d.RejectCredentials(false)
		d.mu.Lock()
		d.faults[name]++
		d.mu.Unlock()
	}
}

// env reads a number from the environment.
func env(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}

// TestVirtualDay lets five sessions hold and wait for two locks for 24 hours, or 8 under the race
// detector, while everything breaks every few minutes. VIRTUAL_HOURS lengthens the day;
// VIRTUAL_SEED repeats a schedule of faults, but not the order in which goroutines run.
func TestVirtualDay(t *testing.T) {
	slow(t)
	// faster: in a bubble goroutines mostly wait for each other
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	hours := time.Duration(env(t, "VIRTUAL_HOURS", int64(fewer(24, 8)))) * time.Hour
	seed := uint64(env(t, "VIRTUAL_SEED", time.Now().UnixNano()))
	t.Logf("VIRTUAL_SEED=%d", seed)
	begun := time.Now()
	latency := rand.New(rand.NewPCG(seed, 0)) // the loop's own
	// The shortest sessions last two ticks.
	cfg := fakezk.Config{
		Servers: 3,
		Tick:    10 * time.Second,
		Latency: func() time.Duration {
			return time.Duration(latency.Int64N(int64(3 * time.Millisecond)))
		},
	}
	virtually(t, cfg, func(t *testing.T, w *world) {
		w.thorough = true
		ctx, cancel := context.WithTimeout(context.Background(), hours)
		defer cancel()
		d := &day{
			world: w, ctx: ctx, holds: make(map[*dayHold]struct{}),
			last:   make(map[string]zklock.Token),
			writer: make(map[string]zklock.Token), grants: make(map[string]int),
			ends: make(map[string]int), faults: make(map[string]int),
		}
		streams := uint64(0)
		d.random = func() *rand.Rand {
			d.mu.Lock()
			defer d.mu.Unlock()
			streams++
			return rand.New(rand.NewPCG(seed, streams))
		}
		w.mu.Lock()
		w.onExpired = d.expiring
		w.mu.Unlock()

		var clients []*fakezk.Client
		var workers sync.WaitGroup
		for i, timeout := range []time.Duration{20, 20, 40, 60, 100} {
			s, client := w.dial("", timeout*time.Second, zklock.WithAuth("digest", []byte("a:b")))
			clients = append(clients, client)
			for j, name := range []string{"a", "rw"} {
				m := mutex(t, s, name)
				shared := name == "rw" && i%2 == 0
				if name == "rw" {
					rw := rwMutex(t, s, name)
					m = rw.Mutex
					if shared {
						m = rw.Reader()
					}
				}
				workers.Go(func() { d.work(fmt.Sprintf("%d.%d", i, j), name, m, shared) })
			}
		}
		sessions := w.sessions
		workers.Go(func() { d.harm(clients, sessions) })
		workers.Wait()
		synctest.Wait()

		d.mu.Lock()
		defer d.mu.Unlock()
		faults, grants := 0, 0
		for _, n := range d.faults {
			faults += n
		}
		for who, n := range d.grants {
			assert.GreaterOrEqual(t, n, int(hours/(4*time.Hour)),
				"worker %s was granted the lock too rarely", who)
			grants += n
		}
		assert.Len(t, d.grants, 10)
		assert.Empty(t, d.wrong)
		t.Logf("%d faults %v, %d grants, ends %v", faults, d.faults, grants, d.ends)
	})
	took := time.Since(begun)
	t.Logf("%.1f virtual hours a second, %v in all", hours.Hours()/took.Seconds(),
		took.Round(time.Millisecond))
}
