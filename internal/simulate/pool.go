package simulate

import (
	"path"
	"strconv"
	"strings"

	"github.com/zookylock/zklock/internal/queue"
)

// pool is a semaphore as the ensemble has it.
type pool struct {
	size    int              // 0 if none is set
	out     map[string]int   // how many permits each znode is
	waiting map[string]int32 // the numbers of those in the queue, by znode
	left    map[int64]int32  // the number of the last that has left it, by session
}

// poolLocked returns the semaphore of that name, nil if it is a lock's.
func (m *model) poolLocked(name string) *pool {
	if name != semaphore {
		return nil
	}
	p := m.pools[name]
	if p == nil {
		p = &pool{out: make(map[string]int), waiting: make(map[string]int32),
			left: make(map[int64]int32)}
		m.pools[name] = p
	}
	return p
}

// written is told that a znode was created or written to.
func (m *model) written(znode string, data []byte, owner int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if isRegister(znode) {
		m.guardedLocked(znode, data)
		return
	}
	if p := m.poolLocked(lockOf(znode)); p != nil {
		m.pooledLocked(p, znode, data, owner)
		return
	}
	for h := range m.holds {
		if h.path == znode && h.writer != "" { // the writer is deleted in the same transaction
			h.moved = true
		}
	}
}

// pooledLocked is written for a semaphore's znodes. A client takes permits in the transaction in
// which it leaves the queue: no other is ahead of it then, and there is room.
func (m *model) pooledLocked(p *pool, znode string, data []byte, owner int64) {
	switch below := strings.TrimPrefix(znode, path.Join(root, semaphore)); {
	case below == "":
		p.size, _ = strconv.Atoi(strings.TrimPrefix(string(data), "-")) // 0 for what was forged
	case below == "/locks": // is new, and empty
		clear(p.waiting)
	case below == "/leases":
		clear(p.out)
	case strings.HasPrefix(below, "/locks/"):
		c, ok := queue.Parse(path.Base(znode))
		if ok && c.Dialect == queue.Native && owner != 0 {
			p.waiting[znode] = c.Seq
		}
	case strings.HasPrefix(below, "/leases/"):
		if _, known := p.out[znode]; known { // it was written to
			return
		}
		p.out[znode] = int(queue.ParsePermit(path.Base(znode)).Count)
		m.takenLocked(p, znode, owner)
	}
}

// takenLocked checks that permits were there, and that it was the turn of who has taken them.
func (m *model) takenLocked(p *pool, znode string, owner int64) {
	out := 0
	for _, n := range p.out {
		out += n
	}
	if out > p.size {
		m.violateLocked("%s: %d permits are out of %d", znode, out, p.size)
	}
	own, ok := p.left[owner]
	if !ok {
		m.violateLocked("%s: taken without a candidate", znode)
	}
	for other, seq := range p.waiting {
		if seq < own {
			m.violateLocked("%s: %s was ahead of number %d", znode, other, own)
		}
	}
}

// leftLocked is told that an ephemeral znode is gone.
func (m *model) leftLocked(lock, znode string, owner int64) {
	p := m.poolLocked(lock)
	if p == nil {
		return
	}
	delete(p.out, znode)
	if seq, ok := p.waiting[znode]; ok {
		p.left[owner] = seq
		delete(p.waiting, znode)
	}
}
