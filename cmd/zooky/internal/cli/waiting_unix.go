//go:build unix

package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
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

// tellWhile tells on standard error who holds the lock until stop is called, from after a second.
func (r *runner) tellWhile(ctx context.Context, s *zklock.Session, m hold) (stop func()) {
	live := onTerminal(r.streams.Err)
	if r.quiet || r.try || !live && !r.verbose {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	t := teller{out: r.streams.Err, session: s, mutex: m, live: live}
	var telling sync.WaitGroup
	telling.Go(func() { t.run(ctx) }) // ended and waited for by stop
	return func() {
		cancel()
		telling.Wait()
	}
}

// teller tells whom a lock is waited for.
type teller struct {
	out     io.Writer
	session *zklock.Session
	mutex   hold
	live    bool

	queue  []zklock.Contender // at the last look
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
	queue, err := t.mutex.Contenders(ctx)
	if t.looked = time.Now(); err == nil {
		t.queue = queue
	}
	t.took = t.looked.Sub(begun)
}

func (t *teller) show() {
	line := message(fmt.Sprintf("zooky: waiting for %s%s", t.mutex.Name(),
		held(t.queue, t.session)))
	if t.live {
		width, _ := size(t.out)
		fmt.Fprintf(t.out, "\r%s\x1b[K", escape.Cut(line, width-1))
	} else {
		fmt.Fprintln(t.out, line)
	}
}

// nowLimit bounds how long it is looked who holds a lock that was not acquired.
const nowLimit = 500 * time.Millisecond

// holderNow is held after a look.
func holderNow(s *zklock.Session, m hold) string {
	ctx, cancel := context.WithTimeout(context.Background(), nowLimit)
	defer cancel()
	queue, _ := m.Contenders(ctx) // without an answer no contender is named
	return held(queue, s)
}

// held says who holds a lock, as the end of a sentence, unescaped, and how many are ahead of this
// session's candidate, or of the next.
func held(queue []zklock.Contender, s *zklock.Session) string {
	own := slices.IndexFunc(queue, func(c zklock.Contender) bool { return c.SessionID == s.ID() })
	if own >= 0 {
		queue = queue[:own]
	}
	holders := slices.DeleteFunc(slices.Clone(queue), func(c zklock.Contender) bool {
		return !c.Holder
	})
	if len(holders) == 0 {
		return ""
	}
	first := holders[0].Created
	return fmt.Sprintf(": held by %s, in the queue since %s (%s); %d ahead",
		who(holders), first.Local().Format(time.DateTime), age(first), len(queue))
}
