package zktest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/zookylock/zklock/internal/jute"
	"github.com/zookylock/zklock/internal/wire"
)

// sessionConn is a connection that speaks as much of ZooKeeper's protocol as it takes to reopen a
// session and close it.
type sessionConn struct{ net.Conn }

// sessionTimeout is what a reopened session is given while we hold it. Any would do: servers clamp
// it to what they allow.
const sessionTimeout = 10 * time.Second

// openSession connects to one server, reopening session id; 0 asks for a new one. What is in then
// is sent along, behind the request to connect. ctx's deadline bounds the connection's life.
func openSession(ctx context.Context, addr string, id int64, then []byte) (*sessionConn, error) {
	raw, err := dialContext(ctx, addr)
	if err != nil {
		return nil, err
	}
	conn := &sessionConn{raw}
	if err := conn.handshake(id, then); err != nil {
		conn.Close()
		return nil, fmt.Errorf("%s: %w", addr, err)
	}
	return conn, nil
}

func (c *sessionConn) handshake(id int64, then []byte) error {
	password := make([]byte, 16)
	if id != 0 {
		password = sessionPassword(id)
	}
	// ConnectRequest: protocolVersion, lastZxidSeen, timeOut, sessionId, passwd, readOnly.
	// lastZxidSeen is 0, for a server refuses a client that has seen more than itself.
	var request jute.Writer
	request.Int32(0)
	request.Int64(0)
	request.Int32(int32(sessionTimeout.Milliseconds()))
	request.Int64(id)
	request.Buffer(password)
	request.Bool(false)
	if _, err := c.Write(append(request.Framed(), then...)); err != nil {
		return err
	}
	// ConnectResponse: protocolVersion, timeOut, sessionId, passwd, readOnly.
	frame, err := c.readFrame()
	if err != nil {
		return err
	}
	reply := jute.Reader{Rest: frame}
	reply.Int32()
	timeout := reply.Int32()
	switch {
	case reply.Wrong != "":
		return fmt.Errorf("connect reply of %d bytes", len(frame))
	case timeout <= 0: // a server says no by a timeout of zero
		return ErrNoSession
	}
	return nil
}

// closeXid is the number of the request to close, the only one we send.
const closeXid = 1

// closeRequest is the frame that ends the connection's session.
func closeRequest() []byte {
	var request jute.Writer
	request.Int32(closeXid)
	request.Int32(wire.OpClose)
	return request.Framed()
}

// awaitClose waits for the ensemble's agreement to a closeRequest.
func (c *sessionConn) awaitClose() error {
	for {
		// ReplyHeader: xid, zxid, err. A watch event may come first.
		frame, err := c.readFrame()
		if err != nil {
			return err
		}
		reply := jute.Reader{Rest: frame}
		xid, _, code := reply.Int32(), reply.Int64(), reply.Int32()
		switch {
		case reply.Wrong != "":
			return fmt.Errorf("close reply of %d bytes", len(frame))
		case xid != closeXid:
			continue
		case code != 0:
			return fmt.Errorf("close refused with error %d", code)
		}
		return nil
	}
}

func (c *sessionConn) readFrame() ([]byte, error) {
	frame, err := jute.ReadFrame(c, maxFrame)
	if errors.Is(err, jute.ErrNoFrame) {
		err = errors.New("not a ZooKeeper server")
	}
	return frame, err
}

// sessionPassword is ZooKeeperServer.generatePasswd: new java.util.Random(id ^
// 0XB3415C00L).nextBytes(16).
func sessionPassword(id int64) []byte {
	const (
		superSecret = 0xB3415C00
		multiplier  = 0x5DEECE66D
		mask        = 1<<48 - 1
	)
	// Random's seed is scrambled by its multiplier; next(32) is the upper 32 of the 48 bits, whose
	// bytes nextBytes takes from the lowest up.
	seed := (uint64(id) ^ superSecret ^ multiplier) & mask
	var password []byte
	for range 4 {
		seed = (seed*multiplier + 0xB) & mask
		password = binary.LittleEndian.AppendUint32(password, uint32(seed>>16))
	}
	return password
}

// ErrNoSession is returned, wrapped, by [Ensemble.Expire] if the session has ended or never
// existed, or if its password is not the one that ZooKeeper derives from the id. Trying again does
// not help.
var ErrNoSession = errors.New("no such session")

// reopenAndClose takes the session over on one server and closes it. It sends both requests
// together, so that the client, whose connection the server drops, has hardly the time to
// reconnect.
func reopenAndClose(ctx context.Context, addr string, id int64) error {
	conn, err := openSession(ctx, addr, id, closeRequest())
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.awaitClose()
}

// checkServing opens a session of its own on one server and closes it.
func checkServing(ctx context.Context, addr string) error {
	return reopenAndClose(ctx, addr, 0)
}
