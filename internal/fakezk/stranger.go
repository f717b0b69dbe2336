package fakezk

import (
	"maps"
	"path"
	"slices"
)

// Stranger is a client of another kind that is connected to the leader, and has no faults. Its
// session ends with Leave.
type Stranger struct {
	c  *Cluster
	id int64 // below 0, as no client's
}

// Stranger returns a new one.
func (c *Cluster) Stranger() *Stranger {
	s := &Stranger{c: c}
	c.do(func() { c.visitors--; s.id = c.visitors })
	return s
}

// transact runs a transaction at once, or with the others that are held back.
func (s *Stranger) transact(f func(*txn) code) { s.c.do(func() { s.propose(f) }) }

// propose asks again if the leader ends.
func (s *Stranger) propose(f func(*txn) code) {
	s.c.propose(func() { s.c.transact(s.id, f) }, func() { s.propose(f) })
}

// Queue creates an ephemeral sequential znode, if its parent exists.
func (s *Stranger) Queue(prefix string) {
	s.transact(func(t *txn) code {
		_, err := t.create(prefix, nil, acl{{permAll, anyone}}, flagEphemeral|flagSequential, s.id)
		return err
	})
}

// Set writes a znode, if it exists.
func (s *Stranger) Set(p string, data []byte) {
	s.transact(func(t *txn) code { return t.set(p, data, -1) })
}

// SetAll writes znodes in one transaction, if they all exist.
func (s *Stranger) SetAll(paths []string, data []byte) {
	s.transact(func(t *txn) code {
		for _, p := range paths {
			if err := t.set(p, data, -1); err != ok {
				return err
			}
		}
		return ok
	})
}

// Delete deletes a znode, if it exists and is empty.
func (s *Stranger) Delete(p string) { s.transact(func(t *txn) code { return t.delete(p, -1) }) }

// Leave deletes everything that the Stranger has created.
func (s *Stranger) Leave() {
	s.transact(func(t *txn) code {
		for p, n := range maps.Clone(t.tree) {
			if n.owner == s.id {
				t.delete(p, -1)
			}
		}
		return ok
	})
}

// Children returns the paths of a znode's children, in the order of their creation.
func (c *Cluster) Children(p string) (paths []string) {
	c.do(func() {
		n := c.tree[p]
		if n == nil {
			return
		}
		for name := range n.children {
			paths = append(paths, path.Join(p, name))
		}
		slices.SortFunc(paths, func(a, b string) int {
			return int(c.tree[a].czxid - c.tree[b].czxid)
		})
	})
	return paths
}
