//go:build unix

package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// compare looks whether the servers agree.
func (r *run) compare(ctx context.Context, report *Report) error {
	disagreements, err := r.ensemble.compare(ctx)
	for _, text := range disagreements {
		report.violate("diverged", "%s", text)
	}
	return err
}

// inspect looks at what the clients have left in the ensemble.
func (r *run) inspect(ctx context.Context, report *Report) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := r.writes.finish()
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	for _, text := range r.writes.late {
		report.violate("diverged", "%s", text)
	}
	if compareErr := r.compare(ctx, report); compareErr != nil ||
		err != nil && report.Count("diverged") == 0 {
		return errors.Join(err, compareErr)
	}
	s, err := zklock.Dial(ctx, r.ensemble.Connect(), zklock.WithRoot(lockRoot))
	if err != nil {
		return err
	}
	for _, name := range lockNames {
		m, err := s.Mutex(name)
		if err != nil {
			return err
		}
		left, err := r.left(ctx, m.Path())
		if err != nil {
			return err
		}
		for _, text := range left {
			report.violate("orphan", "%s", text)
		}
		if _, err := m.TryLockContext(ctx); err != nil {
			report.violate("orphan", "%v", err)
			continue
		}
		report.lastTokens[name] = m.Token().String()
	}
	return errors.Join(r.inspectPool(ctx, s, report), s.Close())
}

// inspectPool looks at what the clients have left of the semaphore.
func (r *run) inspectPool(ctx context.Context, s *zklock.Session, report *Report) error {
	pool, err := s.Semaphore(poolName, poolSize)
	if err != nil {
		return err
	}
	for _, dir := range []string{"/locks", "/leases"} {
		left, err := r.left(ctx, pool.Path()+dir)
		if err != nil {
			return err
		}
		for _, text := range left {
			report.violate("orphan", "%s", text)
		}
	}
	if _, err := pool.TryAcquire(ctx, poolSize); err != nil {
		report.violate("orphan", "%v", err)
	}
	return nil
}

// left reports the candidates that clients have left in a lock's queue. The last zookys may have
// been ended while they were stopped, and have closed no session: theirs are waited for as long as
// it lasts.
func (r *run) left(ctx context.Context, dir string) (texts []string, err error) {
	owners := r.history.owners()
	limit := time.Now().Add(2 * r.cfg.Timeout)
	for {
		names, err := r.writes.children(dir)
		if err != nil {
			return nil, err
		}
		texts = nil
		zookys := true
		for _, name := range names {
			owner, err := r.writes.owner(dir + "/" + name)
			if err != nil {
				return nil, err
			}
			client, known := owners[owner]
			zookys = zookys && known && r.clients[client].cfg.Zooky != ""
			texts = append(texts,
				fmt.Sprintf("%s/%s is left, of client %d, session %#x", dir, name, client, owner))
		}
		if len(texts) == 0 || !zookys || time.Now().After(limit) || ctx.Err() != nil {
			return texts, nil
		}
		r.sleep(ctx, 50*time.Millisecond)
	}
}
