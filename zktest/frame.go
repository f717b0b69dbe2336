package zktest

import (
	"bufio"
	"encoding/binary"
	"io"
)

// A Direction is one of a connection's two ways.
type Direction int

const (
	ToServer Direction = iota // from a client to its server
	ToClient                  // from a server to its client
)

func (d Direction) String() string {
	if d == ToServer {
		return "to server"
	}
	return "to client"
}

// A Verdict says what becomes of one frame; see [Proxy.OnFrame].
type Verdict int

const (
	Pass Verdict = iota // deliver it
	Drop                // swallow it; the connection goes on without it
	Cut                 // do not deliver it, and close the connection on both sides
)

// maxFrame tells a frame's length from bytes that are no length. ZooKeeper's
// own limit, jute.maxbuffer, is 1 MiB. Four letters read as a length, as well
// as the first bytes of TLS, are far beyond this.
const maxFrame = 64 << 20

// frameReader splits one direction of a connection into ZooKeeper's frames: a
// length of four bytes, big-endian, and as many bytes. A stream that is
// something else, a four-letter word or TLS, comes as it was read.
type frameReader struct {
	src *bufio.Reader
	raw bool
}

func newFrameReader(r io.Reader) *frameReader {
	return &frameReader{src: bufio.NewReaderSize(r, 64<<10)}
}

// next returns the next frame with its length in front, or raw bytes. What
// came of a frame before the stream ended is returned with the error, as raw
// bytes: the receiver shall get half a frame if that is what was sent.
func (f *frameReader) next() (data []byte, framed bool, err error) {
	if !f.raw {
		head, err := f.src.Peek(4)
		if err != nil {
			rest, _ := f.src.Peek(f.src.Buffered())
			return append([]byte(nil), rest...), false, err
		}
		size := binary.BigEndian.Uint32(head)
		if size <= maxFrame {
			data := make([]byte, 4+size)
			n, err := io.ReadFull(f.src, data)
			return data[:n], err == nil, err
		}
		f.raw = true
	}
	if _, err := f.src.Peek(1); err != nil {
		return nil, false, err
	}
	data = make([]byte, f.src.Buffered())
	n, err := f.src.Read(data)
	return data[:n], false, err
}
