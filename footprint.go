package zklock

import "fmt"

// defaultFootprint suits the servers' default jute.maxbuffer, which is 1,048,575 bytes.
const defaultFootprint = 900_000

// The bounds of WithFootprint. The least has room for a candidate whose path is as long as servers read it.
const (
	leastFootprint = 4 << 10
	mostFootprint  = 1 << 30
)

// WithFootprint bounds what one ZooKeeper session owns, in bytes: the sum, over all locks that the Session holds or waits for, of the
// length of the candidate's path and 4. An acquisition that would exceed the bound fails with ErrTooMany. By default it is 900,000,
// for servers with the default jute.maxbuffer of 1 MB: that is some 11,000 locks with names of 20 bytes.
//
// When a session ends, ZooKeeper writes the paths of all its ephemeral znodes into one transaction, and servers cannot read back a
// transaction larger than twice their jute.maxbuffer: the ensemble stops and does not start again (ZOOKEEPER-4306). So raise the
// bound only if jute.maxbuffer is larger on every server. Ephemeral znodes that the caller makes through Session.Conn are in
// the same transaction and are not counted here: lower the bound by theirs.
func WithFootprint(bytes int) SessionOption {
	return func(cfg *sessionConfig) error {
		if bytes < leastFootprint || bytes > mostFootprint {
			return fmt.Errorf("footprint of %d bytes: want from %d to %d", bytes, leastFootprint, mostFootprint)
		}
		cfg.footprint = bytes
		return nil
	}
}

// sequenceDigits is how many digits a server appends to the name of a candidate.
const sequenceDigits = 10

// footprint is what the candidate takes in the transaction that ends its session: its path, and the length of that.
func (c *candidate) footprint() int {
	if c.path != "" {
		return len(c.path) + 4
	}
	return len(c.dir) + len("/") + len(c.prefix) + sequenceDigits + 4
}

// include counts a candidate that may exist from now on. It fails with an error that matches ErrTooMany, and counts nothing, if
// the session then owned more than it may.
func (zs *zkSession) include(footprint int) error {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	if most := zs.s.cfg.footprint; zs.footprint+footprint > most {
		return fmt.Errorf("%w: the paths of its %d candidates take %d bytes, and this one %d more, of %d. Use a second Session for a part "+
			"of the locks, shorter names, or, if jute.maxbuffer is larger than 1 MB on all servers, WithFootprint",
			ErrTooMany, zs.candidates, zs.footprint, footprint, most)
	}
	if zs.candidates == 0 {
		zs.none = make(chan struct{})
	}
	zs.candidates++
	zs.footprint += footprint
	return nil
}

// exclude takes back a candidate that does certainly not exist.
func (zs *zkSession) exclude(footprint int) {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	zs.footprint -= footprint
	if zs.candidates--; zs.candidates == 0 {
		close(zs.none)
	}
}
