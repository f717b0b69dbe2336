package zktest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// sessionConn is a connection that speaks as much of ZooKeeper's protocol as
// it takes to reopen a session and close it.
type sessionConn struct{ net.Conn }

// sessionTimeout is what a reopened session is given while we hold it. Any
// would do: servers clamp it to what they allow.
const sessionTimeout = 10 * time.Second

// opCloseSession is ZooDefs.OpCode.closeSession.
const opCloseSession = -11

// openSession connects to one server, reopening session id; 0 asks for a new
// one. What is in then is sent along, behind the request to connect. ctx's
// deadline bounds the connection's life.
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
	// ConnectRequest: protocolVersion, lastZxidSeen, timeOut, sessionId,
	// passwd, readOnly. lastZxidSeen is 0, for a server refuses a client
	// that has seen more than itself.
	var request []byte
	request = binary.BigEndian.AppendUint32(request, 0)
	request = binary.BigEndian.AppendUint64(request, 0)
	request = binary.BigEndian.AppendUint32(request, uint32(sessionTimeout.Milliseconds()))
	request = binary.BigEndian.AppendUint64(request, uint64(id))
	request = binary.BigEndian.AppendUint32(request, uint32(len(password)))
	request = append(request, password...)
	request = append(request, 0)
	if _, err := c.Write(append(frame(request), then...)); err != nil {
		return err
	}
	// ConnectResponse: protocolVersion, timeOut, sessionId, passwd, readOnly.
	reply, err := c.readFrame()
	if err != nil {
		return err
	}
	if len(reply) < 16 {
		return fmt.Errorf("connect reply of %d bytes", len(reply))
	}
	// A server says no by a timeout of zero.
	if int32(binary.BigEndian.Uint32(reply[4:])) <= 0 {
		return ErrNoSession
	}
	return nil
}

// closeXid is the number of the request to close, the only one we send.
const closeXid = 1

// closeRequest is the frame that ends the connection's session.
func closeRequest() []byte {
	request := binary.BigEndian.AppendUint32(nil, closeXid)
	op := int32(opCloseSession)
	return frame(binary.BigEndian.AppendUint32(request, uint32(op)))
}

// awaitClose waits for the ensemble's agreement to a closeRequest.
func (c *sessionConn) awaitClose() error {
	for {
		// ReplyHeader: xid, zxid, err. A watch event may come first.
		reply, err := c.readFrame()
		if err != nil {
			return err
		}
		if len(reply) < 16 {
			return fmt.Errorf("close reply of %d bytes", len(reply))
		}
		if binary.BigEndian.Uint32(reply) != closeXid {
			continue
		}
		if code := int32(binary.BigEndian.Uint32(reply[12:])); code != 0 {
			return fmt.Errorf("close refused with error %d", code)
		}
		return nil
	}
}

// frame puts a length in front of a body.
func frame(body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

func (c *sessionConn) readFrame() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxFrame {
		return nil, errors.New("not a ZooKeeper server")
	}
	var body bytes.Buffer
	_, err := io.CopyN(&body, c, int64(size))
	return body.Bytes(), err
}

// sessionPassword is ZooKeeperServer.generatePasswd:
// new java.util.Random(id ^ 0XB3415C00L).nextBytes(16).
func sessionPassword(id int64) []byte {
	const (
		superSecret = 0xB3415C00
		multiplier  = 0x5DEECE66D
		mask        = 1<<48 - 1
	)
	// Random's seed is scrambled by its multiplier; next(32) is the upper 32
	// of the 48 bits, whose bytes nextBytes takes from the lowest up.
	seed := (uint64(id) ^ superSecret ^ multiplier) & mask
	var password []byte
	for range 4 {
		seed = (seed*multiplier + 0xB) & mask
		password = binary.LittleEndian.AppendUint32(password, uint32(seed>>16))
	}
	return password
}
