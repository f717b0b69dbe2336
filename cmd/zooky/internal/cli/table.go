package cli

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

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

// table lays rows out in columns. text/tabwriter would count the control sequences of colours as text.
type table struct {
	colours bool
	rows    [][]cell
}

// newTable returns a table with a line of titles, in colours if w is a terminal and the user has nothing against it.
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
	return width(w) > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	var widths []int
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		for i, c := range row {
			if t.colours && c.colour != plain {
				b.WriteString("\x1b[" + string(c.colour) + "m" + c.text + "\x1b[0m")
			} else {
				b.WriteString(c.text)
			}
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+2))
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
	if err != nil {
		return err
	}
	_, err = w.Write(append(escape.ASCII(data), '\n'))
	return err
}

// printJSONLine prints a value as one line of JSON.
func printJSONLine(w io.Writer, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = w.Write(append(escape.ASCII(data), '\n'))
	return err
}
