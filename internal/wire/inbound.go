package wire

import "encoding/binary"

const (
	firstBuffer = 4 << 10
	keptBuffer  = 64 << 10 // a buffer that has grown beyond this is let go once it is empty
)

// inbound is the buffer between the socket and go-zookeeper. It takes in what has arrived, often
// several frames at a time, and hands out only what was passed.
//
// A length that a server merely claims allocates nothing: the buffer doubles when it is full of
// bytes that did arrive. A frame beyond keptBuffer gets a buffer of just its size, so that nothing
// behind it keeps that buffer in use.
//
// Guarded by Conn.readMu.
type inbound struct {
	buf    []byte
	start  int // buf[start:passed] may be handed out
	passed int
	end    int // buf[passed:end] has arrived and is not checked
	drop   int // bytes to drop before the next frame
}

// take hands out what was passed.
func (b *inbound) take(p []byte) int {
	n := copy(p, b.buf[b.start:b.passed])
	b.start += n
	b.rewind()
	return n
}

// rewind begins at the front again once there is nothing left.
func (b *inbound) rewind() {
	if b.start < b.end {
		return
	}
	b.start, b.passed, b.end = 0, 0, 0
	if len(b.buf) > keptBuffer {
		// go-zookeeper decodes next: of the frame's three copies two may live at a time (see
		// Config.MaxFrame).
		b.buf = nil
	}
}

// fill takes note of n more bytes in the space that room returned.
func (b *inbound) fill(n int) {
	b.end += n
	b.discard()
}

// discard drops what is to be dropped, as far as it has arrived.
func (b *inbound) discard() {
	n := min(b.drop, b.end-b.passed)
	if n == 0 {
		return
	}
	b.drop -= n
	if b.start < b.passed {
		// What was passed but not taken yet stays in front.
		copy(b.buf[b.passed:], b.buf[b.passed+n:b.end])
		b.end -= n
		return
	}
	b.start += n
	b.passed += n
}

// length returns the next frame's length as the server claims it.
func (b *inbound) length() (int, bool) {
	if b.end-b.passed < lengthSize {
		return 0, false
	}
	return int(int32(binary.BigEndian.Uint32(b.buf[b.passed:]))), true
}

// body returns the first n bytes of the next frame's body, if they have arrived.
func (b *inbound) body(n int) ([]byte, bool) {
	from := b.passed + lengthSize
	if b.end-from < n {
		return nil, false
	}
	return b.buf[from : from+n : from+n], true
}

// pass lets the next frame, whose body has n bytes, be handed out.
func (b *inbound) pass(n int) { b.passed += lengthSize + n }

// skip drops the next frame, whose body has n bytes, of which some may be still to come. Everything
// that was passed must have been taken.
func (b *inbound) skip(n int) {
	b.drop = lengthSize + n
	b.discard()
	b.rewind()
}

// passFirst lets the first n bytes of the next frame's body be handed out as a frame of their own.
// The other bytes are dropped, also the ones that are still to come.
func (b *inbound) passFirst(n, length int) {
	binary.BigEndian.PutUint32(b.buf[b.passed:], uint32(n))
	b.pass(n)
	b.drop = length - n
	b.discard()
}

// room returns space to receive into, when the next frame needs size bytes in all. Everything that
// was passed must have been taken.
func (b *inbound) room(size int) []byte {
	if b.buf == nil {
		b.buf = make([]byte, firstBuffer)
	}
	if b.start > 0 && (b.start == b.end || len(b.buf)-b.start < size) {
		b.end = copy(b.buf, b.buf[b.start:b.end])
		b.start, b.passed = 0, 0
	}
	if b.end == len(b.buf) {
		n := 2 * len(b.buf)
		if n > keptBuffer {
			n = min(n, max(size, keptBuffer))
		}
		grown := make([]byte, n)
		copy(grown, b.buf)
		b.buf = grown
	}
	return b.buf[b.end:]
}
