package jute_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/jute"
)

func TestAReaderReturnsWhatAWriterWrote(t *testing.T) {
	var w jute.Writer
	w.Int32(-7)
	w.Int64(1 << 40)
	w.Bool(true)
	w.Bool(false)
	w.Text("ü")
	w.Buffer(nil)
	w.Buffer([]byte{})
	w.Int32(2)
	w.Int64(0)

	frame, err := jute.ReadFrame(bytes.NewReader(w.Framed()), 100)
	require.NoError(t, err)
	r := jute.Reader{Rest: frame}
	assert.Equal(t, int32(-7), r.Int32())
	assert.Equal(t, int64(1<<40), r.Int64())
	assert.True(t, r.Bool())
	assert.False(t, r.Bool())
	assert.Equal(t, "ü", string(r.Text()))
	assert.Nil(t, r.Buffer())
	assert.NotNil(t, r.Buffer())
	assert.Equal(t, 2, r.Count(4))
	assert.Len(t, r.Rest, 8)
	assert.Empty(t, r.Wrong)
}

func TestAReaderStaysWrong(t *testing.T) {
	for want, take := range map[string]func(*jute.Reader){
		"body is shorter than its fields": func(r *jute.Reader) { r.Take(9) },
		"string of negative length":       func(r *jute.Reader) { r.Text() },
		"buffer of negative length":       func(r *jute.Reader) { r.Buffer() },
		"vector of negative length":       func(r *jute.Reader) { r.Count(1) },
	} {
		r := jute.Reader{Rest: []byte{0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 1}}
		take(&r)
		r.Fail("another reason")
		assert.Equal(t, want, r.Wrong)
		assert.Zero(t, r.Int32())
		assert.Zero(t, r.Int64())
		assert.False(t, r.Bool())
		assert.Empty(t, r.Text())
	}
	for want, take := range map[string]func(*jute.Reader){
		"string longer than its frame": func(r *jute.Reader) { r.Text() },
		"buffer longer than its frame": func(r *jute.Reader) { r.Buffer() },
		"vector longer than its frame": func(r *jute.Reader) { r.Count(2) },
	} {
		r := jute.Reader{Rest: []byte{0, 0, 0, 3, 1, 2}}
		take(&r)
		assert.Equal(t, want, r.Wrong)
	}
}

func TestReadFrameRefusesWhatIsNone(t *testing.T) {
	_, err := jute.ReadFrame(bytes.NewReader([]byte("HTTP/1.1")), 1<<20)
	assert.ErrorIs(t, err, jute.ErrNoFrame)
	_, err = jute.ReadFrame(bytes.NewReader([]byte{0, 0, 0, 9, 1}), 1<<20)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = jute.ReadFrame(bytes.NewReader(nil), 1<<20)
	assert.ErrorIs(t, err, io.EOF)
}
