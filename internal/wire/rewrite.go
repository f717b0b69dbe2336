package wire

import "encoding/binary"

const (
	xidAt  = lengthSize
	opAt   = lengthSize + 4
	pathAt = lengthSize + requestHeaderSize + 4 // in the requests that begin with a path
)

// rewrite returns p, or what is sent in its place because more is wanted. p itself belongs to go-zookeeper.
func (c *Conn) rewrite(p []byte) []byte {
	op, path, ok := pathRequest(p)
	if !ok || c.cfg.Extend == nil {
		return p
	}
	switch op {
	case OpGetData, OpExists:
		if !isUnwatched(p, path) {
			return p
		}
	case OpCreate:
	default:
		return p
	}
	extra := c.cfg.Extend(op, string(path))
	if !extra.Watch && extra.Created == nil && extra.Listed == nil {
		return p
	}
	q := make([]byte, len(p), 2*len(p)+len(extra.Dir))
	copy(q, p)
	if extra.Watch && op != OpCreate {
		q[len(q)-1] = 1
	}
	c.mu.Lock()
	if extra.Created != nil && op == OpCreate {
		binary.BigEndian.PutUint32(q[opAt:], uint32(OpCreate2))
		c.waiting.upgrade(int32(binary.BigEndian.Uint32(p[xidAt:])), extra.Created)
	}
	closed := c.cause != nil
	if extra.Listed != nil && !closed {
		q = c.appendListingLocked(q, extra)
	}
	c.mu.Unlock()
	if extra.Listed != nil && closed {
		extra.Listed(nil) // those who closed the Conn do not know of it
	}
	return q
}

func (c *Conn) appendListingLocked(q []byte, extra Extra) []byte {
	xid := c.waiting.addOwn(OpGetChildren2, c.out.begun, extra.Listed)
	q = binary.BigEndian.AppendUint32(q, uint32(requestHeaderSize+4+len(extra.Dir)+1))
	q = binary.BigEndian.AppendUint32(q, uint32(xid))
	q = binary.BigEndian.AppendUint32(q, uint32(OpGetChildren2))
	q = binary.BigEndian.AppendUint32(q, uint32(len(extra.Dir)))
	return append(append(q, extra.Dir...), 0)
}

// pathRequest takes a whole request apart that begins with a path, if p is one.
func pathRequest(p []byte) (op int32, path []byte, ok bool) {
	if len(p) < pathAt || int(binary.BigEndian.Uint32(p)) != len(p)-lengthSize {
		return 0, nil, false
	}
	n := int(int32(binary.BigEndian.Uint32(p[pathAt-4:])))
	if n < 0 || n > len(p)-pathAt {
		return 0, nil, false
	}
	return int32(binary.BigEndian.Uint32(p[opAt:])), p[pathAt : pathAt+n], true
}

// isUnwatched reports whether p, a read of path, asks for no watch: path, watch.
func isUnwatched(p, path []byte) bool { return len(p) == pathAt+len(path)+1 && p[len(p)-1] == 0 }
