package wire

import (
	"bytes"
	"strconv"
)

// An answer that cannot be one to its request is refused. A server may lie, and it may take one
// request for another; what follows from an answer, up to the deletion of a znode, must not befall
// anything that was not asked for.

// The flags of creations (CreateMode).
const (
	flagEphemeral           = 1
	flagSequential          = 2
	flagEphemeralSequential = 3
	flagSequentialTTL       = 6
)

// isCompared reports whether the answer to an operation of go-zookeeper's is compared with what was
// asked for. The others' say nothing of it.
func isCompared(op int32) bool {
	switch op {
	case OpCreate, OpCreateContainer, OpCreateTTL, OpSync, OpMulti:
		return true
	}
	return false
}

// created takes the path of a znode whose creation asked for, and returns the flags of that.
func (b *body) created(asked *body) (flags int32) {
	want := asked.text()
	asked.buffer()
	asked.acls()
	flags = asked.Int32()
	path := b.text()
	var right bool
	switch flags {
	case flagSequential, flagEphemeralSequential, flagSequentialTTL:
		number, ok := bytes.CutPrefix(path, want)
		right = ok && isSequenceNumber(number)
	default:
		right = bytes.Equal(path, want)
	}
	if !right || asked.Wrong != "" {
		b.Fail("created path is not what was asked for")
	}
	return flags
}

// createdWithStat takes the path of a znode and its Stat.
func (b *body) createdWithStat(asked *body, session int64) {
	flags := b.created(asked)
	stat := b.stats()
	var owner int64
	if flags == flagEphemeral || flags == flagEphemeralSequential {
		owner = session
	}
	if stat.EphemeralOwner != owner || stat.Czxid <= 0 || stat.Mzxid != stat.Czxid {
		b.Fail("Stat is not that of a znode which this session has just created")
	}
}

// isSequenceNumber reports whether a server gives such a number (PrepRequestProcessor, "%010d"). It
// may be negative where the numbers are used up.
func isSequenceNumber(number []byte) bool {
	const digits = 10
	n, err := strconv.ParseInt(string(number), 10, 32)
	switch {
	case err != nil || len(number) < digits:
		return false
	case n < 0:
		return len(number) == digits || number[1] != '0'
	}
	return len(number) == digits && number[0] >= '0'
}

// synced takes the path of a sync.
func (b *body) synced(asked *body) {
	if want := asked.text(); !bytes.Equal(b.text(), want) {
		b.Fail("synced path is not what was asked for")
	}
}

// names takes the names of a znode's children.
func (b *body) names() {
	n := b.Count(4)
	b.cost += n * stringCost
	for i := 0; i < n && b.Wrong == ""; i++ {
		if name := b.text(); len(name) == 0 || bytes.IndexByte(name, '/') >= 0 {
			b.Fail("name of a child is none")
		}
	}
}

// results takes the results of a multi, as multiResponse.Decode does (structs.go line 325): each of
// the type that was asked for, or all of them errors.
func (b *body) results(asked *body) {
	results, failures := 0, 0
	for b.Wrong == "" {
		op, done := b.resultHeader()
		want, last := asked.resultHeader()
		if done != last || asked.Wrong != "" {
			b.Fail("multi has not as many results as were asked for")
		}
		if done || b.Wrong != "" {
			break
		}
		results++
		b.cost += resultCost
		switch op {
		case want:
			b.result(op, asked)
		case OpError:
			failures++
			b.Int32()
			new(body).result(want, asked)
		default:
			b.Fail("multi holds a result of another type than was asked for")
		}
	}
	if failures > 0 && failures < results {
		b.Fail("multi has failed in part")
	}
}

// resultHeader takes what stands before each part of a multi, of the request and of the reply.
func (b *body) resultHeader() (op int32, done bool) {
	op, done = b.Int32(), b.Bool()
	b.Int32()
	return op, done
}

// result takes one result of a multi that has succeeded, and the part of the request that it
// belongs to.
func (b *body) result(op int32, asked *body) {
	switch op {
	case OpCreate:
		b.created(asked)
		return
	case OpSetData:
		b.stat()
		asked.text()
		asked.buffer()
	case OpCheck, OpDelete:
		asked.text()
	default:
		b.Fail("multi holds a result of unknown type")
	}
	asked.Int32() // the version
}

// readResults takes the results of a multiRead that asks for data: each of them data or an error.
func (b *body) readResults(asked *body) {
	for b.Wrong == "" {
		op, done := b.resultHeader()
		_, last := asked.resultHeader()
		if done != last || asked.Wrong != "" {
			b.Fail("multiRead has not as many results as were asked for")
		}
		if done || b.Wrong != "" {
			break
		}
		asked.text()
		asked.Bool()
		switch op {
		case OpGetData:
			b.buffer()
			b.stat()
		case OpError:
			b.Int32()
		default:
			b.Fail("multiRead holds a result of another type than was asked for")
		}
	}
}
