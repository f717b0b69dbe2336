package simulate

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path"
	"time"

	"github.com/zookylock/zklock/internal/fakezk"
)

// faults are what goes wrong, by verb.
var faults = map[string]func(*run, Step){
	"cut":       func(r *run, st Step) { r.clients[st.Session].Cut() },
	"blackhole": (*run).blackhole,
	"refuse":    (*run).refuse,
	"delay":     (*run).delay,
	"server":    (*run).server,
	"most":      func(r *run, st Step) { r.Server(st.Server).SetMost(4*time.Second + st.For) },
	"expire":    (*run).expire,
	"throttle":  func(r *run, st Step) { r.Throttle(st.Variant % 20) },
	"commits":   (*run).commits,
	"flap":      (*run).flap,
	"strand":    (*run).strand,
	"elect":     (*run).elect,
	"shut":      (*run).shut,
	"wipe":      func(r *run, _ Step) { r.wipe(r.Sessions()); r.Wipe() },
}

// faultVerbs are those verbs, the likelier the oftener.
var faultVerbs = []string{
	"cut", "cut", "blackhole", "blackhole", "refuse", "delay", "server", "server", "server", "most",
	"expire", "expire",
	"throttle", "commits", "flap", "flap", "flap", "strand", "strand", "elect", "elect",
	"shut", "wipe",
}

func (r *run) blackhole(st Step) {
	client := r.clients[st.Session]
	switch st.Variant % 3 {
	case 0:
		client.Blackhole()
	case 1:
		client.Blackhole(fakezk.ToServer)
	case 2:
		client.Blackhole(fakezk.ToClient)
	}
	time.Sleep(st.For) // sleep ok: virtual time, as everywhere in this package
	client.Heal()
}

func (r *run) refuse(st Step) {
	client := r.clients[st.Session]
	client.Refuse()
	client.Cut()
	time.Sleep(st.For)
	client.Heal()
}

func (r *run) delay(st Step) {
	client := r.clients[st.Session]
	client.Delay(time.Duration(st.Variant%1000) * time.Millisecond)
	time.Sleep(st.For)
	client.Heal()
}

// server has something wrong with one server.
func (r *run) server(st Step) {
	server := r.Server(st.Server)
	switch st.Variant % 5 {
	case 0:
		server.Hang()
	case 1:
		server.Mute()
	case 2:
		server.Sever()
	case 3:
		server.Stop()
	case 4:
		server.Lag()
	}
	time.Sleep(st.For)
	server.Resume()
}

func (r *run) expire(st Step) {
	id := r.sessions[st.Session].ID()
	if st.Variant%4 == 0 {
		r.Forget(id)
	} else {
		r.Expire(id)
	}
}

func (r *run) commits(st Step) {
	r.HoldCommits()
	time.Sleep(st.For)
	r.ReleaseCommits()
}

// flap asks for a lock at one server and, while commits hang, again at another: what was asked for
// first is committed when the session is there.
func (r *run) flap(st Step) {
	client := r.clients[st.Session]
	client.Cut()
	// connected, and nothing under way
	time.Sleep(time.Second + time.Duration(st.Variant%1000)*time.Millisecond)
	r.HoldCommits()
	r.beside(st, 0, time.Second)
	time.Sleep(100 * time.Millisecond)
	client.Cut()
	time.Sleep(time.Duration(st.Variant>>4%40) * time.Millisecond)
	r.beside(st, 1, time.Second)
	time.Sleep(time.Duration(st.Variant%1500) * time.Millisecond)
	r.ReleaseCommits()
}

// strand has a session that holds a lock go to another server, and cuts it off there.
func (r *run) strand(st Step) {
	client := r.clients[st.Session]
	r.beside(st, 0, time.Minute)
	time.Sleep(time.Second)
	client.Cut()
	time.Sleep(time.Duration(st.Variant) * time.Millisecond / 20)
	client.Blackhole()
	time.Sleep(4*time.Second + st.For)
	client.Heal()
}

// beside acquires a lock that others leave alone.
func (r *run) beside(st Step, handle int, length time.Duration) {
	r.start(Step{
		At: time.Since(r.begun), Verb: "lock", Session: st.Session,
		Lock: fmt.Sprint("own-", st.Session), Handle: handle, For: length,
	}, (*run).lock)
}

// elect has another server lead, after some time without any.
func (r *run) elect(st Step) {
	r.HoldCommits()
	time.Sleep(time.Duration(st.Variant%200) * time.Millisecond)
	for i := range r.plan.Servers {
		r.Server(i).Shut(true)
	}
	r.Elect(st.Server, st.Variant&1 == 0)
	time.Sleep(st.For / 4)
	for i := range r.plan.Servers {
		r.Server(i).Shut(false)
	}
	r.ReleaseCommits()
}

func (r *run) shut(st Step) {
	r.Server(st.Server).Shut(true)
	r.clients[st.Session].Cut()
	time.Sleep(st.For)
	r.Server(st.Server).Shut(false)
}

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
