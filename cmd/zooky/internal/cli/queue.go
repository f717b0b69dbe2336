package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// queue is one lock with everybody in its queue, as show and watch show it.
type queue struct {
	Name       string      `json:"name"`
	Path       string      `json:"path"`
	Status     string      `json:"status"`
	Contenders []contender `json:"contenders"`
	// Others are the znodes below the lock that are no contenders: parts of longer names, or put there by strangers.
	Others     []string `json:"others"`
	OthersMore int      `json:"others_more,omitempty"` // how many more there are
}

// contender is one place in the queue.
type contender struct {
	Znode         string    `json:"znode"`
	Kind          string    `json:"kind"`
	Holder        bool      `json:"holder"`
	Revoked       bool      `json:"revoked"`
	Identifier    string    `json:"identifier"`               // the data as text
	Data          []byte    `json:"data"`                     // as it is, in base64
	DataTruncated bool      `json:"data_truncated,omitempty"` // to dataKept bytes
	Token         string    `json:"token"`
	Session       string    `json:"session"`
	Created       time.Time `json:"created"`
	Modified      time.Time `json:"modified"`
}

// What is kept of what strangers may have made as large as a server takes it.
const (
	dataKept   = 4096
	othersKept = 100
)

// errNoLock is returned for a lock that does not exist.
var errNoLock = errors.New("no such lock")

func noLock(name string) error {
	return &exitError{status: exitNo, err: fmt.Errorf("%s: %w", name, errNoLock)}
}

// readQueue reads one lock.
func readQueue(ctx context.Context, s *zklock.Session, name string) (*queue, error) {
	m, err := s.Mutex(name)
	if err != nil {
		return nil, err
	}
	children, err := answer(ctx, func() ([]string, error) {
		children, _, err := s.Conn().Children(m.Path())
		return children, err
	})
	if errors.Is(err, zk.ErrNoNode) {
		return nil, noLock(name)
	}
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", m.Path(), err)
	}
	contenders, err := m.Contenders(ctx)
	if err != nil {
		return nil, err
	}
	q := &queue{Name: name, Path: m.Path(), Status: free, Contenders: make([]contender, 0, len(contenders)), Others: []string{}}
	known := make(map[string]bool, len(contenders))
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
	return q, nil
}

func newContender(c zklock.Contender) contender {
	data := c.Data[:min(len(c.Data), dataKept)]
	return contender{
		Znode: c.Znode, Kind: c.Kind.String(), Holder: c.Holder, Revoked: c.Revoked,
		Identifier: string(data), Data: data, DataTruncated: len(data) < len(c.Data),
		Token: zklock.Token{Zxid: c.Zxid}.String(), Session: fmt.Sprintf("%#x", c.SessionID),
		Created: c.Created, Modified: c.Modified,
	}
}

// queueTable shows a queue to people.
func queueTable(w io.Writer, q *queue) *table {
	t := newTable(w, "", "WHO", "KIND", "TOKEN", "SESSION", "CREATED", "MODIFIED", "ZNODE")
	for i, c := range q.Contenders {
		place := cell{text: fmt.Sprint(i + 1)}
		if c.Holder {
			place = cell{"holder", red}
		}
		who := text(c.Identifier, dataLimit)
		if c.Revoked {
			who = cell{"asked to release (" + who.text + ")", red}
		}
		t.add(place, who, cell{text: c.Kind}, cell{text: c.Token}, cell{text: c.Session},
			cell{text: age(c.Created) + " ago"}, cell{text: age(c.Modified) + " ago"}, text(c.Znode, nameLimit))
	}
	return t
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

// whoIs names one contender, unescaped. Its data is who it is, until a revocation mark overwrites that.
func whoIs(c zklock.Contender) string {
	if c.Revoked || len(c.Data) == 0 {
		return c.Znode
	}
	return string(c.Data[:min(len(c.Data), dataLimit)])
}
