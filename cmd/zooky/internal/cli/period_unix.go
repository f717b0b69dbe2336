//go:build unix

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// period is the record of when commands were started under a lock, for --once-per. It outlives the
// lock's own znode, and is written under the lock only. Its data say who started the last one, and
// are empty if there was none; its time of modification is when, by the servers' clock.
type period struct {
	session *zklock.Session
	mutex   hold
	acl     []zk.ACL
	place   string // the znode above all records; a write to it tells what the servers' clock says
	record  string
}

// periodSuffix makes the path of the place from the root's path.
const periodSuffix = "-started"

func (r *runner) period(s *zklock.Session, m hold) *period {
	root := m.Path()[:len(m.Path())-len("/"+m.Name())]
	p := &period{session: s, mutex: m, acl: zk.WorldACL(zk.PermAll),
		place: root + "/" + periodSuffix}
	if root != "" {
		p.place = root + periodSuffix
	}
	p.record = p.place + "/" + m.Name()
	if r.authFile != "" {
		p.acl = zk.AuthACL(zk.PermAll)
	}
	return p
}

// check fails if a command was started less than d ago.
func (p *period) check(ctx context.Context, d time.Duration) error {
	if err := p.make(ctx, p.record); err != nil {
		return err
	}
	now, err := answer(ctx, func() (*zk.Stat, error) {
		return p.session.Conn().Set(p.place, nil, -1)
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", p.place, err)
	}
	last, err := answer(ctx, func() (*zk.Stat, error) {
		_, stat, err := p.session.Conn().Exists(p.record)
		return stat, err
	})
	if err != nil {
		return fmt.Errorf("look at %s: %w", p.record, err)
	}
	ago := time.Duration(now.Mtime-last.Mtime) * time.Millisecond
	// a time far ahead is that of a clock that was put back since
	if last.DataLength == 0 || ago.Abs() >= d {
		return nil
	}
	return &tooSoonError{name: p.mutex.Name(), ago: max(ago, 0), period: d}
}

// make makes a znode and what is above it, where it is missing.
func (p *period) make(ctx context.Context, znode string) error {
	create := func() error {
		_, err := answer(ctx, func() (string, error) {
			return p.session.Conn().Create(znode, nil, zk.FlagPersistent, p.acl)
		})
		return err
	}
	err := create()
	if errors.Is(err, zk.ErrNoNode) {
		if err := p.make(ctx, path.Dir(znode)); err != nil {
			return err
		}
		err = create()
	}
	if err != nil && !errors.Is(err, zk.ErrNodeExists) {
		return fmt.Errorf("create %s: %w", znode, err)
	}
	return nil
}

// note writes down that a command is being started, if the lock is still held.
func (p *period) note(ctx context.Context, who string) error {
	guard, err := p.mutex.Guard()
	if err == nil {
		_, err = answer(ctx, func() ([]zk.MultiResponse, error) {
			return p.session.Conn().Multi(guard,
				&zk.SetDataRequest{Path: p.record, Data: []byte(who), Version: -1})
		})
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", p.record, err)
	}
	return nil
}

// tooSoonError is the error of a command that was started under the lock too short a time ago.
type tooSoonError struct {
	name        string
	ago, period time.Duration
}

func (e *tooSoonError) Error() string {
	return fmt.Sprintf("%s: a command was started %v ago, less than %v", e.name,
		e.ago.Round(time.Second), e.period)
}

// takeOncePer is take for --once-per. It looks before the wait for the lock, which may be longer
// than the period, and again under the lock, where another may have been before.
func (r *runner) takeOncePer(ctx context.Context, s *zklock.Session, m hold) error {
	p := r.period(s, m)
	bounded := func(f func(context.Context) error) error {
		ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, errNoAnswer)
		defer cancel()
		return f(ctx)
	}
	check := func(ctx context.Context) error { return p.check(ctx, r.oncePer) }
	note := func(ctx context.Context) error { return p.note(ctx, r.identity) }
	err := bounded(check)
	if err == nil {
		err = r.take(ctx, s, m)
	}
	if err == nil {
		err = bounded(check)
	}
	if err == nil {
		err = bounded(note)
	}
	var tooSoon *tooSoonError
	if errors.As(err, &tooSoon) {
		return r.refusal(err)
	}
	return err
}

// keep holds the lock until --at-least is over, it is asked for or lost, or a signal asks zooky to
// end.
func (r *runner) keep(m tenure, granted time.Time, signals <-chan os.Signal) {
	over := time.After(r.atLeast - time.Since(granted))
	for {
		select {
		case <-over:
			return
		case <-m.Revoked(): // closed too if it is lost
			return
		case s := <-signals:
			if slices.Contains(endSignals, s) {
				return
			}
		}
	}
}
