//go:build unix

package chaos

import (
	"bufio"
	"encoding/json"
	"net"
	"sync"
)

// The registers of each lock.
const (
	guarded = "guarded" // a znode, written behind Mutex.Guard
	// in the store, which refuses tokens smaller than the greatest that it has seen
	fenced   = "fenced"
	unfenced = "unfenced" // in the store, which takes everything: the control
)

// storeRequest is a write, or a read if Value is empty.
type storeRequest struct{ Register, Lock, Token, Value string }

// storeReply holds what was read, or whether a write was applied.
type storeReply struct {
	Applied      bool
	Token, Value string
}

// applied is a write that a register has executed, in its order.
type applied struct{ Token, Value string }

// store stands for whatever the locks protect outside ZooKeeper. Workers reach it over the
// loopback, one JSON document a line; no fault comes between.
type store struct {
	listener net.Listener
	work     sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	logs   map[registerName][]applied
	conns  map[net.Conn]struct{}
	closed bool
}

type registerName struct{ Register, Lock string }

func newStore() (*store, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &store{listener: listener, logs: make(map[registerName][]applied),
		conns: make(map[net.Conn]struct{})}
	s.work.Go(s.accept) // ends with the listener; close waits
	return s, nil
}

func (s *store) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = struct{}{}
		if s.closed {
			conn.Close()
		}
		s.mu.Unlock()
		s.work.Go(func() { s.serve(conn) }) // ends with the connection; close closes it and waits
	}
}

func (s *store) serve(conn net.Conn) {
	defer func() {
		conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	in, out := json.NewDecoder(bufio.NewReader(conn)), json.NewEncoder(conn)
	for {
		var r storeRequest
		if in.Decode(&r) != nil || out.Encode(s.execute(r)) != nil {
			return
		}
	}
}

func (s *store) execute(r storeRequest) storeReply {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := registerName{r.Register, r.Lock}
	log := s.logs[name]
	var last applied
	if len(log) > 0 {
		last = log[len(log)-1]
	}
	switch {
	case r.Value == "":
		return storeReply{Token: last.Token, Value: last.Value}
	case r.Register == fenced && r.Token < last.Token: // tokens sort as text
		return storeReply{Token: last.Token}
	default:
		s.logs[name] = append(log, applied{r.Token, r.Value})
		return storeReply{Applied: true}
	}
}

// close ends the store and returns what it has applied.
func (s *store) close() map[registerName][]applied {
	s.mu.Lock()
	s.closed = true
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.listener.Close()
	s.work.Wait()
	return s.logs
}

// storeClient is a goroutine's connection to the store.
type storeClient struct {
	conn net.Conn
	in   *json.Decoder
	out  *json.Encoder
}

func newStoreClient(conn net.Conn) *storeClient {
	return &storeClient{conn: conn, in: json.NewDecoder(conn), out: json.NewEncoder(conn)}
}

func (c *storeClient) do(r storeRequest) (reply storeReply, err error) {
	if err = c.out.Encode(r); err == nil {
		err = c.in.Decode(&reply)
	}
	return reply, err
}

func (c *storeClient) close() { c.conn.Close() }
