package zklock_test

import (
	"context"
	"errors"
	"expvar"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
)

// connect returns the connect string of a real server, which the examples share with the tests.
// Yours is something like "zk1:2181,zk2:2181,zk3:2181".
func connect() string {
	ensemble, err := locktest.Shared()
	if err != nil {
		log.Fatal(err)
	}
	return ensemble.Connect()
}

// A Mutex is a sync.Locker, and stands wherever one is asked for.
func Example_locker() {
	s, err := zklock.Dial(context.Background(), connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	m, err := s.Mutex("counter")
	if err != nil {
		log.Fatal(err)
	}

	var l sync.Locker = m
	counter := 0
	var workers sync.WaitGroup
	for range 10 {
		workers.Go(func() {
			l.Lock()
			defer l.Unlock()
			counter++
		})
	}
	workers.Wait()
	fmt.Println(counter)
	// Output: 10
}

// A holder selects on the channel that tells it to stop.
func ExampleMutex_LockContext_revocation() {
	ctx := context.Background()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	batch, _ := s.Mutex("machine", zklock.WithIdentifier("batch job"))
	urgent, _ := s.Mutex("machine", zklock.WithIdentifier("urgent job"))

	revoked, err := batch.LockContext(ctx)
	if err != nil {
		log.Fatal(err)
	}
	var workers sync.WaitGroup
	workers.Go(func() {
		defer batch.Unlock()
		for {
			select {
			case <-revoked:
				fmt.Println("batch job stops:", batch.Err())
				return
			case <-time.After(time.Millisecond):
				// one more piece of work
			}
		}
	})

	if _, err := urgent.LockRevoking(ctx, zklock.Ask); err != nil {
		log.Fatal(err)
	}
	fmt.Println("urgent job runs")
	urgent.Unlock()
	workers.Wait()
	// Output:
	// batch job stops: lock revoked by urgent job
	// urgent job runs
}

// A context bounds how long to wait for the lock, and not how long it is held.
func ExampleMutex_LockContext_timeout() {
	s, err := zklock.Dial(context.Background(), connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	holder, _ := s.Mutex("busy")
	holder.Lock()
	defer holder.Unlock()

	m, _ := s.Mutex("busy")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = m.LockContext(ctx) // gave up after 50ms: 1 ahead of it, the holder is …
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	fmt.Println(errors.Is(err, zklock.ErrUnavailable))
	// Output:
	// true
	// false
}

// Do runs a function under the lock. Its context ends when the lock is revoked or lost.
func ExampleMutex_Do() {
	ctx := context.Background()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	m, _ := s.Mutex("report", zklock.WithIdentifier("replica 1"))
	err = m.Do(ctx, func(ctx context.Context) error {
		// As an operator would, from outside.
		if _, err := m.RevokeAll(ctx, zklock.WithReason("deploy of 3.2")); err != nil {
			return err
		}
		<-ctx.Done()
		return context.Cause(ctx)
	})
	fmt.Println(err, errors.Is(err, zklock.ErrRevoked))
	// Output: lock revoked by replica 1: deploy of 3.2 true
}

// At most two of the machines that run this transcode a film at a time.
func ExampleSemaphore() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	transcoders, err := s.Semaphore("transcoders", 2)
	if err != nil {
		log.Fatal(err)
	}
	first, err := transcoders.Acquire(ctx, 1)
	if err != nil {
		log.Fatal(err)
	}
	defer first.Release()
	// ctx ends if the permit is revoked or lost
	err = transcoders.Do(ctx, 1, func(ctx context.Context) error {
		_, err := transcoders.TryAcquire(ctx, 1)
		fmt.Println(errors.Is(err, zklock.ErrLocked))
		return nil
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// Each process of a service runs an Election. One leads, until it is asked to step down.
func ExampleElection() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	e, err := s.Election("scheduler", zklock.WithIdentifier("replica 1"))
	if err != nil {
		log.Fatal(err)
	}

	var workers sync.WaitGroup
	workers.Go(func() {
		err := e.Run(ctx, func(ctx context.Context) error {
			fmt.Println("leading, with a token:", !e.Mutex().Token().IsZero())
			<-ctx.Done() // leads until then
			return context.Cause(ctx)
		})
		fmt.Println("stopped:", errors.Is(err, context.Canceled))
	})
	for leader, err := range e.Observe(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s leads\n", leader.Data)
		break
	}
	cancel()
	workers.Wait()
	_, err = e.Leader(context.Background())
	fmt.Println(err)
	// Unordered output:
	// leading, with a token: true
	// replica 1 leads
	// stopped: true
	// look at /example/scheduler: there is no leader
}

// An operator asks who holds the lock to release it. Those that wait are not asked.
func ExampleMutex_RevokeHolder() {
	ctx := context.Background()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	first, _ := s.Mutex("indexer", zklock.WithIdentifier("first"))
	second, _ := s.Mutex("indexer", zklock.WithIdentifier("second"))
	first.Lock()
	next := second.LockAsync(ctx)
	<-next.Queued()

	n, err := second.RevokeHolder(ctx)
	if err != nil {
		log.Fatal(err)
	}
	queue, err := second.Contenders(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("asked:", n)
	for _, c := range queue {
		fmt.Printf("%s, asked to release: %v\n", c.Data, c.Revoked)
	}
	first.Unlock()
	<-next.Done()
	fmt.Println("the second holds it:", second.Err() == nil)
	second.Unlock()
	// Output:
	// asked: 1
	// first, asked to release: true
	// second, asked to release: false
	// the second holds it: true
}

// What works under a hold gets its context, and ends with it: here because somebody asks for the
// lock.
func ExampleMutex_Context() {
	ctx := context.Background()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	m, _ := s.Mutex("crawler", zklock.WithIdentifier("replica 1"))
	if _, err := m.LockContext(ctx); err != nil {
		log.Fatal(err)
	}
	defer m.Unlock()
	held, cancel := m.Context(ctx)
	defer cancel()

	var workers sync.WaitGroup
	workers.Go(func() {
		<-held.Done() // or a request made with this context
		fmt.Println("worker stops:", context.Cause(held))
	})
	if _, err := m.LockContext(held); errors.Is(err, zklock.ErrDeadlock) {
		fmt.Println("it would wait for itself")
	}
	if _, err := m.RevokeAll(ctx); err != nil { // as an operator would, from outside
		log.Fatal(err)
	}
	workers.Wait()
	// Output:
	// it would wait for itself
	// worker stops: lock revoked by replica 1
}

// The wait for the lock and the run of the function have bounds of their own.
func ExampleMutex_Do_bounds() {
	ctx := context.Background()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	m, _ := s.Mutex("nightly")
	slow := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	err = m.Do(ctx, slow, zklock.NoWait(), zklock.RunAtMost(50*time.Millisecond))
	fmt.Println("ran for too long:", errors.Is(err, zklock.ErrRunTimeout))

	m.Lock()
	defer m.Unlock()
	other, _ := s.Mutex("nightly")
	err = other.Do(ctx, slow, zklock.NoWait())
	fmt.Println("taken:", errors.Is(err, zklock.ErrLocked))
	err = other.Do(ctx, slow, zklock.WaitAtMost(50*time.Millisecond))
	fmt.Println("waited in vain:", errors.Is(err, zklock.ErrWaitTimeout))
	// Output:
	// ran for too long: true
	// taken: true
	// waited in vain: true
}

// Guard makes a write to ZooKeeper depend on the hold: a holder that was thought dead writes
// nothing.
func ExampleMutex_Guard() {
	ctx := context.Background()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	m, _ := s.Mutex("balance")
	m.Lock()
	defer m.Unlock()
	if _, err := s.Conn().Create("/example/balance-data", []byte("100"), zk.FlagPersistent,
		zk.WorldACL(zk.PermAll)); err != nil {
		log.Fatal(err)
	}
	defer s.Conn().Delete("/example/balance-data", -1)
	guard, err := m.Guard()
	if err != nil {
		log.Fatal(err)
	}
	write := &zk.SetDataRequest{Path: "/example/balance-data", Data: []byte("90"), Version: -1}
	_, err = s.Conn().Multi(guard, write)
	fmt.Println("while held:", err)

	if _, err := m.Clear(ctx); err != nil { // somebody removes the hold by force
		log.Fatal(err)
	}
	_, err = s.Conn().Multi(guard, write)
	fmt.Println("when lost:", err)
	// Output:
	// while held: <nil>
	// when lost: zk: node does not exist
}

// A store keeps the greatest token that it has seen, and refuses smaller ones. What is a map here
// is a text column in a database: a Token is a driver.Valuer and an sql.Scanner.
func ExampleToken() {
	s, err := zklock.Dial(context.Background(), connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	m, _ := s.Mutex("fenced")

	fences := make(map[string]string)
	write := func(row string, token zklock.Token) error {
		fence, err := token.Value() // fails for the zero Token
		if err != nil {
			return err
		}
		if fences[row] > fence.(string) {
			return errors.New("a later hold has written")
		}
		fences[row] = fence.(string)
		return nil
	}

	m.Lock()
	earlier := m.Token()
	fmt.Println("first hold:", write("balance", earlier))
	m.Unlock()
	m.Lock()
	fmt.Println("second hold:", write("balance", m.Token()))
	fmt.Println("first hold, late:", write("balance", earlier))
	m.Unlock()
	fmt.Println("no hold:", write("balance", m.Token()))
	// Output:
	// first hold: <nil>
	// second hold: <nil>
	// first hold, late: a later hold has written
	// no hold: zero token: nothing was held
}

// Readers share, a writer is alone.
func ExampleRWMutex() {
	s, err := zklock.Dial(context.Background(), connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	rw, _ := s.RWMutex("config")
	rw.RLock()
	rw.RLock()
	fmt.Println("writer beside readers:", rw.TryLock())
	rw.RUnlock()
	rw.RUnlock()
	fmt.Println("writer alone:", rw.TryLock())
	rw.Unlock()
	// Output:
	// writer beside readers: false
	// writer alone: true
}

// A transfer needs two locks. LockAll takes both or none, whichever order they are named in.
func ExampleSession_LockAll() {
	ctx := context.Background()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	ann, _ := s.Mutex("accounts/ann")
	ben, _ := s.Mutex("accounts/ben")

	hold, err := s.LockAll(ctx, ben, ann)
	if err != nil {
		log.Fatal(err)
	}
	defer hold.Unlock()
	fmt.Println("both are held with one token:", ann.Token() == ben.Token())
	// Output: both are held with one token: true
}

// A writer publishes, and goes on reading what it has written: no other writer comes in between.
func ExampleRWMutex_Downgrade() {
	ctx := context.Background()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	rw, _ := s.RWMutex("report")

	rw.Lock()
	reader, err := rw.Downgrade(ctx)
	if err != nil {
		rw.Unlock()
		log.Fatal(err)
	}
	defer reader.Unlock()
	fmt.Println("others may read:", rw.TryRLock())
	rw.RUnlock()
	// Output: others may read: true
}

// LockAsync queues and lets the caller do something else.
func ExampleMutex_LockAsync() {
	ctx := context.Background()
	s, err := zklock.Dial(ctx, connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	m, _ := s.Mutex("async")
	p := m.LockAsync(ctx)
	<-p.Queued()
	// other work
	<-p.Done()
	if err := p.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("held:", m.Err() == nil)
	p.Cancel() // or m.Unlock
	<-p.Released()
	// Output: held: true
}

// A process mostly has a lock to itself. WithIdleHold lets it lock again without the network, until
// another client queues.
func ExampleWithIdleHold() {
	s, err := zklock.Dial(context.Background(), connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	m, err := s.Mutex("tenants/42", zklock.WithIdleHold(5*time.Second))
	if err != nil {
		log.Fatal(err)
	}

	work := 0
	for range 1000 {
		m.Lock() // goes to ZooKeeper twice
		work++
		m.Unlock()
	}
	if err := m.Relinquish(context.Background()); err != nil { // before a long pause
		log.Fatal(err)
	}
	// Output:
}

// Many goroutines of one process want the same lock again and again. WithLocalHandoff lets them
// pass it on without the network; somebody in another process waits for 16 of their holds at most.
func ExampleWithLocalHandoff() {
	s, err := zklock.Dial(context.Background(), connect(), zklock.WithRoot("/example"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	m, err := s.Mutex("hot", zklock.WithLocalHandoff(16))
	if err != nil {
		log.Fatal(err)
	}

	counter := 0
	var workers sync.WaitGroup
	for range 10 {
		workers.Go(func() {
			for range 100 {
				m.Lock()
				counter++
				m.Unlock()
			}
		})
	}
	workers.Wait()
	fmt.Println(counter)
	// Output: 1000
}

func ExampleWithHooks() {
	waits := expvar.NewFloat("lock_wait_seconds")
	hooks := &zklock.Hooks{
		AcquireEnd: func(_ context.Context, e zklock.AcquireEndEvent) {
			waits.Add(e.Wait.Seconds())
		},
	}
	s, err := zklock.Dial(context.Background(), "127.0.0.1:2181", zklock.WithHooks(hooks))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
}
