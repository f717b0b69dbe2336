package demo

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// listed bounds how many lost updates the account names.
const listed = 8

// report prints the account of a run.
func report(out io.Writer, b *board, done []failure, v verdict, took time.Duration) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t)
	for _, f := range done {
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.worker, f.what, f.cost)
	}
	t.Flush()
	fmt.Fprintln(t)
	fmt.Fprintf(t, "updates the file must have\t%d\n", v.must)
	fmt.Fprintf(t, "updates the file has\t%d\n", v.has)
	if len(v.untold) > 0 {
		fmt.Fprintf(t,
			"among them\t%s: made by a worker that was killed before it could report it\n",
			strings.Join(v.untold, ", "))
	}
	if turns := b.holds(); len(turns) > 0 {
		longest := longestWait(turns)
		fmt.Fprintf(t, "longest wait\t%v, %s's\n", round(longest.wait), longest.worker)
		fmt.Fprintf(t, "median hand-over\t%v\n", round(handover(turns)))
		tokens := "each greater than the one before"
		if len(v.wrong) > 0 {
			tokens = "see below"
		}
		fmt.Fprintf(t, "tokens\t%d, %s\n", len(turns), tokens)
	}
	fmt.Fprintf(t, "time\t%v\n", round(took))
	t.Flush()
	fmt.Fprintln(out)
	switch {
	case len(v.missing) > 0:
		fmt.Fprintf(out, "%d updates are LOST: %s\n", len(v.missing), first(v.missing, listed))
	case v.err() == nil:
		fmt.Fprintln(out, "No update was lost.")
	}
	for _, wrong := range v.wrong {
		fmt.Fprintln(out, "WRONG:", wrong)
	}
}

// first lists the first n elements.
func first(list []string, n int) string {
	if len(list) <= n {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:n], ", "), len(list)-n)
}
