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

func TestCreatedTellsTheTransaction(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	var czxids []int64
	c := wire.New(client, wire.Config{Created: func(path string) func(int64) {
		if path != "/wanted-" {
			return nil
		}
		return func(czxid int64) { czxids = append(czxids, czxid) }
	}})
	defer c.Close()
	exchange := func(request, want, reply []byte) (got []byte, err error) {
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
		_, err = c.Write(request)
		require.NoError(t, err)
		require.Equal(t, before, string(request), "go-zookeeper's buffer was changed")
		got = make([]byte, len(reply))
		_, err = io.ReadFull(c, got)
		<-done
		return got, err
	}
	connect := watchRequest(wire.OpGetData, "/and/long/enough/for/it", 0)
	handshake := binary.BigEndian.AppendUint32(nil, 37)
	handshake = append(handshake, make([]byte, 37)...)
	binary.BigEndian.PutUint32(handshake[8:], 10_000)
	handshake[19] = 1    // session id
	handshake[4+19] = 16 // length of the password
	_, err := exchange(connect, connect, handshake)
	require.NoError(t, err)

	reply := func(path string, stat ...byte) []byte {
		body := binary.BigEndian.AppendUint32(nil, 7)
		body = append(body, make([]byte, 12)...) // zxid, error
		body = append(binary.BigEndian.AppendUint32(body, uint32(len(path))), path...)
		body = append(body, stat...)
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
	}
	stat := make([]byte, 68)
	binary.BigEndian.PutUint64(stat, 0x1234)
	for _, test := range []struct {
		request, sent, reply []byte
	}{
		{createRequest(wire.OpCreate, "/other-"), createRequest(wire.OpCreate, "/other-"), reply("/other-0000000001")},
		{createRequest(wire.OpCreate, "/wanted-"), createRequest(wire.OpCreate2, "/wanted-"), reply("/wanted-0000000001", stat...)},
	} {
		got, err := exchange(test.request, test.sent, test.reply)
		require.NoError(t, err)
		require.Equal(t, test.reply, got)
	}
	require.Equal(t, []int64{0x1234}, czxids)

	_, err = exchange(createRequest(wire.OpCreate, "/wanted-"), createRequest(wire.OpCreate2, "/wanted-"), reply("/wanted-0000000001", stat[:67]...))
	require.Error(t, err, "a Stat that is too short")
	require.Len(t, czxids, 1)
}
