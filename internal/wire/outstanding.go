package wire

import (
	"slices"
	"time"
)

// none is the slot that does not exist.
const none = -1

// A request was written and has not been answered.
type request struct {
	xid, op    int32
	sent       time.Time
	done       func(Reply) // of a request that is our own
	body       []byte      // of our own, and of those whose answer is compared with it
	size       int
	prev, next int // neighbours in the order of writing; in a free slot, next is the next free one
}

// outstanding holds the requests and pings that wait for their answer. Its size is the largest
// number of requests that waited at a time since there were few; nothing is allocated after that.
//
// Requests are found by xid and listed in the order of writing. Answers mostly come in that order,
// but not always: a server answers setAuth before what it was already working on. Pings all have
// the same xid and are answered in order.
//
// Guarded by Conn.mu.
type outstanding struct {
	slots        []request
	index        map[int32]int // xid to slot
	free         int
	oldest, last int
	pings        []time.Time
	bytes        int // of those that wait
}

func newOutstanding() outstanding {
	return outstanding{index: make(map[int32]int), free: none, oldest: none, last: none}
}

// add records a request that is about to be written.
func (o *outstanding) add(xid, op int32, sent time.Time, size int) {
	if xid == XidPing && op == OpPing {
		o.pings = append(o.pings, sent)
		return
	}
	// go-zookeeper counts xids modulo 2^31 and forgets the earlier of two that are equal (conn.go
	// line 747).
	o.remove(xid)

	at := o.free
	if at == none {
		at = len(o.slots)
		o.slots = append(o.slots, request{})
	} else {
		o.free = o.slots[at].next
	}
	o.slots[at] = request{xid: xid, op: op, sent: sent, size: size, prev: o.last, next: none}
	o.bytes += size
	if o.last == none {
		o.oldest = at
	} else {
		o.slots[o.last].next = at
	}
	o.last = at
	o.index[xid] = at
}

// each calls f with every request and ping that waits.
func (o *outstanding) each(f func(op int32, sent time.Time)) {
	for at := o.oldest; at != none; at = o.slots[at].next {
		f(o.slots[at].op, o.slots[at].sent)
	}
	for _, sent := range o.pings {
		f(OpPing, sent)
	}
}

// few is how many requests there is always room for, once there were as many.
const few = 64

// find returns a request that waits.
func (o *outstanding) find(xid int32) (request, bool) {
	at, ok := o.index[xid]
	if !ok {
		return request{}, false
	}
	return o.slots[at], true
}

// addOwn records a request that is sent behind go-zookeeper's back.
func (o *outstanding) addOwn(xid int32, r *Request, sent time.Time, size int) {
	o.add(xid, r.op, sent, size)
	at := o.index[xid]
	o.slots[at].done, o.slots[at].body = r.Done, r.body
}

// setBody adds what a request asks for.
func (o *outstanding) setBody(xid int32, body []byte) {
	if at, ok := o.index[xid]; ok {
		o.slots[at].body = body
	}
}

// abandonOwn takes all requests of our own out, and returns whom to tell.
func (o *outstanding) abandonOwn() (done []func(Reply)) {
	for xid, at := range o.index {
		if f := o.slots[at].done; f != nil {
			done = append(done, f)
			o.remove(xid)
		}
	}
	return done
}

// remove takes a request out and returns when it was written.
func (o *outstanding) remove(xid int32) (sent time.Time, ok bool) {
	at, ok := o.index[xid]
	if !ok {
		return time.Time{}, false
	}
	delete(o.index, xid)
	r := o.slots[at]
	o.bytes -= r.size
	if r.prev == none {
		o.oldest = r.next
	} else {
		o.slots[r.prev].next = r.next
	}
	if r.next == none {
		o.last = r.prev
	} else {
		o.slots[r.next].prev = r.prev
	}
	o.slots[at] = request{next: o.free}
	o.free = at
	if len(o.index) == 0 && len(o.slots) > few {
		o.slots, o.index, o.free = nil, make(map[int32]int), none // what a burst has taken
	}
	return r.sent, true
}

// removePing takes the oldest ping out and returns when it was written.
func (o *outstanding) removePing() (sent time.Time, ok bool) {
	if len(o.pings) == 0 {
		return time.Time{}, false
	}
	sent = o.pings[0]
	o.pings = slices.Delete(o.pings, 0, 1)
	return sent, true
}

// longest returns the operation of the request that has waited longest, OpNone if none waits.
func (o *outstanding) longest() int32 {
	if o.oldest == none {
		return OpNone
	}
	return o.slots[o.oldest].op
}

// since returns when the oldest request or ping that waits was written; the zero time if none
// waits.
func (o *outstanding) since() time.Time {
	var t time.Time
	if o.oldest != none {
		t = o.slots[o.oldest].sent
	}
	if len(o.pings) > 0 {
		t = earlier(t, o.pings[0])
	}
	return t
}
