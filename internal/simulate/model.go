package simulate

import (
	"fmt"
	"os"
	"path"
	"sync"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/queue"
)

// hold is one acquisition that has been granted and not been released.
type hold struct {
	by      Step
	lock    string
	shared  bool
	path    string       // of the candidate; empty where the user cannot know it
	writer  string       // what path was before a downgrade
	moved   bool         // the reader was created
	session int64        // of the candidate
	token   zklock.Token // zero where the user cannot know it
	lost    <-chan struct{}
	beside  *readers // those of the same handle, if an RUnlock may release any of them
	// others may hold the lock beside it: it was removed, or its session ended by force
	excused bool
}

func (h *hold) String() string {
	return fmt.Sprintf("{%v: path %q session %#x token %v lost %v}", h.by, h.path, h.session,
		h.token, closed.Is(h.lost))
}

// stands reports whether its holder believes, and may believe, that the hold stands.
func (h *hold) stands() bool {
	return !h.excused && !closed.Is(h.lost) && !h.beside.areTold()
}

// model is what is true of the locks, and what was found to be wrong. It is never locked while the
// Cluster is asked: the Cluster's loop locks it.
type model struct {
	mu    sync.Mutex // guards what follows
	begun time.Time
	holds map[*hold]struct{}
	pools map[string]*pool // semaphores, by name
	// sessions of an ensemble that has begun anew since, or that a step has ended: as long as no
	// server has told their clients, they go on
	forgotten map[int64]bool
	gone      map[string]bool         // candidates that were deleted
	goneAt    map[owned]time.Time     // when one of them was
	robbed    map[owned]bool          // of those, one was deleted by another session
	newest    map[string]zklock.Token // of all holds, by lock
	writers   map[string]zklock.Token // of exclusive ones
	guarded   map[string]zklock.Token // what the registers have, see guard.go
	removers  map[string]bool         // locks that a user has taken by force or cleared
	started   int                     // steps so far
	unsolved  map[int]Step            // steps that are not through
	waits     map[string]int          // steps that hang with a lost hold, by handle
	wrong     []string
	trace     []string
}

// owned are the candidates that a session has in a lock's queue.
type owned struct {
	lock    string
	session int64
}

func newModel() *model {
	return &model{
		begun: time.Now(), holds: make(map[*hold]struct{}), pools: make(map[string]*pool),
		forgotten: make(map[int64]bool),
		gone:      make(map[string]bool), goneAt: make(map[owned]time.Time),
		robbed:  make(map[owned]bool),
		newest:  make(map[string]zklock.Token),
		writers: make(map[string]zklock.Token), guarded: make(map[string]zklock.Token),
		removers: make(map[string]bool),
		unsolved: make(map[int]Step), waits: make(map[string]int),
	}
}

// violateLocked takes note of a violation. It is printed at once, for the process may not live
// long.
func (m *model) violateLocked(format string, args ...any) {
	text := fmt.Sprintf("%v: ", time.Since(m.begun)) + fmt.Sprintf(format, args...)
	m.wrong = append(m.wrong, text)
	if len(m.wrong) <= 10 {
		fmt.Fprintln(os.Stderr, "VIOLATION", text)
	}
}

func (m *model) violate(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.violateLocked(format, args...)
}

func (m *model) log(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trace = append(m.trace, fmt.Sprintf("%v ", time.Since(m.begun))+fmt.Sprintf(format, args...))
}

// told is within which time a holder learns that its znode is gone. One transaction may remove it
// and all those ahead of it, so that it is granted the lock a moment after that.
const told = 50 * time.Millisecond

// granted enters a hold, and compares it with all that stand.
func (m *model) granted(h *hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trace = append(m.trace, fmt.Sprintf("%v granted %v", time.Since(m.begun), h))
	// The user hears of the grant a moment after it. A session that is cut off does not hear that its
	// candidate was removed by force, and goes on sharing it among readers, whose path is not known.
	of := owned{h.lock, h.session}
	h.excused = h.excused || m.gone[h.path] || m.forgotten[h.session] ||
		h.path == "" && (m.robbed[of] || time.Since(m.goneAt[of]) <= told)
	for other := range m.holds {
		if other.lock != h.lock || other.shared && h.shared {
			continue
		}
		earlier, later := other, h
		if h.token.Compare(other.token) < 0 && !h.token.IsZero() {
			earlier, later = h, other
		}
		if earlier.stands() && !later.excused {
			m.violateLocked("two hold %s: %v and %v", h.lock, earlier, later)
		}
	}
	if !h.token.IsZero() && !h.excused { // a later one may have been told earlier if it is gone
		m.orderLocked(h)
	}
	m.holds[h] = struct{}{}
}

// orderLocked checks that tokens grow. They are the order in which candidates were created, so that
// this is also the order of the queue.
func (m *model) orderLocked(h *hold) {
	least := m.writers[h.lock]
	if !h.shared {
		least = m.newest[h.lock]
	}
	if h.token.Compare(least) <= 0 {
		m.violateLocked("token %v of %v after %v", h.token, h, least)
	}
	if !h.shared {
		m.writers[h.lock] = h.token
	}
	if h.token.Compare(m.newest[h.lock]) > 0 {
		m.newest[h.lock] = h.token
	}
}

// over takes a hold out that is about to be released.
func (m *model) over(h *hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.holds, h)
	m.trace = append(m.trace, fmt.Sprintf("%v over %v", time.Since(m.begun), h))
}

// expiring is told that a session ends by its timeout, or because a step wants it.
func (m *model) expiring(session int64, forced bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trace = append(m.trace,
		fmt.Sprintf("%v session %#x expires, forced: %v", time.Since(m.begun), session, forced))
	m.forgotten[session] = m.forgotten[session] || forced
	for h := range m.holds {
		if h.session == session {
			if !forced && h.stands() {
				m.violateLocked("not told before its session expires: %v", h)
			}
			h.excused = true
		}
	}
}

// downgrading is told that a writer is about to become a reader. Others may share the lock from now
// on.
func (m *model) downgrading(h *hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h.shared = true
	if h.path == "" {
		return
	}
	if writer, ok := queue.Parse(path.Base(h.path)); ok {
		h.writer, h.path = h.path, path.Join(path.Dir(h.path), writer.Downgraded().Name)
	}
}

// deleted is told that an ephemeral znode is gone, by a session's request, or with its owner if by
// is 0.
func (m *model) deleted(lock, znode string, owner, by int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trace = append(m.trace,
		fmt.Sprintf("%v %s of %#x deleted by %#x", time.Since(m.begun), znode, owner, by))
	for h := range m.holds {
		switch {
		case znode == h.writer && h.moved:
			continue
		case h.path != znode && h.writer != znode &&
			(h.path != "" || h.lock != lock || h.session != owner):
			continue
		}
		if h.path == znode && h.stands() && by >= 0 && !m.removers[lock] {
			m.violateLocked("the znode of %v is deleted by %#x", h, by)
		}
		h.excused = true
	}
	m.leftLocked(lock, znode, owner)
	of := owned{lock, owner}
	m.gone[znode], m.goneAt[of] = true, time.Now()
	m.robbed[of] = m.robbed[of] || by > 0 && by != owner
}

// wipe is told that the ensemble begins anew, and forgets these sessions. Until their clients hear of
// it, they may pass their holds on.
func (m *model) wipe(sessions []int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range sessions {
		m.forgotten[id] = true
	}
	for h := range m.holds {
		h.excused = true
	}
	clear(m.gone)
	clear(m.newest)
	clear(m.writers)
	clear(m.guarded)
}
