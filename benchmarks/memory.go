package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"
)

// footprint makes n wait for one lock, and n locks held, on one session. With fewer, what a pass
// before has left, and is let go meanwhile, would show.
func footprint(n int) Case {
	return Case{
		Name:  fmt.Sprintf("memory-%d", n),
		Title: fmt.Sprintf("%d waiting, and %d held, on one session", n, n),
		Table: tableMemory, timeout: longTimeout, rounds: 1,
		libraries: []string{nameOurs, nameZkLock},
		pass: func(ctx context.Context, b *bench, c client, p place) (Sample, error) {
			w, waits := c.(waiter)
			h, holds := c.(holder)
			if !waits || !holds {
				return nil, errUnsupported
			}
			var before usage
			release, err := h.hold(ctx, p, 1, n, func() { before = use() })
			if err != nil {
				return nil, err
			}
			held := use().per(before, n)
			if err := release(); err != nil {
				return nil, err
			}

			p.path += "/queue"
			leave, err := w.wait(ctx, p, n, func() { before = use() })
			if err != nil {
				return nil, err
			}
			if _, err := quiet(ctx, 20*time.Millisecond, b.idle, b.server.received); err != nil {
				return nil, errors.Join(err, leave())
			}
			waiting := use().per(before, n)
			return Sample{
				figureHeldMemory: held.memory, figureHeldGoroutines: held.goroutines,
				figureWaitingMemory: waiting.memory, figureWaitingStacks: waiting.stacks,
				figureWaitingGoroutines: waiting.goroutines,
			}, leave()
		},
	}
}

// usage is what this process has in use, in bytes and goroutines. Stacks are part of memory.
type usage struct{ memory, stacks, goroutines float64 }

// use waits until what the last pass has left is gone: goroutines end, and stacks, pools and what
// has a finalizer are let go one collection after another.
func use() usage {
	u := usage{memory: math.Inf(1)}
	for range 30 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		now := usage{float64(m.HeapAlloc + m.StackInuse), float64(m.StackInuse),
			float64(runtime.NumGoroutine())}
		if now.goroutines == u.goroutines && now.memory > u.memory*0.999 {
			return now
		}
		u = now
		time.Sleep(100 * time.Millisecond)
	}
	return u
}

func (u usage) per(before usage, n int) usage {
	each := func(now, before float64) float64 { return (now - before) / float64(n) }
	return usage{each(u.memory, before.memory), each(u.stacks, before.stacks),
		each(u.goroutines, before.goroutines)}
}
