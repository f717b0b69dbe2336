package interop_test

import (
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/peers"
)

// side is one of the two clients that meet on a lock, with its settings.
type side struct {
	library string // "zklock" or a peer's
	kind    peers.Kind
	options []zklock.LockOption // of zklock
	// kazoo's extra_lock_patterns, for writers; a reader needs them without -read-
	extra []string
}

// handle opens one of the side's handles. A read/write lock has readers and writers; kind says
// which.
func (sd side) handle(t *testing.T, s *zklock.Session, kind peers.Kind, name string) peers.Handle {
	t.Helper()
	if sd.library == "zklock" {
		return open(t, s, kind, name, sd.options...)
	}
	extra := sd.extra
	if kind == peers.Read && len(extra) > 0 {
		extra = []string{"-lock-", "-write-"}
	}
	h, err := peer(t, sd.library).Open(kind, root+"/"+name, extra...)
	require.NoError(t, err)
	return h
}

// kinds are those of the side's handles, the exclusive one first.
func (sd side) kinds() []peers.Kind {
	if sd.kind == peers.Write {
		return []peers.Kind{peers.Write, peers.Read}
	}
	return []peers.Kind{sd.kind}
}

// keepsItsPlace reports whether the side never gives its place up. WriteLock waits in vain if the
// candidate ahead goes while it looks, and kazoo's readers up to 2.8 and its writers can wait for one
// another: then they queue anew, at the end.
func (sd side) keepsItsPlace() bool {
	return sd.library != "WriteLock" && (sd.library != "kazoo" || sd.kind != peers.Write)
}

func naming(n zklock.Naming) []zklock.LockOption {
	return []zklock.LockOption{zklock.WithNaming(n)}
}

var patterns = []zklock.LockOption{zklock.WithKazooPatterns()}

// mutexPatterns and rwPatterns are what WithKazooPatterns asks for.
var mutexPatterns, rwPatterns = []string{"-lock-"}, []string{"-lock-", "-read-", "-write-"}

// pairs are those that docs/interop.md calls safe.
var pairs = map[string][2]side{
	"DefaultMutexAndZkLock":       {{"zklock", peers.Mutex, nil, nil}, {"zk.Lock", peers.Mutex, nil, nil}},
	"DefaultMutexAndCurator":      {{"zklock", peers.Mutex, nil, nil}, {"Curator", peers.Mutex, nil, nil}},
	"DefaultMutexAndKazoo":        {{"zklock", peers.Mutex, patterns, nil}, {"kazoo", peers.Mutex, nil, mutexPatterns}},
	"DefaultMutexAndZktools":      {{"zklock", peers.Mutex, nil, nil}, {"zktools", peers.Mutex, nil, nil}},
	"DefaultMutexAndZktoolsAsync": {{"zklock", peers.Mutex, nil, nil}, {"zktools", peers.Async, nil, nil}},
	"DefaultRWAndZktools":         {{"zklock", peers.Write, nil, nil}, {"zktools", peers.Write, nil, nil}},
	"DefaultRWAndZktoolsLock":     {{"zklock", peers.Write, nil, nil}, {"zktools", peers.Mutex, nil, nil}},
	"DefaultRWAndZktoolsAsync":    {{"zklock", peers.Write, nil, nil}, {"zktools", peers.Async, nil, nil}},
	"DefaultRWAndKazoo":           {{"zklock", peers.Write, patterns, nil}, {"kazoo", peers.Write, nil, rwPatterns}},
	"CuratorMutexAndCurator":      {{"zklock", peers.Mutex, naming(zklock.NamingCurator), nil}, {"Curator", peers.Mutex, nil, nil}},
	"CuratorMutexAndZkLock":       {{"zklock", peers.Mutex, naming(zklock.NamingCurator), nil}, {"zk.Lock", peers.Mutex, nil, nil}},
	"CuratorMutexAndZktools":      {{"zklock", peers.Mutex, naming(zklock.NamingCurator), nil}, {"zktools", peers.Mutex, nil, nil}},
	"CuratorMutexAndZktoolsAsync": {{"zklock", peers.Mutex, naming(zklock.NamingCurator), nil}, {"zktools", peers.Async, nil, nil}},
	"CuratorRWAndCurator":         {{"zklock", peers.Write, naming(zklock.NamingCurator), nil}, {"Curator", peers.Write, nil, nil}},
	"CuratorRWAndZkLock":          {{"zklock", peers.Write, naming(zklock.NamingCurator), nil}, {"zk.Lock", peers.Mutex, nil, nil}},
	"KazooMutexAndKazoo":          {{"zklock", peers.Mutex, naming(zklock.NamingKazoo), nil}, {"kazoo", peers.Mutex, nil, nil}},
	"KazooMutexAndZkLock":         {{"zklock", peers.Mutex, naming(zklock.NamingKazoo), nil}, {"zk.Lock", peers.Mutex, nil, nil}},
	"KazooRWAndKazoo":             {{"zklock", peers.Write, naming(zklock.NamingKazoo), nil}, {"kazoo", peers.Write, nil, nil}},
	"KazooRWAndZkLock":            {{"zklock", peers.Write, naming(zklock.NamingKazoo), nil}, {"zk.Lock", peers.Mutex, nil, nil}},
	"ZktoolsMutexAndZktools":      {{"zklock", peers.Mutex, naming(zklock.NamingZktools), nil}, {"zktools", peers.Mutex, nil, nil}},
	"ZktoolsMutexAndZktoolsAsync": {{"zklock", peers.Mutex, naming(zklock.NamingZktools), nil}, {"zktools", peers.Async, nil, nil}},
	"ZktoolsRWAndZktools":         {{"zklock", peers.Write, naming(zklock.NamingZktools), nil}, {"zktools", peers.Write, nil, nil}},
	"ZktoolsRWAndZktoolsLock":     {{"zklock", peers.Write, naming(zklock.NamingZktools), nil}, {"zktools", peers.Mutex, nil, nil}},
	"ZktoolsRWAndZktoolsAsync":    {{"zklock", peers.Write, naming(zklock.NamingZktools), nil}, {"zktools", peers.Async, nil, nil}},
	"DefaultMutexAndWriteLock":    {{"zklock", peers.Mutex, nil, nil}, {"WriteLock", peers.Mutex, nil, nil}},
	"DefaultRWAndWriteLock":       {{"zklock", peers.Write, nil, nil}, {"WriteLock", peers.Mutex, nil, nil}},
	"CuratorMutexAndWriteLock":    {{"zklock", peers.Mutex, naming(zklock.NamingCurator), nil}, {"WriteLock", peers.Mutex, nil, nil}},

	// Without zklock: what its users may have about already.
	"CuratorAndZkLock":       {{"Curator", peers.Mutex, nil, nil}, {"zk.Lock", peers.Mutex, nil, nil}},
	"CuratorAndZktoolsAsync": {{"Curator", peers.Mutex, nil, nil}, {"zktools", peers.Async, nil, nil}},
	"KazooAndZkLock":         {{"kazoo", peers.Mutex, nil, mutexPatterns}, {"zk.Lock", peers.Mutex, nil, nil}},
	"ZkLockAndZktoolsAsync":  {{"zk.Lock", peers.Mutex, nil, nil}, {"zktools", peers.Async, nil, nil}},
}

// forPairs runs a test for each pair, on a lock of its own.
func forPairs(t *testing.T, test func(t *testing.T, s *zklock.Session, name string, pair [2]side)) {
	s := dial(t, server(t).Connect())
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) { test(t, s, lockName(t), pair) })
	}
}

// handOffs is how many a pair has: ZKLOCK_INTEROP for the long form.
func handOffs(t *testing.T) int {
	text := os.Getenv("ZKLOCK_INTEROP")
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// TestHandOffs has each pair hand the lock about, two handles of each side at the same time, for
// read/write locks a writer and a reader: nobody is inside together with another whom it excludes,
// and the counter comes out right.
func TestHandOffs(t *testing.T) {
	t.Parallel()
	forPairs(t, func(t *testing.T, s *zklock.Session, name string, pair [2]side) {
		each := handOffs(t) / 4
		site, err := peers.NewSite(t.TempDir())
		require.NoError(t, err)
		// which is held until all of them queue
		gate := pair[0].handle(t, s, pair[0].kind, name)
		acquire(t, gate)
		var g errgroup.Group
		exclusive := 0
		for _, sd := range pair {
			kinds := sd.kinds()
			for i := range 2 {
				kind := kinds[i%len(kinds)]
				if kind != peers.Read {
					exclusive += each
				}
				h := sd.handle(t, s, kind, name)
				g.Go(func() error { return h.Churn(each, site.Dir()) })
			}
		}
		eventually(t, func() bool {
			return len(children(t, s, root+"/"+name)) == 5
		}, "everybody in the queue")
		release(t, gate)
		require.NoError(t, g.Wait())
		count, err := site.Counter()
		require.NoError(t, err)
		assert.Equal(t, exclusive, count)
		if pair[0].keepsItsPlace() && pair[1].keepsItsPlace() {
			tookTurns(t, site, 4*each, 4)
		} else {
			visits, err := site.Visits()
			require.NoError(t, err)
			assert.Len(t, visits, 4*each)
		}
		assert.Empty(t, children(t, s, root+"/"+name), "candidates are left")
	})
}

// tookTurns asserts that there were so many visits, and that both libraries are among those who came
// first: all of them stood in the queue before the first visit, so that nobody can come twice before
// everybody has come once. How often they take turns after that depends on the processor that each
// process gets.
func tookTurns(t *testing.T, site peers.Site, want, queued int) {
	t.Helper()
	visits, err := site.Visits()
	require.NoError(t, err)
	require.Len(t, visits, want)
	first := slices.Compact(slices.Sorted(slices.Values(visits[:queued])))
	assert.Len(t, first, 2, "one side passed the other in the queue")
}

// place is a handle in a queue.
type place struct {
	side int
	kind peers.Kind
}

// TestOrder queues handles of both sides behind one another, either side first: each is granted the
// lock in its turn, readers together, and nobody before.
func TestOrder(t *testing.T) {
	t.Parallel()
	forPairs(t, func(t *testing.T, s *zklock.Session, name string, pair [2]side) {
		for first := range 2 {
			for i, kinds := range plans(t, pair, first) {
				t.Run(strconv.Itoa(first)+strconv.Itoa(i), func(t *testing.T) {
					queueUp(t, s, lockName(t), pair, kinds)
				})
			}
		}
	})
}

// plans are the queues to try, with handles of both sides in turn, that of first first.
func plans(t *testing.T, pair [2]side, first int) (plans [][]place) {
	rw := pair[0].kind == peers.Write || pair[1].kind == peers.Write
	const w, r = peers.Write, peers.Read
	kinds := [][]peers.Kind{{w, w, w, w}}
	if rw {
		kinds = [][]peers.Kind{{w, r, r, w, r}, {r, r, w, r}}
		if pair[1].library == "kazoo" && peer(t, "kazoo").(*peers.KazooClient).OldReaders() {
			// A kazoo reader that waits would wait for a writer behind it, too, and that for the
			// reader.
			kinds = [][]peers.Kind{{w, r, r}, {r, r, w, w}}
		}
	}
	for _, plan := range kinds {
		var places []place
		for i, kind := range plan {
			p := place{(first + i) % 2, kind}
			if pair[p.side].kind != peers.Write {
				p.kind = pair[p.side].kind // a mutex stands in for either
			}
			places = append(places, p)
		}
		plans = append(plans, places)
	}
	return plans
}

func queueUp(t *testing.T, s *zklock.Session, name string, pair [2]side, places []place) {
	handles := make([]peers.Handle, len(places))
	granted := make([]<-chan struct{}, len(places))
	var mu sync.Mutex // guards the fields below
	writers, readers := 0, 0
	enter := func(kind peers.Kind) {
		mu.Lock()
		defer mu.Unlock()
		if kind == peers.Read {
			readers++
		} else {
			writers++
		}
		if writers > 1 || writers == 1 && readers > 0 {
			t.Errorf("%d writers and %d readers", writers, readers)
		}
	}
	leave := func(kind peers.Kind) {
		mu.Lock()
		defer mu.Unlock()
		if kind == peers.Read {
			readers--
		} else {
			writers--
		}
	}
	var entered []chan struct{}
	free := true // whether the next one is granted the lock at once
	for i, p := range places {
		free = i == 0 || free && places[i-1].kind == peers.Read && p.kind == peers.Read
		handles[i] = pair[p.side].handle(t, s, p.kind, name)
		granted[i] = begin(t, s, root+"/"+name, handles[i], i+1)
		in := make(chan struct{})
		entered = append(entered, in)
		go func() { // ends with the grant, which the test waits for
			<-granted[i]
			enter(p.kind)
			close(in)
		}()
		if free {
			receive(t, in, "grant "+strconv.Itoa(i))
		}
		if !free && pair[p.side].library == "WriteLock" {
			// It waits forever if the one ahead leaves between its listing and its watch.
			ahead := root + "/" + name + "/" + children(t, s, root+"/"+name)[i-1]
			_, stat, err := s.Conn().Exists(ahead)
			require.NoError(t, err)
			eventually(t, func() bool {
				watching := watchers(server(t), ahead)
				return slices.ContainsFunc(watching, func(session int64) bool { return session != stat.EphemeralOwner })
			}, "number %d to wait", i)
		}
	}
	for i := 0; i < len(places); {
		group := 1
		for places[i].kind == peers.Read && i+group < len(places) &&
			places[i+group].kind == peers.Read {
			group++
		}
		for j := range group {
			receive(t, entered[i+j], "grant "+strconv.Itoa(i+j))
		}
		for j := i + group; j < len(places); j++ {
			assert.True(t, isOpen(granted[j]), "number %d was granted the lock before its turn", j)
		}
		for j := range group {
			leave(places[i+j].kind)
			release(t, handles[i+j])
		}
		i += group
	}
}
