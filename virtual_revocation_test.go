package zklock_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualRevokeHolderAsksTheHolderAlone has others wait. The one who was asked goes to the end.
func TestVirtualRevokeHolderAsksTheHolderAlone(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		a, _ := w.dial("", 10*time.Second)
		b, _ := w.dial("", 10*time.Second)
		holder, next := mutex(t, a, "m"), mutex(t, b, "m")
		n, err := next.RevokeHolder(t.Context())
		require.NoError(t, err)
		assert.Zero(t, n, "nobody holds it")
		for range 3 {
			revoked := lock(t, holder)
			p := queued(t, next)
			n, err := next.RevokeHolder(t.Context())
			require.NoError(t, err)
			assert.Equal(t, 1, n)
			<-revoked
			again := holder.LockAsync(t.Context()) // waits until the handle is unlocked
			holder.Unlock()
			<-p.Done()
			require.NoError(t, p.Err())
			time.Sleep(time.Second) // sleep ok: virtual; a mark would have been seen
			assert.NoError(t, next.Err(), "it was asked too")
			assert.True(t, isOpen(again.Done()))
			again.Cancel()
			<-again.Released()
			next.Unlock()
		}

		readers := []*zklock.Mutex{rwMutex(t, a, "m").Reader(), rwMutex(t, b, "m").Reader()}
		for _, r := range readers {
			lock(t, r)
		}
		p := queued(t, next)
		n, err = holder.RevokeHolder(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 2, n, "all readers that hold it")
		for _, r := range readers {
			<-r.Revoked()
			r.Unlock()
		}
		<-p.Done()
		assert.NoError(t, next.Err())
		next.Unlock()
	})
}

// TestVirtualWhoWasAskedKeepsItsIdentity asks in every way, and looks at the queue while nobody lets go. The holder's process may
// hang.
func TestVirtualWhoWasAskedKeepsItsIdentity(t *testing.T) {
	long := strings.Repeat("x", 1024)
	for name, ask := range map[string]func(context.Context, *zklock.Mutex) error{
		"RevokeAll":    func(ctx context.Context, m *zklock.Mutex) error { _, err := m.RevokeAll(ctx); return err },
		"RevokeHolder": func(ctx context.Context, m *zklock.Mutex) error { _, err := m.RevokeHolder(ctx); return err },
		"LockRevoking": func(ctx context.Context, m *zklock.Mutex) error {
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := m.LockRevoking(short, zklock.Ask)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorContains(t, err, "the holder is ")
			return nil
		},
	} {
		for _, identifier := range []string{"vm/19359", "two\nlines", "unlock me", long} {
			t.Run(name+"/"+identifier[:8], func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, client := w.dial("", 40*time.Second)
					elsewhere, _ := w.dial("", 10*time.Second)
					m, other := mutex(t, s, "m", zklock.WithIdentifier(identifier)), mutex(t, elsewhere, "m")
					lock(t, m)
					client.Blackhole() // it hangs
					for range 3 {      // an operator tries again
						require.NoError(t, ask(t.Context(), other))
						c := contenders(t, other)[0]
						assert.Equal(t, identifier, string(c.Data))
						assert.Equal(t, len(identifier), c.DataSize)
						assert.True(t, c.Revoked)
						assert.True(t, c.Holder)
					}
					client.Heal()
					<-m.Revoked()
					m.UnlockContext(t.Context())
				})
			})
		}
	}
}

// TestVirtualForeignMarks asks candidates of other clients, which know one mark each, and looks at candidates that others have asked.
func TestVirtualForeignMarks(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	for _, c := range []struct{ prefix, data, mark string }{
		{"_c_01234567-89ab-cdef-0123-456789abcdef-lock-", "10.0.0.1", "__REVOKE__"},
		{"_c_01234567-89ab-cdef-0123-456789abcdef-__WRIT__", "10.0.0.1", "__REVOKE__"},
		{id + "-lock--", "0", "unlock"},
		{id + "-write--", "0", "unlock"},
		{id + "-lock-", "0", "unlock"},
		{id + "__lock__", "host", "unlock"},
		{"_c_" + id + "-lock-", "", "unlock"}, // zk.Lock's
		{"_c_" + id + "-lock-", "vm/1", "unlock\nvm/1\nasked by \"ops\""},
	} {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			m := mutex(t, s, "m", zklock.WithIdentifier("ops"))
			lock(t, m) // makes the parents
			m.Unlock()
			znode, err := s.Conn().Create(m.Path()+"/"+c.prefix, []byte(c.data), zk.FlagEphemeralSequential, zk.WorldACL(zk.PermAll))
			require.NoError(t, err)
			for i := range 2 {
				n, err := m.RevokeHolder(t.Context())
				require.NoError(t, err)
				assert.Equal(t, 1, n)
				data, stat, err := s.Conn().Get(znode)
				require.NoError(t, err)
				assert.Equal(t, c.mark, string(data), c.prefix)
				assert.EqualValues(t, 1, stat.Version, "asked %d times", i+1)
			}
			require.NoError(t, s.Conn().Delete(znode, -1))

			revoked := lock(t, m)
			time.Sleep(time.Second) // sleep ok: virtual; the hold is watched
			_, err = s.Conn().Set(m.Path()+"/"+contenders(t, m)[0].Znode, []byte(c.mark), -1)
			require.NoError(t, err)
			<-revoked
			shown := contenders(t, m)[0]
			assert.True(t, shown.Revoked)
			_, who, _ := strings.Cut(c.mark, "\n")
			who, _, _ = strings.Cut(who, "\n")
			assert.Equal(t, who, string(shown.Data))
			assert.Equal(t, len(shown.Data), shown.DataSize)
			m.Unlock()
		})
	}
	for _, data := range []string{"unlock", "__REVOKE__", "unlock\n", "unlock\nvm/1", "unlock\nvm/1\nasked by \"x\""} {
		virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			_, err := s.Mutex("m", zklock.WithIdentifier(data))
			assert.ErrorContains(t, err, "is a revocation mark", fmt.Sprintf("%q", data))
		})
	}
}
