package queue_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/queue"
)

// foreign are the clients of other libraries and the names they give.
var foreign = map[string]struct {
	client queue.Client
	prefix string
	kind   queue.Kind
}{
	"zk.Lock":          {queue.ZkLock, "_c_" + id + "-lock-", queue.Lock},
	"Curator mutex":    {queue.CuratorMutex, "_c_" + uuid + "-lock-", queue.Lock},
	"Curator read":     {queue.CuratorReadLock, "_c_" + uuid + "-__READ__", queue.Read},
	"Curator write":    {queue.CuratorWriteLock, "_c_" + uuid + "-__WRIT__", queue.Write},
	"kazoo Lock":       {queue.KazooLock, id + "__lock__", queue.Lock},
	"kazoo ReadLock":   {queue.KazooReadLock, id + "__rlock__", queue.Read},
	"kazoo WriteLock":  {queue.KazooWriteLock, id + "__lock__", queue.Write},
	"zktools Lock":     {queue.ZktoolsLock, id + "-lock--", queue.Lock},
	"zktools Read":     {queue.ZktoolsReadLock, id + "-read--", queue.Read},
	"zktools Write":    {queue.ZktoolsLock, id + "-write--", queue.Write},
	"zktools Async":    {queue.ZktoolsLock, id + "-lock-", queue.Lock},
	"WriteLock":        {queue.ZooKeeperWriteLock, "x--72057594037927936-", queue.Lock},
	"kazoo 2.8 reader": {queue.KazooOldReadLock, id + "__rlock__", queue.Read},
}

// TestClientsReadTheirOwnQueues: each with itself, three in a row.
func TestClientsReadTheirOwnQueues(t *testing.T) {
	for name, f := range foreign {
		children := []string{f.prefix + "0000000009", f.prefix + "0000000010",
			f.prefix + "0000000011", "stranger0000000010"}
		if f.client == queue.ZkLock {
			children = children[:3] // it fails over any other name
		}
		waits, err := f.client.WaitsFor(children[1], children)
		require.NoError(t, err, name)
		if f.kind == queue.Read {
			assert.Empty(t, waits, name)
		} else {
			assert.Equal(t, children[:1], waits, name)
		}
	}
}

// TestQuirks has what is odd about each client, as seen in its source.
func TestQuirks(t *testing.T) {
	const five, six, seven = "0000000005", "0000000006", "0000000007"
	for _, test := range []struct {
		what     string
		client   queue.Client
		self     string
		others   []string
		patterns []string
		want     []string // nil and no error: it holds the lock
		fails    bool
	}{
		{what: "zk.Lock waits for kazoo, readers too", client: queue.ZkLock,
			self:   "_c_" + id + "-lock-" + six,
			others: []string{id + "__rlock__" + five}, want: []string{id + "__rlock__" + five}},
		{what: "zk.Lock fails over a name without a number", client: queue.ZkLock,
			self:   "_c_" + id + "-lock-" + six,
			others: []string{"_c_" + id + "-read-" + five}, fails: true},
		{what: "zk.Lock reads two dashes as a negative number", client: queue.ZkLock,
			self:   "_c_" + id + "-lock-" + six,
			others: []string{id + "-lock--" + seven}, fails: true},
		{what: "Curator's mutex waits for two dashes behind it", client: queue.CuratorMutex,
			self:   "_c_" + uuid + "-lock-" + six,
			others: []string{id + "-lock--" + seven}, want: []string{id + "-lock--" + seven}},
		{what: "Curator's mutex does not see readers", client: queue.CuratorMutex,
			self:   "_c_" + uuid + "-lock-" + six,
			others: []string{"_c_" + id + "-read-" + five, "_c_" + uuid + "-__WRIT__" + five}},
		{what: "Curator's mutex waits for whatever sorts first", client: queue.CuratorMutex,
			self:   "_c_" + uuid + "-lock-" + six,
			others: []string{"!"}, want: []string{"!"}},
		{what: "Curator's writer does not see mutexes", client: queue.CuratorWriteLock,
			self:   "_c_" + uuid + "-__WRIT__" + six,
			others: []string{"_c_" + uuid + "-lock-" + five}},
		{what: "Curator's writer waits for a downgraded reader", client: queue.CuratorWriteLock,
			self:   "_c_" + uuid + "-__WRIT__" + six,
			others: []string{"_c_" + uuid + "-__READ__" + five},
			want:   []string{"_c_" + uuid + "-__READ__" + five}},
		{what: "kazoo's Lock does not see readers", client: queue.KazooLock,
			self:   id + "__lock__" + six,
			others: []string{id + "__rlock__" + five}},
		{what: "kazoo's WriteLock does", client: queue.KazooWriteLock, self: id + "__lock__" + six,
			others: []string{id + "__rlock__" + five}, want: []string{id + "__rlock__" + five}},
		{what: "kazoo sees nobody else", client: queue.KazooWriteLock, self: id + "__lock__" + six,
			others: []string{"_c_" + id + "-lock-" + five, id + "-write--" + five}},
		{what: "kazoo sees -lock- when told", client: queue.KazooLock, self: id + "__lock__" + six, patterns: []string{"-lock-"},
			others: []string{"_c_" + id + "-lock-" + five, "_c_" + id + "-lock-" + seven},
			want:   []string{"_c_" + id + "-lock-" + five}},
		{what: "kazoo then reads two dashes as a negative number", client: queue.KazooLock,
			self:     id + "__lock__" + six,
			patterns: []string{"-lock-"}, others: []string{id + "-lock--" + seven},
			want: []string{id + "-lock--" + seven}},
		{what: "kazoo 2.8 reads past its own place", client: queue.KazooOldReadLock,
			self:   id + "__rlock__" + six,
			others: []string{id + "__lock__" + seven}, want: []string{id + "__lock__" + seven}},
		{what: "kazoo 2.9 does not", client: queue.KazooReadLock, self: id + "__rlock__" + six,
			others: []string{id + "__lock__" + seven}},
		{what: "zktools' reader does not see locks", client: queue.ZktoolsReadLock,
			self:   id + "-read--" + six,
			others: []string{id + "-lock--" + five}},
		{what: "zktools sorts names without a dash whole", client: queue.ZktoolsLock,
			self:   id + "-lock--1000000000",
			others: []string{id + "__lock__" + five}, want: []string{id + "__lock__" + five}},
		{what: "WriteLock waits for our readers", client: queue.ZooKeeperWriteLock,
			self:   "x-1-" + six,
			others: []string{"_c_" + id + "-read-" + five, "_c_" + id + "-write-" + seven},
			want:   []string{"_c_" + id + "-read-" + five}},
		{what: "WriteLock reads two dashes as a negative number", client: queue.ZooKeeperWriteLock,
			self:   "x-1-" + six,
			others: []string{id + "-lock--" + seven}, want: []string{id + "-lock--" + seven}},
		{what: "WriteLock sorts names without a number last", client: queue.ZooKeeperWriteLock,
			self:   "x-1-" + six,
			others: []string{id + "__lock__" + five, "_c_" + uuid + "-__READ__" + five}},
		{what: "zktools sorts Curator's readers last", client: queue.ZktoolsLock,
			self:   id + "-lock--" + six,
			others: []string{"_c_" + uuid + "-__READ__" + five}},
	} {
		waits, err := test.client.WaitsFor(test.self, append([]string{test.self}, test.others...),
			test.patterns...)
		assert.Equal(t, test.fails, err != nil, test.what)
		assert.ElementsMatch(t, test.want, waits, test.what)
	}
}

var voices = map[string]queue.Voice{
	"default mutex":  {Dialect: queue.Native},
	"default rw":     {Dialect: queue.Native, ReadWrite: true},
	"listened-to":    {Dialect: queue.Native, KazooListens: true},
	"listened-to rw": {Dialect: queue.Native, ReadWrite: true, KazooListens: true},
	"zktools mutex":  {Dialect: queue.Zktools},
	"zktools rw":     {Dialect: queue.Zktools, ReadWrite: true},
	"Curator mutex":  {Dialect: queue.Curator},
	"Curator rw":     {Dialect: queue.Curator, ReadWrite: true},
	"kazoo mutex":    {Dialect: queue.Kazoo},
	"kazoo rw":       {Dialect: queue.Kazoo, ReadWrite: true},
}

// TestWhoAgrees is the table of docs/interop.md.
func TestWhoAgrees(t *testing.T) {
	all := []string{
		"_c_" + id + "-lock-", "_c_" + id + "-read-", "_c_" + id + "-write-",
		"_c_" + uuid + "-lock-", "_c_" + uuid + "-__READ__",
		"_c_" + uuid + "-__WRIT__", id + "__lock__", id + "__rlock__", id + "-lock--",
		id + "-read--", id + "-write--", id + "-lock-",
		"x-72057594037927936-", "x--1-", "elect-", "x-0123-", "x-ff-", "",
		"lock-", // nobody's
	}
	own := func(prefixes ...string) map[string]bool {
		set := map[string]bool{"lock-": true, "_c_" + id + "-read-": true,
			"_c_" + id + "-write-": true}
		for _, prefix := range prefixes {
			set[prefix] = true
		}
		return set
	}
	zkLock, curator, async := "_c_"+id+"-lock-", "_c_"+uuid+"-lock-", id+"-lock-"
	writeLock, negative := "x-72057594037927936-", "x--1-"
	for name, agreed := range map[string]map[string]bool{
		"default mutex": own(writeLock, negative, zkLock, curator, async, id+"-lock--"),
		"default rw": own(writeLock, negative, zkLock, async, id+"-lock--", id+"-read--",
			id+"-write--"),
		"listened-to": own(writeLock, negative, zkLock, curator, async, id+"-lock--",
			id+"__lock__", id+"__rlock__"),
		"listened-to rw": own(writeLock, negative, zkLock, async, id+"-lock--", id+"-read--",
			id+"-write--", id+"__lock__", id+"__rlock__"),
		"zktools mutex": own(id+"-lock--", async),
		"zktools rw":    own(id+"-lock--", id+"-read--", id+"-write--", async),
		"Curator mutex": own(writeLock, negative, zkLock, curator, async, id+"-lock--"),
		"Curator rw":    own(zkLock, "_c_"+uuid+"-__READ__", "_c_"+uuid+"-__WRIT__"),
		"kazoo mutex":   own(zkLock, id+"__lock__", id+"__rlock__"),
		"kazoo rw":      own(zkLock, id+"__lock__", id+"__rlock__"),
	} {
		for _, prefix := range all {
			c, ok := queue.ParseAny(prefix + "0000000001")
			require.True(t, ok)
			assert.Equal(t, agreed[prefix], voices[name].Agrees(c.Dialect, c.Kind),
				"%s and %s", name, prefix)
		}
	}
}

// FuzzNobodyIsGrantedTwice makes queues of our voices and other libraries' clients: where ours
// accept the queue, and one of them holds the lock, no other client that excludes it believes to
// hold it, by its own rules.
func FuzzNobodyIsGrantedTwice(f *testing.F) {
	names, own := make([]string, 0), make([]string, 0)
	for name := range foreign {
		names = append(names, name)
	}
	for name := range voices {
		own = append(own, name)
	}
	slices.Sort(names)
	slices.Sort(own)
	f.Add([]byte{0, 1, 2, 3, 20, 21, 22})
	f.Add([]byte{200, 13, 77, 5, 16, 18, 1})
	f.Fuzz(func(t *testing.T, who []byte) {
		who = who[:min(len(who), 8)]
		type member struct {
			name   string
			voice  *queue.Voice
			client queue.Client
			kind   queue.Kind
		}
		var members []member
		var children []string
		for i, b := range who {
			m := member{kind: queue.Lock}
			var prefix string
			random := [16]byte{b * 7, byte(i) * 13, b}
			if n := int(b) % (len(names) + len(own)); n < len(names) {
				peer := foreign[names[n]]
				m.client, m.kind = peer.client, peer.kind
				fresh := queue.Prefix(queue.Zktools, queue.Lock, random)[:32]
				prefix = strings.Replace(strings.Replace(peer.prefix, id, fresh, 1),
					uuid[:8], fresh[:8], 1)
			} else {
				v := voices[own[n-len(names)]]
				m.voice = &v
				if v.ReadWrite {
					m.kind = []queue.Kind{queue.Read, queue.Write}[b%2]
				}
				prefix = queue.Prefix(v.Dialect, m.kind, random)
			}
			m.name = fmt.Sprintf("%s%010d", prefix, i+int(b)%3*1000)
			members, children = append(members, m), append(children, m.name)
		}
		q := queue.Order(children)
		patterns := func(v queue.Voice, cl queue.Client) []string {
			if !v.KazooListens {
				return nil
			}
			return []string{"-lock-", "-read-",
				"-write-"}[:map[bool]int{false: 1, true: 3}[v.ReadWrite]]
		}
		for _, m := range members {
			if m.voice == nil || len(slices.Collect(m.voice.Strangers(q))) > 0 {
				continue
			}
			self, _ := queue.Parse(m.name)
			for range queue.Blockers(q, self) {
				self.Kind = 0 // it waits
			}
			if self.Kind == 0 {
				continue
			}
			for _, other := range members {
				if other.name == m.name || !m.kind.Exclusive() && !other.kind.Exclusive() {
					continue
				}
				if other.client == queue.KazooLock && m.kind == queue.Read {
					continue // which nobody can tell from a WriteLock
				}
				var waits bool
				if other.voice != nil {
					c, _ := queue.Parse(other.name)
					for range queue.Blockers(q, c) {
						waits = true
					}
				} else {
					ahead, err := other.client.WaitsFor(other.name, children,
						patterns(*m.voice, other.client)...)
					waits = err != nil || len(ahead) > 0
				}
				if !waits {
					t.Fatalf("%s and %s both hold the lock: %q", m.name, other.name, children)
				}
			}
		}
	})
}
