package zktest

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"time"
)

const commandLimit = 5 * time.Second // for a four-letter word

// leads reads the answer to srvr.
func leads(reply string) bool {
	return strings.Contains(reply, "\nMode: leader\n") ||
		strings.Contains(reply, "\nMode: standalone\n")
}

// fourLetter sends a four-letter word to a server and returns its answer.
func fourLetter(ctx context.Context, addr, word string) (string, error) {
	conn, err := dialContext(ctx, addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, word); err != nil {
		return "", err
	}
	var reply []byte
	for buf := make([]byte, 4<<10); ; {
		n, err := conn.Read(buf)
		reply = append(reply, buf[:n]...)
		switch {
		case err == io.EOF, bytes.HasPrefix(reply, notServing):
			return string(reply), nil
		case err != nil:
			return "", err
		}
	}
}

// notServing is the answer of a server that is starting or lacks a quorum. Early in its start a
// server then trips over itself and does not close the connection (ZooKeeper 3.8.0:
// NullPointerException in removeCnxn), so this answer ends the reading.
var notServing = []byte("This ZooKeeper instance is not currently serving requests")

// dialContext connects; ctx's deadline bounds the connection's life too.
func dialContext(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	return conn, nil
}
