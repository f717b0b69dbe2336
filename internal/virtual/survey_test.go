package virtual

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// TestVirtualSurvey lists locks with long queues, in which there are children that only look like
// candidates.
func TestVirtualSurvey(t *testing.T) {
	const locks, each = 40, 100
	for name, test := range map[string]struct {
		prepare func(*testing.T, *world, *zklock.Session, string)
		most    int // requests that ask about candidates
	}{
		"together":               {func(*testing.T, *world, *zklock.Session, string) {}, 2 * locks},
		"a server before 3.6":    {func(_ *testing.T, w *world, _ *zklock.Session, _ string) { w.Answer(wire.OpMultiRead, -6) }, locks*each + 32},
		"one with too much data": {enlarge, 2*locks + 64},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
				s, client := w.dial("", 10*time.Second)
				other, _ := w.dial("", 10*time.Second)
				for i := range locks {
					m := mutex(t, s, fmt.Sprintf("%02d", i))
					lock(t, m)
					m.Unlock()
					for j := range each {
						flags := int32(zk.FlagSequence) // of no session: no candidate
						if j%2 == 1 {
							flags |= zk.FlagEphemeral
						}
						_, err := other.Conn().Create(m.Path()+
							"/_c_00000000000000000000000000000000-lock-", nil, flags,
							zk.WorldACL(zk.PermAll))
						require.NoError(t, err)
					}
				}
				test.prepare(t, w, other, mutex(t, s, "07").Path())
				asks := func() int {
					return client.Sent(wire.OpExists) + client.Sent(wire.OpMultiRead) +
						client.Sent(wire.OpGetData)
				}
				before := asks()
				found, err := s.Locks(t.Context())
				require.NoError(t, err)
				asked := asks() - before
				held := 0
				for _, l := range found {
					if strings.Contains(l.Name, "/") {
						continue // what looks like a candidate, and may be a lock
					}
					held++
					assert.NotZero(t, l.WaitingSince)
					assert.NotZero(t, l.QueuedSince)
					assert.Equal(t,
						zklock.LockInfo{Name: l.Name, Kind: zklock.KindLock, Holders: 1,
							Waiters: each/2 - 1, Created: l.Created, HeldBy: l.HeldBy,
							QueuedSince: l.QueuedSince, WaitingSince: l.WaitingSince}, l)
				}
				assert.Equal(t, locks, held)
				assert.LessOrEqual(t, asked, test.most)
			})
		})
	}
}

// enlarge writes so much into the first candidates of a lock that no answer holds all of it.
func enlarge(t *testing.T, _ *world, s *zklock.Session, dir string) {
	children, _, err := s.Conn().Children(dir)
	require.NoError(t, err)
	for _, name := range children {
		_, err := s.Conn().Set(dir+"/"+name, bytes.Repeat([]byte("x"), 200<<10), -1)
		require.NoError(t, err)
	}
}

// TestVirtualSurveyWithoutMultiRead has servers that do not know the request for many znodes, and
// say so in their own ways. They are not asked again and again: some end the connection over it.
func TestVirtualSurveyWithoutMultiRead(t *testing.T) {
	for _, manner := range []fakezk.Manner{fakezk.Refuses, fakezk.BadArguments, fakezk.HangsUp} {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			w.Imitate(fakezk.Profile{Foreign: map[int32]fakezk.Manner{wire.OpMultiRead: manner}})
			s, client := w.dial("", 10*time.Second)
			m := mutex(t, s, "m")
			lock(t, m)
			for range 4 {
				locks, err := s.Locks(t.Context())
				require.NoError(t, err)
				require.Len(t, locks, 1)
				assert.Equal(t, string(contenders(t, m)[0].Data), locks[0].HeldBy)
			}
			assert.LessOrEqual(t, client.Sent(wire.OpMultiRead), 2, manner)
			m.Unlock()
		})
	}
}
