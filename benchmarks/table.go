package benchmarks

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// table is how the results of some cases are shown: a line for each case and library.
type table struct {
	name, title string
	columns     []column
}

type column struct {
	title string
	cell  func(*Report, *Result) string
}

var tables = []table{
	{tableThroughput, "Acquisitions a second", []column{
		plain("a second", figureRate),
		spread(figureRate),
		ratio("× zk.Lock", figureRate, nameZkLock),
		ratio("× limit", figureRate, nameLimit),
		plain("fewest/most", figureFairness),
		plain("requests", figureRequests),
		plain("bytes", figureBytes),
	}},
	{tableRemote, "Many goroutines here, and one contender elsewhere", []column{
		plain("a second, here", figureRate),
		ratio("× zk.Lock", figureRate, nameZkLock),
		plain("a second, elsewhere", figureRemoteRate),
		plain("most holds waited for", figureRemoteWaits),
	}},
	{tableReaders, "Reads a second", []column{
		plain("reads a second", figureRate),
		ratio("× Curator", figureRate, nameCurator),
		plain("fewest/most", figureFairness),
		plain("writes", figureWrites),
		plain("longest write wait, ms", figureLongestWrite),
	}},
	{tableQueue, "Long queues", []column{
		plain("ms until quiet", figureAllTime),
		plain("bytes each", figureJoinBytes),
		plain("requests each", figureJoinRequests),
		plain("ms a hand-off", figureHandOff),
		plain("bytes a hand-off", figureHandOffBytes),
		plain("requests a hand-off", figureHandOffAsks),
	}},
	{tableMemory, "Memory and goroutines", []column{
		plain("bytes waiting", figureWaitingMemory),
		plain("of that, stacks", figureWaitingStacks),
		plain("goroutines waiting", figureWaitingGoroutines),
		plain("bytes held", figureHeldMemory),
		plain("goroutines held", figureHeldGoroutines),
	}},
	{tableCancel, "Giving up, in ms", []column{
		plain("servers answer", figureCancel),
		plain("longest", figureCancelLongest),
		plain("servers hang", figureHang),
		plain("longest", figureHangLongest),
	}},
	{tableReconnect, "Reconnecting", []column{
		plain("requests in the busiest second", figurePeak),
		plain("requests", figureAllRequests),
		plain("bytes", figureAllBytes),
		plain("ms until quiet", figureAllTime),
	}},
	{tableTogether, "Several locks together", []column{
		plain("a second", figureRate),
		spread(figureRate),
		ratio("× one by one", figureRate, nameOneByOne),
		ratio("× zk.Lock", figureRate, nameZkLock),
		plain("requests", figureRequests),
	}},
	{tableSemaphore, "Semaphores", []column{
		plain("a second", figureRate),
		spread(figureRate),
		ratio("× Curator", figureRate, nameCurator),
		plain("fewest/most", figureFairness),
		plain("requests", figureRequests),
		plain("bytes", figureBytes),
	}},
	{tableIdle, "Holds that are kept", []column{
		plain("a second", figureRate),
		spread(figureRate),
		ratio("× without", figureRate, nameOurs),
		ratio("× zk.Lock", figureRate, nameZkLock),
		ratio("× limit", figureRate, nameLimit),
		plain("fewest/most", figureFairness),
		plain("requests", figureRequests),
	}},
	{tableNewcomer, "A newcomer's wait, in ms", []column{
		plain("free", figureFreeWait),
		plain("kept", figureKeptWait),
		quotient("kept × free", figureKeptWait, figureFreeWait),
	}},
	{tableQuorum, "Three servers that wait for the disk", []column{
		plain("a second", figureRate),
		spread(figureRate),
		ratio("× zk.Lock", figureRate, nameZkLock),
		plain("fewest/most", figureFairness),
		plain("ms a release, p50", figureRelease),
		plain("p99", figureLongRelease),
		plain("requests", figureRequests),
		plain("server CPU, ms", figureServerCPU),
	}},
	{tableApart, "Many locks of one session", []column{
		plain("a second", figureRate),
		spread(figureRate),
		ratio("× zk.Lock", figureRate, nameZkLock),
		ratio("× limit", figureRate, nameLimit),
		plain("fewest/most", figureFairness),
		plain("requests", figureRequests),
		plain("bytes", figureBytes),
	}},
	{tableFleet, "Many sessions that hold locks", []column{
		plain("requests a second", figureFleetRequests),
		ratio("× zk.Lock", figureFleetRequests, nameZkLock),
		plain("transactions a second", figureFleetWrites),
		plain("client CPU, ms a second", figureFleetClientCPU),
		plain("server CPU, ms a second", figureFleetServerCPU),
	}},
	{tableHeld, "Many locks held by one process", []column{
		plain("bytes each", figureHeldMemory),
		plain("goroutines each", figureHeldGoroutines),
		share("client CPU", figureFleetClientCPU),
		share("server CPU", figureFleetServerCPU),
		plain("requests a second", figureFleetRequests),
		plain("transactions a second", figureFleetWrites),
	}},
}

const missing = "–"

func plain(title, figure string) column {
	return column{title, func(_ *Report, r *Result) string {
		v, ok := r.median(figure)
		if !ok {
			return missing
		}
		return number(v)
	}}
}

// share shows milliseconds a second as a part of one core.
func share(title, figure string) column {
	return column{title, func(_ *Report, r *Result) string {
		v, ok := r.median(figure)
		if !ok {
			return missing
		}
		return number(v/10) + " %"
	}}
}

// quotient is of two figures of the same library.
func quotient(title, figure, divisor string) column {
	return column{title, func(_ *Report, r *Result) string {
		v, ok := r.median(figure)
		base, there := r.median(divisor)
		if !ok || !there || base == 0 {
			return missing
		}
		return strconv.FormatFloat(v/base, 'f', 2, 64)
	}}
}

// ratio is to what another library did in the same case.
func ratio(title, figure, library string) column {
	return column{title, func(all *Report, r *Result) string {
		v, ok := r.median(figure)
		base, there := all.find(r.Case, library).median(figure)
		if !ok || !there || base == 0 {
			return missing
		}
		return strconv.FormatFloat(v/base, 'f', 2, 64)
	}}
}

func spread(figure string) column {
	return column{"spread", func(_ *Report, r *Result) string {
		if len(r.Values[figure]) < 2 {
			return missing
		}
		return fmt.Sprintf("%.0f %%", 100*Spread(r.Values[figure]))
	}}
}

// number writes a figure with three digits or more, and commas in large ones.
func number(v float64) string {
	switch {
	case math.Abs(v) < 0.005: // also what rounds to zero from below
		return "0.00"
	case v < 0:
		return "-" + number(-v)
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return thousands(v)
}

// rows returns a table with its heads; nil if no case of it was run.
func (t table) rows(r *Report) [][]string {
	head := []string{"case", "library"}
	for _, c := range t.columns {
		head = append(head, c.title)
	}
	rows := [][]string{head}
	for i := range r.Results {
		result := &r.Results[i]
		if result.Table != t.name {
			continue
		}
		row := []string{result.Title, result.Library}
		for _, c := range t.columns {
			row = append(row, c.cell(r, result))
		}
		rows = append(rows, row)
	}
	if len(rows) == 1 {
		return nil
	}
	return rows
}

// WriteText writes the tables for a terminal.
func (r *Report) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\n%s\n", r.Machine, r.method())
	for _, t := range tables {
		rows := t.rows(r)
		if rows == nil {
			continue
		}
		fmt.Fprintf(w, "\n%s\n\n", t.title)
		last := ""
		for _, row := range rows {
			if row[0] == last {
				row[0] = ""
			} else {
				last = row[0]
			}
			fmt.Fprintln(w, strings.Join(row, "\t"))
		}
		if err := w.Flush(); err != nil { // columns of one table are not those of the next
			return err
		}
	}
	for _, failure := range r.Failures {
		fmt.Fprintf(w, "\nFAILED: %s\n", failure)
	}
	return w.Flush()
}

func (r *Report) method() string {
	if r.Quick {
		return "A quick run: its figures mean nothing."
	}
	return fmt.Sprintf("Medians of %d rounds in which the libraries take turns; spread is from the least to the greatest.", r.Rounds)
}

// markdown writes one table for a document.
func (t table) markdown(r *Report) string {
	rows := t.rows(r)
	if rows == nil {
		return "Not measured.\n"
	}
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(rows[0])
	b.WriteString("|---|---|" + strings.Repeat("---:|", len(t.columns)) + "\n")
	last := ""
	for _, row := range rows[1:] {
		if row[0] == last {
			row[0] = ""
		} else {
			last = row[0]
		}
		line(row)
	}
	return b.String()
}

// thousands writes a whole number with commas.
func thousands(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
