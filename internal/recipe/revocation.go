package recipe

// This is how candidates are asked for the lock, and removed by force.

import (
	"context"
	"errors"
	"path"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
)

// Revocation says how predecessors are made to leave.
type Revocation struct {
	Ask   bool          // write the revocation mark into their znodes
	Force bool          // remove the candidates that are left after Grace
	Grace time.Duration // 0 for at once
	Mark  Mark          // that they are asked with
}

// due returns a channel that receives when it is time for force, nil if it never is.
func (r *Revocation) due() <-chan time.Time {
	if !r.Force {
		return nil
	}
	return time.After(r.Grace)
}

// Revoke writes the revocation mark into a candidate, in the form of the candidate's client. It
// fails with zk.ErrNoNode if the candidate is gone.
func (zs *Local) Revoke(ctx context.Context, candidate string, mark Mark) error {
	return zs.rewrite(ctx, candidate, func(data []byte) []byte {
		return mark.markFor(path.Base(candidate), data)
	})
}

// rewrite passes a candidate's data to edit, and writes what that returns, unless it is nil. What
// others write meanwhile is not lost: edit is called again. It gets nil if the data may not be
// read.
func (zs *Local) rewrite(
	ctx context.Context, candidate string, edit func(data []byte) []byte,
) error {
	return zs.DoApart(ctx, func() error {
		for {
			err := zs.rewriteOnce(candidate, edit)
			if !errors.Is(err, zk.ErrBadVersion) {
				return err
			}
		}
	})
}

func (zs *Local) rewriteOnce(candidate string, edit func([]byte) []byte) error {
	version := int32(-1)
	data, stat, err := zs.Conn.Get(candidate)
	switch {
	case err == nil:
		version = stat.Version
	case !errors.Is(err, zk.ErrNoAuth):
		return err
	}
	edited := edit(data)
	if edited == nil {
		return nil
	}
	_, err = zs.Conn.Set(candidate, edited, version)
	return err
}

// revokeAhead writes the revocation mark into the candidates ahead, the holder's first. Candidates
// that are gone are skipped.
func (c *candidate) revokeAhead(ctx context.Context, mark Mark) error {
	for _, other := range slices.Backward(c.line.Nearest) {
		err := c.zs.Revoke(ctx, c.dir+"/"+other.Name, mark)
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			return err
		}
	}
	return nil
}

// evictedAtOnce bounds how many candidates one transaction removes; servers refuse requests above 1
// MB.
const evictedAtOnce = 500

// evict removes the predecessors by force.
func (c *candidate) evict(ctx context.Context) error {
	switch err := c.removeAll(ctx, c.line.Nearest); {
	case err == nil:
		c.line = c.line.Evicted()
	case errors.Is(err, zk.ErrNoNode): // one has left meanwhile: list the queue again
		c.line = queue.Line{}
	default:
		return err
	}
	return c.clarify(ctx, true)
}

// removeAll removes other candidates, provided this one is still in the queue. It fails with
// zk.ErrNoNode when one of them, or this one, is gone already: then the queue has to be listed
// again.
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
