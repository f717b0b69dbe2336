package wire_test

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/wire"
)

// patience bounds what must happen. It is less than two thirds of the session timeout, when a
// server without an answer is given up.
const patience = 20 * time.Second

// sending is a Conn whose server is the test. Something reads on it, as go-zookeeper does.
type sending struct {
	*wire.Conn
	t      *testing.T
	server net.Conn
	passed chan []byte // the frames that were passed on, without their length
}

func newSending(t *testing.T, cfg wire.Config) *sending {
	client, server := net.Pipe()
	s := &sending{Conn: wire.New(client, cfg), t: t, server: server, passed: make(chan []byte, 10)}
	read := make(chan struct{})
	go func() { // ends with the Conn; waited for by the cleanup
		defer close(read)
		for {
			var length [4]byte
			if _, err := io.ReadFull(s.Conn, length[:]); err != nil {
				return
			}
			frame := make([]byte, binary.BigEndian.Uint32(length[:]))
			if _, err := io.ReadFull(s.Conn, frame); err != nil {
				return
			}
			s.passed <- frame
		}
	}()
	t.Cleanup(func() {
		s.Close()
		server.Close()
		<-read
	})
	return s
}

// connect shakes hands, and returns the connect request as the server sees it.
func (s *sending) connect() []byte {
	written := s.writes(shake())
	request := s.sent()
	<-written
	s.reply(connectReply(40_000, 1))
	select {
	case <-s.passed:
	case <-time.After(patience):
		require.Fail(s.t, "no connect reply")
	}
	return request
}

// shake is go-zookeeper's: version, last zxid, timeout, session, password.
func shake() []byte {
	return frame{}.i32(0).i64(7).i32(40_000).i64(0).str("0123456789abcdef").sealed()
}

// writes writes as go-zookeeper does. The channel is closed when that is over.
func (s *sending) writes(p []byte) <-chan struct{} {
	done := make(chan struct{})
	go func() { // ends when the test has read it, or the Conn is closed
		defer close(done)
		_, _ = s.Write(p)
	}()
	return done
}

// sends calls Send, which waits for the test to read what it writes.
func (s *sending) sends(requests ...*wire.Request) <-chan bool {
	sent := make(chan bool, 1)
	// ends when the test has read it, or the Conn is closed
	go func() { sent <- s.Send(requests...) }()
	return sent
}

// sent returns the next frame that the server gets, without its length.
func (s *sending) sent() []byte {
	s.t.Helper()
	require.NoError(s.t, s.server.SetReadDeadline(time.Now().Add(patience)))
	var length [4]byte
	_, err := io.ReadFull(s.server, length[:])
	require.NoError(s.t, err)
	frame := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err = io.ReadFull(s.server, frame)
	require.NoError(s.t, err)
	return frame
}

func (s *sending) reply(body frame) {
	_, err := s.server.Write(body.sealed())
	require.NoError(s.t, err)
}

// header takes a request's xid and operation.
func header(p []byte) (xid, op int32) {
	return int32(binary.BigEndian.Uint32(p)), int32(binary.BigEndian.Uint32(p[4:]))
}

// telling returns the request with a channel of its replies.
func telling(r *wire.Request) (*wire.Request, <-chan wire.Reply) {
	replies := make(chan wire.Reply, 2)
	r.Done = func(r wire.Reply) { replies <- r }
	return r, replies
}

func TestSendAsksAndIsAnswered(t *testing.T) {
	s := newSending(t, wire.Config{})
	refused, none := telling(wire.Delete("/x", -1))
	require.False(t, s.Send(refused), "there is no session yet")
	s.connect()

	create, created := telling(wire.Create("/d/x-", []byte("me"), zk.WorldACL(zk.PermAll)))
	list, listed := telling(wire.GetChildren("/d", false))
	get, got := telling(wire.GetData("/d/x-1", true))
	remove, removed := telling(wire.Delete("/d/x-1", -1))
	sent := s.sends(create, list, get, remove)
	var xids []int32
	for _, want := range []frame{
		frame{}.i32(wire.OpCreate2).str("/d/x-").str("me").i32(1).i32(31).str("world").str("anyone").i32(3),
		frame{}.i32(wire.OpGetChildren).str("/d").bytes(0),
		frame{}.i32(wire.OpGetData).str("/d/x-1").bytes(1),
		frame{}.i32(wire.OpDelete).str("/d/x-1").i32(-1),
	} {
		p := s.sent()
		require.Equal(t, []byte(want), p[4:])
		xid, _ := header(p)
		require.Less(t, xid, int32(-2), "go-zookeeper has a meaning for the others")
		require.NotContains(t, xids, xid)
		xids = append(xids, xid)
	}
	require.True(t, <-sent)

	s.reply(replyTo(xids[0], 0).str("/d/x-0000000001").born(9, 1))
	path, czxid := (<-created).Created()
	require.Equal(t, "/d/x-0000000001", path)
	require.Equal(t, int64(9), czxid)
	s.reply(replyTo(xids[1], 0).i32(2).str("x-1").str("y"))
	require.Equal(t, []string{"x-1", "y"}, (<-listed).Children())
	s.reply(replyTo(xids[2], 0).str("data").stat(1))
	r := <-got
	require.Zero(t, r.Code)
	s.reply(replyTo(xids[3], -101))
	require.Equal(t, int32(-101), (<-removed).Code)
	require.Empty(t, s.passed, "go-zookeeper was given the answer to a request that is not its own")
	require.Empty(t, none)

	lost, told := telling(wire.Delete("/d/y", -1))
	sent = s.sends(lost)
	s.sent()
	require.True(t, <-sent)
	s.Close()
	require.True(t, (<-told).Lost)
	require.False(t, s.Send(lost), "the Conn is closed")
	require.Empty(t, told)
}

func TestSendIsToldOfBrokenReplies(t *testing.T) {
	for name, reply := range map[string]func(xid int32) frame{
		"short":      func(xid int32) frame { return replyTo(xid, 0).i32(1 << 20) },
		"to nothing": func(xid int32) frame { return replyTo(xid-1, 0).i32(0).stat(1) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSending(t, wire.Config{})
			s.connect()
			list, listed := telling(wire.GetChildren("/d", false))
			sent := s.sends(list)
			xid, _ := header(s.sent())
			require.True(t, <-sent)
			s.reply(reply(xid))
			require.True(t, (<-listed).Lost)
		})
	}
	t.Run("too large", func(t *testing.T) {
		s := newSending(t, wire.Config{MaxFrame: 1 << 10})
		s.connect()
		list, listed := telling(wire.GetChildren("/d", false))
		sent := s.sends(list)
		xid, _ := header(s.sent())
		require.True(t, <-sent)
		s.reply(replyTo(xid, 0).i32(1).str(string(make([]byte, 2<<10))).stat(1))
		require.Equal(t, int32(-100), (<-listed).Code)
		again, _ := telling(wire.GetChildren("/d", false))
		s.sends(again)
		s.sent() // it is well
	})
}

// TestSendWaitsForTheCredentials has go-zookeeper send them, each in two pieces.
func TestSendWaitsForTheCredentials(t *testing.T) {
	s := newSending(t, wire.Config{Credentials: 2})
	s.connect()
	remove, _ := telling(wire.Delete("/x", -1))
	require.True(t, s.Send(remove)) // it writes nothing
	auth := frame{}.i32(5).i32(wire.OpSetAuth).i32(0).str("digest").str("me:secret").sealed()
	for range 2 {
		go func() { // ends when the test has read it, and what has waited for it
			_, _ = s.Write(auth[:7])
			_, _ = s.Write(auth[7:])
		}()
		_, op := header(s.sent())
		require.Equal(t, wire.OpSetAuth, op)
	}
	_, op := header(s.sent())
	require.Equal(t, wire.OpDelete, op)
}

// TestSendComesBeforeWhatGoZookeeperWritesLater has a request wait for the end of another, and
// go-zookeeper write a third.
func TestSendComesBeforeWhatGoZookeeperWritesLater(t *testing.T) {
	s := newSending(t, wire.Config{})
	s.connect()
	first, last := request(1, wire.OpExists), request(2, wire.OpExists)
	head := s.writes(first[:9])
	buf := make([]byte, 9)
	_, err := io.ReadFull(s.server, buf)
	require.NoError(t, err)
	<-head
	remove, _ := telling(wire.Delete("/x", -1))
	require.True(t, s.Send(remove)) // it is not written into the middle of the other
	go func() {                     // ends when the test has read it
		_, _ = s.Write(first[9:])
		_, _ = s.Write(last)
	}()
	rest := make([]byte, len(first)-9)
	_, err = io.ReadFull(s.server, rest)
	require.NoError(t, err)
	require.Equal(t, first[9:], rest)
	_, op := header(s.sent())
	require.Equal(t, wire.OpDelete, op)
	xid, _ := header(s.sent())
	require.Equal(t, int32(2), xid)
}

func TestNothingIsSentBehindTheEnd(t *testing.T) {
	s := newSending(t, wire.Config{})
	s.connect()
	done := s.writes(frame{}.i32(1).i32(wire.OpClose).sealed())
	s.sent()
	<-done
	remove, told := telling(wire.Delete("/x", -1))
	require.False(t, s.Send(remove))
	require.Empty(t, told)
}

// TestTheNewestTransactionIsTold has a server answer one of our own requests, and the next server
// hear of it.
func TestTheNewestTransactionIsTold(t *testing.T) {
	var last atomic.Int64
	cfg := wire.Config{LastZxid: &last}
	zxidIn := func(connect []byte) int64 { return int64(binary.BigEndian.Uint64(connect[4:])) }
	s := newSending(t, cfg)
	require.Equal(t, int64(7), zxidIn(s.connect()), "as go-zookeeper has it")
	remove, removed := telling(wire.Delete("/x", -1))
	sent := s.sends(remove)
	xid, _ := header(s.sent())
	require.True(t, <-sent)
	s.reply(frame{}.i32(xid).i64(12345).i32(0))
	<-removed
	s.Close()

	s = newSending(t, cfg)
	require.Equal(t, int64(12345), zxidIn(s.connect()))
}

// TestEventsAndPingsAnswerNothing has a server tell of transactions in all kinds of frames.
func TestEventsAndPingsAnswerNothing(t *testing.T) {
	var last, answered atomic.Int64
	s := newSending(t, wire.Config{LastZxid: &last, AnsweredZxid: &answered})
	s.connect()
	remove, removed := telling(wire.Delete("/x", -1))
	sent := s.sends(remove)
	xid, _ := header(s.sent())
	require.True(t, <-sent)
	s.reply(frame{}.i32(wire.XidWatcherEvent).i64(30).i32(0).i32(3).i32(3).str("/y"))
	s.reply(frame{}.i32(wire.XidPing).i64(40).i32(0))
	s.reply(frame{}.i32(xid).i64(20).i32(0))
	<-removed
	require.EqualValues(t, 40, last.Load())
	require.EqualValues(t, 20, answered.Load())
}

// TestSendDoesNotWaitForAServerThatHangs sends what a socket takes, and more.
func TestSendDoesNotWaitForAServerThatHangs(t *testing.T) {
	s := newSending(t, wire.Config{})
	s.connect()
	remove, _ := telling(wire.Delete("/x", -1))
	s.sends(remove) // which a net.Pipe does not take
	long, told := telling(wire.Delete(string(make([]byte, 16<<10)), -1))
	require.Eventually(t, func() bool { return s.Send(long) }, patience, time.Millisecond)
	s.Close()
	require.True(t, (<-told).Lost)
}

// TestSendDoesNotWaitForGoZookeeper has a server that takes only the first byte of what
// go-zookeeper writes, for now.
func TestSendDoesNotWaitForGoZookeeper(t *testing.T) {
	s := newSending(t, wire.Config{})
	s.connect()
	theirs := request(1, wire.OpExists)
	written := s.writes(theirs)
	_, err := io.ReadFull(s.server, theirs[:1])
	require.NoError(t, err)
	for range 3 {
		remove, _ := telling(wire.Delete("/x", -1))
		select {
		case sent := <-s.sends(remove):
			require.True(t, sent)
		case <-time.After(patience):
			require.Fail(t, "Send waits")
		}
	}
	_, err = io.ReadFull(s.server, theirs[1:])
	require.NoError(t, err)
	for range 3 {
		_, op := header(s.sent())
		require.Equal(t, wire.OpDelete, op)
	}
	<-written
}

// TestNothingThatHasWaitedIsSentBehindTheEnd has a request wait while go-zookeeper writes its last
// one in two pieces.
func TestNothingThatHasWaitedIsSentBehindTheEnd(t *testing.T) {
	s := newSending(t, wire.Config{})
	s.connect()
	end := frame{}.i32(1).i32(wire.OpClose).sealed()
	head := s.writes(end[:5])
	_, err := io.ReadFull(s.server, make([]byte, 5))
	require.NoError(t, err)
	<-head
	remove, told := telling(wire.Delete("/x", -1))
	require.True(t, s.Send(remove))
	rest := s.writes(end[5:])
	_, err = io.ReadFull(s.server, make([]byte, len(end)-5))
	require.NoError(t, err)
	require.NoError(t, s.server.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
	n, err := s.server.Read(make([]byte, 1))
	require.Zero(t, n, "something else is written")
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	s.Close()
	require.True(t, (<-told).Lost)
	<-rest
}
