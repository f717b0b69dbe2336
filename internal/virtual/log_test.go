package virtual

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/docblock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// take returns what was written since the last call, in lines.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	written := r.b.String()
	r.b.Reset()
	return strings.Split(strings.TrimSuffix(written, "\n"), "\n")
}

// logAt is a logger of lines without a time.
func logAt(level slog.Level, to *recorder) zklock.SessionOption {
	untimed := func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return zklock.WithLogger(slog.New(slog.NewTextHandler(to,
		&slog.HandlerOptions{Level: level, ReplaceAttr: untimed})))
}

// TestVirtualLogOfALife has everything happen to a session that an operator is to be told of at
// Info, and wants each line to say which lock, why and for how long.
func TestVirtualLogOfALife(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		const timeout = 12 * time.Second
		other, _ := w.dial("", timeout)
		var log recorder
		s, client := w.dial("", timeout, logAt(slog.LevelInfo, &log))
		m, theirs := mutex(t, s, "jobs/report"),
			mutex(t, other, "jobs/report", zklock.WithIdentifier("vm/7"))
		seen := func(what string, lines ...string) {
			t.Helper()
			synctest.Wait()
			got := log.take()
			t.Logf("%s:\n\t%s", what, strings.Join(got, "\n\t"))
			if assert.Len(t, got, len(lines), what) {
				for i := range lines {
					assert.Regexp(t, "^"+lines[i]+"$", got[i], what)
				}
			}
		}
		const lock = `lock=jobs/report kind=lock`
		established := `level=INFO msg="zookeeper session established" after=\S+ server=` +
			w.Connect() + ` timeout=12s`
		seen("dial", established)

		lockFor(t, m, 0)
		m.Unlock()
		seen("lock and unlock", "")

		lockFor(t, theirs, 0)
		p := m.LockAsync(t.Context())
		time.Sleep(30 * time.Second) // sleep ok: virtual
		theirs.Unlock()
		<-p.Done()
		seen("wait",
			`level=INFO msg="still waiting" `+lock+
				` waited=10s because="1 ahead of it, the holder is vm/7"`)

		time.Sleep(2 * time.Second) // sleep ok: virtual
		_, err := theirs.RevokeAll(t.Context())
		require.NoError(t, err)
		<-m.Revoked()
		seen("revoked", `level=INFO msg="asked to release" `+lock+` held=2s by=vm/7`)
		m.Unlock()

		lockFor(t, m, 3*time.Second)
		_, err = theirs.Clear(t.Context())
		require.NoError(t, err)
		<-m.Lost()
		seen("removed by force", `level=WARN msg="lock lost" `+lock+` reason=removed held=3s`)
		m.Unlock()

		lockFor(t, m, 4*time.Second)
		w.expireCutOff(s, client)
		<-m.Lost()
		m.Unlock()
		time.Sleep(time.Second) // sleep ok: virtual
		seen("expired",
			`level=WARN msg="lock lost" `+lock+` reason=expired held=4s`,
			`level=WARN msg="zookeeper session expired" suspended=0s holds=1`,
			established)

		lockFor(t, m, 5*time.Second)
		client.Refuse()
		client.Cut()
		time.Sleep(30 * time.Second) // sleep ok: virtual
		m.Unlock()
		client.Heal()
		time.Sleep(20 * time.Second) // sleep ok: virtual
		seen("lease ran out, and the session after it",
			`level=WARN msg="zookeeper disconnected" for=4s error="[^"]*connection refused"`,
			`level=WARN msg="lock lost" `+lock+` reason=lease held=(9|1)\S*s`,
			`level=WARN msg="zookeeper session given up" .*`,
			`level=WARN msg="zookeeper session expired" suspended=1\S+s holds=0`,
			established)

		client.Refuse()
		client.Cut()
		time.Sleep(4500 * time.Millisecond) // sleep ok: virtual
		client.Heal()
		time.Sleep(10 * time.Second) // sleep ok: virtual
		seen("outage",
			`level=WARN msg="zookeeper disconnected" for=4s error="[^"]*connection refused"`,
			`level=INFO msg="zookeeper connected again" after=5s server=\S+`)

		client.Cut()
		time.Sleep(10 * time.Second) // sleep ok: virtual
		seen("short outage", `level=INFO msg="zookeeper connected again" after=\S+ server=\S+`)

		lockFor(t, m, 6*time.Second)
		require.NoError(t, s.Close())
		seen("close", `level=INFO msg="lock lost" `+lock+` reason=closed held=6s`)
	})
}

// expireCutOff has the ensemble expire a session whose client is cut off for a moment: one that is
// connected can be told first that its znode is gone.
func (w *world) expireCutOff(s *zklock.Session, client *fakezk.Client) {
	client.Blackhole()
	client.Cut()
	w.Expire(s.ID())
	client.Heal()
}

// lockFor acquires the lock and holds it for some time.
func lockFor(t *testing.T, m *zklock.Mutex, held time.Duration) {
	t.Helper()
	_, err := m.LockContext(context.Background())
	require.NoError(t, err)
	time.Sleep(held) // sleep ok: virtual
}

// TestVirtualNoSessionIDAtInfo has no line at Info or above say what ZooKeeper derives the
// session's password from, nor an expiry be called a failed authentication at any level.
func TestVirtualNoSessionIDAtInfo(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		var info, debug recorder
		s, client := w.dial("", 10*time.Second, logAt(slog.LevelInfo, &info))
		s2, _ := w.dial("", 10*time.Second, logAt(slog.LevelDebug, &debug))
		for _, s := range []*zklock.Session{s, s2} {
			id := s.ID()
			w.Expire(id)
			time.Sleep(time.Second) // sleep ok: virtual
			assert.NotEqual(t, id, s.ID())
		}
		client.Cut()
		time.Sleep(time.Second) // sleep ok: virtual
		for _, line := range info.take() {
			assert.NotContains(t, line, "id=")
		}
		all := strings.Join(debug.take(), "\n")
		assert.Contains(t, all, "session has been expired by the server")
		assert.NotContains(t, all, "authentication failed")
	})
}

// TestVirtualLogOfAnOutage compares what docs/observability.md shows of half a minute without a
// server with what is logged, but for the figures.
func TestVirtualLogOfAnOutage(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var log recorder
		s, client := w.dial("", 12*time.Second, logAt(slog.LevelInfo, &log))
		m := mutex(t, s, "jobs/report")
		lockFor(t, m, 5*time.Second)
		log.take()
		client.Refuse()
		client.Cut()
		time.Sleep(30 * time.Second) // sleep ok: virtual
		m.Unlock()
		client.Heal()
		time.Sleep(20 * time.Second) // sleep ok: virtual
		synctest.Wait()
		logged := strings.Join(log.take(), "\n") + "\n"
		block, err := docblock.Find("../../docs/observability.md", "output",
			"half a minute without a server")
		require.NoError(t, err)
		if docblock.Updating() {
			require.NoError(t, block.Replace(logged))
			return
		}
		figures := regexp.MustCompile(`[0-9.]+(ms|s)\b|0x[0-9a-f]+`)
		want, got := figures.ReplaceAllString(block.Text, "N"),
			figures.ReplaceAllString(logged, "N")
		assert.Equal(t, want, got, "run make docs")
	})
}

// TestVirtualLogOfADeadHolder waits behind a client whose machine is gone, and wants the log to say
// who it was.
func TestVirtualLogOfADeadHolder(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var log recorder
		dead, machine := w.dial("", 30*time.Second)
		s, _ := w.dial("", 12*time.Second, logAt(slog.LevelInfo, &log))
		lockFor(t, mutex(t, dead, "jobs/report", zklock.WithIdentifier("vm/7")), 0)
		log.take()
		machine.Blackhole()
		m := mutex(t, s, "jobs/report")
		begun := time.Now()
		lockFor(t, m, 0)
		assert.Greater(t, time.Since(begun), 20*time.Second)
		m.Unlock()
		synctest.Wait()
		lines := log.take()
		require.Len(t, lines, 1)
		assert.Regexp(t, `^level=INFO msg="still waiting" lock=jobs/report kind=lock `+
			`waited=1\S+s because="1 ahead of it, the holder is vm/7"$`, lines[0])
		machine.Heal()
	})
}

// TestVirtualLogOfASlowServer has answers take longer and longer, until a hold is lost: the log
// names the server before that.
func TestVirtualLogOfASlowServer(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var log recorder
		s, client := w.dial("", 12*time.Second, logAt(slog.LevelInfo, &log))
		m := mutex(t, s, "jobs/report")
		lockFor(t, m, 5*time.Second)
		log.take()
		client.Delay(3500 * time.Millisecond)
		<-m.Lost()
		synctest.Wait()
		lines := log.take()
		require.Len(t, lines, 2)
		assert.Regexp(t, `^level=WARN msg="zookeeper answers slowly" server=`+w.Connect()+
			` waited=(1|2)\.\S+s for=(1|2)\.\S+s$`, lines[0])
		assert.Regexp(t,
			`^level=WARN msg="lock lost" lock=jobs/report kind=lock reason=lease held=\S+s$`,
			lines[1])
		client.Heal()
		m.Unlock()
	})
}

// TestVirtualLogOfAServerThatIsSlowForLong loses nothing: the log has a line each minute, and one
// when it is over.
func TestVirtualLogOfAServerThatIsSlowForLong(t *testing.T) {
	for name, held := range map[string]bool{"held": true, "nothing held": false} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				const timeout = 12 * time.Second
				var log recorder
				s, client := w.dial("", timeout, logAt(slog.LevelInfo, &log))
				if held {
					lockFor(t, mutex(t, s, "m"), 5*time.Second)
				}
				synctest.Wait()
				log.take()
				client.Delay(timeout/24 - 5*time.Millisecond)
				time.Sleep(time.Minute) // sleep ok: virtual
				assert.Equal(t, []string{""}, log.take(), "not slow enough")
				client.Delay(timeout/24 + 50*time.Millisecond)
				time.Sleep(2*time.Minute + 30*time.Second) // sleep ok: virtual
				client.Delay(0)
				time.Sleep(2 * timeout) // sleep ok: virtual
				lines := log.take()
				slow := `^level=WARN msg="zookeeper answers slowly" server=` + w.Connect()
				require.Len(t, lines, 4)
				assert.Regexp(t, slow+` waited=1\.\S+s for=1\.\S+s$`, lines[0])
				assert.Regexp(t, slow+` waited=1\.1\S*s for=1m\S+s$`, lines[1])
				assert.Regexp(t, slow+` waited=1\.1\S*s for=2m\S+s$`, lines[2])
				assert.Regexp(t, `^level=INFO msg="zookeeper answers in time again" server=`+
					w.Connect()+` waited=1\.1\S*s after=2m2\S+s$`, lines[3])
				assert.Zero(t, s.Stats().Lost)
			})
		})
	}
}

// TestVirtualLogOfDial dials servers that take no connection, for two minutes.
func TestVirtualLogOfDial(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		var log recorder
		client := w.Client()
		client.Refuse()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		_, err := zklock.Dial(ctx, w.Connect(), zklock.WithDialer(client.Dial),
			logAt(slog.LevelInfo, &log))
		require.Error(t, err)
		lines := log.take()
		require.Len(t, lines, 2)
		for i, after := range []string{"5s", "1m5s"} {
			assert.Regexp(t, `^level=WARN msg="no zookeeper session yet" servers=\[`+w.Connect()+
				`\] after=`+after+` error="[^"]*connection refused"$`, lines[i])
		}
	})
}

// TestVirtualLogOfWhatServersDo has servers be left for being out of step, grant another session
// timeout than the one that was asked for, and refuse credentials.
func TestVirtualLogOfWhatServersDo(t *testing.T) {
	const timeout = 4 * time.Second
	line := func(t *testing.T, log *recorder, want string) {
		t.Helper()
		synctest.Wait()
		lines := log.take()
		for _, line := range lines {
			if regexp.MustCompile("^" + want + "$").MatchString(line) {
				return
			}
		}
		assert.Fail(t, "no "+want, "in %s", strings.Join(lines, "\n"))
	}
	t.Run("out of step", func(t *testing.T) {
		virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)}, func(t *testing.T, w *world) {
			var log recorder
			w.Server(0).Stop()
			s, _ := w.dial("", timeout, logAt(slog.LevelInfo, &log))
			w.Server(0).Resume()
			other, _ := w.dial(w.Server(0).Address(), timeout)
			m, holder := mutex(t, s, "m"), mutex(t, other, "m")
			lock(t, holder)
			guard, err := holder.Guard()
			require.NoError(t, err)
			p := m.LockAsync(t.Context())
			<-p.Queued()
			w.Server(1).Keep(guard.Path)
			holder.Unlock()
			<-p.Done()
			line(t, &log, `level=WARN msg="left a server that is out of step with the others" `+
				`server=`+w.Server(1).Address()+` path=`+guard.Path)
			m.Unlock()
		})
	})
	t.Run("credentials", func(t *testing.T) {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			var log recorder
			_, client := w.dial("", timeout, zklock.WithAuth("digest", []byte("a:b")),
				logAt(slog.LevelInfo, &log))
			w.RejectCredentials(true)
			client.Cut()
			time.Sleep(time.Second) // sleep ok: virtual
			line(t, &log, `level=ERROR msg="zookeeper refuses the credentials"`)
			w.RejectCredentials(false)
			time.Sleep(time.Minute) // sleep ok: virtual
		})
	})
	t.Run("granted timeout", func(t *testing.T) {
		virtually(t, fakezk.Config{Tick: 2 * time.Second}, func(t *testing.T, w *world) {
			var log recorder
			client := w.Client()
			s, err := zklock.Dial(t.Context(), w.Connect(), zklock.WithDialer(client.Dial),
				zklock.WithSessionTimeout(2*time.Second), logAt(slog.LevelInfo, &log))
			require.NoError(t, err)
			w.sessions = append(w.sessions, s)
			line(t, &log, `level=WARN msg="the server grants another session timeout" asked=2s `+
				`granted=4s`)
		})
	})
}

// TestVirtualLogOfStrays has children of a lock look like candidates.
func TestVirtualLogOfStrays(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var log recorder
		s, _ := w.dial("", 12*time.Second, logAt(slog.LevelInfo, &log))
		m := mutex(t, s, "m")
		lock(t, m)
		m.Unlock()
		for _, stray := range []string{"one", "other"} {
			_, err := s.Conn().Create(m.Path()+"/"+stray+"-lock-0000000000", nil, 0,
				zk.WorldACL(zk.PermAll))
			require.NoError(t, err)
		}
		log.take()
		lock(t, m)
		m.Unlock()
		assert.ElementsMatch(t, []string{
			`level=WARN msg="not a candidate, ignored" path=` + m.Path() + "/one-lock-0000000000",
			`level=WARN msg="not a candidate, ignored" path=` + m.Path() + "/other-lock-0000000000",
		}, log.take())
		require.True(t, mutex(t, s, "m").TryLock())
		for _, line := range log.take() { // of each look at some of the children
			assert.Regexp(t, `^level=WARN msg="children that are no candidates, ignored" path=`+
				m.Path()+` number=[12]$`, line)
		}
	})
}

// TestVirtualLogAtDebug has all that is told of acquisitions be in the log.
func TestVirtualLogAtDebug(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		var log recorder
		s, client := w.dial("", 12*time.Second, logAt(slog.LevelDebug, &log))
		other, _ := w.dial("", 12*time.Second)
		m, theirs := mutex(t, s, "m"), mutex(t, other, "m")
		lockFor(t, theirs, 0)
		log.take()
		p := m.LockAsync(t.Context())
		time.Sleep(2 * time.Second) // sleep ok: virtual
		theirs.Unlock()
		<-p.Done()
		token := m.Token()
		time.Sleep(3 * time.Second) // sleep ok: virtual
		m.Unlock()
		lockFor(t, theirs, 0)
		assert.False(t, m.TryLock())
		time.Sleep(time.Second) // sleep ok: virtual
		client.Cut()
		time.Sleep(10 * time.Second) // sleep ok: virtual
		require.NoError(t, s.Close())
		var lines []string
		for _, line := range log.take() {
			if strings.HasPrefix(line, "level=DEBUG") &&
				!strings.Contains(line, `msg="zookeeper client"`) {
				lines = append(lines, line)
			}
		}
		const about = ` lock=m kind=lock `
		want := []string{
			`level=DEBUG msg=waiting` + about + `ahead=1`,
			`level=DEBUG msg=acquired` + about + `waited=2s token=` + token.String(),
			`level=DEBUG msg=released` + about + `held=3s took=0s`,
			`level=DEBUG msg="not acquired"` + about + `waited=0s error="[^"]*lock is taken[^"]*"`,
			`level=DEBUG msg="zookeeper disconnected" after=\S+ server=` + w.Connect(),
			`level=DEBUG msg="zookeeper session closed" after=\S+`,
		}
		require.Len(t, lines, len(want), strings.Join(lines, "\n"))
		for i := range want {
			assert.Regexp(t, "^"+want[i]+"$", lines[i])
		}
	})
}
