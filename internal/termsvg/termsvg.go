// Package termsvg draws a recording of a terminal as an animated SVG image, for README.md. It knows
// what "zooky demo" writes: lines, and the sequences that move the cursor up and erase what is
// below.
package termsvg

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Chunk is a piece of output.
type Chunk struct {
	At   time.Duration // since the recording began
	Text string
}

// Recording is what a terminal has shown.
type Recording struct {
	Columns int
	Chunks  []Chunk       // in the order of their times
	End     time.Duration // when the animation begins again

	// Class returns the CSS class of a line: "prompt", "good", "bad", or "" for plain text.
	Class func(line string) string
}

// together is the time within which chunks belong to one frame: a line is erased and written anew
// by separate writes, and must not flicker.
const together = 30 * time.Millisecond

// Clear erases the whole screen.
const Clear = "\x1b[H\x1b[J"

// The size of a character, and the margin, in pixels.
const (
	charWidth  = 7.9
	lineHeight = 17
	margin     = 14
)

// SVG draws the recording. A viewer that shows no animations shows the last frame.
func (r Recording) SVG() (string, error) {
	frames, err := r.frames()
	if err != nil {
		return "", err
	}
	rows := 0
	for _, f := range frames {
		rows = max(rows, len(f.lines))
	}
	width, height := int(float64(r.Columns)*charWidth)+2*margin, rows*lineHeight+2*margin
	var svg strings.Builder
	fmt.Fprintf(&svg,
		`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %d">
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
text { fill: #d0d7de; white-space: pre; }
.prompt { fill: #79c0ff; font-weight: bold; }
.good { fill: #56d364; font-weight: bold; }
.bad { fill: #ff7b72; font-weight: bold; }
</style>
<rect width="%[1]d" height="%[2]d" rx="8" fill="#0d1117"/>
`, width, height)
	for row := range rows {
		for _, s := range spans(frames, row, r.End) {
			r.draw(&svg, row, s)
		}
	}
	svg.WriteString("</svg>\n")
	return svg.String(), nil
}

func (r Recording) draw(svg *strings.Builder, row int, s span) {
	class, first := "", "visible"
	if r.Class != nil && r.Class(s.text) != "" {
		class = fmt.Sprintf(" class=%q", r.Class(s.text))
	}
	times, values := []string{"0"}, []string{"visible"}
	if s.from > 0 {
		times, values = append(times, r.fraction(s.from)), []string{"hidden", "visible"}
	}
	if s.to < r.End {
		times, values, first = append(times, r.fraction(s.to)), append(values, "hidden"), "hidden"
	}
	fmt.Fprintf(svg, `<text xml:space="preserve" x="%d" y="%d" visibility="%s"%s>`,
		margin, margin+row*lineHeight+13, first, class)
	xml.EscapeText(svg, []byte(s.text))
	if len(times) > 1 {
		fmt.Fprintf(svg, `<animate attributeName="visibility" calcMode="discrete" dur="%vs"`+
			` repeatCount="indefinite" keyTimes="%s" values="%s"/>`,
			r.End.Round(time.Millisecond).Seconds(), strings.Join(times, ";"),
			strings.Join(values, ";"))
	}
	svg.WriteString("</text>\n")
}

func (r Recording) fraction(at time.Duration) string {
	return strconv.FormatFloat(at.Seconds()/r.End.Seconds(), 'f', 4, 64)
}

// frame is what the screen shows from a time on.
type frame struct {
	at    time.Duration
	lines []string
}

func (r Recording) frames() ([]frame, error) {
	var frames []frame
	s := screen{columns: r.Columns}
	begun := time.Duration(0)
	for i, c := range r.Chunks {
		if err := s.write(c.Text); err != nil {
			return nil, err
		}
		if i+1 < len(r.Chunks) && r.Chunks[i+1].At-c.At < together {
			continue
		}
		frames = append(frames, frame{begun, slices.Clone(s.lines)})
		if i+1 < len(r.Chunks) {
			begun = r.Chunks[i+1].At
		}
	}
	return frames, nil
}

// screen is a terminal that is high enough for all lines.
type screen struct {
	columns int
	lines   []string
	row     int // of the cursor; it stands behind what is written in that row
}

func (s *screen) write(text string) error {
	for text != "" {
		switch {
		case strings.HasPrefix(text, Clear):
			*s, text = screen{columns: s.columns}, text[len(Clear):]
		case strings.HasPrefix(text, "\x1b[J"):
			s.lines, text = s.lines[:min(s.row, len(s.lines))], text[len("\x1b[J"):]
		case text[0] == '\x1b':
			number, rest, found := strings.Cut(strings.TrimPrefix(text, "\x1b["), "A")
			n, err := strconv.Atoi(number)
			if !found || err != nil {
				return fmt.Errorf("a sequence that is not known: %q", text)
			}
			s.row, text = max(0, s.row-n), rest
		case text[0] == '\r':
			text = text[1:]
		case text[0] == '\n':
			s.put("")
			s.row, text = s.row+1, text[1:]
		default:
			_, size := utf8.DecodeRuneInString(text)
			s.put(text[:size])
			text = text[size:]
		}
	}
	return nil
}

// put writes one character, or makes sure that there is the row.
func (s *screen) put(text string) {
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, "")
	}
	if text != "" && utf8.RuneCountInString(s.lines[s.row]) == s.columns {
		s.row++ // the line wraps
		s.put(text)
		return
	}
	s.lines[s.row] += text
}

// span is a text that stands in one row for some time.
type span struct {
	text     string
	from, to time.Duration
}

// spans returns what stands in a row, without what is empty.
func spans(frames []frame, row int, end time.Duration) []span {
	var all []span
	for _, f := range frames {
		text := ""
		if row < len(f.lines) {
			text = strings.TrimRight(f.lines[row], " ")
		}
		switch last := len(all) - 1; {
		case last >= 0 && all[last].text == text:
			continue
		case last >= 0:
			all[last].to = f.at
		}
		all = append(all, span{text, f.at, end})
	}
	return slices.DeleteFunc(all, func(s span) bool { return s.text == "" })
}

// Lines returns the lines that an image of SVG shows at any time.
func Lines(svg []byte) ([]string, error) {
	var image struct {
		Texts []string `xml:"text"`
	}
	err := xml.Unmarshal(svg, &image)
	return image.Texts, err
}
