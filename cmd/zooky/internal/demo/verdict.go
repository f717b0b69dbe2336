package demo

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zookylock/zklock"
)

// ErrLost is returned, wrapped, by a run in which an update was lost or a promise of the lock was
// broken.
var ErrLost = errors.New("the check failed")

// verdict compares what the file has with what the workers say they have done.
type verdict struct {
	must, has int
	missing   []string // acknowledged, but not in the file
	untold    []string // in the file, by a worker that was killed before it could tell
	wrong     []string // what else is not as it must be
}

// judge looks at the file after the workers have ended.
func judge(b *board, c contents) verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := verdict{has: c.Count}
	times := make(map[string]int)
	for _, w := range c.Writes {
		times[w.ID]++
		if times[w.ID] == 2 {
			v.wrong = append(v.wrong, "update "+w.ID+" is in the file more than once")
		}
	}
	acked := make(map[string]bool)
	for _, id := range b.acked {
		acked[id] = true
		if times[id] == 0 {
			v.missing = append(v.missing, id)
		}
	}
	for _, w := range c.Writes {
		if acked[w.ID] || slices.Contains(v.untold, w.ID) {
			continue
		}
		if worker, _, _ := strings.Cut(w.ID, "/"); b.killed[worker] {
			v.untold = append(v.untold, w.ID)
		} else {
			v.wrong = append(v.wrong, "update "+w.ID+" is in the file, but no worker made it")
		}
	}
	v.must = len(acked) + len(v.untold)
	if v.has != len(c.Writes) {
		v.wrong = append(v.wrong,
			fmt.Sprintf("the file counts %d updates and lists %d", v.has, len(c.Writes)))
	}
	v.wrong = append(v.wrong, judgeTokens(b, c)...)
	return v
}

// judgeTokens says where tokens have not increased. Writes are in the file in the order in which
// they were made. Of holds that made none, a token out of order shows by the refusal of a worker
// whose hold stood.
func judgeTokens(b *board, c contents) (wrong []string) {
	for i := 1; i < len(c.Writes); i++ {
		if this, last := c.Writes[i],
			c.Writes[i-1]; !this.Token.IsZero() && this.Token.Compare(last.Token) <= 0 {
			wrong = append(wrong,
				fmt.Sprintf("token %v of %s is not greater than %v of %s", this.Token, this.ID,
					last.Token, last.ID))
		}
	}
	holders := make(map[zklock.Token]string)
	for _, t := range b.turns {
		if holders[t.token] != "" {
			wrong = append(wrong,
				fmt.Sprintf("%s and %s held the lock with one token, %v", holders[t.token],
					t.worker, t.token))
		}
		holders[t.token] = t.worker
	}
	for _, worker := range b.proved {
		wrong = append(wrong, worker+" held the lock, but another was there with a greater token")
	}
	for _, worker := range b.late {
		wrong = append(wrong, worker+"'s write was accepted after a later holder's")
	}
	return wrong
}

// err is nil if everything is as it must be.
func (v verdict) err() error {
	if n := len(v.missing); n > 0 {
		return fmt.Errorf("%w: %d of %d updates are lost", ErrLost, n, v.must)
	}
	if len(v.wrong) > 0 {
		return fmt.Errorf("%w: %s", ErrLost, strings.Join(v.wrong, "; "))
	}
	if v.must != v.has {
		return fmt.Errorf("%w: the file has %d updates, and must have %d", ErrLost, v.has, v.must)
	}
	return nil
}
