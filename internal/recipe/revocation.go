package recipe

// This is how candidates are asked for the lock, and removed by force.

import (
	"bytes"
	"context"
	"errors"
	"path"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
)

// A revocation mark is data that somebody else writes into a candidate to ask it to release. "unlock" is the
// recipe's (ZooKeeper Recipes, "Revocable Shared Locks with Freaking Laser Beams"), "__REVOKE__" is Curator's.
var revocationMarks = [][]byte{[]byte("unlock"), []byte("__REVOKE__")}

// IsMark reports whether data is a revocation mark.
func IsMark(data []byte) bool {
	for _, mark := range revocationMarks {
		if bytes.Equal(data, mark) {
			return true
		}
	}
	return false
}

// markFor is what the client listens for whose candidate has that name.
func markFor(name string) []byte {
	if c, ok := queue.Parse(name); ok && (c.Dialect == queue.Curator || c.Dialect == queue.CuratorRW) {
		return revocationMarks[1]
	}
	return revocationMarks[0]
}

// Revocation says how those ahead are made to leave.
type Revocation struct {
	Ask   bool          // write the revocation mark into their znodes
	Force bool          // remove those that are left after Grace
	Grace time.Duration // 0 for at once
}

// due returns a channel that receives when it is time for force, nil if it never is.
func (r *Revocation) due() <-chan time.Time {
	if !r.Force {
		return nil
	}
	return time.After(r.Grace)
}

// Revoke writes the revocation mark into a candidate, that of the client who made it. It fails with
// zk.ErrNoNode if the candidate is gone.
func (zs *Local) Revoke(ctx context.Context, candidate string) error {
	return zs.DoApart(ctx, func() error {
		_, err := zs.Conn.Set(candidate, markFor(path.Base(candidate)), -1)
		return err
	})
}

// revokeAhead writes the revocation mark into the candidates ahead, the holder's first. Those that are gone need none.
func (c *candidate) revokeAhead(ctx context.Context) error {
	for _, other := range slices.Backward(c.line.Nearest) {
		err := c.zs.Revoke(ctx, c.dir+"/"+other.Name)
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			return err
		}
	}
	return nil
}

// evictedAtOnce bounds how many candidates one transaction removes; servers refuse requests above 1 MB.
const evictedAtOnce = 500

// evict removes those ahead by force.
func (c *candidate) evict(ctx context.Context) error {
	switch err := c.removeAll(ctx, c.line.Nearest); {
	case err == nil:
		c.line = c.line.Evicted()
	case errors.Is(err, zk.ErrNoNode): // somebody left meanwhile: look who is still there
		c.line = queue.Line{}
	default:
		return err
	}
	return c.clarify(ctx, true)
}

// removeAll removes other candidates, provided this one is still in the queue. It fails with zk.ErrNoNode when one of
// them, or this one, is gone already: then the queue has to be listed again.
func (c *candidate) removeAll(ctx context.Context, others []queue.Candidate) error {
	for chunk := range slices.Chunk(others, evictedAtOnce) {
		ops := []any{&zk.CheckVersionRequest{Path: c.path, Version: -1}}
		for _, other := range chunk {
			ops = append(ops, &zk.DeleteRequest{Path: c.dir + "/" + other.Name, Version: -1})
		}
		err := c.zs.DoApart(ctx, func() error {
			_, err := c.zs.Conn.Multi(ops...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
