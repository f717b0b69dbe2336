package wire

import (
	"encoding/binary"
	"io"
	"math"
	"time"
)

// writeAtOnce bounds how many bytes may be unanswered for Send to write by itself: a socket takes
// that many without blocking, even from a server that reads no more.
const writeAtOnce = 8 << 10

// Send sends requests in one packet, and does not wait. It is false, and nothing is sent, if the
// Conn has no session yet or is of no more use. Requests wait for the credentials, which
// go-zookeeper sends first on every connection.
func (c *Conn) Send(requests ...*Request) bool {
	// the time before any lock: a lease may count from here
	ok, mine := c.enqueue(requests, time.Now())
	if mine {
		c.flush()
	}
	return ok
}

// enqueue leaves requests for the next flush, and returns whether that is the caller's to begin.
func (c *Conn) enqueue(requests []*Request, now time.Time) (ok, mine bool) {
	c.mu.Lock()
	if c.cause != nil || !c.ready || c.out.closing {
		c.mu.Unlock()
		return false, false
	}
	before := c.cfg.OwnRequests.Add(int64(len(requests))) - int64(len(requests))
	if _, left := ownXid(before + int64(len(requests)) - 1); !left {
		c.mu.Unlock()
		_ = c.fail(ErrNumbersUsedUp)
		return false, false
	}
	for i, r := range requests {
		size := requestHeaderSize + len(r.body)
		xid, _ := ownXid(before + int64(i))
		c.waiting.addOwn(xid, r, now, size)
		c.pending = binary.BigEndian.AppendUint32(c.pending, uint32(size))
		c.pending = binary.BigEndian.AppendUint32(c.pending, uint32(xid))
		c.pending = binary.BigEndian.AppendUint32(c.pending, uint32(r.op))
		c.pending = append(c.pending, r.body...)
	}
	err := c.reads.setOwn(c.readLimitLocked())
	mine = !c.flushing && err == nil
	c.flushing = c.flushing || mine
	c.mu.Unlock()
	if err != nil {
		_ = c.fail(err) // which tells Done
	}
	return true, mine
}

// flush writes what is pending: by itself as long as that cannot block, and then on a goroutine. It
// is called by the goroutine that has set flushing.
func (c *Conn) flush() {
	if c.writeMu.TryLock() {
		done := c.flushLocked(writeAtOnce)
		c.writeMu.Unlock()
		if done {
			return
		}
	}
	// ends when all is written, or the Conn is closed: a write that blocks fails with it
	go func() {
		c.writeMu.Lock()
		defer c.writeMu.Unlock()
		c.flushLocked(math.MaxInt)
	}()
}

// flushLocked writes what is pending, with writeMu held, until more than so many bytes are
// unanswered; then it returns false, and a goroutine must go on. What may not be written yet is
// left for the Write that it has to wait for.
func (c *Conn) flushLocked(unanswered int) (done bool) {
	for {
		c.mu.Lock()
		p := c.pending
		if len(p) == 0 || c.cause != nil || c.out.closing || !c.out.betweenRequests() ||
			c.out.credentials < c.cfg.Credentials {
			c.flushing = false
			c.mu.Unlock()
			return true
		}
		if c.waiting.bytes > unanswered {
			c.mu.Unlock()
			return false
		}
		c.pending, c.spare = c.spare[:0], nil
		c.mu.Unlock()
		n, err := c.raw.Write(p)
		if err == nil && n < len(p) {
			err = io.ErrShortWrite
		}
		if err = c.endWrite(err); err != nil {
			_ = c.fail(err)
		}
		c.mu.Lock()
		if cap(p) <= keptBuffer {
			c.spare = p
		}
		c.mu.Unlock()
	}
}

// ownReply checks a reply to one of our own requests, which go-zookeeper does not see, and passes
// it to Done.
func (c *Conn) ownReply(xid int32, frame []byte, tooLarge bool) error {
	c.mu.Lock()
	req, ok := c.waiting.find(xid)
	c.mu.Unlock()
	if !ok {
		return &FrameError{OpNone, "reply to no request"}
	}
	r := Reply{Code: int32(binary.BigEndian.Uint32(frame[errorAt:]))}
	if r.Code == 0 && !tooLarge {
		r.body = frame[replyHeaderSize:]
		cost, err := checkReply(req, c.session, r.body)
		if err != nil {
			return err
		}
		tooLarge = cost > c.cfg.MaxFrame
	}
	if r.Code == 0 {
		c.answered(req.op, req.sent)
	}
	if tooLarge {
		r = Reply{Code: codeTooLarge - 1<<32}
	}
	c.mu.Lock()
	_, ok = c.waiting.remove(xid)
	c.answers++
	told := c.cause != nil
	c.mu.Unlock()
	if !told {
		c.ended(req.op, req.sent, r.Code)
	}
	if ok { // and not told already that the connection is closed
		req.done(r)
	}
	return nil
}
