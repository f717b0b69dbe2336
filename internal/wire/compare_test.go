package wire_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/wire"
)

// session is the one that sending.connect opens.
const session = 1

// TestAnAnswerToSomethingElseBreaksTheConnection has a server answer requests of our own with what
// cannot be their answer.
func TestAnAnswerToSomethingElseBreaksTheConnection(t *testing.T) {
	create := func() *wire.Request {
		return wire.Create("/d/x-", []byte("me"), zk.WorldACL(zk.PermAll))
	}
	old := func() *wire.Request { return wire.CreateOld("/d/x-", nil, nil) }
	list := func() *wire.Request { return wire.GetChildren("/d", false) }
	many := func() *wire.Request { return wire.GetDataOfMany([]string{"/d/x", "/d/y"}) }
	x, end := frame{}.result(wire.OpGetData, false, 0).str("data").stat(9),
		frame{}.result(-1, true, -1)
	const path = "/d/x-0000000007"
	for name, c := range map[string]struct {
		request func() *wire.Request
		reply   frame
	}{
		"another lock's candidate":      {create, frame{}.str("/e/x-0000000007").born(9, session)},
		"another candidate of the lock": {create, frame{}.str("/d/y-0000000007").born(9, session)},
		"the lock's znode":              {create, frame{}.str("/d").born(9, session)},
		"no path":                       {create, frame{}.str("").born(9, session)},
		"no number":                     {create, frame{}.str("/d/x-").born(9, session)},
		"a short number":                {create, frame{}.str("/d/x-000000007").born(9, session)},
		"a long number":                 {create, frame{}.str("/d/x-00000000007").born(9, session)},
		"a number above the last":       {create, frame{}.str("/d/x-2147483648").born(9, session)},
		"a signed number":               {create, frame{}.str("/d/x-+000000007").born(9, session)},
		"a negative nothing":            {create, frame{}.str("/d/x--000000000").born(9, session)},
		"a child of it":                 {create, frame{}.str("/d/x-/000000007").born(9, session)},
		"something behind the number":   {create, frame{}.str(path+"/a").born(9, session)},
		"another session's":             {create, frame{}.str(path).born(9, 2)},
		"no session's":                  {create, frame{}.str(path).born(9, 0)},
		"one that was there":            {create, frame{}.str(path).i64(9).i64(10).i64(3).i64(3).i64(0).i32(0).i64(session).i32(2).i32(0).i64(9)},
		"one of no transaction":         {create, frame{}.str(path).born(0, session)},
		"no Stat":                       {create, frame{}.str(path)},
		"the answer to a deletion":      {create, frame{}},
		"the answer to a read":          {create, frame{}.str("data").stat(9)},
		"old: another lock's candidate": {old, frame{}.str("/e/x-0000000007")},
		"old: no number":                {old, frame{}.str("/d/x-")},
		"a child with a path":           {list, frame{}.i32(1).str("../e/x-0000000007")},
		"many: one too few":             {many, append(x, end...)},
		"many: one too many":            {many, append(append(append(append(frame{}, x...), x...), x...), end...)},
		"many: without end":             {many, append(append(frame{}, x...), x...)},
		"many: another type":            {many, append(append(append(frame{}, x...), frame{}.result(wire.OpSetData, false, 0).stat(9)...), end...)},
		"many: short Stat":              {many, append(append(frame{}, x...), x[:len(x)-1]...)},
		"many: data beyond the frame":   {many, append(append(frame{}, x...), frame{}.result(wire.OpGetData, false, 0).i32(1000)...)},
		"a child without a name":        {list, frame{}.i32(1).str("")},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSending(t,
				wire.Config{Answered: func(op int32, _ time.Time) {
					t.Errorf("%d counts as answered", op)
				}})
			s.connect()
			asked, told := telling(c.request())
			sent := s.sends(asked)
			xid, op := header(s.sent())
			require.True(t, <-sent)
			s.reply(append(replyTo(xid, 0), c.reply...))
			require.Equal(t, wire.Reply{Lost: true}, <-told)
			_, err := s.Read(make([]byte, 1))
			var frameError *wire.FrameError
			require.ErrorAs(t, err, &frameError)
			require.Equal(t, op, frameError.Op)
		})
	}
}

// TestManyAreRead has a server answer for several znodes, of which one is gone.
func TestManyAreRead(t *testing.T) {
	s := newSending(t, wire.Config{})
	s.connect()
	request, told := telling(wire.GetDataOfMany([]string{"/d/x", "/d/y", "/d/z"}))
	sent := s.sends(request)
	xid, op := header(s.sent())
	require.Equal(t, wire.OpMultiRead, op)
	require.True(t, <-sent)
	s.reply(append(replyTo(xid, 0), frame{}.result(wire.OpGetData, false, 0).str("data").stat(7).
		result(wire.OpError, false, -101).i32(-101).
		result(wire.OpGetData, false, 0).i32(-1).stat(9).
		result(-1, true, -1)...))
	stats := (<-told).Nodes()
	require.Len(t, stats, 3)
	require.Equal(t, int64(7), stats[0].Stat.Czxid)
	require.Equal(t, wire.NodeOrCode{Code: -101}, stats[1])
	require.Equal(t, int64(9), stats[2].Stat.Czxid)
}

// FuzzHandshake answers the connect request, and the request after it, with anything. Nothing
// panics, and the newest transaction of a session is none that no reply has told of.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte(connectReply(4000, 1)), []byte(replyTo(1, 0)))
	f.Add([]byte(connectReply(0, 0)), []byte{})
	f.Add([]byte(connectReply(-1, 1)), []byte(replyTo(-2, 0)))
	f.Add([]byte(connectReply(1<<31-1, 1)[:36]), []byte(replyTo(-1, 0)))
	f.Add([]byte(append(connectReply(4000, 1)[:36], 1)), []byte(replyTo(-1000, -112)))
	const seen, asked = 77, 10 * time.Second
	f.Fuzz(func(t *testing.T, handshake, reply []byte) {
		var last atomic.Int64
		last.Store(seen)
		var told []wire.Handshake
		in := &socket{in: frame(handshake).sealed()}
		c := wire.New(in,
			wire.Config{LastZxid: &last, Asked: asked, Connected: func(h wire.Handshake) {
				told = append(told, h)
			}})
		_, _ = c.Write(shake())
		out := make([]byte, 2<<10)
		n, err := c.Read(out)
		require.Equal(t, err == nil, len(told) == 1)
		if err != nil {
			require.Zero(t, n)
			return
		}
		h := told[0]
		require.True(t, h.Expired() || h.Timeout >= time.Millisecond && h.Timeout <= 24*time.Hour)
		if !h.Expired() {
			passed := time.Duration(binary.BigEndian.Uint32(out[8:])) * time.Millisecond
			require.Equal(t, min(h.Timeout, asked), passed, "by what go-zookeeper counts")
		}
		require.EqualValues(t, seen, last.Load(), "a connect reply tells of no transaction")
		request := wire.Exists("/x", false)
		answers := 0
		request.Done = func(wire.Reply) { answers++ }
		sent := c.Send(request)
		require.Equal(t, !h.Expired(), sent)
		in.in = frame(reply).sealed()
		_, _ = c.Read(out)
		_ = c.Close()
		if sent {
			require.Equal(t, 1, answers)
		}
		want := int64(seen)
		if !h.Expired() && len(reply) >= 16 {
			want = max(want, int64(binary.BigEndian.Uint64(reply[4:])))
		}
		require.Equal(t, want, last.Load())
	})
}

// TestTheLastNumbersOfAParentPass has a server give the numbers that come near and after the last,
// which are negative.
func TestTheLastNumbersOfAParentPass(t *testing.T) {
	for _, n := range []int32{0, 1, math.MaxInt32, -1, -999_999_999, -1_000_000_000,
		math.MinInt32} {
		s := newSending(t, wire.Config{})
		s.connect()
		create, created := telling(wire.Create("/d/x-", nil, nil))
		sent := s.sends(create)
		xid, _ := header(s.sent())
		require.True(t, <-sent)
		s.reply(replyTo(xid, 0).str(fmt.Sprintf("/d/x-%010d", n)).born(9, session))
		path, _ := (<-created).Created()
		require.Equal(t, fmt.Sprintf("/d/x-%010d", n), path)
	}
}

// TestNumbersBelongToTheSession has two connections of a session send requests.
func TestNumbersBelongToTheSession(t *testing.T) {
	cfg := wire.Config{OwnRequests: new(atomic.Int64)}
	seen := make(map[int32]bool)
	for range 2 {
		s := newSending(t, cfg)
		s.connect()
		for range 3 {
			one, _ := telling(wire.Delete("/x", -1))
			two, _ := telling(wire.Delete("/y", -1))
			sent := s.sends(one, two)
			for range 2 {
				xid, _ := header(s.sent())
				require.Less(t, xid, int32(-2),
					"go-zookeeper, or a server, has a meaning for the others")
				require.False(t, seen[xid], "%d repeats", xid)
				seen[xid] = true
			}
			require.True(t, <-sent)
		}
		s.Close()
	}
}

// TestNoNumberIsGivenTwice comes to the end of the numbers.
func TestNoNumberIsGivenTwice(t *testing.T) {
	const all = 1<<31 - 1000 + 1 // from -1000 to the least
	t.Run("our own", func(t *testing.T) {
		cfg := wire.Config{OwnRequests: new(atomic.Int64)}
		cfg.OwnRequests.Store(all - 2)
		s := newSending(t, cfg)
		s.connect()
		for _, want := range []int32{math.MinInt32 + 1, math.MinInt32} {
			last, _ := telling(wire.Delete("/x", -1))
			sent := s.sends(last)
			xid, _ := header(s.sent())
			require.True(t, <-sent)
			require.Equal(t, want, xid)
		}
		for range 2 { // on another connection too
			refused, none := telling(wire.Delete("/x", -1))
			require.False(t, s.Send(refused))
			require.Empty(t, none)
			_, err := s.Read(make([]byte, 1))
			require.ErrorIs(t, err, wire.ErrNumbersUsedUp)
			s = newSending(t, cfg)
			s.connect()
		}
	})
	t.Run("two with one left", func(t *testing.T) {
		cfg := wire.Config{OwnRequests: new(atomic.Int64)}
		cfg.OwnRequests.Store(all - 1)
		s := newSending(t, cfg)
		s.connect()
		require.False(t, s.Send(wire.Delete("/x", -1), wire.Delete("/y", -1)))
		_, err := s.Read(make([]byte, 1))
		require.ErrorIs(t, err, wire.ErrNumbersUsedUp)
	})
	t.Run("go-zookeeper's", func(t *testing.T) {
		s := newSending(t, wire.Config{})
		s.connect()
		for _, xid := range []int32{1, math.MaxInt32} {
			written := s.writes(request(xid, wire.OpExists))
			s.sent()
			<-written
		}
		<-s.writes(request(0, wire.OpExists))
		_, err := s.Read(make([]byte, 1))
		require.ErrorIs(t, err, wire.ErrNumbersUsedUp)
	})
}

// FuzzCreated answers a creation with anything. What is told as created begins with what was asked
// for, has a number of ten digits behind that, and belongs to the session; everything else breaks
// the connection.
func FuzzCreated(f *testing.F) {
	const asked = "/d/x-"
	for _, path := range []string{asked + "0000000007", asked + "-000000007", asked + "-2147483648",
		asked, "/e/x-0000000007", asked + "0000000007/a"} {
		f.Add(false, []byte(frame{}.str(path).born(9, session)))
		f.Add(true, []byte(frame{}.str(path)))
		f.Add(false, []byte(frame{}.str(path).born(9, session+1)))
		f.Add(false, []byte(frame{}.str(path)))
	}
	created := regexp.MustCompile(`^` + asked + `([0-9]{10}|-[0-9]{9}|-[12][0-9]{9})$`)
	f.Fuzz(func(t *testing.T, old bool, answer []byte) {
		in := &socket{in: connectReply(40_000, session).sealed()}
		c := wire.New(in, wire.Config{})
		_, _ = c.Write(shake())
		_, _ = c.Read(make([]byte, 1<<10))
		create := wire.Create(asked, []byte("me"), nil)
		if old {
			create = wire.CreateOld(asked, []byte("me"), nil)
		}
		var told []wire.Reply
		var path string
		var czxid int64
		create.Done = func(r wire.Reply) {
			told = append(told, r)
			if !r.Lost && r.Code == 0 {
				path, czxid = r.Created()
			}
		}
		require.True(t, c.Send(create))
		in.in = append(replyTo(-1000, 0), answer...).sealed()
		_, err := c.Read(make([]byte, 1<<10))
		require.Error(t, err)
		require.Len(t, told, 1)
		if told[0].Lost {
			var frameError *wire.FrameError
			require.ErrorAs(t, err, &frameError)
			require.NotEmpty(t, frameError.Reason)
			return
		}
		require.Regexp(t, created, path)
		require.True(t, old || czxid > 0)
		require.True(t, strings.HasPrefix(string(answer[4:]), path))
	})
}
