package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// WithDeadlines returns c, or where c has no deadlines a connection that has: a channel of ssh
// refuses to set any.
func WithDeadlines(c net.Conn) net.Conn {
	if c.SetDeadline(time.Time{}) == nil {
		return c
	}
	d := &dated{Conn: c}
	d.in, d.received = net.Pipe()
	go d.receive() // ends when the connection does, or is closed
	return d
}

// dated gives a connection deadlines. What is read goes through a pipe, which has them; after a
// read that was cut short the next goes on. A write cannot be taken back, and one that comes too
// late closes the connection.
type dated struct {
	net.Conn
	in, received net.Conn // the pipe
	failure      error    // why no more is received; set before received is closed
	late         atomic.Bool

	mu    sync.Mutex // guards timer
	timer *time.Timer
}

func (d *dated) receive() {
	_, d.failure = io.Copy(d.received, d.Conn)
	_ = d.received.Close()
}

func (d *dated) Read(p []byte) (int, error) {
	n, err := d.in.Read(p)
	if err == io.EOF && d.failure != nil {
		err = d.failure
	}
	return n, err
}

func (d *dated) Write(p []byte) (int, error) {
	n, err := d.Conn.Write(p)
	if err != nil && d.late.Load() {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

func (d *dated) Close() error {
	_ = d.SetWriteDeadline(time.Time{})
	return errors.Join(d.in.Close(), d.Conn.Close())
}

func (d *dated) SetDeadline(t time.Time) error {
	return errors.Join(d.SetReadDeadline(t), d.SetWriteDeadline(t))
}

func (d *dated) SetReadDeadline(t time.Time) error { return d.in.SetReadDeadline(t) }

func (d *dated) SetWriteDeadline(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	if !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), d.writeLate)
	}
	return nil
}

func (d *dated) writeLate() {
	d.late.Store(true)
	_ = d.Conn.Close()
}
