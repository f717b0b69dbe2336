package virtual

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// The replies of zookeeper.jute. A liar alters every field of them.
type (
	connectReply struct {
		Protocol, Timeout int32
		Session           int64
		Password          []byte
		ReadOnly          bool
	}
	replyHeader struct {
		Xid  int32
		Zxid int64
		Err  int32
	}
	watcherEvent struct {
		Type, State int32
		Path        string
	}
	pathReply   struct{ Path string }
	statReply   struct{ Stat zk.Stat }
	createReply struct {
		Path string
		Stat zk.Stat
	}
	dataReply struct {
		Data []byte
		Stat zk.Stat
	}
	childrenReply struct {
		Children []string
		Stat     zk.Stat
	}
	resultHeader struct {
		Type int32
		Done bool
		Err  int32
	}
	resultError struct{ Code int32 }
)

// replyTypes are the replies to requests without an error, and within those to OpMulti.
var replyTypes = map[int32]reflect.Type{
	wire.OpConnect:      reflect.TypeFor[connectReply](),
	wire.OpWatcherEvent: reflect.TypeFor[watcherEvent](),
	wire.OpCreate:       reflect.TypeFor[pathReply](),
	wire.OpSync:         reflect.TypeFor[pathReply](),
	wire.OpExists:       reflect.TypeFor[statReply](),
	wire.OpSetData:      reflect.TypeFor[statReply](),
	wire.OpCreate2:      reflect.TypeFor[createReply](),
	wire.OpGetData:      reflect.TypeFor[dataReply](),
	wire.OpGetChildren2: reflect.TypeFor[childrenReply](),
	wire.OpError:        reflect.TypeFor[resultError](),
}

// field is where a frame has a value.
type field struct {
	name     string // as exists.Stat.Czxid
	kind     reflect.Kind
	from, to int
}

// fieldsOf finds the values in a reply to an operation. It stops where the frame ends.
func fieldsOf(op int32, frame []byte) []field {
	f := finder{frame: frame}
	name := opNames[op]
	if op == wire.OpConnect {
		f.find(name, replyTypes[op])
		return f.found
	}
	f.find(name, reflect.TypeFor[replyHeader]())
	switch body := replyTypes[op]; {
	case op == wire.OpMulti || op == wire.OpMultiRead:
		f.findResults(name)
	case body != nil && f.at < len(frame):
		f.find(name, body)
	}
	return f.found
}

var opNames = map[int32]string{
	wire.OpConnect: "connect", wire.OpWatcherEvent: "event", wire.OpCreate: "create",
	wire.OpSync: "sync", wire.OpExists: "exists",
	wire.OpSetData: "setData", wire.OpCreate2: "create2", wire.OpGetData: "getData",
	wire.OpGetChildren2:    "getChildren2",
	wire.OpCreateContainer: "createContainer", wire.OpMulti: "multi", wire.OpMultiRead: "multiRead",
	wire.OpPing: "ping", wire.OpDelete: "delete", wire.OpClose: "close",
	wire.OpSetWatches: "setWatches",
}

type finder struct {
	frame []byte
	at    int
	found []field
}

func (f *finder) find(name string, t reflect.Type) {
	from := f.at
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f.find(name+"."+t.Field(i).Name, t.Field(i).Type)
		}
		return
	case reflect.Bool:
		f.at++
	case reflect.Int32:
		f.at += 4
	case reflect.Int64:
		f.at += 8
	case reflect.String:
		f.at += 4 + f.length()
	case reflect.Slice:
		n := f.length()
		f.at += 4
		if t.Elem().Kind() == reflect.Uint8 {
			f.at += n
			break
		}
		for i := range n {
			f.find(name+"["+strconv.Itoa(i)+"]", t.Elem())
		}
	default:
		panic(t)
	}
	if f.at = min(f.at, len(f.frame)); f.at > from {
		f.found = append(f.found, field{name, t.Kind(), from, f.at})
	}
}

// length is that of a string, or of a list, which is next.
func (f *finder) length() int {
	if f.at+4 > len(f.frame) {
		return 0
	}
	return max(0, min(int(int32(binary.BigEndian.Uint32(f.frame[f.at:]))), len(f.frame)-f.at-4))
}

func (f *finder) findResults(name string) {
	for f.at+9 <= len(f.frame) {
		op, done := int32(binary.BigEndian.Uint32(f.frame[f.at:])), f.frame[f.at+4] != 0
		f.find(name+".result", reflect.TypeFor[resultHeader]())
		if body := replyTypes[op]; body != nil && !done {
			f.find(name+".result."+opNames[op], body)
		}
	}
}

// liar is one server's end of a client's connections, which alters what it says.
type liar struct {
	server string // which lies; all others are honest
	client *fakezk.Client
	may    func(field string) bool // be altered

	mu    sync.Mutex // guards what follows
	rng   *rand.Rand
	often float64 // how often it lies, 0 for never
	only  string  // the server that can be reached, "" for all
	told  map[string]int
	seen  []string // strings of other answers
	conns map[net.Conn]string
}

// reach has one server alone reachable, or all, and breaks the other connections.
func (l *liar) reach(server string, often float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.only, l.often = server, often
	for conn, to := range l.conns {
		if server != "" && to != server {
			conn.Close()
		}
	}
}

func (l *liar) lies() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, times := range l.told {
		n += times
	}
	return n
}

func (l *liar) dial(ctx context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	refused := l.only != "" && l.only != address
	l.mu.Unlock()
	if refused {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	server, err := l.client.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	p := &link{liar: l, client: ours, server: server, lying: address == l.server,
		ops: map[int32]int32{}}
	l.mu.Lock()
	l.conns[ours] = address
	l.mu.Unlock()
	go p.forth() // both end with either connection
	go p.back()
	return theirs, nil
}

// link is one connection.
type link struct {
	liar           *liar
	client, server net.Conn
	lying          bool

	mu     sync.Mutex // guards what follows
	shaken bool
	ops    map[int32]int32 // of requests, by xid
}

func (p *link) close() {
	p.client.Close()
	p.server.Close()
	p.liar.mu.Lock()
	defer p.liar.mu.Unlock()
	delete(p.liar.conns, p.client)
}

func frameFrom(from net.Conn) ([]byte, error) {
	frame := make([]byte, 4)
	if _, err := io.ReadFull(from, frame); err != nil {
		return nil, err
	}
	frame = make([]byte, binary.BigEndian.Uint32(frame))
	_, err := io.ReadFull(from, frame)
	return frame, err
}

func sealed(frame []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)
}

// forth takes requests to the server.
func (p *link) forth() {
	defer p.close()
	for {
		frame, err := frameFrom(p.client)
		if err != nil {
			return
		}
		p.mu.Lock()
		if p.shaken && len(frame) >= 8 {
			p.ops[int32(binary.BigEndian.Uint32(frame))] = int32(binary.BigEndian.Uint32(frame[4:]))
		}
		p.shaken = true
		p.mu.Unlock()
		if _, err := p.server.Write(sealed(frame)); err != nil {
			return
		}
	}
}

// back takes replies to the client.
func (p *link) back() {
	defer p.close()
	for op := wire.OpConnect; ; {
		frame, err := frameFrom(p.server)
		if err != nil {
			return
		}
		if op == 0 {
			op = p.operation(int32(binary.BigEndian.Uint32(frame)))
		}
		out, delay := sealed(frame), time.Duration(0)
		if p.lying {
			out, delay = p.liar.alter(op, frame)
		}
		op = 0
		time.Sleep(delay) // sleep ok: virtual time
		if _, err := p.client.Write(out); err != nil {
			return
		}
	}
}

// operation returns what a reply is to.
func (p *link) operation(xid int32) int32 {
	switch xid {
	case wire.XidWatcherEvent:
		return wire.OpWatcherEvent
	case wire.XidPing:
		return wire.OpPing
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	op := p.ops[xid]
	delete(p.ops, xid)
	return op
}

// alter returns what is said instead of a frame, and how long that takes.
func (l *liar) alter(op int32, frame []byte) (said []byte, delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fields := fieldsOf(op, frame)
	for _, f := range fields {
		if f.kind == reflect.String && f.to-f.from > 4 && len(l.seen) < 1000 {
			l.seen = append(l.seen, string(frame[f.from+4:f.to]))
		}
	}
	if l.rng.Float64() >= l.often {
		return sealed(frame), 0
	}
	fields = append(fields, field{name: opNames[op] + " swallowed"},
		field{name: opNames[op] + " delayed"},
		field{name: opNames[op] + " twice"}, field{name: opNames[op] + " cut"},
		field{name: opNames[op] + " length"},
		field{name: "forged event"})
	fields = slices.DeleteFunc(fields, func(f field) bool { return !l.may(f.name) })
	if len(fields) == 0 {
		return sealed(frame), 0
	}
	f := fields[l.rng.IntN(len(fields))]
	l.told[strings.Split(f.name, "[")[0]]++
	switch _, how, _ := strings.Cut(f.name, " "); how {
	case "swallowed":
		return nil, 0
	case "delayed":
		return sealed(frame), time.Duration(l.rng.Int64N(int64(10 * time.Second)))
	case "twice":
		return append(sealed(frame), sealed(frame)...), 0
	case "cut":
		return sealed(frame[:l.rng.IntN(len(frame)+1)]), 0
	case "length":
		said := sealed(frame)
		binary.BigEndian.PutUint32(said, uint32(l.number(int64(len(frame)))))
		return said, 0
	case "event":
		return append(sealed(l.event()), sealed(frame)...), 0
	}
	return sealed(slices.Concat(frame[:f.from], l.instead(f.kind, frame[f.from:f.to]),
		frame[f.to:])), 0
}

// event is one that the server has not sent.
func (l *liar) event() []byte {
	b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, math.MaxUint32),
		math.MaxUint64)
	b = append(b, make([]byte, 4)...)
	b = binary.BigEndian.AppendUint32(b, 1+l.rng.Uint32N(7))
	b = binary.BigEndian.AppendUint32(b, 3)
	return append(b, l.text([]byte("/x"))...)
}

// instead returns another value for a field, encoded.
func (l *liar) instead(kind reflect.Kind, value []byte) []byte {
	switch kind {
	case reflect.Bool:
		return []byte{value[0] ^ 1}
	case reflect.Int32:
		return binary.BigEndian.AppendUint32(nil,
			uint32(l.number(int64(int32(binary.BigEndian.Uint32(value))))))
	case reflect.Int64:
		return binary.BigEndian.AppendUint64(nil,
			uint64(l.number(int64(binary.BigEndian.Uint64(value)))))
	case reflect.String:
		return l.text(value[4:])
	}
	return l.list(value)
}

func (l *liar) number(was int64) int64 {
	codes := []int64{-4, -5, -6, -7, -8, -9, -13, -100, -101, -102, -103, -110, -111, -112, -115,
		-118, -125, -127}
	of := []int64{0, 1, -1, was + 1, was - 1, -was, was << 16, math.MaxInt32, math.MinInt32,
		math.MaxInt64 - 1, math.MaxInt64, math.MinInt64,
		86_400_000, l.rng.Int64(), l.rng.Int64N(100), codes[l.rng.IntN(len(codes))],
		codes[l.rng.IntN(len(codes))]}
	return of[l.rng.IntN(len(of))]
}

func (l *liar) text(was []byte) []byte {
	said := func(s []byte) []byte { return sealed(s) }
	switch l.rng.IntN(7) {
	case 0:
		return said(nil)
	case 1:
		return said(was[:l.rng.IntN(len(was)+1)])
	case 2:
		return said(append(slices.Clone(was), make([]byte, l.rng.IntN(1<<16))...))
	case 3:
		other := slices.Clone(was)
		for range min(len(other), 3) {
			other[l.rng.IntN(len(other))] = byte(l.rng.Uint32())
		}
		return said(other)
	case 4: // of which only the length is true
		return binary.BigEndian.AppendUint32(nil, uint32(l.number(int64(len(was)))))
	case 5:
		return said([]byte("unlock"))
	}
	if len(l.seen) == 0 {
		return said(nil)
	}
	return said([]byte(l.seen[l.rng.IntN(len(l.seen))]))
}

// list is another list of names, or other bytes.
func (l *liar) list(was []byte) []byte {
	n := binary.BigEndian.Uint32(was)
	switch l.rng.IntN(5) {
	case 0: // the first are left out
		return binary.BigEndian.AppendUint32(nil, 0)
	case 1: // one more than there are
		return append(binary.BigEndian.AppendUint32(nil, n+1), was[4:]...)
	case 2: // again and again
		times := uint32(1 + l.rng.IntN(200))
		return append(binary.BigEndian.AppendUint32(nil, n*times),
			slices.Repeat(was[4:], int(times))...)
	case 3: // many that look like candidates
		const many = 20_000
		b := binary.BigEndian.AppendUint32(nil, many)
		for i := range many {
			name := "_c_00000000000000000000000000000000-lock-" + strconv.Itoa(1_000_000_000+i)
			b = append(b, sealed([]byte(name))...)
		}
		return b
	}
	return binary.BigEndian.AppendUint32(nil, uint32(l.number(int64(n))))
}
