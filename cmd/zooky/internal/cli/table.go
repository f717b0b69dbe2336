package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/zookylock/zklock/cmd/zooky/internal/escape"
)

// colour is how a cell is shown on a terminal.
type colour string

const (
	plain colour = ""
	red   colour = "31"
	green colour = "32"
	bold  colour = "1"
)

// cell is one place in a table. Its text has to be escaped already.
type cell struct {
	text   string
	colour colour
}

// table lays rows out in columns. text/tabwriter would count the control sequences of colours as
// text.
type table struct {
	colours bool
	rows    [][]cell
}

// newTable returns a table with a line of titles, in colours if w is a terminal and the user has
// nothing against it.
func newTable(w io.Writer, titles ...string) *table {
	t := &table{colours: colours(w)}
	row := make([]cell, len(titles))
	for i, title := range titles {
		row[i] = cell{title, bold}
	}
	t.add(row...)
	return t
}

// colours reports whether w shows colours: see no-color.org.
func colours(w io.Writer) bool {
	return onTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// dropEmpty removes the column of a title if there is nothing in it.
func (t *table) dropEmpty(title string) {
	column := slices.IndexFunc(t.rows[0], func(c cell) bool { return c.text == title })
	if slices.ContainsFunc(t.rows[1:], func(row []cell) bool { return row[column].text != "" }) {
		return
	}
	for i, row := range t.rows {
		t.rows[i] = slices.Delete(row, column, column+1)
	}
}

// between is how many places are between columns.
const between = 2

func (t *table) String() string {
	return layOut(t.rows, widths(t.rows), t.colours)
}

// fit is String, without the last line's end, for a terminal of that size: the widest columns are
// cut, then columns at the right are left out. Of rows that there is no place for the last line
// tells how many they are.
func (t *table) fit(width, height int) string {
	const narrow = 8 // to which all columns are cut before one is left out
	rows, more := t.rows, ""
	if len(rows) > height {
		rows = rows[:max(1, height-1)]
		more = fmt.Sprintf("… and %d more", len(t.rows)-len(rows))
	}
	widths := widths(rows)
	for total := sum(widths); len(widths) > 0 && total > width; total = sum(widths) {
		widest := slices.Index(widths, slices.Max(widths))
		if len(widths) > 1 && widths[widest] <= narrow {
			widths = widths[:len(widths)-1]
		} else {
			widths[widest]--
		}
	}
	return strings.TrimSuffix(layOut(rows, widths, t.colours)+escape.Cut(more, width), "\n")
}

// widths returns how many places each column takes.
func widths(rows [][]cell) (widths []int) {
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], escape.Width(c.text))
		}
	}
	return widths
}

// sum is how many places a row of such columns takes.
func sum(widths []int) int {
	n := between * (len(widths) - 1)
	for _, width := range widths {
		n += width
	}
	return n
}

// layOut returns the rows, a line each, with as many columns as there are widths.
func layOut(rows [][]cell, widths []int, colours bool) string {
	var b strings.Builder
	for _, row := range rows {
		for i, c := range row[:len(widths)] {
			shown := escape.Cut(c.text, widths[i])
			if colours && c.colour != plain {
				b.WriteString("\x1b[" + string(c.colour) + "m" + shown + "\x1b[0m")
			} else {
				b.WriteString(shown)
			}
			if i < len(widths)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-escape.Width(shown)+between))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// text is a cell of text that strangers wrote.
func text(s string, limit int) cell { return cell{text: escape.Limited(s, limit)} }

// age is how long ago something was, as people say it.
func age(at time.Time) string {
	switch d := time.Since(at); {
	case d < 0:
		return "0s" // the server's clock is ahead of ours
	case d < time.Minute:
		return d.Truncate(time.Second).String()
	case d < time.Hour:
		return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
	case d < 48*time.Hour:
		return strings.TrimSuffix(d.Truncate(time.Hour).String(), "0m0s")
	default:
		return strings.TrimSuffix((d/24).Truncate(time.Hour).String(), "h0m0s") + "d"
	}
}

// printJSON prints a value as JSON, in ASCII: what strangers wrote is escaped by JSON's own means.
func printJSON(w io.Writer, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	return writeJSON(w, data, err)
}

// printJSONLine prints a value as one line of JSON.
func printJSONLine(w io.Writer, value any) error {
	data, err := json.Marshal(value)
	return writeJSON(w, data, err)
}

func writeJSON(w io.Writer, data []byte, err error) error {
	if err == nil {
		_, err = w.Write(append(escape.ASCII(data), '\n'))
	}
	return err
}
