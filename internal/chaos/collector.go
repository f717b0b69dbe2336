//go:build unix

package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
)

// collector reads the logs of the guarded registers: children whose transactions are the order in
// which the ensemble executed the writes, those included whose answers got lost. Their sequence
// numbers would not do: after a change of leaders ZooKeeper has been seen to give one twice to
// creations in transactions of several (3.9.6). It removes what it has read, or the servers would
// be full after an hour. It is connected to the servers past all links.
type collector struct {
	conn *zk.Conn
	stop context.CancelFunc
	done errgroup.Group

	// paths; used by the goroutine, and after its end, as is what follows
	seen    map[string]bool
	last    map[string]int64   // transaction, by lock
	entries map[string][]entry // by lock
	// what a server showed only after another had shown something later: they have diverged
	late []string
}

func newCollector(ctx context.Context, connect string) (*collector, error) {
	conn, _, err := zk.Connect(strings.Split(connect, ","), 30*time.Second, zk.WithLogger(quiet{}))
	if err != nil {
		return nil, err
	}
	paths := []string{dataRoot}
	for _, lock := range lockNames {
		paths = append(paths, dataRoot+"/"+lock, dataPath(lock), logPath(lock))
	}
	for _, path := range paths {
		_, err := conn.Create(path, nil, zk.FlagPersistent, zk.WorldACL(zk.PermAll))
		if err != nil && !errors.Is(err, zk.ErrNodeExists) {
			conn.Close()
			return nil, fmt.Errorf("creating %s: %w", path, err)
		}
	}
	c := &collector{conn: conn, seen: make(map[string]bool), last: make(map[string]int64),
		entries: make(map[string][]entry)}
	ctx, c.stop = context.WithCancel(ctx)
	c.done.Go(func() error { // ended and waited for by finish or close
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(3 * time.Second):
			}
			if err := c.collect(); err != nil && !isOutage(err) {
				return err
			}
		}
	})
	return c, nil
}

// isOutage reports whether err is no more than what the faults bring about.
func isOutage(err error) bool {
	return errors.Is(err, zk.ErrConnectionClosed) || errors.Is(err, zk.ErrSessionExpired) ||
		errors.Is(err, zk.ErrNoServer) || errors.Is(err, zk.ErrSessionMoved) ||
		errors.Is(err, zk.ErrNoNode)
}

// collect reads what has come and removes it.
func (c *collector) collect() error {
	for _, lock := range lockNames {
		children, _, err := c.conn.Children(logPath(lock))
		if err != nil {
			return err
		}
		if err := c.take(lock, children); err != nil {
			return err
		}
		for some := range slices.Chunk(children, 200) {
			var ops []any
			for _, child := range some {
				ops = append(ops, &zk.DeleteRequest{Path: logPath(lock) + "/" + child, Version: -1})
			}
			if _, err := c.conn.Multi(ops...); err != nil {
				return err // what is left is met again, and known
			}
		}
	}
	return nil
}

// entry is a write as its child of the log tells it.
type entry struct {
	czxid int64
	applied
}

// take adds the writes that are new.
func (c *collector) take(lock string, children []string) error {
	var entries []entry
	for _, child := range children {
		path := logPath(lock) + "/" + child
		if c.seen[path] {
			continue // its removal was not answered
		}
		token, value, ok := strings.Cut(child, "_")
		if !ok {
			return fmt.Errorf("%s: not a write", path)
		}
		exists, stat, err := c.conn.Exists(path)
		if err != nil {
			return err
		}
		if !exists {
			return fmt.Errorf("%s is gone, and no client has removed it", path)
		}
		entries = append(entries, entry{stat.Czxid, applied{token, value}})
	}
	before := c.last[lock]
	for _, e := range entries {
		if e.czxid <= before {
			c.late = append(c.late,
				fmt.Sprintf("%s: write %s of %x was not there when one of %x was", logPath(lock),
					e.Value, e.czxid, before))
		}
		c.last[lock] = max(c.last[lock], e.czxid)
		c.seen[logPath(lock)+"/"+e.Token+"_"+e.Value] = true
	}
	c.entries[lock] = append(c.entries[lock], entries...)
	return nil
}

// logs returns what has been collected, in the order of execution.
func (c *collector) logs() map[registerName][]applied {
	logs := make(map[registerName][]applied)
	for lock, entries := range c.entries {
		slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.czxid, b.czxid) })
		log := make([]applied, len(entries))
		for i, e := range entries {
			log[i] = e.applied
		}
		logs[registerName{guarded, lock}] = log
	}
	return logs
}

// finish reads the rest, once no worker writes any more.
func (c *collector) finish() error {
	c.stop()
	if err := c.done.Wait(); err != nil {
		return err
	}
	for _, lock := range lockNames {
		if _, err := c.conn.Sync(logPath(lock)); err != nil {
			return err
		}
	}
	return c.collect()
}

// children lists a znode's, as of now.
func (c *collector) children(path string) ([]string, error) {
	if _, err := c.conn.Sync(path); err != nil {
		return nil, err
	}
	children, _, err := c.conn.Children(path)
	if errors.Is(err, zk.ErrNoNode) {
		return nil, nil
	}
	return children, err
}

// owner returns the session that a znode belongs to, 0 if it is gone.
func (c *collector) owner(path string) (int64, error) {
	_, stat, err := c.conn.Exists(path)
	if err != nil {
		return 0, err
	}
	return stat.EphemeralOwner, nil
}

// stamp changes a znode, and returns when the leader says that was.
func (c *collector) stamp() (time.Time, error) {
	stat, err := c.conn.Set(dataRoot, nil, -1)
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(stat.Mtime), nil
}

func (c *collector) close() {
	c.stop()
	c.conn.Close() // first: the goroutine may wait for an answer
	c.done.Wait()  // finish has told its error, or the run has failed by another
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// sessionOf returns the session whose candidate has a token.
func (c *collector) sessionOf(lock, token string) (int64, error) {
	dir := lockRoot + "/" + lock
	candidates, err := c.children(dir)
	if err != nil {
		return 0, err
	}
	for _, name := range candidates {
		_, stat, err := c.conn.Exists(dir + "/" + name)
		if err != nil {
			return 0, err
		}
		if (zklock.Token{Zxid: stat.Czxid}).String() == token {
			return stat.EphemeralOwner, nil
		}
	}
	return 0, fmt.Errorf("no hold has the token %s of %s any more", token, lock)
}
