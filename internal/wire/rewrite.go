package wire

import "encoding/binary"

const (
	opAt   = lengthSize + 4
	pathAt = lengthSize + requestHeaderSize + 4 // in the requests that begin with a path
)

// rewrite returns p, or the request that is sent in its place: one that asks for a watch, or for a Stat (see Config). p
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
		if c.cfg.Created == nil {
			return p
		}
		created := c.cfg.Created(string(path))
		if created == nil {
			return p
		}
		c.mu.Lock()
		c.waiting.upgrade(int32(binary.BigEndian.Uint32(p[lengthSize:])), created)
		c.mu.Unlock()
		q := append([]byte(nil), p...)
		binary.BigEndian.PutUint32(q[opAt:], uint32(OpCreate2))
		return q
	default:
		return p
	}
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
