// Package jute is the encoding of ZooKeeper's protocol: records of fields without names, in frames
// that begin with their length. Numbers are big-endian.
package jute

import (
	"encoding/binary"
	"errors"
	"io"
)

// A Reader takes a record apart, field by field. Once something was wrong it stays wrong, and every
// field is zero. The bytes that it returns are part of Rest.
type Reader struct {
	Rest  []byte
	Wrong string // the first thing that was wrong; empty if nothing was
}

// Fail says that the record is wrong.
func (r *Reader) Fail(reason string) {
	if r.Wrong == "" {
		r.Wrong = reason
	}
	r.Rest = nil
}

// Take takes n bytes.
func (r *Reader) Take(n int) []byte {
	if n > len(r.Rest) {
		r.Fail("body is shorter than its fields")
		return nil
	}
	taken := r.Rest[:n]
	r.Rest = r.Rest[n:]
	return taken
}

// Int32 takes a number.
func (r *Reader) Int32() int32 {
	if p := r.Take(4); p != nil {
		return int32(binary.BigEndian.Uint32(p))
	}
	return 0
}

// Int64 takes a number.
func (r *Reader) Int64() int64 {
	if p := r.Take(8); p != nil {
		return int64(binary.BigEndian.Uint64(p))
	}
	return 0
}

// Bool takes a boolean.
func (r *Reader) Bool() bool {
	p := r.Take(1)
	return p != nil && p[0] != 0
}

// Text takes a string, which is not null.
func (r *Reader) Text() []byte {
	n := r.Int32()
	switch {
	case n < 0:
		r.Fail("string of negative length")
	case int(n) > len(r.Rest):
		r.Fail("string longer than its frame")
	default:
		return r.Take(int(n))
	}
	return nil
}

// Buffer takes bytes, which may be null.
func (r *Reader) Buffer() []byte {
	n := r.Int32()
	switch {
	case n == -1:
	case n < 0:
		r.Fail("buffer of negative length")
	case int(n) > len(r.Rest):
		r.Fail("buffer longer than its frame")
	default:
		return r.Take(int(n))
	}
	return nil
}

// Count takes the length of a vector, which is not null and whose elements have size bytes at
// least.
func (r *Reader) Count(size int) int {
	n := r.Int32()
	switch {
	case n < 0:
		r.Fail("vector of negative length")
	case int(n) > len(r.Rest)/size:
		r.Fail("vector longer than its frame")
	default:
		return int(n)
	}
	return 0
}

// A Writer is a record that is put together, field by field.
type Writer []byte

// Int32 adds a number.
func (w *Writer) Int32(n int32) { *w = binary.BigEndian.AppendUint32(*w, uint32(n)) }

// Int64 adds a number.
func (w *Writer) Int64(n int64) { *w = binary.BigEndian.AppendUint64(*w, uint64(n)) }

// Bool adds a boolean.
func (w *Writer) Bool(v bool) {
	if v {
		*w = append(*w, 1)
	} else {
		*w = append(*w, 0)
	}
}

// Text adds a string.
func (w *Writer) Text(s string) {
	w.Int32(int32(len(s)))
	*w = append(*w, s...)
}

// Buffer adds bytes; nil is null.
func (w *Writer) Buffer(p []byte) {
	if p == nil {
		w.Int32(-1)
		return
	}
	w.Int32(int32(len(p)))
	*w = append(*w, p...)
}

// Framed returns a frame of the record.
func (w Writer) Framed() []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(w)), uint32(len(w))), w...)
}

// ErrNoFrame says that a length is none, as where the other end speaks another protocol.
var ErrNoFrame = errors.New("no frame of ZooKeeper's protocol")

// ReadFrame reads a frame of at most that many bytes, and returns the record in it.
func ReadFrame(r io.Reader, most uint32) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > most {
		return nil, ErrNoFrame
	}
	body, err := io.ReadAll(io.LimitReader(r, int64(size))) // allocates no more than there comes
	if err == nil && len(body) < int(size) {
		err = io.ErrUnexpectedEOF
	}
	return body, err
}
