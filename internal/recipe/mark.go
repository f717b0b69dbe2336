package recipe

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/wire"
)

// A revocation mark is data that another client writes into a candidate to ask it to release.
// "unlock" is the recipe's (ZooKeeper Recipes, "Revocable Shared Locks with Freaking Laser Beams"),
// "__REVOKE__" is Curator's.
var revocationMarks = [][]byte{[]byte("unlock"), []byte("__REVOKE__")}

// A candidate of ours is asked with a mark of several lines, which people can read too:
//
//	unlock
//	vm/19359
//	asked by "ops1/77": "deploy of 3.2"
//
// After the first line comes who is asked, so that others see who does not let go. It may have
// several lines itself; the last one is the asker's, and quoted as Go quotes strings. Without a
// reason it ends after the asker. Clients that do not know that line take it for a part of who is
// asked.
//
// A candidate that has held its lock for a while says so itself, in a line behind who it is:
//
//	granted after 1m12.345s
//
// That is counted from the creation of its znode: no two clocks are compared.
var (
	ourMark      = []byte("unlock\n")
	askedBy      = []byte("\nasked by ")
	grantedAfter = []byte("\ngranted after ")
)

// How many bytes are kept of who a candidate is, and of each text in a mark.
const (
	WhoKept  = 4096
	MarkKept = 1024
)

// Mark says who asks for a lock, and why, as far as that is told.
type Mark struct{ By, Reason string }

// Saying is what a candidate's data say.
type Saying struct {
	Who     []byte        // it is; nil if a mark has overwritten that
	Mark    *Mark         // by which it was asked to release; nil if it was not
	Granted bool          // whether it says when it was granted the lock
	After   time.Duration // from its creation until then; negative for a reader that was a writer
}

// Node is what is kept of a candidate's znode.
type Node struct {
	Said Saying // no more than WhoKept of who it is
	Size int    // of all of that
	Stat zk.Stat
}

// NewNode returns what is kept of the answer to a read.
func NewNode(r wire.Reply) Node { return NodeOf(r.Node()) }

// NodeOf returns what is kept of a candidate's data and Stat.
func NodeOf(data []byte, stat zk.Stat) Node {
	n := Node{Said: ParseData(data), Stat: stat}
	n.Size = len(n.Said.Who)
	n.Said.Who = slices.Clone(n.Said.Who[:min(n.Size, WhoKept)])
	return n
}

// ParseData reads a candidate's data.
func ParseData(data []byte) Saying {
	for _, bare := range revocationMarks {
		if bytes.Equal(data, bare) {
			return Saying{Mark: new(Mark)}
		}
	}
	who, ours := bytes.CutPrefix(data, ourMark)
	if !ours {
		return parseWho(data)
	}
	who, mark := cutAsker(who)
	s := parseWho(who)
	s.Mark = mark
	return s
}

// cutAsker cuts the asker's line off the end of a mark of ours.
func cutAsker(who []byte) ([]byte, *Mark) {
	at := bytes.LastIndex(who, askedBy)
	if at < 0 {
		return who, new(Mark)
	}
	mark := parseAsker(who[at+len(askedBy):])
	if mark == nil {
		return who, new(Mark)
	}
	return who[:at], mark
}

// parseWho reads who a candidate is, and when it was granted the lock.
func parseWho(who []byte) Saying {
	const most = len("-2562047h47m16.854775808s")
	at := bytes.LastIndex(who, grantedAfter)
	if at < 0 || len(who)-at-len(grantedAfter) > most {
		return Saying{Who: who}
	}
	after, err := time.ParseDuration(string(who[at+len(grantedAfter):]))
	if err != nil {
		return Saying{Who: who}
	}
	return Saying{Who: who[:at], Granted: true, After: after}
}

// withGrant is data of ours, with when the lock was granted. It is nil if they say so already, or
// do not say who we are: another client has written there.
func withGrant(data, who []byte, after time.Duration) []byte {
	if s := ParseData(data); s.Granted || !bytes.Equal(s.Who, who) {
		return nil
	}
	at := len(who)
	if bytes.HasPrefix(data, ourMark) {
		at += len(ourMark)
	}
	return slices.Concat(data[:at], grantLine(after), data[at:])
}

// grantLine is the line that says when the lock was granted.
func grantLine(after time.Duration) []byte {
	return append(slices.Clone(grantedAfter), after.Round(time.Millisecond).String()...)
}

// parseAsker reads the line of who asks. It returns nil if it is none.
func parseAsker(line []byte) *Mark {
	const most = 2*(4*MarkKept+2) + len(": ") // a byte takes four in quotes at most
	if len(line) > most {
		return nil
	}
	by, rest, ok := unquote(string(line))
	if !ok || rest == "" {
		return mark(ok, by, "")
	}
	quoted, ok := strings.CutPrefix(rest, ": ")
	if !ok {
		return nil
	}
	reason, rest, ok := unquote(quoted)
	return mark(ok && rest == "", by, reason)
}

func mark(ok bool, by, reason string) *Mark {
	if !ok {
		return nil
	}
	return &Mark{kept(by), kept(reason)}
}

// unquote returns the text that s begins with in quotes, and what follows.
func unquote(s string) (text, rest string, ok bool) {
	quoted, err := strconv.QuotedPrefix(s)
	if err != nil {
		return "", "", false
	}
	text, err = strconv.Unquote(quoted)
	return text, s[len(quoted):], err == nil
}

// kept is what is kept of a text: no more than MarkKept bytes, of UTF-8.
func kept(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), MarkKept)], "")
}

// markFor is what is written into a candidate with that name and data, which its client listens
// for: the recipe's mark, Curator's, or ours. It is nil if the candidate was asked already.
func (m Mark) markFor(name string, data []byte) []byte {
	said := ParseData(data)
	c, _ := queue.Parse(name)
	ours := c.Dialect == queue.Native || queue.ParsePermit(name).Dialect == queue.Native
	switch {
	case said.Mark != nil:
		return nil
	case c.Dialect == queue.Curator || c.Dialect == queue.CuratorRW:
		return revocationMarks[1]
	case ours && len(said.Who) > 0: // zk.Lock, which has no data, listens for nothing
		marked := slices.Concat(ourMark, said.Who[:min(len(said.Who), WhoKept)])
		if said.Granted {
			marked = append(marked, grantLine(said.After)...)
		}
		return append(marked, m.asker()...)
	default:
		return revocationMarks[0]
	}
}

// asker is the line of who asks.
func (m Mark) asker() []byte {
	line := strconv.AppendQuote(slices.Clone(askedBy), kept(m.By))
	if m.Reason != "" {
		line = strconv.AppendQuote(append(line, ": "...), kept(m.Reason))
	}
	return line
}
