//go:build unix

package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/cmd/zooky/internal/escape"
)

// How often it is told whom the lock is waited for.
const (
	tellLive = time.Second      // on a terminal, where the line is replaced
	tellLine = 10 * time.Second // elsewhere
)

// lookShare bounds what looking at a long queue takes of the time: a twentieth.
const lookShare = 20

// tellWhile tells on standard error who holds the locks until stop is called, from after a second.
func (r *runner) tellWhile(
	ctx context.Context, s *zklock.Session, locks ...queued,
) (stop func()) {
	live := onTerminal(r.streams.Err)
	if r.quiet || r.try || !live && !r.verbose {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	t := teller{out: r.streams.Err, session: s, locks: locks, live: live}
	var telling sync.WaitGroup
	telling.Go(func() { t.run(ctx) }) // ended and waited for by stop
	return func() {
		cancel()
		telling.Wait()
	}
}

// queued is a lock or semaphore that has a queue.
type queued interface {
	Name() string
	Contenders(ctx context.Context) ([]zklock.Contender, error)
}

// teller tells whom locks are waited for.
type teller struct {
	out     io.Writer
	session *zklock.Session
	locks   []queued
	live    bool

	queues [][]zklock.Contender // of the locks, at the last look
	looked time.Time
	took   time.Duration // the last look
}

func (t *teller) run(ctx context.Context) {
	every := tellLive
	for shown := false; ; shown = true {
		select {
		case <-time.After(every):
		case <-ctx.Done():
			if shown && t.live {
				fmt.Fprint(t.out, "\r\x1b[K")
			}
			return
		}
		if time.Since(t.looked) > lookShare*t.took {
			t.look(ctx)
		}
		// another command has the terminal while this is in the background
		if ctx.Err() == nil && (!t.live || inForeground()) {
			t.show()
		}
		if !t.live {
			every = tellLine
		}
	}
}

func (t *teller) look(ctx context.Context) {
	begun := time.Now()
	queues, err := queuesOf(ctx, t.locks)
	if t.looked = time.Now(); err == nil {
		t.queues = queues
	}
	t.took = t.looked.Sub(begun)
}

func (t *teller) show() {
	line := message(fmt.Sprintf("zooky: waiting for %s%s", namesOf(t.locks),
		held(t.locks, t.queues, t.session)))
	if t.live {
		width, _ := size(t.out)
		fmt.Fprintf(t.out, "\r%s\x1b[K", escape.Cut(line, width-1))
	} else {
		fmt.Fprintln(t.out, line)
	}
}

// namesOf returns the names of the locks, as messages show them.
func namesOf(locks []queued) string {
	all := make([]string, len(locks))
	for i, l := range locks {
		all[i] = l.Name()
	}
	return strings.Join(all, ", ")
}

func queuesOf(ctx context.Context, locks []queued) ([][]zklock.Contender, error) {
	queues := make([][]zklock.Contender, len(locks))
	for i, l := range locks {
		var err error
		if queues[i], err = l.Contenders(ctx); err != nil {
			return nil, err
		}
	}
	return queues, nil
}

// nowLimit bounds how long it is looked who holds locks that were not acquired.
const nowLimit = 500 * time.Millisecond

// holderNow is held after a look.
func holderNow(s *zklock.Session, locks ...queued) string {
	ctx, cancel := context.WithTimeout(context.Background(), nowLimit)
	defer cancel()
	queues, _ := queuesOf(ctx, locks) // without an answer no contender is named
	return held(locks, queues, s)
}

// held says who holds the locks, as the end of a sentence, unescaped, and how many are ahead of
// this session's candidates, or of the next. Locks that no other client holds are left out.
func held(locks []queued, queues [][]zklock.Contender, s *zklock.Session) string {
	var said []string
	for i, queue := range queues {
		by, ahead := heldBy(queue, s)
		switch {
		case by == "":
		case len(locks) == 1:
			said = append(said, fmt.Sprintf("held by %s; %d ahead", by, ahead))
		default:
			said = append(said, fmt.Sprintf("%s is held by %s, %d ahead", locks[i].Name(), by, ahead))
		}
	}
	if len(said) == 0 {
		return ""
	}
	return ": " + strings.Join(said, "; ")
}

// heldBy says who holds one lock, and since when, and how many are ahead.
func heldBy(queue []zklock.Contender, s *zklock.Session) (by string, ahead int) {
	own := slices.IndexFunc(queue, func(c zklock.Contender) bool { return c.SessionID == s.ID() })
	if own >= 0 {
		queue = queue[:own]
	}
	holders := slices.DeleteFunc(slices.Clone(queue), func(c zklock.Contender) bool {
		return !c.Holder
	})
	if len(holders) == 0 {
		return "", 0
	}
	since, at := "since", holders[0].HeldSince
	if at.IsZero() {
		since, at = "in the queue since", holders[0].Created
	}
	return fmt.Sprintf("%s, %s %s (%s)", who(holders), since, at.Local().Format(time.DateTime),
		age(at)), len(queue)
}
