//go:build unix

package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/zktest"
)

// ensemble is zktest's, with a link between each two servers and each way.
type ensemble struct {
	*zktest.Ensemble
	dir    string                      // for zktest's files
	clocks *clocks                     // nil for the clocks of the machine
	peers  [servers][servers]*peerLink // from one that connects to one that listens
}

// peerLink is the way of one server to another's two ports: for followers and for elections.
type peerLink struct{ quorum, election *link }

func (p *peerLink) set(f linkFaults) {
	p.quorum.set(f)
	p.election.set(f)
}

// startEnsemble starts the servers and then has them find each other through links. zktest has no
// option for that: the configuration it has written is changed while the servers are down.
func startEnsemble(ctx context.Context, cfg ensembleConfig) (_ *ensemble, err error) {
	e := &ensemble{}
	if e.dir, err = os.MkdirTemp("", "chaos."); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.stop())
		}
	}()
	if cfg.clocks {
		dir := filepath.Join(e.dir, "clocks")
		if e.clocks, err = newClocks(ctx, dir); err != nil {
			return nil, err
		}
		defer setEnv("JAVA_HOME", dir)()
	}
	defer setEnv("TMPDIR", e.dir)() // so that its folder is found
	if e.Ensemble, err = zktest.Run(ctx, zktest.WithServers(servers)); err != nil {
		return nil, err
	}
	for _, s := range e.Servers() {
		if err := s.Stop(); err != nil {
			return nil, err
		}
	}
	for i := range servers {
		if err := e.rewire(i, slices.Concat(cfg.settings, cfg.each[i])); err != nil {
			return nil, err
		}
	}
	for _, s := range e.Servers() {
		if err := s.Start(); err != nil {
			return nil, err
		}
	}
	_, err = e.WaitLeader(ctx)
	return e, err
}

// ensembleConfig says what is special about an ensemble. Its settings are lines of zoo.cfg, and
// override what zktest has written.
type ensembleConfig struct {
	settings []string          // of every server
	each     [servers][]string // of one
	clocks   bool              // they can be stepped
}

// setEnv changes the environment until restore is called.
func setEnv(name, value string) (restore func()) {
	old, set := os.LookupEnv(name)
	os.Setenv(name, value)
	return func() {
		if set {
			os.Setenv(name, old)
		} else {
			os.Unsetenv(name)
		}
	}
}

// Which of unequal servers grants what.
const (
	longest  = 1
	shortest = 2
)

// unequal returns settings by which each server has another tick, and grants another session
// timeout: this one, a third more, and a third less.
func unequal(timeout time.Duration) (each [servers][]string) {
	for i, s := range [servers]struct{ tick, granted time.Duration }{
		{zktest.DefaultTickTime, timeout},
		{3 * zktest.DefaultTickTime / 2, timeout * 4 / 3},
		{2 * zktest.DefaultTickTime, timeout * 2 / 3},
	} {
		each[i] = []string{
			fmt.Sprintf("tickTime=%d", s.tick.Milliseconds()),
			fmt.Sprintf("initLimit=%d", 10*time.Second/s.tick),
			fmt.Sprintf("syncLimit=%d", 2*time.Second/s.tick),
			fmt.Sprintf("minSessionTimeout=%d", s.granted.Milliseconds()),
			fmt.Sprintf("maxSessionTimeout=%d", s.granted.Milliseconds()),
		}
	}
	return each
}

// member is a line of zoo.cfg: server.N=127.0.0.1:quorum:election;client.
var member = regexp.MustCompile(`(?m)^server\.(\d)=127\.0\.0\.1:(\d+):(\d+);`)

// leaderGrace is how long a link to a leader waits for it to listen, which it does some moments
// after it was elected. A follower whose connection is refused tries again; one that is
// disconnected calls the next election, and that could go on for many seconds.
const leaderGrace = 300 * time.Millisecond

// rewire puts links in the place of the other servers into the configuration of one, and settings
// at its end: of two lines for one setting, ZooKeeper takes the last.
func (e *ensemble) rewire(i int, settings []string) error {
	files, err := filepath.Glob(filepath.Join(e.dir, "zktest.*", strconv.Itoa(i+1), "zoo.cfg"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("chaos: zktest keeps zoo.cfg elsewhere: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		return err
	}
	lines := member.FindAllSubmatch(text, -1)
	if len(lines) != servers {
		return fmt.Errorf("chaos: %s has %d servers: want %d", files[0], len(lines), servers)
	}
	config := string(text)
	for j, line := range lines {
		if j == i {
			continue
		}
		p := &peerLink{}
		e.peers[i][j] = p
		if p.quorum, err = newLink("127.0.0.1:"+string(line[2]), leaderGrace); err != nil {
			return err
		}
		p.quorum.quorum = true
		if p.election, err = newLink("127.0.0.1:"+string(line[3]), 0); err != nil {
			return err
		}
		config = strings.Replace(config, string(line[0]),
			fmt.Sprintf("server.%s=127.0.0.1:%s:%s;", line[1], port(p.quorum), port(p.election)), 1)
	}
	for _, line := range settings {
		config += line + "\n"
	}
	return os.WriteFile(files[0], []byte(config), 0o600)
}

func port(l *link) string {
	_, port, _ := net.SplitHostPort(l.addr())
	return port
}

// around changes every link from and to one server.
func (e *ensemble) around(i int, f linkFaults) {
	for j := range servers {
		if j != i {
			e.peers[i][j].set(f)
			e.peers[j][i].set(f)
		}
	}
}

// stall makes the followers' disks confirm nothing to their leader, or lets them go on.
func (e *ensemble) stall(leader int, stalled bool) {
	for i := range servers {
		if i != leader {
			e.peers[i][leader].quorum.set(linkFaults{acks: stalled})
		}
	}
}

// everywhere changes every link between servers.
func (e *ensemble) everywhere(f linkFaults) {
	for i := range servers {
		e.around(i, f)
	}
}

// leader returns the index of the server that leads, if one does soon.
func (e *ensemble) leader(ctx context.Context, patience time.Duration) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	leader, err := e.WaitLeader(ctx)
	if err != nil {
		return 0, err
	}
	for i, s := range e.Servers() {
		if s == leader {
			return i, nil
		}
	}
	return 0, errors.New("the leader is no server") // cannot be
}

var versionPattern = regexp.MustCompile(`(?m)^Zookeeper version: ([0-9.]+)`)

// version returns the servers' version, or "?" if none tells.
func (e *ensemble) version() string {
	for _, s := range e.Servers() {
		reply, _ := s.Command("srvr")
		if m := versionPattern.FindStringSubmatch(reply); m != nil {
			return m[1]
		}
	}
	return "?"
}

// compare asks each server, twice, for the children of each lock and log, and says what some of
// them show and others do not, each time. Such a server has missed a transaction, which no client
// can help: clients that are connected to it wait for a candidate that is gone, and go on waiting.
func (e *ensemble) compare(ctx context.Context) (texts []string, err error) {
	const looks = 2
	shown := make(map[string]*[servers]int) // how often, by path
	for range looks {
		for i, s := range e.Servers() {
			paths, err := childrenOn(ctx, s.Addr())
			if err != nil {
				return nil, fmt.Errorf("server %d: %w", i, err)
			}
			for _, path := range paths {
				if shown[path] == nil {
					shown[path] = new([servers]int)
				}
				shown[path][i]++
			}
		}
	}
	for path, by := range shown {
		if slices.Contains(by[:], looks) && slices.Contains(by[:], 0) {
			texts = append(texts,
				fmt.Sprintf("%s: seen %v times on the servers, of %d looks at each",
					path, *by, looks))
		}
	}
	slices.Sort(texts)
	return texts, nil
}

// childrenOn returns the paths of what is in the locks and logs, as one server knows them.
func childrenOn(ctx context.Context, addr string) (paths []string, err error) {
	conn, events, err := zk.Connect([]string{addr}, 10*time.Second, zk.WithLogger(quiet{}))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for connected := false; !connected; {
		select {
		case ev := <-events:
			connected = ev.State == zk.StateHasSession
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	for _, lock := range lockNames {
		for _, dir := range []string{lockRoot + "/" + lock, logPath(lock)} {
			if _, err := conn.Sync(dir); err != nil {
				return nil, err
			}
			children, _, err := conn.Children(dir)
			if err != nil && !errors.Is(err, zk.ErrNoNode) {
				return nil, err
			}
			for _, child := range children {
				paths = append(paths, dir+"/"+child)
			}
		}
	}
	return paths, nil
}

// stop ends the servers and links and removes every file.
func (e *ensemble) stop() (err error) {
	if e.Ensemble != nil {
		err = e.Stop()
	}
	for i := range servers {
		for j := range servers {
			for _, l := range e.peers[i][j].links() {
				err = errors.Join(err, l.close())
			}
		}
	}
	return errors.Join(err, os.RemoveAll(e.dir))
}

func (p *peerLink) links() (links []*link) {
	if p == nil {
		return nil
	}
	for _, l := range []*link{p.quorum, p.election} {
		if l != nil {
			links = append(links, l)
		}
	}
	return links
}
