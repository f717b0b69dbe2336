// Package escape makes text that strangers wrote fit to be shown.
//
// Lock names, znode names and data come from the clients that made the znodes. Shown as they are
// they could move the cursor, rewrite what stands on the screen, or look like another name.
package escape

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s on one line, with everything escaped as in a Go string that does not take up a
// place of its own on a terminal: control characters, marks that change direction, that join or
// that have no width, and bytes that are no UTF-8; and blanks at the beginning, at the end and
// beside others, which look like the end of a column. The backslash is escaped too, so that
// different texts never look the same for their escapes.
//
// Letters of scripts that have some in common with Latin, to look at, are marked with their
// script's name, \p{Cyrillic}, and so is what is Latin behind them.
func Text(s string) string { return Message(strings.ReplaceAll(s, `\`, `\\`)) }

// Message is Text for sentences in which names may be quoted already, as in Go's errors:
// backslashes stay as they are.
func Message(s string) string {
	var b strings.Builder
	script := latin
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if is := scriptOf(r); is != none && is != script {
			script = is
			fmt.Fprintf(&b, `\p{%s}`, script)
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ' || s[i+1] == ' '):
			b.WriteString(`\x20`)
		case plain(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += size
	}
	return b.String()
}

// The scripts that scriptOf tells from others: that which needs no mark at the beginning, and none
// at all.
const (
	latin = "Latin"
	none  = ""
)

// scriptOf returns the name of a letter's script, none for what is no letter, or looks like no
// Latin one: East Asian letters.
func scriptOf(r rune) string {
	switch {
	case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
		return latin
	case r < 0x80 || !unicode.IsLetter(r) || unicode.In(r, unmarked...):
		return none
	}
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return name
		}
	}
	return none
}

var unmarked = []*unicode.RangeTable{
	unicode.Common, unicode.Inherited, unicode.Han, unicode.Hiragana, unicode.Katakana,
	unicode.Bopomofo, unicode.Hangul,
}

// plain reports whether a rune stands for itself and nothing but itself. Combining marks do not:
// they have no width, and make one name look like another. Nor do the parts of Hangul syllables
// that terminals join, nor the other forms that letters have among symbols.
func plain(r rune) bool {
	return unicode.IsPrint(r) &&
		!unicode.In(r, unicode.Mn, unicode.Me, unicode.Other_Default_Ignorable_Code_Point,
			unicode.Variation_Selector, joining, otherForms)
}

var otherForms = &unicode.RangeTable{
	R16: []unicode.Range16{{0x2100, 0x218f, 1}, {0x249c, 0x24e9, 1}, {0xff01, 0xff5e, 1}},
	R32: []unicode.Range32{{0x1d400, 0x1d7ff, 1}, {0x1f130, 0x1f189, 1}},
}

var joining = &unicode.RangeTable{R16: []unicode.Range16{{0x1160, 0x11ff, 1}, {0xd7b0, 0xd7ff, 1}}}

// wide are the runes that take two places on a terminal: East Asian ones and, as on most terminals,
// pictures. Where pictures take one, what follows stands too far left, but nothing gets longer than
// it was counted.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1}, {0x231a, 0x23ff, 1}, {0x25fd, 0x27bf, 1}, {0x2b00, 0x2bff, 1},
		{0x2e80, 0x303e, 1},
		{0x3040, 0xa4cf, 1}, {0xa960, 0xa97f, 1}, {0xac00, 0xd7a3, 1}, {0xf900, 0xfaff, 1},
		{0xfe10, 0xfe19, 1},
		{0xfe30, 0xfe6f, 1}, {0xff00, 0xff60, 1}, {0xffe0, 0xffe6, 1},
	},
	R32: []unicode.Range32{{0x16fe0, 0x18dff, 1}, {0x1aff0, 0x1b2ff, 1}, {0x1f000, 0x1faff, 1},
		{0x20000, 0x3fffd, 1}},
}

// Width is how many places a line takes on a terminal, at the most. It has to be escaped.
func Width(line string) (places int) {
	for _, r := range line {
		places += width(r)
	}
	return places
}

func width(r rune) int {
	if unicode.Is(wide, r) {
		return 2
	}
	return 1
}

// Limited returns Text of s, cut to at most n places.
func Limited(s string, n int) string {
	n = max(n, 0)
	// No more is escaped than can be shown: every byte gives at least a quarter of a place.
	if len(s) > 4*(n+1) {
		s = s[:4*(n+1)]
	}
	return Cut(Text(s), n)
}

// Cut shortens a line to at most n places, the last of which shows that something is missing.
func Cut(line string, n int) string {
	if Width(line) <= n {
		return line
	}
	if n <= 0 {
		return ""
	}
	places := 0
	for i, r := range line {
		if places += width(r); places > n-1 {
			return line[:i] + "…"
		}
	}
	return line
}

// ASCII returns JSON with everything but printable ASCII as \u escapes, which mean the same there:
// JSON's own rules let marks through that change the direction of what follows.
func ASCII(json []byte) []byte {
	out := make([]byte, 0, len(json))
	for i := 0; i < len(json); {
		r, size := utf8.DecodeRune(json[i:])
		switch {
		case r < 0x7f:
			// JSON has escaped control characters; what is left of them is its own white space
			out = append(out, json[i])
		case r > 0xffff:
			high, low := utf16Pair(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += size
	}
	return out
}

func utf16Pair(r rune) (high, low rune) {
	r -= 0x10000
	return 0xd800 + r>>10, 0xdc00 + r&0x3ff
}
