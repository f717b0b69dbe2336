package wire_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/wire"
)

// request is a frame with an operation and a path, and a last byte that says whether to set a watch.
func watchRequest(op int32, path string, watch byte) []byte {
	body := binary.BigEndian.AppendUint32(nil, 7)
	body = binary.BigEndian.AppendUint32(body, uint32(op))
	body = binary.BigEndian.AppendUint32(body, uint32(len(path)))
	body = append(append(body, path...), watch)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

func TestWatchIsSetOnWantedReadsOnly(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	asked := []string{}
	c := wire.New(client, wire.Config{Watch: func(path string) bool {
		asked = append(asked, path)
		return path == "/wanted"
	}})
	defer c.Close()
	exchange := func(chunks ...[]byte) (got []byte) {
		t.Helper()
		total := 0
		for _, chunk := range chunks {
			total += len(chunk)
		}
		done := make(chan struct{})
		go func() { // ends with what is written below; waited for
			defer close(done)
			got = make([]byte, total)
			_, err := io.ReadFull(server, got)
			require.NoError(t, err)
		}()
		for _, chunk := range chunks {
			before := string(chunk)
			n, err := c.Write(chunk)
			require.NoError(t, err)
			require.Equal(t, len(chunk), n)
			require.Equal(t, before, string(chunk), "go-zookeeper's buffer was changed")
		}
		<-done
		return got
	}

	// The first frame is the connect request, whatever it looks like.
	connect := watchRequest(wire.OpGetData, "/wanted/and/long/enough", 0)
	require.Equal(t, connect, exchange(connect))
	require.Empty(t, asked)

	for _, op := range []int32{wire.OpGetData, wire.OpExists} {
		require.Equal(t, watchRequest(op, "/wanted", 1), exchange(watchRequest(op, "/wanted", 0)))
		require.Equal(t, watchRequest(op, "/other", 0), exchange(watchRequest(op, "/other", 0)))
	}
	require.Equal(t, []string{"/wanted", "/other", "/wanted", "/other"}, asked)

	for _, same := range [][]byte{
		watchRequest(wire.OpGetChildren2, "/wanted", 0),
		watchRequest(wire.OpGetData, "/wanted", 1),
		watchRequest(wire.OpSync, "/wanted", 0),
	} {
		require.Equal(t, same, exchange(same))
	}
	whole := watchRequest(wire.OpGetData, "/wanted", 0)
	require.Equal(t, whole, exchange(whole[:9], whole[9:]), "a request in two writes is passed as it is")
	require.Len(t, asked, 4)
}

// createRequest is a create of an ephemeral sequential znode without data or ACL.
func createRequest(op int32, path string) []byte {
	body := binary.BigEndian.AppendUint32(nil, 7)
	body = binary.BigEndian.AppendUint32(body, uint32(op))
	body = append(binary.BigEndian.AppendUint32(body, uint32(len(path))), path...)
	body = binary.BigEndian.AppendUint32(body, 0) // data
	body = binary.BigEndian.AppendUint32(body, 0) // ACL
	body = binary.BigEndian.AppendUint32(body, 3) // flags
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// reply is the answer to a request.
func answerTo(xid int32, body ...byte) []byte {
	frame := binary.BigEndian.AppendUint32(nil, uint32(16+len(body)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(xid))
	return append(append(frame, make([]byte, 12)...), body...) // zxid, error
}

func withString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// TestACreationTellsMore: of a znode that is to be created are asked, in its request, the transaction and the siblings.
func TestACreationTellsMore(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	var czxids []int64
	var listings [][]string
	c := wire.New(client, wire.Config{Create: func(path string) *wire.Creation {
		if path != "/dir/wanted-" {
			return nil
		}
		return &wire.Creation{
			Created: func(czxid int64) { czxids = append(czxids, czxid) },
			Dir:     "/dir",
			Listed:  func(children []string) { listings = append(listings, children) },
		}
	}})
	defer c.Close()
	exchange := func(request, want, reply, pass []byte) error {
		t.Helper()
		done := make(chan struct{})
		go func() { // ends with what is written and read below; waited for
			defer close(done)
			sent := make([]byte, len(want))
			_, err := io.ReadFull(server, sent)
			require.NoError(t, err)
			require.Equal(t, want, sent)
			server.Write(reply) // the Conn may refuse it
		}()
		before := string(request)
		_, err := c.Write(request)
		require.NoError(t, err)
		require.Equal(t, before, string(request), "go-zookeeper's buffer was changed")
		got := make([]byte, len(pass))
		if _, err = io.ReadFull(c, got); err == nil {
			require.Equal(t, pass, got)
		}
		<-done
		return err
	}
	connect := watchRequest(wire.OpGetData, "/and/long/enough/for/it", 0)
	handshake := binary.BigEndian.AppendUint32(nil, 37)
	handshake = append(handshake, make([]byte, 37)...)
	binary.BigEndian.PutUint32(handshake[8:], 10_000)
	handshake[19] = 1    // session id
	handshake[4+19] = 16 // length of the password
	require.NoError(t, exchange(connect, connect, handshake, handshake))

	other := createRequest(wire.OpCreate, "/dir/other-")
	answer := answerTo(7, withString(nil, "/dir/other-0000000001")...)
	require.NoError(t, exchange(other, other, answer, answer))

	stat := make([]byte, 68)
	binary.BigEndian.PutUint64(stat, 0x1234)
	children := withString(withString(binary.BigEndian.AppendUint32(nil, 2), "a"), "wanted-0000000002")
	listing := func(xid int32) []byte { // the request that was added
		return append(binary.BigEndian.AppendUint32(nil, 17), append(withString(binary.BigEndian.AppendUint32(
			binary.BigEndian.AppendUint32(nil, uint32(xid)), uint32(wire.OpGetChildren2)), "/dir"), 0)...)
	}
	wanted, extended := createRequest(wire.OpCreate, "/dir/wanted-"), createRequest(wire.OpCreate2, "/dir/wanted-")
	answer = answerTo(7, append(withString(nil, "/dir/wanted-0000000002"), stat...)...)
	own := answerTo(-1000, append(children, stat...)...)
	ping := answerTo(-2)
	require.NoError(t, exchange(wanted, append(extended, listing(-1000)...),
		append(append(answer, own...), ping...), append(answer[:len(answer):len(answer)], ping...)))
	require.Equal(t, []int64{0x1234}, czxids)
	require.Equal(t, [][]string{{"a", "wanted-0000000002"}}, listings)

	require.Error(t, exchange(wanted, append(createRequest(wire.OpCreate2, "/dir/wanted-"), listing(-1001)...),
		answerTo(7, append(withString(nil, "/dir/wanted-0000000003"), stat[:67]...)...), make([]byte, 1)), "a Stat that is too short")
	require.Len(t, czxids, 1)
	require.Len(t, listings, 2, "whoever waits for a listing is told that the connection is gone")
	require.Nil(t, listings[1])
}
