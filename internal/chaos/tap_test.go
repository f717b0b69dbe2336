//go:build unix

package chaos

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// frame is a frame of these words, of four bytes each.
func frame(words ...uint32) (b []byte) {
	b = binary.BigEndian.AppendUint32(b, uint32(4*len(words)))
	for _, w := range words {
		b = binary.BigEndian.AppendUint32(b, w)
	}
	return b
}

func TestATapKnowsWhatHangs(t *testing.T) {
	const create, read = 1, 4
	requests := bytes.Join([][]byte{
		frame(0, 0, 0, 3000, 0, 7, 0), frame(1, create, 0, 0, 0, 0, 0, 0), frame(2, read),
		frame(3, create),
	}, nil)
	replies := bytes.Join([][]byte{frame(0, 2000, 0, 7, 16), frame(1, 0, 0, 0, 0, 9, 9),
		frame(2, 0, 0, 0)}, nil)
	for name, pieces := range map[string]func([]byte) [][]byte{
		"at once":      func(b []byte) [][]byte { return [][]byte{b} },
		"byte by byte": func(b []byte) [][]byte { return bytes.SplitAfter(b, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			tap := &tap{writes: make(map[int32]struct{})}
			for _, p := range pieces(requests) {
				tap.request(p)
			}
			assert.Len(t, tap.writes, 2)
			granted := 0
			for _, p := range pieces(replies) {
				tap.reply(p, func(session int64, timeout time.Duration) {
					granted++
					assert.Equal(t, int64(7), session)
					assert.Equal(t, 2*time.Second, timeout)
				})
			}
			assert.Equal(t, 1, granted)
			assert.Equal(t, map[int32]struct{}{3: {}}, tap.writes)
		})
	}
}
