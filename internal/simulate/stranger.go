package simulate

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path"
	"time"
)

// queue puts a stranger into a lock's queue.
func (r *run) queue(st Step) {
	var id [16]byte
	rand.Read(id[:])
	kind := "-lock-"
	switch {
	case st.Lock != "shared" && st.Lock != "readers":
	case st.Variant&1 != 0:
		kind = "-read-"
	default:
		kind = "-write-"
	}
	name := fmt.Sprintf("_c_%s%s", hex.EncodeToString(id[:]), kind)
	if st.Variant>>1%4 == 0 {
		name = hex.EncodeToString(id[:]) + "__lock__" // orders the queue differently
	}
	stranger := r.Stranger()
	stranger.Queue(path.Join(queueOf(st), name))
	time.Sleep(st.For)
	stranger.Leave()
}

// queueOf returns the znode of a lock's queue, or a semaphore's.
func queueOf(st Step) string {
	if st.Lock == semaphore {
		return path.Join(root, semaphore, "locks")
	}
	return path.Join(root, st.Lock)
}

// forge writes into a lock's znodes, or deletes one.
func (r *run) forge(st Step) {
	dir := path.Join(root, st.Lock)
	queue := r.Children(queueOf(st))
	stranger := r.Stranger()
	marks := []string{"unlock", "x", "__REVOKE__"}
	records := []string{"", "hello", "zklock: released in 0000000000000001 up to 2000000000"}
	if st.Lock == semaphore {
		records = []string{"", "-1", "-4"} // sizes
		queue = append(queue, r.Children(path.Join(dir, "leases"))...)
	}
	switch {
	case st.Variant%4 == 0 || len(queue) == 0:
		stranger.Set(dir, []byte(records[st.Variant>>2%len(records)]))
	case st.Variant%4 == 1:
		stranger.Delete(queue[st.Variant>>2%len(queue)])
	default:
		stranger.Set(queue[st.Variant>>2%len(queue)], []byte(marks[st.Variant>>8%len(marks)]))
	}
}
