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
