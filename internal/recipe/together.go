package recipe

// This is how the candidates of an acquisition of several locks are created.

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
)

// The bounds of one transaction. Servers refuse requests of more than 1 MB, path and data of all
// candidates together.
const (
	mostTogether  = 256
	bytesTogether = 512 << 10
)

// create queues the candidates, all in one transaction, or none.
func (s *several) create(candidates []*candidate) *ClaimError {
	zs, first := candidates[0].zs, candidates[0]
	for _, c := range candidates {
		if err := c.checkSticky(s.ctx); err != nil {
			return &ClaimError{c.dir, err}
		}
	}
	for {
		for _, c := range candidates {
			if err := c.request(s.ctx); err != nil {
				enterAll(candidates, uncreated)
				return &ClaimError{c.dir, err}
			}
		}
		paths, refused, err := createOnce(s.ctx, candidates)
		switch was := ensemble.OutcomeOf(err); {
		case was == ensemble.LeftBehind:
			return &ClaimError{first.dir, err}
		case err == nil:
			return joinAll(candidates, paths)
		case was == ensemble.Answered:
			enterAll(candidates, uncreated)
			c := candidates[refused]
			if !errors.Is(err, zk.ErrNoNode) {
				return &ClaimError{c.dir, noRight(err, c.dir)}
			}
			err = zs.makeParents(s.ctx, c.dir, c.cfg)
			if err != nil && !errors.Is(err, zk.ErrNoNode) { // otherwise one has vanished again
				return &ClaimError{c.dir, err}
			}
		case was == ensemble.Unknown:
			found, err := findAll(s.ctx, candidates)
			if err != nil {
				return err
			}
			if found {
				return joinAll(candidates, nil)
			}
		default: // it was not executed
			enterAll(candidates, uncreated)
			if err := zs.Retry(s.ctx, was); err != nil {
				return &ClaimError{first.dir, err}
			}
		}
	}
}

func enterAll(candidates []*candidate, to stage) {
	for _, c := range candidates {
		c.enter(to)
	}
}

// createOnce asks a server for the transaction. It returns the paths of the znodes, or which was
// refused. Their Stats are not in the answer of every version: create2 is an operation of its own
// before 3.9.
func createOnce(
	ctx context.Context, candidates []*candidate,
) (paths []string, refused int, err error) {
	const flags = zk.FlagEphemeral | zk.FlagSequence
	zs, ops, bytes := candidates[0].zs, make([]any, len(candidates)), 0
	for i, c := range candidates {
		create := &zk.CreateRequest{
			Path: c.dir + "/" + c.prefix, Data: c.cfg.Identifier, Acl: c.cfg.ACL, Flags: flags,
		}
		ops[i] = create
		bytes += len(create.Path) + len(create.Data)
		for _, acl := range create.Acl {
			bytes += len(acl.Scheme) + len(acl.ID)
		}
	}
	if n := len(ops); n > mostTogether || bytes > bytesTogether {
		return nil, 0,
			fmt.Errorf("%d locks, of %d bytes together: want %d and %d at most", n, bytes,
				mostTogether, bytesTogether)
	}
	answers := make(chan []zk.MultiResponse, 1)
	err = zs.Apart(ctx, func() error {
		results, err := zs.Conn.Multi(ops...)
		answers <- results
		return err
	})
	if ensemble.OutcomeOf(err) != ensemble.Answered {
		return nil, 0, err
	}
	for i, r := range <-answers {
		if r.Error != nil {
			refused = i
			break
		}
		paths = append(paths, r.String)
	}
	return paths, refused, err
}

// findAll looks for the znodes of a transaction whose answer got lost. All are there, or none,
// unless another client has removed one since.
func findAll(ctx context.Context, candidates []*candidate) (found bool, failed *ClaimError) {
	n := 0
	for _, c := range candidates {
		found, err := c.find(ctx)
		if err != nil {
			return false, &ClaimError{c.dir, err}
		}
		if found {
			n++
		}
	}
	if 0 < n && n < len(candidates) {
		return false, &ClaimError{candidates[0].dir, ErrVanished}
	}
	return n > 0, nil
}

// joinAll notes the places of candidates that were created, at these paths unless they are known.
func joinAll(candidates []*candidate, paths []string) *ClaimError {
	for i, p := range paths {
		candidates[i].setPath(p)
	}
	for _, c := range candidates {
		self, ok := queue.Parse(path.Base(c.path))
		if !ok || self.Seq > queue.MaxSeq {
			return &ClaimError{c.dir, ErrExhausted}
		}
		c.place = self
		c.zs.siblings.join(&c.spot)
	}
	return nil
}
