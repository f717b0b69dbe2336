package wire

import "encoding/binary"

// withWatch returns p, or a copy of it that asks the server for a watch: if p is a whole request to read a znode, or
// for its existence, and Config.Watch wants one. p itself belongs to go-zookeeper.
func (c *Conn) withWatch(p []byte) []byte {
	if c.cfg.Watch == nil {
		return p
	}
	path, ok := unwatchedRead(p)
	if !ok || !c.cfg.Watch(string(path)) {
		return p
	}
	q := append([]byte(nil), p...)
	q[len(q)-1] = 1
	return q
}

// unwatchedRead takes apart a request of the form xid, op, path, watch, if p is one and asks for no watch.
func unwatchedRead(p []byte) (path []byte, ok bool) {
	const pathAt = lengthSize + requestHeaderSize + 4
	if len(p) < pathAt+1 || int(binary.BigEndian.Uint32(p)) != len(p)-lengthSize || p[len(p)-1] != 0 {
		return nil, false
	}
	switch op := int32(binary.BigEndian.Uint32(p[lengthSize+4:])); op {
	case OpGetData, OpExists:
		path := p[pathAt : len(p)-1]
		return path, int(binary.BigEndian.Uint32(p[pathAt-4:])) == len(path)
	default:
		return nil, false
	}
}
