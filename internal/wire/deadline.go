package wire

import "time"

// A deadline is one direction's: the earlier of the one that the user set and our own. The zero
// time is no deadline.
//
// The reading one is lazy: go-zookeeper sets and lifts it for every frame (conn.go lines 801, 818),
// mostly for bytes that have arrived already, so it is handed to the socket only while a call that
// reads is under way, and not where the socket has an earlier one: a call that ends by that begins
// again. The writing one is not, because a tls.Conn also writes while it reads, and is of no use
// after a write has timed out.
//
// Guarded by Conn.mu.
type deadline struct {
	set     func(time.Time) error // the socket's
	user    time.Time
	own     time.Time
	applied time.Time // what the socket has
	lazy    bool
	idle    bool // nothing is applied now
}

func (d *deadline) due() time.Time { return earlier(d.user, d.own) }

// passed reports whether it has, and not merely what the socket has for it.
func (d *deadline) passed() bool { return !d.due().IsZero() && !time.Now().Before(d.due()) }

// begin is called before a call on the socket, end after it, where the deadline is lazy.
func (d *deadline) begin() error {
	d.idle = false
	if !d.applied.IsZero() && !time.Now().Before(d.applied) {
		return d.hand(d.due()) // the call would end at once
	}
	return d.apply()
}

func (d *deadline) end() { d.idle = true }

func (d *deadline) setUser(t time.Time) error {
	d.user = t
	return d.apply()
}

func (d *deadline) setOwn(t time.Time) error {
	d.own = t
	return d.apply()
}

func (d *deadline) apply() error {
	t := d.due()
	serves := d.lazy && !d.applied.IsZero() && (t.IsZero() || d.applied.Before(t))
	if d.idle || serves || t.Equal(d.applied) {
		return nil
	}
	return d.hand(t)
}

func (d *deadline) hand(t time.Time) error {
	if err := d.set(t); err != nil {
		return err
	}
	d.applied = t
	return nil
}

// earlier returns the earlier of two deadlines, the zero time being none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
