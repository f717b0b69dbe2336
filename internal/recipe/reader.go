package recipe

// This is how a candidate finds out whether a downgrade has made it a reader's.

import (
	"context"
	"errors"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
)

// findReader finds out which znode there is if that is not known: then the candidate is a reader's
// from now on, or remains the writer's.
func (c *candidate) findReader(ctx context.Context) error {
	if c.reader == "" {
		return nil
	}
	var node ensemble.NodeState
	err := c.zs.Lease.Check(ctx, c.dir) // which is answered behind what was asked for before
	if err == nil {
		node, err = c.zs.ReadNode(ctx, c.reader)
	}
	switch {
	case err == nil && node.Owner == c.zs.ID():
		c.takeReader()
	case err == nil, errors.Is(err, zk.ErrNoNode):
		c.reader, err = "", nil
	}
	return err
}

// takeReader notes that the candidate is a reader's from now on.
func (c *candidate) takeReader() {
	if c.self != nil {
		c.self.Stop()
		c.self = nil
	}
	c.kind, c.place = queue.Read, c.place.Downgraded()
	c.path, c.reader, c.czxid = c.reader, "", 0
}
