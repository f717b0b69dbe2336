//go:build unix

package chaos

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// inject runs one track of the plan, and mends every fault before it returns.
func (r *run) inject(ctx context.Context, faults []Fault) {
	for _, f := range faults {
		if !r.until(ctx, f.At) {
			return
		}
		r.logf("%7.2fs  %v", r.since().Seconds(), f)
		r.history.record(Event{Kind: kindFault, Worker: -1, How: f.String()})
		err := r.commit(ctx, f)
		ev := Event{Kind: kindMended, Worker: -1, How: f.String()}
		if err != nil {
			ev.Err = err.Error()
			r.logf("%7.2fs  %s: %v", r.since().Seconds(), f.What, err)
		}
		r.history.record(ev)
		r.count(f.What, err)
	}
}

// commit makes one fault happen, for its time.
func (r *run) commit(ctx context.Context, f Fault) error {
	wait := func() { r.sleep(ctx, f.For) }
	c := r.client(f)
	switch f.What {
	case "cut":
		c.harm(linkFaults{cut: true}, wait)
		return nil
	case "blackhole":
		c.harm(linkFaults{hole: [2]bool{true, true}}, wait)
		return nil
	case "lose requests":
		c.harm(linkFaults{hole: [2]bool{forth: true}}, wait)
		return nil
	case "lose replies":
		c.harm(linkFaults{hole: [2]bool{back: true}}, wait)
		return nil
	case "move and blackhole":
		return r.moveAndHole(ctx, c, wait)
	case "delay":
		c.harm(linkFaults{delay: f.Delay}, wait)
		return nil
	case "reset":
		for _, l := range c.links {
			l.reset()
		}
		return nil
	case "stop", "stop briefly":
		return c.pause(wait)
	case "kill client":
		return c.restart(wait)
	case "expire":
		return r.expire(c)
	case "slow quorum":
		r.ensemble.everywhere(linkFaults{delay: f.Delay})
		wait()
		r.ensemble.everywhere(linkFaults{})
		return nil
	case "rolling restart":
		return r.roll()
	case "rebuild server":
		return r.rebuild(ctx, f.Server, wait)
	case stepClocks:
		return r.stepClocks(f, wait)
	case "names fail", "names hang", "names move":
		return r.misname(f, c, wait)
	default:
		return r.commitOnServer(ctx, f, c, wait)
	}
}

// client returns the client that a fault is for.
func (r *run) client(f Fault) *client {
	worker, ok := r.history.holding(lockNames[f.Server])
	if !ok || !f.Holder {
		worker = f.Client
	}
	return r.clients[worker]
}

func (r *run) expire(c *client) error {
	ev := r.history.latestOf(c.cfg.Worker)
	id, err := ev.Session, error(nil)
	if ev.How == "zooky" { // whose command is not told
		id, err = r.writes.sessionOf(ev.Lock, ev.Token)
	}
	if err != nil {
		return err
	}
	c.event(kindExpire)
	return r.ensemble.Expire(id)
}

// commitOnServer makes a fault happen to a server whose part in the quorum matters.
func (r *run) commitOnServer(ctx context.Context, f Fault, c *client, wait func()) error {
	leader, err := r.ensemble.leader(ctx, r.cfg.Timeout)
	if err != nil {
		return err
	}
	all := r.ensemble.Servers()
	follower := (leader + 1 + f.Server%(servers-1)) % servers
	other := servers - leader - follower // the third: they are 0, 1 and 2
	switch f.What {
	case "kill leader":
		return r.killed(wait, leader)
	case "kill follower":
		return r.killed(wait, follower)
	case "lose quorum":
		return r.killed(wait, follower, other)
	case "pause leader", "pause follower":
		s := all[leader]
		if f.What == "pause follower" {
			s = all[follower]
		}
		err := s.Pause()
		wait()
		return errors.Join(err, s.Resume())
	case "partition follower":
		return r.partition(ctx, follower, c, wait)
	case "isolate leader":
		return r.partition(ctx, leader, c, wait)
	case moveSession:
		return r.move(ctx, f, leader, r.worker(f, c))
	default:
		return fmt.Errorf("no such fault: %q", f.What)
	}
}

// killed kills servers and starts them again.
func (r *run) killed(wait func(), victims ...int) error {
	var err error
	for _, i := range victims {
		err = errors.Join(err, r.ensemble.Servers()[i].Kill())
	}
	wait()
	for _, i := range victims {
		err = errors.Join(err, r.ensemble.Servers()[i].Start())
	}
	return err
}

// roll restarts one server after the other.
func (r *run) roll() error {
	var err error
	for _, s := range r.ensemble.Servers() {
		err = errors.Join(err, s.Stop(), s.Start())
	}
	return err
}

// partition cuts a server off from the others, and leaves it with a client that cannot reach them
// either.
func (r *run) partition(ctx context.Context, server int, c *client, wait func()) error {
	c.reach(func(i int) bool { return i == server })
	defer c.reach(func(int) bool { return true })
	r.soon(ctx, r.cfg.Timeout, c.links[server].connected) // or another fault keeps the client away
	r.sleep(ctx, 200*time.Millisecond)                    // let it find its session and go on
	r.ensemble.around(server, linkFaults{hole: [2]bool{true, true}})
	wait()
	r.ensemble.around(server, linkFaults{})
	return nil
}

// heal mends whatever a fault may have left behind when the run was given up.
func (r *run) heal() error {
	for _, c := range r.clients {
		for _, l := range c.links {
			l.set(linkFaults{})
			l.shut(false)
		}
		c.signal(syscall.SIGCONT)
		if c.cfg.Zooky != "" {
			c.signalZooky(syscall.SIGCONT)
		}
	}
	r.ensemble.everywhere(linkFaults{})
	return nil
}
