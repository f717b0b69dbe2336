//go:build unix

package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// worker returns a client that is no zooky: this one, or another. What a fault needs a zooky may
// not have: names, or something to write at every moment.
func (r *run) worker(f Fault, c *client) *client {
	if c.cfg.Zooky == "" {
		return c
	}
	return r.clients[f.Client%r.cfg.Clients]
}

// stallTime bounds how long followers confirm nothing: less than syncLimit, after which their
// leader would leave them.
const stallTime = 1200 * time.Millisecond

// move makes a client's session move to a follower while writes of it, which were sent to another
// server, are proposed and cannot be committed. The follower takes further writes, and is then told
// of all those commits together. It is tried with one client after the other until one has
// something to write, which one that waits for others has not.
func (r *run) move(ctx context.Context, f Fault, leader int, c *client) (err error) {
	const tries = 3
	for n := range tries {
		if err = r.moveOne(ctx, f, leader, c); err == nil || n == tries-1 || ctx.Err() != nil {
			break
		}
		c = r.clients[(c.cfg.Worker+1)%r.cfg.Clients]
		r.sleep(ctx, stallTime/2) // until all that was held has come
	}
	return err
}

func (r *run) moveOne(ctx context.Context, f Fault, leader int, c *client) error {
	to := (leader + 1 + f.Client%(servers-1)) % servers
	for _, other := range r.clients { // whose writes would stand between this client's there
		other.links[to].shut(true)
		defer other.links[to].shut(false)
	}
	defer c.reach(func(int) bool { return true })
	r.ensemble.stall(leader, true)
	defer r.ensemble.stall(leader, false)
	begun := time.Now()
	// what the client numbers by connections, it is to number alike on both
	for _, l := range c.links {
		l.reset()
	}
	r.sleep(ctx, f.Delay/8)
	if !r.soon(ctx, stallTime/2, func() bool { return c.hanging() > 0 }) {
		return errors.New("the client has written nothing")
	}
	r.sleep(ctx, 20*time.Millisecond) // to the leader, as a proposal
	hung := c.hanging()
	c.reach(func(i int) bool { return i == to })
	if !r.soon(ctx, stallTime-time.Since(begun), func() bool { return c.links[to].hanging() > 0 }) {
		return errors.New("the client has written nothing on the other server")
	}
	r.sleep(ctx, 20*time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hung += hung
	return nil
}

// moveAndHole makes a client's session move to the server that grants the longest timeout, then to
// the one that grants the shortest, and hear nothing any more as soon as that has taken it.
func (r *run) moveAndHole(ctx context.Context, c *client, wait func()) error {
	defer c.reach(func(int) bool { return true })
	for _, to := range []int{longest, shortest} {
		c.reach(func(i int) bool { return i == to })
		if !r.soon(ctx, r.cfg.Timeout, c.links[to].greeted) {
			return errors.New("the client has not reached the server")
		}
		if to == longest {
			r.sleep(ctx, r.cfg.Timeout/4) // until that timeout counts
		}
	}
	c.harm(linkFaults{hole: [2]bool{true, true}}, wait)
	return nil
}

// rebuild makes a server begin anew, without its data. The others have elected a leader before it
// loses them: what it has confirmed with one of them, both have.
func (r *run) rebuild(ctx context.Context, server int, wait func()) error {
	s := r.ensemble.Servers()[server]
	if err := s.Kill(); err != nil {
		return err
	}
	_, err := r.ensemble.leader(ctx, 10*time.Second)
	wait()
	if err == nil {
		err = s.Wipe()
	}
	return errors.Join(err, s.Start())
}

// stepClocks steps the wall clocks of the servers, each by another time, and sets them right again.
func (r *run) stepClocks(f Fault, wait func()) (err error) {
	by := time.Duration(1+f.Server) * time.Hour
	for i := range servers {
		if i%2 == f.Server%2 {
			by = -by
		}
		err = errors.Join(err, r.ensemble.clocks.step(i, by))
	}
	wait()
	if stamp, writeErr := r.writes.stamp(); writeErr == nil &&
		time.Since(stamp).Abs() < time.Hour/2 {
		err = errors.Join(err,
			fmt.Errorf("the leader writes of %v: its clock is the machine's", stamp))
	}
	for i := range servers {
		err = errors.Join(err, r.ensemble.clocks.step(i, 0))
	}
	return err
}

// misname breaks a client's connections while it cannot look up its servers' names, or when the
// servers have got other addresses, of which the names tell later. zooky asks the machine's
// resolver, which is not ours.
func (r *run) misname(f Fault, c *client, wait func()) error {
	c = r.worker(f, c)
	answer := namesAnswered
	switch f.What {
	case "names fail":
		answer = namesFail
	case "names hang":
		answer = namesHang
	}
	if answer != namesAnswered {
		err := c.names.answer(answer)
		for _, l := range c.links {
			l.reset()
		}
		wait()
		return errors.Join(err, c.names.answer(namesAnswered))
	}
	c.moves++
	ip := fmt.Sprintf("127.0.%d.%d", 1+c.cfg.Worker, 1+c.moves%250)
	var err error
	for _, l := range c.links {
		err = errors.Join(err, l.move(ip))
	}
	wait()
	return errors.Join(err, c.names.change(func(t *nameTable) {
		for i, l := range c.links {
			host, _, _ := net.SplitHostPort(l.addr())
			t.Addresses[serverName(i)] = host
		}
	}))
}
