package peers

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Start starts a client of a library: kazoo, Curator, WriteLock (ZooKeeper's own), zk.Lock, or
// zktools, which is a stand-in. servers is host:port,host:port. ctx bounds only the start, which
// may have to fetch the library.
func Start(ctx context.Context, library, servers string, sessionTimeout time.Duration,
	logf func(string, ...any)) (Client, error) {
	switch library {
	case "kazoo":
		python, err := Kazoo(ctx, logf)
		if err != nil {
			return nil, err
		}
		return python.Start(ctx, servers, sessionTimeout)
	case "Curator", "WriteLock":
		java, err := Curator(ctx, logf)
		if err != nil {
			return nil, err
		}
		if library == "WriteLock" {
			return java.StartWriteLock(ctx, servers, sessionTimeout)
		}
		return java.Start(ctx, servers, sessionTimeout)
	case "zk.Lock":
		return StartGo(strings.Split(servers, ","), sessionTimeout)
	case "zktools":
		return StartZktools(strings.Split(servers, ","), sessionTimeout)
	default:
		return nil, fmt.Errorf("peers: no library %q", library)
	}
}
