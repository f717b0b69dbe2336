//go:build unix

package chaos

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
)

// Event is one line of the history. What is done has an event before it is begun and another when
// it is over, so that the real moment lies between the two.
type Event struct {
	At        int64 `json:"t"`           // see now
	Worker    int   `json:"w"`           // the client process, -1 for none
	Life      int   `json:"l"`           // counts its restarts
	Goroutine int   `json:"g,omitempty"` //
	Kind      Kind  `json:"k"`
	// number of the acquisition or of the operation in a register, in one life
	Op      int    `json:"n,omitempty"`
	Lock    string `json:"lock,omitempty"`    //
	How     string `json:"how,omitempty"`     // it acquires; the register; the fault
	Shared  bool   `json:"shared,omitempty"`  // a reader
	Token   string `json:"token,omitempty"`   // of the hold, or as read
	Value   string `json:"value,omitempty"`   // written or read
	Count   int    `json:"count,omitempty"`   // of permits
	Session int64  `json:"session,omitempty"` // ZooKeeper's
	Number  int    `json:"number,omitempty"`  // of the candidate that was granted
	Result  string `json:"result,omitempty"`  //
	Err     string `json:"err,omitempty"`     //
	// how long after its context's end an acquisition returned
	Late    int64 `json:"late,omitempty"`
	Gap     int64 `json:"gap,omitempty"`     // how long until now the process had got no processor
	Timeout int64 `json:"timeout,omitempty"` // of the session, as granted by a server
}

// opName names an operation in the history.
type opName struct{ Worker, Life, Op int }

func (ev Event) name() opName { return opName{ev.Worker, ev.Life, ev.Op} }

// forces reports whether an acquisition of this way may remove others.
func forces(how string) bool { return strings.HasSuffix(how, "force") }

// Kind says what happened.
type Kind string

// The kinds of event, in pairs where there is a beginning and an end.
const (
	kindStart  Kind = "start" // a worker has its session
	kindClose  Kind = "close"
	kindClosed Kind = "closed" // Err if Close failed, or goroutines are left
	kindLog    Kind = "log"    // Err is what the library has logged
	kindGap    Kind = "gap"    // see pulse

	kindLock     Kind = "lock"
	kindGranted  Kind = "granted"
	kindFailed   Kind = "failed" // Result is context, locked, closed or error
	kindRevoked  Kind = "revoked"
	kindLost     Kind = "lost"
	kindUnlock   Kind = "unlock"
	kindUnlocked Kind = "unlocked"

	// a writer becomes a reader: from the former on others may share the lock
	kindDowngrade  Kind = "downgrade"
	kindDowngraded Kind = "downgraded" // Result is ok, unknown or error

	kindWrite Kind = "write"
	kindWrote Kind = "wrote" // Result is ok, refused or unknown
	kindRead  Kind = "read"
	kindGot   Kind = "got" // likewise

	kindTimeout Kind = "timeout" // a server has granted it
	kindLookUp  Kind = "look-up" // of a server's name; Result is what the resolver did

	kindFault  Kind = "fault"
	kindMended Kind = "mended"
	kindStop   Kind = "stop" // SIGSTOP is about to be sent
	kindCont   Kind = "cont" // SIGCONT has been sent
	kindKill   Kind = "kill" // SIGKILL is about to be sent
	kindExpire Kind = "expire"
	kindAlive  Kind = "alive" // the command of a zooky runs
	// SIGSTOP is about to be sent to a zooky, or SIGKILL, and not to its command
	kindStopZooky Kind = "stop zooky"
	kindBegun     Kind = "begun"  // the plan of faults counts from here
	kindHealed    Kind = "healed" // no fault after this
)

// Results of operations.
const (
	resultOK      = "ok"
	resultRefused = "refused"
	resultUnknown = "unknown"
)

// recorder writes events as lines, each with one call, so that no event of a killed process is lost
// or half written.
type recorder struct {
	mu sync.Mutex // guards w
	w  io.Writer
}

// record stamps the event and writes it. It returns when the line is out of this process.
func (r *recorder) record(ev Event) {
	ev.At = now()
	line, err := json.Marshal(ev)
	if err != nil {
		panic(err) // an Event has nothing that cannot be encoded
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.w.Write(append(line, '\n')) // if the harness reads no more, the run is over and so are we
}
