package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// queue is one lock with all contenders in its queue, as show and watch show it.
type queue struct {
	Name       string      `json:"name"`
	Path       string      `json:"path"`
	Status     string      `json:"status"`
	Permits    int         `json:"permits,omitempty"` // how many a semaphore has
	Contenders []contender `json:"contenders"`
	// Others are the znodes below the lock that are no contenders: parts of longer names, or put
	// there by strangers.
	Others     []string `json:"others"`
	OthersMore int      `json:"others_more,omitempty"` // how many more there are
	// Strays are the Others that have the name of a contender and belong to no session.
	Strays []string `json:"strays,omitempty"`
}

// contender is one place in the queue.
type contender struct {
	Znode         string    `json:"znode"`
	Kind          string    `json:"kind"`
	Holder        bool      `json:"holder"`
	Permits       int       `json:"permits,omitempty"` // that it holds of a semaphore
	Revoked       bool      `json:"revoked"`
	RevokedBy     string    `json:"revoked_by,omitempty"`
	Reason        string    `json:"reason,omitempty"`         // why
	Identifier    string    `json:"identifier"`               // the data as text
	Data          []byte    `json:"data"`                     // as it is, in base64
	DataTruncated bool      `json:"data_truncated,omitempty"` // to 4096 bytes
	Error         string    `json:"error,omitempty"`          // why the data could not be read
	Token         string    `json:"token"`
	Session       string    `json:"session,omitempty"`
	IdleHold      bool      `json:"idle_hold,omitempty"` // it may keep the lock unused
	HeldSince     time.Time `json:"held_since,omitzero"` // if that is known
	Created       time.Time `json:"created"`             // since when it has been in the queue
	Modified      time.Time `json:"modified"`
}

// othersKept bounds how many znodes are shown that are no contenders.
const othersKept = 100

// errNoLock is returned for a lock that does not exist.
var errNoLock = errors.New("no such lock")

func noLock(name string) error {
	return &exitError{status: exitNo, err: fmt.Errorf("%s: %w", name, errNoLock)}
}

// readQueue reads one lock. With an error that matches zklock.ErrIncomplete it returns the
// beginning of the queue.
func readQueue(ctx context.Context, s *zklock.Session, m *zklock.Mutex) (*queue, error) {
	children, err := listLock(ctx, s, m)
	if err != nil {
		return nil, err
	}
	q := &queue{Name: m.Name(), Path: m.Path(), Status: free, Others: []string{}}
	look, known := m.Contenders, make(map[string]bool)
	sem, err := semaphoreAt(ctx, s, m)
	if err != nil {
		return nil, err
	}
	if sem != nil {
		if q.Permits, err = sem.Size(ctx); err != nil {
			return nil, err
		}
		look = sem.Contenders
		for _, part := range semaphoreParts {
			known[part] = true
		}
	}
	contenders, incomplete := look(ctx)
	if incomplete != nil && !errors.Is(incomplete, zklock.ErrIncomplete) {
		return nil, incomplete
	}
	q.Contenders = make([]contender, 0, len(contenders))
	for _, c := range contenders {
		known[c.Znode] = true
		q.Status = locked
		q.Contenders = append(q.Contenders, newContender(c))
	}
	slices.Sort(children)
	for _, child := range children {
		switch {
		case known[child]:
		case len(q.Others) < othersKept:
			q.Others = append(q.Others, child)
		default:
			q.OthersMore++
		}
	}
	if q.Strays, err = findStrays(ctx, s, m.Path(), q.Others); err != nil {
		return nil, err
	}
	return q, incomplete
}

// semaphoreParts are the znodes below a semaphore's znode.
var semaphoreParts = []string{"leases", "locks", "resized"}

// semaphoreAt returns a handle to look at a semaphore, nil if there is none of that name.
func semaphoreAt(
	ctx context.Context, s *zklock.Session, m *zklock.Mutex,
) (*zklock.Semaphore, error) {
	sem, err := lookAtSemaphore(s, m)
	if err != nil {
		return nil, err
	}
	exists, err := sem.Exists(ctx)
	if err != nil || !exists {
		return nil, err
	}
	return sem, nil
}

// lookAtSemaphore returns a handle to look at a semaphore. Its size does not matter for that.
func lookAtSemaphore(s *zklock.Session, m *zklock.Mutex) (*zklock.Semaphore, error) {
	return s.Semaphore(m.Name(), 1)
}

// contendersOf returns who holds a lock or permits of a semaphore, and who waits.
func contendersOf(
	ctx context.Context, s *zklock.Session, m *zklock.Mutex,
) ([]zklock.Contender, error) {
	sem, err := semaphoreAt(ctx, s, m)
	if err != nil || sem == nil { // one answer may not have room for a lock's children
		return m.Contenders(ctx)
	}
	return sem.Contenders(ctx)
}

// listLock lists a lock's znode.
func listLock(ctx context.Context, s *zklock.Session, m *zklock.Mutex) ([]string, error) {
	children, err := answer(ctx, func() ([]string, error) {
		children, _, err := s.Conn().Children(m.Path())
		return children, err
	})
	switch {
	case errors.Is(err, zk.ErrNoNode):
		return nil, noLock(m.Name())
	case errors.Is(err, zk.ErrAPIError): // what comes instead of a large answer
		return nil,
			fmt.Errorf("look at %s: the list of its children is larger than 8 MiB", m.Path())
	case err != nil:
		return nil, fmt.Errorf("look at %s: %w", m.Path(), err)
	}
	return children, nil
}

func newContender(c zklock.Contender) contender {
	shown := contender{
		Znode: c.Znode, Kind: c.Kind.String(), Holder: c.Holder, Permits: c.Permits,
		Revoked: c.Revoked, RevokedBy: c.RevokedBy, Reason: c.Reason,
		Identifier: string(c.Data), Data: c.Data,
		DataTruncated: c.Err == nil && len(c.Data) < c.DataSize,
		Token:         tokenOf(c), Session: sessionOf(c),
		IdleHold: c.IdleHold, HeldSince: c.HeldSince, Created: c.Created, Modified: c.Modified,
	}
	if c.Err != nil {
		shown.Error = c.Err.Error()
	}
	return shown
}

// hideSessions removes the session ids.
func (q *queue) hideSessions() {
	for i := range q.Contenders {
		q.Contenders[i].Session = ""
	}
}

// queueTable shows a queue to people.
func queueTable(w io.Writer, q *queue) *table {
	t := newTable(w, "", "WHO", "ASKED TO RELEASE", "KIND", "PERMITS",
		"TOKEN", "SESSION", "HELD", "QUEUED", "ZNODE")
	waiting := 0
	for i, c := range q.Contenders {
		place, permits := cell{text: fmt.Sprint(i + 1)}, cell{}
		switch {
		case c.Holder && c.IdleHold:
			place = cell{"holder, may be idle", red}
		case c.Holder:
			place = cell{"holder", red}
		case q.Permits > 0: // holders of permits are not in the queue
			waiting++
			place = cell{text: fmt.Sprint(waiting)}
		}
		if c.Permits > 0 {
			permits = cell{text: fmt.Sprint(c.Permits)}
		}
		who := text(c.Identifier, dataLimit)
		switch {
		case c.Error != "":
			who = cell{text: "? (" + text(c.Error, dataLimit).text + ")"}
		case c.Revoked && len(c.Data) == 0: // another client's mark has overwritten it
			who = cell{text: "?"}
		}
		t.add(place, who, c.asked(), cell{text: c.Kind}, permits, cell{text: c.Token},
			cell{text: c.Session},
			c.heldFor(), cell{text: age(c.Created) + " ago"}, text(c.Znode, nameLimit))
	}
	t.dropEmpty("HELD")
	t.dropEmpty("SESSION")
	t.dropEmpty("PERMITS")
	t.dropEmpty("ASKED TO RELEASE")
	return t
}

// heldFor says for how long the contender has held the lock.
func (c *contender) heldFor() cell {
	switch {
	case !c.Holder:
		return cell{}
	case c.HeldSince.IsZero():
		return cell{text: "?"}
	default:
		return cell{text: age(c.HeldSince)}
	}
}

// asked says whether the contender was asked to release, by whom, and why.
func (c *contender) asked() cell {
	if !c.Revoked {
		return cell{}
	}
	return cell{cmp.Or(byWhom(c.RevokedBy, c.Reason), "yes"), red}
}

// byWhom says who asks to release, and why, escaped. It is empty if neither is known.
func byWhom(by, reason string) string {
	if by == "" {
		return ""
	}
	said := "by " + text(by, dataLimit).text
	if reason != "" {
		said += ": " + text(reason, nameLimit).text
	}
	return said
}

// who names contenders in a sentence, the first few of them, unescaped.
func who(contenders []zklock.Contender) string {
	const named = 3
	list := ""
	for i, c := range contenders {
		if i == named {
			return fmt.Sprintf("%s and %d more", list, len(contenders)-named)
		}
		if i > 0 {
			list += ", "
		}
		list += whoIs(c)
	}
	return list
}

// whoIs names one contender, unescaped.
func whoIs(c zklock.Contender) string {
	if len(c.Data) == 0 { // a mark has overwritten them, or they could not be read
		return c.Znode
	}
	return cut(string(c.Data), dataLimit)
}

// cut returns the beginning of what a stranger wrote, for a sentence that has to stay short.
func cut(s string, bytes int) string {
	return strings.ToValidUTF8(s[:min(len(s), bytes)], "")
}

// isSegment reports whether what was looked at is no lock, but the beginning of other locks' names.
func (q *queue) isSegment() bool { return len(q.Contenders) == 0 && len(q.segments()) > 0 }

// segments returns what follows in the names of other locks.
func (q *queue) segments() []string {
	return slices.DeleteFunc(slices.Clone(q.Others), func(other string) bool {
		return slices.Contains(q.Strays, other)
	})
}
