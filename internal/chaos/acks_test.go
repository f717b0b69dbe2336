//go:build unix

package chaos

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAcksAreHeldAndTheRestPasses(t *testing.T) {
	packet := func(kind uint32, data string, ids ...string) (b []byte) {
		text := func(s string) {
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
		}
		b = append(binary.BigEndian.AppendUint32(b, kind), 0, 0, 0, 0, 0, 0, 0, 7)
		text(data)
		b = binary.BigEndian.AppendUint32(b, uint32(len(ids)/2))
		for _, id := range ids {
			text(id)
		}
		return b
	}
	null := append(make([]byte, 12), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	ack1, ack2, request := packet(packetAck, ""), packet(packetAck, "more"),
		packet(1, "data", "digest", "a:b")
	stream := bytes.Join([][]byte{request, ack1, null, ack2, request}, nil)
	rest := bytes.Join([][]byte{request, null, request}, nil)
	for name, pieces := range map[string][][]byte{"at once": {stream},
		"byte by byte": bytes.SplitAfter(stream, nil)} {
		t.Run(name, func(t *testing.T) {
			var held, free acks
			var out, all []byte
			for _, p := range pieces {
				out = append(out, held.pass(p, true)...)
				all = append(all, free.pass(p, false)...)
			}
			assert.Equal(t, rest, out)
			assert.Equal(t, append(bytes.Clone(ack1), ack2...), held.pass(nil, false))
			assert.False(t, held.waiting(forth))
			assert.Equal(t, stream, all)
		})
	}
}
