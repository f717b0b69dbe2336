package ensemble

import "fmt"

// Include counts an ephemeral znode of this session that may exist from now on. footprint is what
// it takes in the transaction that ends the session, in bytes. Include fails with an error that
// matches ErrTooMany, and counts nothing, if the session then owned more than Config.Most.
func (zs *Session) Include(footprint int) error {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	if most := zs.client.cfg.Most; zs.footprint+footprint > most {
		return fmt.Errorf("%w: the paths of its %d candidates take %d bytes, and this one %d more, of %d. "+
			"Use a second Session for a part of the locks, shorter names, or, if jute.maxbuffer is larger than 1 MB on all "+
			"servers, WithFootprint", ErrTooMany, zs.ephemerals, zs.footprint, footprint, most)
	}
	if zs.ephemerals == 0 {
		zs.none = make(chan struct{})
	}
	zs.ephemerals++
	zs.footprint += footprint
	return nil
}

// Exclude takes back one that does certainly not exist.
func (zs *Session) Exclude(footprint int) {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	zs.footprint -= footprint
	if zs.ephemerals--; zs.ephemerals == 0 {
		close(zs.none)
	}
}
