package queue_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/queue"
)

const id, uuid = "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"

var random = [16]byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89,
	0xab, 0xcd, 0xef}

func TestNamesOfEveryNaming(t *testing.T) {
	for _, test := range []struct {
		dialect queue.Dialect
		kind    queue.Kind
		prefix  string
	}{
		{queue.Native, queue.Lock, "_c_" + id + "-lock-"},
		{queue.Native, queue.Read, "_c_" + id + "-read-"},
		{queue.Native, queue.Write, "_c_" + id + "-write-"},
		{queue.Zktools, queue.Lock, id + "-lock--"},
		{queue.Zktools, queue.Read, id + "-read--"},
		{queue.Zktools, queue.Write, id + "-write--"},
		{queue.Curator, queue.Lock, "_c_" + uuid + "-lock-"},
		{queue.Curator, queue.Read, "_c_" + uuid + "-__READ__"},
		{queue.Curator, queue.Write, "_c_" + uuid + "-__WRIT__"},
		{queue.Kazoo, queue.Lock, id + "__lock__"},
		{queue.Kazoo, queue.Read, id + "__rlock__"},
		{queue.Kazoo, queue.Write, id + "__lock__"},
		{queue.WriteLock, queue.Lock, "x-81985529216486895-"},
	} {
		assert.Equal(t, test.prefix, queue.Prefix(test.dialect, test.kind, random))
		c, ok := queue.Parse(test.prefix + "0000000042")
		assert.True(t, ok, test.prefix)
		assert.EqualValues(t, 42, c.Seq)
		assert.Equal(t, test.kind.Exclusive(), c.Kind.Exclusive(), test.prefix)
		if test.dialect == queue.Curator && test.kind != queue.Lock {
			test.dialect = queue.CuratorRW
		}
		assert.Equal(t, test.dialect, c.Dialect, test.prefix)
	}
}

func TestParseKnowsEveryClient(t *testing.T) {
	for name, want := range map[string]queue.Candidate{
		// go-zookeeper, and ours
		"_c_" + id + "-lock-0000000000":  {Kind: queue.Lock, Dialect: queue.Native},
		"_c_" + id + "-read-0000000001":  {Kind: queue.Read, Seq: 1, Dialect: queue.Native},
		"_c_" + id + "-write-2147483647": {Kind: queue.Write, Seq: 1<<31 - 1, Dialect: queue.Native},
		// ZkLock
		id + "-lock--0000000002": {Kind: queue.Lock, Seq: 2,
			Dialect: queue.Zktools},
		// ZkReadLock
		id + "-read--0000000003": {Kind: queue.Read, Seq: 3,
			Dialect: queue.Zktools},
		// ZkWriteLock
		id + "-write--0000000004": {Kind: queue.Write, Seq: 4,
			Dialect: queue.Zktools},
		// ZkAsyncLock
		id + "-lock-0000000005": {Kind: queue.Lock, Seq: 5,
			Dialect: queue.ZktoolsAsync},
		// as zktools' documentation has it
		"write-0000000002": {Kind: queue.Write, Seq: 2},
		"lock-0000000012":  {Kind: queue.Lock, Seq: 12},
		// InterProcessMutex
		"_c_" + uuid + "-lock-0000000007": {Kind: queue.Lock, Seq: 7, Dialect: queue.Curator},
		// InterProcessReadWriteLock
		"_c_" + uuid + "-__READ__0000000008": {Kind: queue.Read, Seq: 8, Dialect: queue.CuratorRW},
		// likewise
		"_c_" + uuid + "-__WRIT__0000000009": {Kind: queue.Write, Seq: 9, Dialect: queue.CuratorRW},
		// kazoo Lock, WriteLock
		id + "__lock__0000000010": {Kind: queue.Lock, Seq: 10,
			Dialect: queue.Kazoo},
		// kazoo ReadLock
		id + "__rlock__0000000011": {Kind: queue.Read, Seq: 11,
			Dialect: queue.Kazoo},
		"_c_x-lock-0000000001": {Kind: queue.Lock, Seq: 1, Dialect: queue.Curator},
		strings.Repeat("\xff", 3) +
			"-lock-0000000013": {Kind: queue.Lock, Seq: 13, Dialect: queue.ZktoolsAsync},
		"_c_" + id + "-lock-0000000001-write-0000000014": {Kind: queue.Write, Seq: 14},
	} {
		want.Name = name
		got, ok := queue.Parse(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, got)
	}
	for _, name := range []string{
		"", "x", "lock", "lock-", "-lock-", "0000000000", "lock-000000000", "lock-00000000x0",
		"lock-+000000001",
		"lock-2147483648", "lock-9999999999", "_c_" + id + "-lock-", "lock_0000000000",
		"flock-0000000000",
		"-lock-0000000000 ", "-lock-٠٠٠٠٠٠٠٠٠٠", id + "-LOCK-0000000000",
	} {
		_, ok := queue.Parse(name)
		assert.False(t, ok, name)
	}
}

// order parses a queue written as kinds and numbers, "r1 w2".
func order(t *testing.T, text string) []queue.Candidate {
	var names []string
	for field := range strings.FieldsSeq(text) {
		var kind rune
		var seq int
		_, err := fmt.Sscanf(field, "%c%d", &kind, &seq)
		assert.NoError(t, err)
		k := map[rune]queue.Kind{'l': queue.Lock, 'r': queue.Read, 'w': queue.Write}[kind]
		// Ids that sort the other way round, so that whole names order nothing.
		names = append(names,
			fmt.Sprintf("%s%010d", queue.Prefix(queue.Native, k, [16]byte{byte(255 - seq)}), seq))
	}
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return queue.Order(append(names, "stranger", "_c_x"))
}

func TestWhoBlocksWhom(t *testing.T) {
	for _, test := range []struct {
		queue   string
		holders int
		blocked []int // of each, by how many
	}{
		{"", 0, nil},
		{"l1", 1, []int{0}},
		{"l1 l2 l10", 1, []int{0, 1, 2}},
		{"l9 l10 l100", 1, []int{0, 1, 2}},
		{"r1 r2 r3", 3, []int{0, 0, 0}},
		{"r1 r2 w3 r4 r5 w6", 2, []int{0, 0, 2, 1, 1, 5}},
		{"w1 r2 r3", 1, []int{0, 1, 1}},
		{"l1 r2 w3", 1, []int{0, 1, 2}},
		{"r1 l2 r3", 1, []int{0, 1, 1}},
		{"w1 w2", 1, []int{0, 1}},
	} {
		q := order(t, test.queue)
		assert.Equal(t, test.holders, queue.Holders(q), test.queue)
		for i, self := range q {
			blockers := slices.Collect(queue.Blockers(q, self))
			assert.True(t, queue.Has(q, self))
			assert.Len(t, blockers, test.blocked[i], "%s: number %d", test.queue, i)
			assert.True(t,
				slices.IsSortedFunc(blockers, func(a, b queue.Candidate) int {
					return int(b.Seq) - int(a.Seq)
				}))
			assert.Equal(t, i < test.holders, len(blockers) == 0, "holding is having no blockers")
		}
	}
}

// FuzzOrder checks what must hold for any directory whatever.
func FuzzOrder(f *testing.F) {
	f.Add("_c_" + id + "-lock-0000000001\n" + id + "__rlock__0000000002\nwrite-0000000000\n_c_x")
	f.Add("a-lock-0000000001\nb-lock-0000000001\na-read-0000000001")
	f.Fuzz(func(t *testing.T, names string) {
		q := queue.Order(strings.Split(names, "\n"))
		holders := queue.Holders(q)
		if len(q) > 0 && holders == 0 {
			t.Fatal("candidates, and nobody holds the lock")
		}
		for i, self := range q {
			if again, ok := queue.Parse(self.Name); !ok || again != self {
				t.Fatalf("%q is a candidate here and %v there", self.Name, again)
			}
			if i > 0 && q[i-1].Seq > self.Seq {
				t.Fatalf("%q before %q", q[i-1].Name, self.Name)
			}
			blockers := slices.Collect(queue.Blockers(q, self))
			if free := len(blockers) == 0; free != (i < holders) {
				duplicate := slices.ContainsFunc(q[:i], func(c queue.Candidate) bool {
					return c == self
				})
				if !duplicate { // a directory has no name twice
					t.Fatalf("%q: %d blockers, place %d, %d holders", self.Name,
						len(blockers), i, holders)
				}
			}
			for _, b := range blockers {
				if b.Seq > self.Seq {
					t.Fatalf("%q waits for %q, which is behind it", self.Name, b.Name)
				}
				if self.Kind == queue.Read && b.Kind == queue.Read {
					t.Fatalf("reader %q waits for reader %q", self.Name, b.Name)
				}
			}
		}
	})
}

// FuzzLook compares the cheap way with the way by the ordered queue.
func FuzzLook(f *testing.F) {
	f.Add("_c_00112233445566778899aabbccddeeff-lock-0000000003\n_c_10112233445566778899aabbccddeeff-read-0000000001\nx", uint8(0), uint8(2))
	f.Add("_c_00112233445566778899aabbccddeeff-write-0000000003\na__READ__0000000004\nb__lock__0000000001", uint8(1), uint8(1))
	f.Add("", uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, text string, which, keep uint8) {
		children := strings.Split(text, "\n")
		q := queue.Order(children)
		// a directory has no name twice
		if len(q) == 0 || len(slices.Compact(slices.Clone(q))) < len(q) {
			return
		}
		voice := queue.Voice{Dialect: queue.Native}
		self := q[int(which)%len(q)]
		view, ok := voice.Look(children, self, int(keep))
		for range voice.Strangers(q) {
			require.False(t, ok, "somebody orders the queue differently")
			return
		}
		require.True(t, ok)
		require.Equal(t, len(q), view.Len)
		require.True(t, view.Found)
		var all []queue.Candidate
		for c := range queue.Blockers(q, self) {
			all = append(all, c)
		}
		require.Equal(t, len(all) > int(keep), view.More)
		require.True(t, slices.Equal(all[:min(len(all), int(keep))], view.Nearest), "%v, of %v",
			view.Nearest, all)
		_, found := voice.Look(nil, self, 1)
		require.True(t, found, "an empty queue has no strangers")
	})
}
