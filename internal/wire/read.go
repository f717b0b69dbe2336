package wire

import (
	"encoding/binary"
	"io"
	"math"
	"time"
)

const (
	replyHeaderSize = 16 // xid, zxid, error
	zxidAt          = 4
	errorAt         = 12
	timeoutAt       = 4 // in a connect reply

	// codeTooLarge stands in for a reply that is dropped for its size: APIERROR, which servers only
	// use as a bound between numbers, and which go-zookeeper returns as zk.ErrAPIError.
	codeTooLarge = 1<<32 - 100

	// maxEmptyReads bounds reads from a socket that returns neither bytes nor an error.
	maxEmptyReads = 100
)

// Read reads what the server sent, in whole frames that were checked. go-zookeeper reads a frame's
// length, then its body (conn.go lines 684, 695, 804, 817): by the time it sees the length, the
// Conn has the body.
func (c *Conn) Read(p []byte) (int, error) {
	c.readMu.Lock()
	defer c.readMu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	empty := 0
	for {
		if c.closed.Load() {
			return 0, c.fail(nil)
		}
		if n := c.in.take(p); n > 0 {
			c.leave()
			return n, nil
		}
		size, passed, err := c.next()
		if err != nil {
			return 0, c.fail(err)
		}
		if passed {
			continue
		}

		n, err := c.receive(c.in.room(size))
		c.in.fill(n)
		switch {
		case err == io.EOF && (c.in.end > c.in.start || c.in.drop > 0):
			return 0, c.fail(io.ErrUnexpectedEOF)
		case err != nil:
			return 0, c.fail(err)
		case n > 0:
			empty = 0
		default:
			if empty++; empty == maxEmptyReads {
				return 0, c.fail(io.ErrNoProgress)
			}
		}
	}
}

// leave closes the socket once go-zookeeper has read that its session has expired: go-zookeeper
// dials again and forgets to (conn.go line 435).
func (c *Conn) leave() {
	if c.gone && c.in.start == c.in.passed {
		_ = c.fail(io.EOF)
	}
}

// next checks the next frame and lets it pass if it has arrived whole. If it has not, size is how
// many bytes it has in all, as far as that is known.
func (c *Conn) next() (size int, passed bool, err error) {
	length, ok := c.in.length()
	if !ok {
		return lengthSize, false, nil
	}
	least, most := replyHeaderSize, math.MaxInt32
	if !c.open {
		least, most = 0, handshakeMax
	}
	if length < least || length > most {
		// conn.go lines 691 and 814 allocate any length, and panic for a negative one and for one
		// below 16 (line 831).
		return 0, false, &FrameError{c.frameOp(), "length of the frame out of bounds"}
	}

	tooLarge := c.open && length > c.cfg.MaxFrame
	need := length
	if tooLarge {
		need = replyHeaderSize
	}
	frame, ok := c.in.body(need)
	if !ok {
		return lengthSize + need, false, nil
	}
	if !c.open {
		if err := c.connect(frame); err != nil {
			return 0, false, err
		}
		c.in.pass(length)
		return 0, true, nil
	}
	xid := int32(binary.BigEndian.Uint32(frame))
	c.noteZxid(xid, int64(binary.BigEndian.Uint64(frame[zxidAt:])))
	if xid <= xidOwn {
		if err := c.ownReply(xid, frame, tooLarge); err != nil {
			return 0, false, err
		}
		c.in.skip(length)
		return 0, true, nil
	}
	tooLarge, err = c.reply(frame, tooLarge)
	switch {
	case err != nil:
		return 0, false, err
	case tooLarge:
		binary.BigEndian.PutUint32(frame[errorAt:], codeTooLarge)
		c.in.passFirst(replyHeaderSize, length)
	default:
		c.in.pass(length)
	}
	return 0, true, nil
}

// noteZxid takes note of the transaction in the header of a frame. It is called only here, and for
// one Conn after the other.
func (c *Conn) noteZxid(xid int32, zxid int64) {
	if zxid > 0 && c.cfg.LastZxid != nil {
		c.cfg.LastZxid.Store(max(zxid, c.cfg.LastZxid.Load()))
	}
	if zxid > 0 && c.cfg.AnsweredZxid != nil && xid != XidWatcherEvent && xid != XidPing {
		c.cfg.AnsweredZxid.Store(max(zxid, c.cfg.AnsweredZxid.Load()))
	}
}

func (c *Conn) frameOp() int32 {
	if c.open {
		return OpNone
	}
	return OpConnect
}

// connect checks the connect reply and reports it.
func (c *Conn) connect(frame []byte) error {
	h, err := checkHandshake(frame)
	if err != nil {
		return err
	}
	c.open, c.gone, c.session = true, h.Expired(), h.SessionID

	c.mu.Lock()
	c.limit = time.Time{}
	c.ready = !c.gone
	c.patience = c.boundTimeout(frame, h.Timeout) * 2 / 3
	err = c.writes.setOwn(time.Time{})
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if c.cfg.Connected != nil {
		c.cfg.Connected(h)
	}
	return nil
}

// boundTimeout has go-zookeeper, which pings and gives up by the timeout in the connect reply,
// count by what was asked for if that is less, and returns by which.
func (c *Conn) boundTimeout(frame []byte, granted time.Duration) time.Duration {
	if c.cfg.Asked <= 0 || granted <= c.cfg.Asked {
		return granted
	}
	binary.BigEndian.PutUint32(frame[timeoutAt:], uint32(c.cfg.Asked/time.Millisecond))
	return c.cfg.Asked
}

// reply checks a frame after the handshake and reports it. If the frame is too large, only its
// header is given. It returns whether the frame is too large, itself or when decoded.
func (c *Conn) reply(frame []byte, tooLarge bool) (bool, error) {
	xid := int32(binary.BigEndian.Uint32(frame))
	code := int32(binary.BigEndian.Uint32(frame[errorAt:]))
	failed := code != 0
	switch {
	case xid == XidWatcherEvent && tooLarge:
		return false, &FrameError{OpWatcherEvent, "frame is too large"}
	case xid == XidWatcherEvent:
		return false, checkEvent(frame[replyHeaderSize:])
	case xid == XidPing:
		c.mu.Lock()
		sent, ok := c.waiting.removePing()
		told := c.cause != nil
		c.mu.Unlock()
		if ok && !failed {
			c.answered(OpPing, sent)
		}
		if ok && !told {
			c.ended(OpPing, sent, code)
		}
		return tooLarge, nil
	case xid < 0:
		return tooLarge, nil // go-zookeeper only logs it (conn.go line 846)
	}

	c.mu.Lock()
	req, ok := c.waiting.find(xid)
	c.mu.Unlock()
	if !ok {
		// go-zookeeper only logs it (conn.go line 860), but not if it enters the request between
		// our look and its own: then it decodes a body that was not checked. xids can be guessed.
		return false, &FrameError{OpNone, "reply to no request"}
	}
	if !failed && !tooLarge {
		cost, err := checkReply(req, c.session, frame[replyHeaderSize:])
		if err != nil {
			return false, err
		}
		tooLarge = cost > c.cfg.MaxFrame
	}

	c.mu.Lock()
	c.waiting.remove(xid)
	c.answers++
	told := c.cause != nil
	c.mu.Unlock()
	switch {
	case !failed:
		c.answered(req.op, req.sent)
	case req.op == OpSetAuth && c.cfg.AuthRejected != nil:
		c.cfg.AuthRejected()
	}
	if tooLarge {
		code = codeTooLarge - 1<<32
	}
	if !told {
		c.ended(req.op, req.sent, code)
	}
	return tooLarge, nil
}

func (c *Conn) answered(op int32, sent time.Time) {
	if c.cfg.Answered != nil {
		c.cfg.Answered(op, sent)
	}
}

// ended reports an answer, unless fail has reported already that there is none: there was a cause
// before the request was taken out.
func (c *Conn) ended(op int32, sent time.Time, code int32) {
	if c.cfg.Ended != nil {
		c.cfg.Ended(Exchange{Op: op, Sent: sent, Answered: true, Code: code})
	}
}
