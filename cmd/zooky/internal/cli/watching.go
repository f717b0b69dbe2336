package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// watch shows views.
type watch struct {
	out, err io.Writer
	live     bool
	asJSON   bool
	last     view
	// since when the servers have not answered, if that was told; zero if they do
	silent time.Time
}

// looked is what came of a look.
type looked struct {
	view view
	err  error
}

// silenceTold is how long a look takes until it is told that the servers do not answer.
const silenceTold = 2 * time.Second

func (w *watch) run(ctx context.Context, every time.Duration,
	look func(context.Context) (view, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	if w.live {
		// The terminal's other screen, and back to what was there before.
		fmt.Fprint(w.out, "\x1b[?1049h")
		defer fmt.Fprint(w.out, "\x1b[?1049l")
	}
	for {
		v, err := w.look(ctx, look)
		if err == nil {
			err = w.show(v)
		}
		if err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// look reads once, and reports if that takes long.
func (w *watch) look(ctx context.Context, look func(context.Context) (view, error)) (view, error) {
	begun := time.Now()
	answered := make(chan looked, 1)
	go func() { // ended by look, which ends with ctx
		v, err := look(ctx)
		answered <- looked{v, err}
	}()
	late := time.NewTicker(silenceTold)
	defer late.Stop()
	for {
		select {
		case a := <-answered:
			if a.err == nil {
				w.tellAnswered()
			}
			return a.view, a.err
		case <-late.C:
			late.Reset(time.Second)
			if err := w.tellSilent(begun); err != nil {
				return view{}, err
			}
		}
	}
}

// tellSilent says that the servers do not answer: once, and on a terminal over and over, above the
// last view.
func (w *watch) tellSilent(since time.Time) error {
	first := w.silent.IsZero()
	w.silent = since
	line := fmt.Sprintf("no answer since %s", since.Format(time.TimeOnly))
	if w.live {
		return w.draw(line + fmt.Sprintf(" (%s)", age(since)))
	}
	if first {
		complain(w.err, fmt.Errorf("%s", line))
	}
	return nil
}

func (w *watch) tellAnswered() {
	if !w.silent.IsZero() && !w.live {
		complain(w.err, fmt.Errorf("the servers answer again, after %s", age(w.silent)))
	}
	w.silent = time.Time{}
}

func (w *watch) show(v view) error {
	changes := v.differs(w.last)
	w.last = v
	if w.live {
		return w.draw("")
	}
	for _, c := range changes {
		var err error
		if w.asJSON {
			err = printJSONLine(w.out, c)
		} else {
			_, err = fmt.Fprintf(w.out, "%s  %-8s %s%s\n", c.At.Format(time.RFC3339), c.What, c.line,
				c.since)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// draw draws the last view, and a line of its own above it if there is one. Home, then the lines,
// each clearing what was to its right, then clear what was below: no flicker. In the last place of
// a line that would clear what is there.
func (w *watch) draw(above string) error {
	width, height := size(w.out)
	var screen string
	if w.last.table != nil {
		screen = w.last.table.fit(width-1, height)
	}
	if above != "" {
		screen = above + "\n" + screen
		if lines := strings.SplitAfter(screen, "\n"); len(lines) > height {
			screen = strings.TrimSuffix(strings.Join(lines[:height], ""), "\n")
		}
	}
	_, err := fmt.Fprint(w.out, "\x1b[H", strings.ReplaceAll(screen, "\n", "\x1b[K\n"), "\x1b[J")
	return err
}
