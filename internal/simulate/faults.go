package simulate

import (
	"fmt"
	"time"

	"github.com/zookylock/zklock/internal/fakezk"
)

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

// server puts a fault on one server.
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

// strand makes a session that holds a lock go to another server, and cuts it off there.
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

// elect makes another server lead, after some time without any.
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
