package zktest

import (
	"bufio"
	"encoding/binary"
	"io"
)

// A Direction is one of the two directions of a connection.
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

// A Verdict says what the Proxy does with a frame; see [Proxy.OnFrame].
type Verdict int

const (
	Pass Verdict = iota // deliver it
	Drop                // swallow it; the connection goes on without it
	Cut                 // do not deliver it, and close the connection on both sides
)

// maxFrame is the greatest frame length; four bytes that say more are not a length. ZooKeeper's own
// limit, jute.maxbuffer, is 1 MiB. A four-letter word or the beginning of TLS, read as a length, is
// far beyond this.
const maxFrame = 64 << 20

// frameReader splits one direction of a connection into ZooKeeper's frames: a length of four bytes,
// big-endian, and as many bytes. A stream of another kind, such as a four-letter word or TLS, is
// returned as it was read.
type frameReader struct {
	src *bufio.Reader
	raw bool
}

func newFrameReader(r io.Reader) *frameReader {
	return &frameReader{src: bufio.NewReaderSize(r, 64<<10)}
}

// next returns the next frame with its length in front, or raw bytes. If the stream ends within a
// frame, next returns the part that was read, as raw bytes, with the error, so that the receiver
// gets half a frame if half a frame was sent.
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
