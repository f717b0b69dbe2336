// Package production has the code of docs/production.md.
package production

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// open opens the one Session of the process.
func open(ctx context.Context, servers string,
	more ...zklock.SessionOption) (*zklock.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	options := []zklock.SessionOption{
		zklock.WithRoot("/locks/billing"),           // a root for each application
		zklock.WithSessionTimeout(10 * time.Second), // the default
		zklock.WithLogger(slog.Default()),           // losses, outages, long waits
	}
	return zklock.Dial(ctx, servers, append(options, more...)...)
}

// identity names this process in zooky show and in the errors of waiting processes.
func identity() zklock.LockOption {
	host, _ := os.Hostname()
	return zklock.WithIdentifier(cmp.Or(os.Getenv("POD_NAME"), host, "unknown"))
}

// private are the options for an ensemble that is shared with people who are not trusted.
func private(user, password string, roots *x509.CertPool) []zklock.SessionOption {
	return []zklock.SessionOption{
		zklock.WithTLS(&tls.Config{RootCAs: roots}),
		zklock.WithAuth("digest", []byte(user+":"+password)), // znodes are the creator's alone
	}
}

// set writes to ZooKeeper, if the lock is still held when the ensemble executes the transaction.
func set(s *zklock.Session, m *zklock.Mutex, path string, data []byte) error {
	guard, err := m.Guard()
	if err != nil {
		return err
	}
	_, err = s.Conn().Multi(guard, &zk.SetDataRequest{Path: path, Data: data, Version: -1})
	return err // zk.ErrNoNode if the lock is lost
}

// all acquires several locks as one, and runs f under all of them.
func all(ctx context.Context, s *zklock.Session, names []string,
	f func(context.Context) error) error {
	var locks []*zklock.Mutex
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) { // each once
		m, err := s.Mutex(name)
		if err != nil {
			return err
		}
		locks = append(locks, m)
	}
	hold, err := s.LockAll(ctx, locks...)
	if err != nil {
		return err
	}
	defer hold.Unlock()
	ctx, cancel := hold.Context(ctx)
	defer cancel()
	return f(ctx)
}
