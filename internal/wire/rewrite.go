package wire

import "encoding/binary"

const (
	xidAt  = lengthSize
	opAt   = lengthSize + 4
	pathAt = lengthSize + requestHeaderSize + 4 // in the requests that begin with a path
)

// rewrite returns p, or what is sent in its place: a request that asks for a watch, or more of a creation (see Config). p
// itself belongs to go-zookeeper.
func (c *Conn) rewrite(p []byte) []byte {
	op, path, ok := pathRequest(p)
	if !ok {
		return p
	}
	switch op {
	case OpGetData, OpExists:
		if c.cfg.Watch == nil || !isUnwatched(p, path) || !c.cfg.Watch(string(path)) {
			return p
		}
		q := append([]byte(nil), p...)
		q[len(q)-1] = 1
		return q
	case OpCreate:
		if c.cfg.Create == nil {
			return p
		}
		if creation := c.cfg.Create(string(path)); creation != nil {
			return c.extend(p, creation)
		}
	}
	return p
}

// extend returns a creation that asks for more than p does.
func (c *Conn) extend(p []byte, creation *Creation) []byte {
	q := make([]byte, len(p), 2*len(p)+len(creation.Dir))
	copy(q, p)
	c.mu.Lock()
	if creation.Created != nil {
		binary.BigEndian.PutUint32(q[opAt:], uint32(OpCreate2))
		c.waiting.upgrade(int32(binary.BigEndian.Uint32(p[xidAt:])), creation.Created)
	}
	closed := c.cause != nil
	if creation.Listed != nil && !closed {
		q = c.appendListingLocked(q, creation)
	}
	c.mu.Unlock()
	if creation.Listed != nil && closed {
		creation.Listed(nil) // those who closed the Conn do not know of it
	}
	return q
}

func (c *Conn) appendListingLocked(q []byte, creation *Creation) []byte {
	xid := c.waiting.addOwn(OpGetChildren2, c.out.begun, creation.Listed)
	q = binary.BigEndian.AppendUint32(q, uint32(requestHeaderSize+4+len(creation.Dir)+1))
	q = binary.BigEndian.AppendUint32(q, uint32(xid))
	q = binary.BigEndian.AppendUint32(q, uint32(OpGetChildren2))
	q = binary.BigEndian.AppendUint32(q, uint32(len(creation.Dir)))
	return append(append(q, creation.Dir...), 0)
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
