package migrate

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.etcd.io/etcd/server/v3/embed"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

type job = func(context.Context) error

// program is one instance of one version: it runs a job under the locks of that version.
type program func(context.Context, job) error

func TestFromRedsync(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	system := redsync.New(goredis.NewPool(client))
	old := func() *redsync.Mutex {
		return system.NewMutex("report", redsync.WithTries(10_000),
			redsync.WithRetryDelay(2*time.Millisecond))
	}
	next := handles(t)
	sideBySide(t,
		func() program {
			lock := old()
			return func(ctx context.Context, f job) error { return underRedsync(ctx, lock, f) }
		},
		func() program {
			lock, m := old(), next()
			return func(ctx context.Context, f job) error { return step1(ctx, lock, m, f) }
		},
		func() program { return under(next()) },
	)
}

// TestTheOldLockExpires has Redis forget the lock of a program that goes on: the next one gets that
// lock, and waits for the other.
func TestTheOldLockExpires(t *testing.T) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	system := redsync.New(goredis.NewPool(client))
	next := handles(t)
	err := step1(t.Context(), system.NewMutex("report"), next(), func(ctx context.Context) error {
		server.FastForward(time.Minute)
		old := system.NewMutex("report", redsync.WithTries(1))
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		err := step1(short, old, next(), func(context.Context) error {
			t.Error("two inside")
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || old.Until().IsZero() {
			t.Errorf("the next one has not waited for the new lock: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFromEtcd(t *testing.T) {
	config := embed.NewConfig()
	config.Dir, config.LogLevel, config.UnsafeNoFsync = t.TempDir(), "panic", true
	anywhere := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.ListenPeerUrls = anywhere, anywhere
	server, err := embed.StartEtcd(config)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	<-server.Server.ReadyNotify()
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{server.Clients[0].Addr().String()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	old := func() *concurrency.Mutex {
		session, err := concurrency.NewSession(client)
		if err != nil {
			t.Fatal(err)
		}
		return concurrency.NewMutex(session, "/report/")
	}
	next := handles(t)
	sideBySide(t,
		func() program {
			lock := old()
			return func(ctx context.Context, f job) error { return underEtcd(ctx, lock, f) }
		},
		func() program {
			lock, m := old(), next()
			return func(ctx context.Context, f job) error {
				return underEtcd(ctx, lock, func(ctx context.Context) error { return m.Do(ctx, f) })
			}
		},
		func() program { return under(next()) },
	)
}

// under is step 2: the new lock alone.
func under(m *zklock.Mutex) program {
	return func(ctx context.Context, f job) error { return m.Do(ctx, f) }
}

// handles returns a function that makes handles on one lock, each on a Session of its own.
func handles(t *testing.T) func() *zklock.Mutex {
	zookeeper := zktest.Fake(t)
	return func() *zklock.Mutex {
		s, err := zklock.Dial(t.Context(), zookeeper.Connect(),
			zklock.WithDialer(zookeeper.Dial))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		m, err := s.Mutex("report")
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

// sideBySide runs two instances of each of two versions at once: first of the old one and of step
// 1, then of step 1 and of step 2. No two of them may be inside.
func sideBySide(t *testing.T, old, step1, step2 func() program) {
	for _, versions := range []struct {
		name string
		make [2]func() program
	}{
		{"old and step 1", [2]func() program{old, step1}},
		{"step 1 and step 2", [2]func() program{step1, step2}},
	} {
		t.Run(versions.name, func(t *testing.T) {
			inside := make(chan struct{}, 1)
			var running sync.WaitGroup
			for i := range 4 {
				run := versions.make[i%2]()
				running.Go(func() {
					for range 20 {
						err := run(t.Context(), func(context.Context) error {
							select {
							case inside <- struct{}{}:
								time.Sleep(time.Millisecond) // sleep ok: another may come in
								<-inside
							default:
								t.Error("two inside")
							}
							return nil
						})
						if err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			running.Wait()
		})
	}
}
