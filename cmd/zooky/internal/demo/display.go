package demo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/cmd/zooky/internal/escape"
)

// How often the display looks at the queue and shows it: on a terminal in place, elsewhere as one
// line.
const (
	liveEvery  = 100 * time.Millisecond
	plainEvery = 500 * time.Millisecond
)

// display shows the run while it goes on. Only run uses the writer, so that lines do not mix.
type display struct {
	out   io.Writer
	width int // of the terminal; 0 if it is none
	board *board
	queue func(context.Context) ([]zklock.Contender, error) // nil without the lock
	notes chan string
	drawn int // lines of the block that a terminal shows below the notes
}

// note shows a line. It returns when ctx is done, at the latest.
func (d *display) note(ctx context.Context, line string) {
	select {
	case d.notes <- fmt.Sprintf("%6.2fs  %s", time.Since(d.board.begin).Seconds(), line):
	case <-ctx.Done():
	}
}

// run shows notes and the state of things until ctx is done.
func (d *display) run(ctx context.Context) {
	every := plainEvery
	if d.width > 0 {
		every = liveEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case line := <-d.notes:
			d.clear()
			fmt.Fprintln(d.out, line)
		case <-tick.C:
			holder, queue := d.look(ctx)
			if ctx.Err() == nil {
				d.show(holder, queue)
			}
		case <-ctx.Done():
			d.clear()
			return
		}
	}
}

// look reads who holds the lock and who waits.
func (d *display) look(ctx context.Context) (holder, queue string) {
	if d.queue == nil {
		return "no lock", "none"
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	contenders, err := d.queue(ctx)
	if err != nil {
		return "unknown", escape.Text(err.Error())
	}
	holder = "none"
	var waiting []string
	for _, c := range contenders {
		name := escape.Limited(string(c.Data), 20)
		if c.Holder {
			holder = fmt.Sprintf("%s, token %v", name, zklock.Token{Zxid: c.Zxid})
		} else {
			waiting = append(waiting, name)
		}
	}
	return holder, strings.Join(waiting, " ")
}

func (d *display) show(holder, queue string) {
	updates := d.board.updates()
	if d.width == 0 {
		fmt.Fprintf(d.out, "%6.2fs  %3d/%d updates  holder: %s  queue: %s\n",
			time.Since(d.board.begin).Seconds(), updates, d.board.goal, holder, queue)
		return
	}
	const bar = 40
	full := min(bar, bar*updates/d.board.goal)
	lines := []string{
		"",
		"  holder   " + holder,
		"  queue    " + queue,
		fmt.Sprintf("  updates  %s%s %d/%d", strings.Repeat("█", full),
			strings.Repeat("░", bar-full), updates, d.board.goal),
	}
	d.clear()
	for _, line := range lines {
		fmt.Fprintln(d.out, escape.Cut(line, d.width-1)) // a line that wraps would spoil the count
	}
	d.drawn = len(lines)
}

// clear takes the block from the terminal; what comes next is written in its place.
func (d *display) clear() {
	if d.drawn > 0 {
		fmt.Fprintf(d.out, "\x1b[%dA\x1b[J", d.drawn)
	}
	d.drawn = 0
}
