package survey

import (
	"context"
	"errors"
	gopath "path"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/internal/zkpath"
)

// readsInOne bounds how many znodes one request asks about.
const readsInOne = 64

// reading is how the candidates of one lock are read.
type reading struct {
	survey *Survey
	said   map[string]saying // by the names of their znodes
	opaque bool              // some may not be read
}

// saying is what is kept of what a candidate says.
type saying struct {
	recipe.Saying
	who string // no more than whoKept bytes, and only of the first in the queue
}

const whoKept = 256

// read is a recipe.StatReader that asks about several znodes in one request, which costs a server
// little more than one, and keeps what their data say. Where the answer is too large, and where a
// server does not know the request, they are read one by one.
func (r *reading) read(ctx context.Context, dir string, children []queue.Candidate,
	f func(queue.Candidate, *zk.Stat) error) error {
	for at, together := range slices.Collect(slices.Chunk(children, readsInOne)) {
		answers, err := r.survey.read(ctx, dir, together)
		if err != nil {
			return err
		}
		for i, answer := range answers {
			switch node := &answer.Value; {
			case answer.Err == nil:
				one := saying{Saying: node.Said}
				if at == 0 {
					one.who = string(node.Said.Who[:min(len(node.Said.Who), whoKept)])
				}
				one.Who = nil
				r.said[together[i].Name] = one
				err = f(together[i], &node.Stat)
			case errors.Is(answer.Err, zk.ErrNoNode):
				err = f(together[i], nil)
			default: // it may not be read
				r.opaque = true
				err = r.survey.zs.Stats(ctx, dir, together[i:i+1], f)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads several znodes.
func (s *Survey) read(ctx context.Context, dir string,
	children []queue.Candidate) ([]ensemble.Response[recipe.Node], error) {
	paths := make([]string, len(children))
	for i, c := range children {
		paths[i] = zkpath.Join(dir, "/"+c.Name)
	}
	if !s.oneByOne.Load() && s.zs.Takes(wire.OpMultiRead) {
		answers, err := ensemble.Ask(ctx, s.zs.Session, wire.GetDataOfMany(paths), nodes)
		switch {
		case err == nil:
			return answers, nil
		case ctx.Err() != nil:
			return nil, err
		}
		s.zs.NoteRefusal(wire.OpMultiRead, err)
		s.oneByOne.Store(!errors.Is(err, ensemble.ErrTooLarge))
	}
	answers := make([]ensemble.Response[recipe.Node], len(children))
	request := func(i int) *wire.Request { return wire.GetData(paths[i], false) }
	return answers, ensemble.AskEach(ctx, s.zs.Session, len(paths), ensemble.AtOnce, request,
		recipe.NewNode, func(i int, answer ensemble.Response[recipe.Node]) error {
			answers[i] = answer
			return nil
		})
}

func nodes(r wire.Reply) (answers []ensemble.Response[recipe.Node]) {
	for _, node := range r.Nodes() {
		var answer ensemble.Response[recipe.Node]
		if node.Code == 0 {
			answer.Value = recipe.NodeOf(node.Data, node.Stat)
		} else {
			answer.Err = ensemble.ErrorOf(wire.Reply{Code: node.Code})
		}
		answers = append(answers, answer)
	}
	return answers
}

// newLock describes a lock with the queue q.
func (r *reading) newLock(name string, stat zk.Stat, q []recipe.Entry) *Lock {
	lock := &Lock{Name: name, Created: time.UnixMilli(stat.Ctime)}
	for _, c := range q {
		one, created := r.said[gopath.Base(c.Name)], time.UnixMilli(c.Stat.Ctime)
		if one.Mark != nil {
			lock.Revoked++
		}
		if !c.Holder {
			if lock.Waiters++; lock.Waiters == 1 {
				lock.WaitingSince = created
			}
			continue
		}
		if lock.Holders++; lock.Holders > 1 {
			continue
		}
		lock.Kind, lock.HeldBy, lock.QueuedSince = c.Kind, one.who, created
		if one.Granted {
			lock.HeldSince = created.Add(one.After)
		}
	}
	return lock
}
