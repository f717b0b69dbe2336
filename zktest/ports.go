package zktest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports come from below the range that systems hand out by themselves (32768 and up on Linux, 49152
// and up on macOS): a stopped server must find its port free when it starts again, so no outgoing
// connection may have got it.
const (
	firstPort = 16384
	lastPort  = 32768 // exclusive
	blockSize = 64    // four for each of maxServers, and one more
)

// portBlock reserves blockSize ports. It listens on the first one as long as the servers, running
// or stopped, may need the others. That keeps test binaries that run at the same time apart,
// without a file that a kill -9 would leave behind.
type portBlock struct {
	holder net.Listener
	next   int
	end    int
}

func reservePorts() (*portBlock, error) {
	const blocks = (lastPort - firstPort) / blockSize
	for range 4 * blocks {
		base := firstPort + blockSize*rand.IntN(blocks)
		holder, err := net.Listen("tcp", loopback(base))
		if err != nil {
			continue // another test binary's block, or a stranger's port
		}
		return &portBlock{holder: holder, next: base + 1, end: base + blockSize}, nil
	}
	return nil, errors.New("zktest: no free ports")
}

// take returns the next port of the block that no process listens on. Another process may still
// take it before the server does; then the ensemble starts again on another block.
func (b *portBlock) take() (int, error) {
	end := b.end
	for port := b.next; port < end; port++ {
		l, err := net.Listen("tcp", loopback(port))
		if err != nil {
			continue
		}
		l.Close()
		b.next = port + 1
		return port, nil
	}
	return 0, errors.New("zktest: no free port left in the block")
}

func (b *portBlock) release() error { return b.holder.Close() }

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
