package queue

import (
	"iter"
	"slices"
	"sync"
)

// Voice is a handle of ours: the dialect of its candidates, and whether they are a mutex's or a
// read/write lock's.
type Voice struct {
	Dialect   Dialect // Native, Zktools, Curator or Kazoo
	ReadWrite bool

	// KazooListens says that kazoo's locks have extra_lock_patterns for the dialect Native, so that
	// they see its candidates.
	KazooListens bool
}

// kazooPatterns are what kazoo's locks need to see ours. A pattern more does no harm; one less
// grants the lock twice.
func (v Voice) kazooPatterns(cl Client) []string {
	switch {
	case !v.KazooListens:
		return nil
	case !v.ReadWrite:
		return []string{"-lock-"}
	case cl == KazooReadLock:
		return []string{"-lock-", "-write-"}
	default:
		return []string{"-lock-", "-read-", "-write-"}
	}
}

// kinds returns the kinds of the handle's candidates.
func (v Voice) kinds() []Kind {
	if v.ReadWrite {
		return []Kind{Read, Write}
	}
	return []Kind{Lock}
}

// party is a client of another library that a candidate may belong to, or that comes with it.
type party struct {
	client  Client
	dialect Dialect
	kind    Kind
}

// parties are the clients behind a candidate of that dialect and kind, as seen by v: a reader comes
// with writers, and they with it.
func (v Voice) parties(d Dialect, k Kind) []party {
	switch {
	case d == Native && v.Dialect != Native && k == Lock:
		return []party{{ZkLock, Native, Lock}}
	case d == Native:
		// Ours, or zk.Lock where we speak its dialect: it waits for our mutex, and readers and
		// writers make it fail, which grants nothing.
		return nil
	case d == Curator:
		return []party{{CuratorMutex, Curator, Lock}}
	case d == CuratorRW:
		return []party{{CuratorReadLock, CuratorRW, Read}, {CuratorWriteLock, CuratorRW, Write}}
	case d == ZktoolsAsync, d == Zktools && k == Lock:
		return []party{{ZktoolsLock, d, Lock}}
	case d == Zktools:
		return []party{{ZktoolsReadLock, Zktools, Read}, {ZktoolsLock, Zktools, Write}}
	case d == Kazoo && k == Lock && !v.ReadWrite:
		return []party{{KazooLock, Kazoo, Lock}}
	case d == WriteLock:
		return []party{{ZooKeeperWriteLock, WriteLock, Lock}}
	case d == Kazoo: // with readers about, kazoo's documentation asks for WriteLock
		return []party{{KazooReadLock, Kazoo, Read}, {KazooWriteLock, Kazoo, Lock}}
	default:
		return nil
	}
}

// agrees reports whether v and the clients behind a candidate of that dialect and kind wait for one
// another in the order of the queue: the one behind waits, and the one ahead does not.
func (v Voice) agrees(d Dialect, k Kind) bool {
	if d == Unknown {
		return false
	}
	for _, p := range v.parties(d, k) {
		for _, own := range v.kinds() {
			// Some clients compare ids with numbers: it must not depend on the id.
			for _, id := range [][IDLen]byte{{}, {0xff, 0xff, 0xff, 0xff, 0xff}} {
				if !v.agreesWith(p, own, id) {
					return false
				}
			}
		}
	}
	return true
}

func (v Voice) agreesWith(p party, own Kind, id [IDLen]byte) bool {
	exclusive := own.Exclusive() || p.kind.Exclusive()
	ours, theirs := Prefix(v.Dialect, own, id), Prefix(p.dialect, p.kind, id)
	for _, numbers := range [][2]string{{"0000000005", "0000000017"},
		{"0000000017", "0000000005"}} {
		a, b := ours+numbers[0], theirs+numbers[1]
		waits, err := p.client.WaitsFor(b, []string{a, b}, v.kazooPatterns(p.client)...)
		behind := numbers[0] < numbers[1]
		if err != nil || exclusive && (len(waits) > 0) != behind {
			return false
		}
	}
	return true
}

// agreement has the answers of agrees for every Voice.
var agreement = sync.OnceValue(func() *[dialects][2][2][dialects][Write + 1]bool {
	var table [dialects][2][2][dialects][Write + 1]bool
	for _, own := range []Dialect{Native, Zktools, Curator, Kazoo} {
		for i, rw := range []bool{false, true} {
			for j, listens := range []bool{false, true} {
				for other := range dialects {
					for k := Lock; k <= Write; k++ {
						table[own][i][j][other][k] = Voice{own, rw, listens}.agrees(other, k)
					}
				}
			}
		}
	}
	return &table
})

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Agrees reports whether v and the clients that make candidates of that dialect and kind order the
// queue alike. If not, both could hold the lock at the same time, or wait for each other forever.
func (v Voice) Agrees(d Dialect, k Kind) bool { return v.agreement()[d][k] }

func (v Voice) agreement() *[dialects][Write + 1]bool {
	return &agreement()[v.Dialect][index(v.ReadWrite)][index(v.KazooListens)]
}

// Strangers returns the candidates in the queue with whose makers v does not agree.
func (v Voice) Strangers(q []Candidate) iter.Seq[Candidate] {
	return func(yield func(Candidate) bool) {
		// looked up once: every candidate looks at the whole queue, and queues can be long
		agreed := v.agreement()
		for i := range q {
			if !agreed[q[i].Dialect][q[i].Kind] && !yield(q[i]) {
				return
			}
		}
	}
}

// View is what one candidate sees of a queue.
type View struct {
	Len     int         // of the queue
	Found   bool        // the candidate stands in it
	Nearest []Candidate // that it waits for, the nearest first
	More    bool        // it waits for others, ahead of those
	Unknown bool        // there are names that an unknown client may have given to candidates
}

// Look returns what Order, Has and Blockers would return for one candidate, and is cheaper because
// it does not sort the queue. It keeps only some of the candidates that block this one. ok is false
// if a client in the queue orders it differently; see Strangers.
func (v Voice) Look(children []string, self Candidate, keep int) (view View, ok bool) {
	agreed := v.agreement()
	for _, name := range children {
		c, ok := ParseAny(name)
		if !ok {
			continue
		}
		if c.Dialect == Unknown {
			view.Unknown = true
			continue
		}
		if !agreed[c.Dialect][c.Kind] {
			return View{}, false
		}
		view.Len++
		switch order := compare(c, self); {
		case order == 0:
			view.Found = true
		case order < 0 && self.Kind.blockedBy(c.Kind):
			view.insert(c, keep)
		}
	}
	return view, true
}

func (v *View) insert(c Candidate, keep int) {
	at := len(v.Nearest)
	for at > 0 && compare(v.Nearest[at-1], c) < 0 {
		at--
	}
	if at == keep {
		v.More = true
		return
	}
	v.Nearest = slices.Insert(v.Nearest, at, c)
	if len(v.Nearest) > keep {
		v.Nearest, v.More = v.Nearest[:keep], true
	}
}

// Persistent reports whether c counts also where it belongs to no session: kazoo's
// acquire(ephemeral=False) makes such candidates, and its locks wait for them.
func (v Voice) Persistent(c Candidate) bool {
	return c.Dialect == Kazoo && v.Agrees(c.Dialect, c.Kind)
}
