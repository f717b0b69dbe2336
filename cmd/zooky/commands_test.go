//go:build unix

package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
)

// TestZktoolsTranscript is the example of zktools' documentation: one lock that is held and one
// that is not.
func TestZktoolsTranscript(t *testing.T) {
	p := newPlace(t)
	p.create("", "")
	p.create("fred", "")
	p.create("zkLockTest", "")
	_, err := p.session.Conn().Create(p.root+
		"/fred/0123456789abcdef0123456789abcdef-write-0000000002", []byte("0"),
		zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)

	status, stdout, stderr := p.zooky("list", "--host", ensemble.Connect(), "--lock_root", p.root)
	require.Equal(t, 0, status, stderr)
	assert.Regexp(t, `^LOCK +STATUS +KIND +HOLDERS +WAITERS +HELD +HELD BY
fred +Locked +write +1 +0 +queued \d+s ago +0
zkLockTest +Free +- +0 +0 +- +-
$`, stdout)

	status, stdout, stderr = p.zooky("show", "fred")
	require.Equal(t, 0, status, stderr)
	assert.Regexp(t, `\nholder +0 +write .*-write-0000000002\n$`, stdout)
}

func TestList(t *testing.T) {
	p := newPlace(t)
	p.create("", "")
	status, stdout, stderr := p.zooky("list", "--json")
	require.Equal(t, 0, status, stderr)
	assert.Equal(t, "[]\n", stdout)
	p.lock("jobs/a")
	p.queue("jobs/a", "ben")
	p.create("other", "") // the server removes the znode of one that was released, when it likes
	status, stdout, stderr = p.zooky("list", "jobs/?", "--json")
	require.Equal(t, 0, status, stderr)
	var locks []struct {
		Name, Status, Kind string
		Holders, Waiters   int
		Created            time.Time
		HeldBy             string    `json:"held_by"`
		QueuedSince        time.Time `json:"queued_since"`
		WaitingSince       time.Time `json:"waiting_since"`
	}
	decode(t, stdout, &locks)
	require.Len(t, locks, 1)
	assert.Equal(t, "ann", locks[0].HeldBy)
	for _, at := range []time.Time{locks[0].Created, locks[0].QueuedSince, locks[0].WaitingSince} {
		assert.WithinDuration(t, time.Now(), at, patience)
	}
	assert.Equal(t, "jobs/a Locked lock", locks[0].Name+" "+locks[0].Status+" "+locks[0].Kind)
	assert.Equal(t, [2]int{1, 1}, [2]int{locks[0].Holders, locks[0].Waiters})
	_, stdout, _ = p.zooky("list", "*")
	assert.NotContains(t, stdout, "jobs")
	assert.Contains(t, stdout, "other")
}

// decode reads JSON that has no field that the schema lacks.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into), text)
}

func TestShow(t *testing.T) {
	p := newPlace(t)
	m := p.lock("fred")
	p.queue("fred", "ben")
	p.create("fred/stranger", "")
	status, stdout, stderr := p.zooky("show", "fred")
	require.Equal(t, 0, status, stderr)
	assert.Regexp(t, `^ +WHO +KIND +TOKEN .*
holder +ann +lock +`+m.Token().String()+` +\? +\d+s ago .*
2 +ben +lock .*
no contender: stranger
$`, stdout)

	_, stdout, _ = p.zooky("show", "fred", "--json")
	assert.NotContains(t, stdout, "session")
	_, stdout, _ = p.zooky("show", "fred", "--json", "--sessions")
	assert.Contains(t, stdout, fmt.Sprintf(`"session": "%#x"`, p.session.ID()))
	var q struct {
		Name, Path, Status string
		Others             []string
		Contenders         []struct {
			Znode, Kind, Identifier, Token, Session string
			Holder, Revoked                         bool
			Data                                    []byte
			Created, Modified                       time.Time
		}
	}
	decode(t, stdout, &q)
	assert.Equal(t, "fred "+p.root+"/fred Locked", q.Name+" "+q.Path+" "+q.Status)
	assert.Equal(t, []string{"stranger"}, q.Others)
	require.Len(t, q.Contenders, 2)
	assert.True(t, q.Contenders[0].Holder)
	assert.False(t, q.Contenders[1].Holder)
	assert.Equal(t, "ben", string(q.Contenders[1].Data))
	assert.Equal(t, m.Token().String(), q.Contenders[0].Token)
	id := fmt.Sprintf("%#x", p.session.ID())
	assert.Equal(t, id, q.Contenders[0].Session)
	_, stdout, _ = p.zooky("show", "fred", "--sessions")
	assert.Regexp(t, `(?m)^holder +ann .* `+id+` `, stdout)

	m.Unlock()
	status, _, stderr = p.zooky("show", "nobody")
	assert.Equal(t, 1, status)
	assert.Equal(t, "zooky: nobody: no such lock\n", stderr)
}

func TestRemove(t *testing.T) {
	p := newPlace(t)
	p.create("", "")
	p.create("fred", "") // not by the lock, whose znode the server removes when it likes
	m := p.lock("fred")
	status, _, stderr := p.zooky("remove", "fred")
	assert.Equal(t, 1, status)
	assert.Equal(t, "zooky: fred: it is in use by ann\n", stderr)
	m.Unlock()
	p.create("fred/stranger", "")
	status, _, stderr = p.zooky("remove", "fred")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "other znodes")
	require.NoError(t, p.session.Conn().Delete(p.root+"/fred/stranger", -1))
	status, stdout, stderr := p.zooky("remove", "fred")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, "fred is removed.\n", stdout)
	status, _, _ = p.zooky("remove", "fred")
	assert.Equal(t, 1, status)
}

func TestClear(t *testing.T) {
	p := newPlace(t)
	m := p.lock("fred")
	status, _, stderr := p.zooky("clear", "fred")
	assert.Equal(t, 2, status)
	assert.Regexp(t, `^zooky: .*--force.*\n$`, stderr)
	require.NoError(t, m.Err())
	status, stdout, stderr := p.zooky("clear", "fred", "--force", "--json")
	assert.Equal(t, 0, status, stderr)
	assert.JSONEq(t, `{"removed": 1}`, stdout)
	receive(t, m.Lost())
	status, _, _ = p.zooky("clear", "nobody", "--force")
	assert.Equal(t, 1, status)
}

func TestRevoke(t *testing.T) {
	p := newPlace(t)
	m := p.lock("fred")
	go func() { // ended by the revocation below, or with the session
		<-m.Revoked()
		m.Unlock()
	}()
	status, stdout, stderr := p.zooky("revoke", "fred", "--wait", "30s")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, "1 asked.\nreleased:  ann\n", stdout)

	m = p.lock("george")
	status, stdout, stderr = p.zooky("revoke", "george", "--wait", "200ms")
	assert.Equal(t, 1, status)
	assert.Equal(t, "1 asked.\nstill there: ann\n", stdout)
	assert.Equal(t, "zooky: george: not released by 1 within 200ms\n", stderr)
	assert.NoError(t, notLost(m.Lost()))

	m = p.lock("henry")
	status, stdout, stderr = p.zooky("revoke", "henry", "--then-force", "200ms", "--json")
	assert.Equal(t, 0, status, stderr)
	assert.JSONEq(t, `{"asked": ["ann"], "released": [], "removed": ["ann"], "remain": []}`, stdout)
	receive(t, m.Lost())
	status, _, _ = p.zooky("revoke", "nobody")
	assert.Equal(t, 1, status)
}

func notLost(lost <-chan struct{}) error {
	select {
	case <-lost:
		return os.ErrClosed
	default:
		return nil
	}
}

// TestStrangersText shows names and data that would play tricks on a terminal.
func TestStrangersText(t *testing.T) {
	p := newPlace(t)
	p.create("", "")
	p.create("safe\u202egpj.exe", "")
	m := p.mutex("safe\u202egpj.exe", "\u200b\u2066eve\ufeff")
	_, err := m.LockContext(t.Context())
	require.NoError(t, err)
	_, err = p.session.Conn().Set(p.root+"/safe\u202egpj.exe/"+p.requireQueue(m.Name(), 1)[0].Znode,
		append([]byte("\x1b[2J\x07\xff"), bytes.Repeat([]byte("x"), 100_000)...), -1)
	require.NoError(t, err)
	for _, args := range [][]string{
		{"list"}, {"list", "--json"}, {"show", m.Name()}, {"show", m.Name(), "--json"}, {"remove", m.Name()},
	} {
		_, stdout, stderr := p.zooky(args...)
		for _, r := range stdout + stderr {
			require.True(t, r == '\n' || r == '…' || r >= ' ' && r < 0x7f,
				"%q in the output of %v:\n%q", r, args, stdout+stderr)
		}
		if args[0] != "show" { // which has been told the name
			assert.Contains(t, stdout+stderr, `safe\u202egpj.exe`)
		}
		assert.Less(t, len(stdout), 20_000)
	}
	_, stdout, _ := p.zooky("show", m.Name())
	assert.Contains(t, stdout, `\x1b[2J\x07\xffxxx`)
}

func TestTroubleIsOneLine(t *testing.T) {
	p := newPlace(t)
	open := filepath.Join(t.TempDir(), "open")
	require.NoError(t, os.WriteFile(open, []byte("digest:a:b"), 0o644))
	require.NoError(t, os.Chmod(open, 0o644)) // whatever the umask
	for _, test := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"list", "--servers", "127.0.0.1:1", "--timeout", "300ms"}, 2, `no answer from 127\.0\.0\.1:1 within 300ms: .*connection refused`},
		{[]string{"list", "--servers", "::::"}, 2, `dial: .*`},
		{[]string{"list", "--servers", "127.0.0.1:1/a,127.0.0.1:1/a"}, 2, `dial: .*the chroot comes once, at the end.*`},
		{[]string{"list", "--root", "nowhere"}, 2, `dial: root: .*`},
		{[]string{"list", "["}, 2, `pattern .*`},
		{[]string{"list", "--nonsense"}, 2, `unknown flag: --nonsense`},
		{[]string{"list", "a", "b"}, 2, `accepts at most 1 arg.*: want zooky list \[PATTERN\] \[flags\]`},
		{[]string{"nonsense"}, 2, `unknown command "nonsense" for "zooky"`},
		{[]string{"show"}, 2, `accepts 1 arg.*: want zooky show NAME \[flags\]`},
		{[]string{"show", "a//b"}, 2, `.*invalid lock name.*`},
		{[]string{"list", "--auth-file", open}, 2, `.*others have access.*chmod 6[04]0 it.*`},
		{[]string{"list", "--tls-ca", open}, 2, `.*no certificate in it`},
		{[]string{"list", "--tls-key", open}, 2, `--tls-cert and --tls-key go together`},
		{[]string{"run", "a"}, 125, `run needs the lock's name and a command`},
		{[]string{"run", "a", "--nonsense", "--", "true"}, 125, `unknown flag: --nonsense`},
		{[]string{"run", "a//b", "--", "true"}, 125, `.*invalid lock name.*`},
		{[]string{"run", "a", "--on-revoke", "NONE", "--", "true"}, 125, `--on-revoke NONE: no such signal`},
		{[]string{"run", "a", "--revoke", "maybe", "--", "true"}, 125, `--revoke maybe: .*`},
		{[]string{"run", "a", "--try", "--wait", "1s", "--", "true"}, 125, `--try does not wait.*`},
		{[]string{"run", "a", "--servers", "127.0.0.1:1", "--timeout", "300ms", "--", "true"}, 125, `no answer from .*`},
	} {
		status, stdout, stderr := p.zooky(test.args...)
		assert.Equal(t, test.status, status, "%v", test.args)
		assert.Empty(t, stdout, "%v", test.args)
		assert.Regexp(t, `^zooky: `+test.stderr+`\n$`, stderr)
	}
}

func TestDev(t *testing.T) {
	locktest.NeedsServer(t)
	c := prepare(t, "dev").start(t)
	c.requireOutput(t, "\n")
	connect := regexp.MustCompile(`^export ZOOKY_SERVERS=(127\.0\.0\.1:\d+)\n$`).FindStringSubmatch(c.stdout.String())
	require.NotNil(t, connect, c.stdout.String())
	list := prepare(t, "list", "--servers", connect[1]).start(t)
	assert.Equal(t, 0, list.status(t), "%s", &list.stderr)
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	assert.Equal(t, 0, c.status(t), "%s", &c.stderr)
	c.requireNoTrace(t)

	c = prepare(t, "dev", "--json").start(t)
	c.requireOutput(t, "}\n")
	var printed struct{ Servers string }
	decode(t, c.stdout.String(), &printed)
	assert.Regexp(t, `^127\.0\.0\.1:\d+$`, printed.Servers)
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 0, c.status(t), "%s", &c.stderr)
}

// TestWriteErrorsCount has every command write to a full device.
func TestWriteErrorsCount(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	defer full.Close()
	p := newPlace(t)
	p.create("", "")
	for _, args := range [][]string{
		{"list"}, {"show", "fred"}, {"revoke", "fred"}, {"clear", "fred", "--force"}, {"remove", "fred"}, {"watch"}, {"watch", "--json"},
	} {
		// unless it is there
		p.session.Conn().Create(p.root+"/fred", nil, 0, zk.WorldACL(zk.PermAll))
		c := p.prepare(args...)
		c.Stdout = full
		c.start(t)
		assert.Equal(t, 2, c.status(t), args)
		assert.Equal(t, "zooky: write /dev/stdout: no space left on device\n",
			c.stderr.String(), args)
	}
}

// TestVersion compares the version with the newest section of CHANGELOG.md, which has a date.
func TestVersion(t *testing.T) {
	c := prepare(t, "--version").start(t)
	assert.Equal(t, 0, c.status(t))
	version := regexp.MustCompile(`^zooky version (\S+)( \(commit [0-9a-f]{12}(, modified)?\))?\n$`).
		FindStringSubmatch(c.stdout.String())
	require.NotNil(t, version, c.stdout.String())
	changes, err := os.ReadFile("../../CHANGELOG.md")
	require.NoError(t, err)
	newest := regexp.MustCompile(`(?m)^## (\S+) - \d{4}-\d\d-\d\d$`).FindSubmatch(changes)
	require.NotNil(t, newest)
	assert.Equal(t, string(newest[1]), version[1])
}

// TestEnvironment has a variable for a flag.
func TestEnvironment(t *testing.T) {
	for variable, message := range map[string]string{
		"ZOOKY_AUTH_FILE=/no/such/file": "zooky: open /no/such/file: no such file or directory\n",
		"ZOOKY_TLS_CA=/no/such/ca":      "zooky: open /no/such/ca: no such file or directory\n",
		"ZOOKY_TLS_CERT=/no/such/cert":  "zooky: --tls-cert and --tls-key go together\n",
		"ZOOKY_TLS=perhaps":             "zooky: ZOOKY_TLS=perhaps: .*\n",
	} {
		c := newPlace(t).prepare("list")
		c.Env = append(c.Env, variable)
		c.start(t)
		assert.Equal(t, 2, c.status(t))
		assert.Regexp(t, "^"+message+"$", c.stderr.String())
	}
}

func TestEnvironmentOfRun(t *testing.T) {
	c := newPlace(t).prepare("run", "fred", "--", "true")
	c.Env = append(c.Env, "ZOOKY_TLS=perhaps")
	c.start(t)
	assert.Equal(t, 125, c.status(t))
}

func TestErrorsAreEscapedOnce(t *testing.T) {
	status, _, stderr := newPlace(t).zooky("show", "a\x01\nb")
	assert.Equal(t, 2, status)
	assert.Contains(t, stderr, `"a\x01\nb"`)
}

// TestSessions has one session that holds two locks, and one that waits for one of them.
func TestSessions(t *testing.T) {
	p := newPlace(t)
	p.create("", "")
	status, stdout, stderr := p.zooky("sessions")
	require.Equal(t, 0, status, stderr)
	assert.Regexp(t, `^SESSION +CONTENDERS +BYTES`, stdout)
	p.lock("jobs/a")
	p.lock("jobs/b")
	p.queue("jobs/a", "ben")
	status, stdout, stderr = p.zooky("sessions", "--json")
	require.Equal(t, 0, status, stderr)
	var sessions []struct {
		Session    string
		Contenders int
		Bytes      int
		TooMuch    bool `json:"too_much"`
	}
	decode(t, stdout, &sessions)
	paths := 0
	contenders := 0
	for _, s := range sessions {
		paths += s.Bytes
		contenders += s.Contenders
		assert.False(t, s.TooMuch)
		assert.Regexp(t, `^0x[0-9a-f]+$`, s.Session)
	}
	assert.Equal(t, 3, contenders)
	znode := len(p.root) + len("/jobs/a/_c_") + 32 + len("-lock-0000000000") + 4
	assert.Equal(t, 3*znode, paths)
}
