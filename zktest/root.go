package zktest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
)

// Root returns a path that only tb uses, for zklock.WithRoot, so that tests which share a server do
// not see each other's locks. On the server that ZKLOCK_CONNECT names, the znode and all znodes
// below it are removed when tb ends; on a server that this package has started, they go with the
// server. A client that tb.Cleanup closes must be opened after the call of Root.
func Root(tb testing.TB) string {
	tb.Helper()
	name := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, tb.Name())
	root := "/zktest-" + name[:min(len(name), 100)] + "-" + rand.Text()
	if connect := os.Getenv("ZKLOCK_CONNECT"); connect != "" {
		tb.Cleanup(func() {
			if err := removeAll(connect, root); err != nil {
				tb.Errorf("zktest: remove %s on %s: %v", root, connect, err)
			}
		})
	}
	return root
}

// removeAll removes a znode and all znodes below it, if it exists.
func removeAll(connect, root string) error {
	hosts, chroot := splitConnect(connect)
	conn, events, err := zk.Connect(hosts, 10*time.Second, zk.WithLogInfo(false),
		zk.WithLogger(silence{}))
	if err != nil {
		return err
	}
	defer conn.Close()
	limit := time.After(10 * time.Second)
	for conn.State() != zk.StateHasSession { // requests without a session wait forever
		select {
		case <-events:
		case <-limit:
			return errors.New("no answer within 10s")
		}
	}
	return removeTree(conn, chroot+root)
}

// removeTree removes a znode from the bottom up. A client of the test may remove some of it too.
func removeTree(conn *zk.Conn, root string) error {
	children, _, err := conn.Children(root)
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", root, err)
	}
	for _, child := range children {
		if err := removeTree(conn, path.Join(root, child)); err != nil {
			return err
		}
	}
	if err := conn.Delete(root, -1); err != nil && !errors.Is(err, zk.ErrNoNode) {
		return fmt.Errorf("%s: %w", root, err)
	}
	return nil
}

// silence is a logger for go-zookeeper, which otherwise writes to the standard logger.
type silence struct{}

func (silence) Printf(string, ...any) {}
