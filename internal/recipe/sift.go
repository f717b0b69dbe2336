package recipe

// This is how a candidate deals with children that are no candidates, or that are another kind of
// client's.

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
)

// refuseStrangers looks for a candidate, before or behind this one, whose client orders the queue
// differently or is not known.
func (c *candidate) refuseStrangers(ctx context.Context, l *listing) error {
	var suspects []queue.Candidate
	suspect := func(other queue.Candidate) {
		if !c.strays[other.Name] {
			suspects = append(suspects, other)
		}
	}
	for other := range c.voice.Strangers(l.queue()) {
		suspect(other)
	}
	for _, other := range l.unknown {
		suspect(other)
	}
	return c.zs.Stats(ctx, c.dir, suspects, func(other queue.Candidate, stat *zk.Stat) error {
		if stat == nil || stat != hidden && stat.EphemeralOwner == 0 {
			c.addStray(other) // gone, or just a name
			return nil
		}
		lock := "mutex"
		if c.voice.ReadWrite {
			lock = "read/write lock"
		}
		return fmt.Errorf("%w: %s is a candidate of %s, which reads the queue in another way than our %s under the %s naming. %s",
			ErrMixedDialects, other.Name, other.Dialect, lock, c.cfg.Naming, advice(other))
	})
}

// sift returns the children ahead that exist and are candidates, in one pass.
func (c *candidate) sift(ctx context.Context,
	line []queue.Candidate) (real []queue.Candidate, err error) {
	strays := 0
	err = c.zs.Stats(ctx, c.dir, line, func(other queue.Candidate, stat *zk.Stat) error {
		switch {
		case stat == nil && !other.LeavesReader() && !other.BecomesReader():
		case stat == nil || isCandidateBy(c.voice, other, stat):
			real = append(real, other)
		default:
			c.addStray(other)
			strays++
		}
		return nil
	})
	if strays > 0 {
		c.zs.root.logStrays(c.dir, strays)
	}
	return real, err
}

// ignore takes note that a child ahead is no candidate, and that there may be others like it.
func (c *candidate) ignore(other queue.Candidate) {
	c.zs.root.logStray(c.dir + "/" + other.Name)
	c.sifts = true
	c.addStray(other)
}

func (c *candidate) addStray(other queue.Candidate) {
	if c.strays == nil {
		c.strays = make(map[string]bool)
	}
	c.strays[strings.Clone(other.Name)] = true
}
