package escape

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"jobs/nightly backup": "jobs/nightly backup",
		"Grüße, 東京, 🔒":        "Grüße, 東京, 🔒",
		"\x1b[2Jgone":         `\x1b[2Jgone`,
		"\u009b2J":            `\u009b2J`, // the same in one character
		"a\nb\tc\r\x7f\x00":   `a\nb\tc\x0d\x7f\x00`,
		`a\nb`:                `a\\nb`,
		"a\xff\xc3":           `a\xff\xc3`,
		"safe\u202egpj.exe":   `safe\u202egpj.exe`,
		"a\u2066b\u2069":      `a\u2066b\u2069`,
		"a\u200bb\ufeffc":     `a\u200bb\ufeffc`,
		"e\u0301":             `e\u0301`,
		"a\u3164b\ufe0f":      `a\u3164b\ufe0f`, // a letter, by its class, that shows nothing
		"a\u00a0b\u2028c":     `a\u00a0b\u2028c`,
		"\U000e0041":          `\U000e0041`,
		"fred ":               `fred\x20`,
		" fred":               `\x20fred`,
		" ":                   `\x20`,
		"a  b   c d":          `a\x20\x20b\x20\x20\x20c d`,
		"аdmin":               `\p{Cyrillic}а\p{Latin}dmin`, // its first letter is not Latin
		"admin":               "admin",
		"заказы/7 новых":      `\p{Cyrillic}заказы/7 новых`,
		"Αα и Б":              `\p{Greek}Αα \p{Cyrillic}и Б`,
		"ａdmin":               `\uff41dmin`,
		"𝐚dmin ⅼ ℓ":           `\U0001d41admin \u217c \u2113`,
		`\p{Cyrillic}a`:       `\\p{Cyrillic}a`,
		"カー・한글":               "カー・한글",
		"\u1100\u1161":        "\u1100" + `\u1161`, // parts of a syllable
	} {
		assert.Equal(t, want, Text(in), "%q", in)
	}
}

func TestLimited(t *testing.T) {
	assert.Equal(t, "abc", Limited("abc", 3))
	assert.Equal(t, "ab…", Limited("abcd", 3))
	assert.Equal(t, "東…", Limited("東京都港区", 3))
	assert.Equal(t, "東…", Limited("東京都港区", 4))
	assert.Equal(t, "", Limited("abc", 0))
	assert.Equal(t, 100, utf8.RuneCountInString(Limited(string(make([]byte, 1<<20)), 100)))
}

func TestWidth(t *testing.T) {
	for line, want := range map[string]int{
		"": 0, "abc…": 4, "Grüße": 5, "東京": 4, "ﾊﾝｶｸ": 4, "ＡＢ": 4, "한글": 4, "🔒": 2,
		"█░": 2, "日本/x": 6,
	} {
		assert.Equal(t, want, Width(line), line)
	}
}

func FuzzCut(f *testing.F) {
	f.Add("東a京", 3)
	f.Add("abc", -220)
	f.Fuzz(func(t *testing.T, s string, n int) {
		cut := Limited(s, n%1000)
		require.True(t, utf8.ValidString(cut))
		require.LessOrEqual(t, Width(cut), max(0, n%1000))
	})
}

func FuzzASCII(f *testing.F) {
	f.Add("a\u202e\U0001f512\x7f\x00\xff\n")
	f.Fuzz(func(t *testing.T, s string) {
		encoded, err := json.Marshal(s)
		require.NoError(t, err)
		ascii := ASCII(encoded)
		for _, b := range ascii {
			require.True(t, b >= 0x20 && b < 0x7f, "%q", ascii)
		}
		var want, got string
		require.NoError(t, json.Unmarshal(encoded, &want))
		require.NoError(t, json.Unmarshal(ascii, &got))
		require.Equal(t, want, got)
	})
}

func FuzzText(f *testing.F) {
	f.Add("a\u202e\U0001f512\x7f\x00\xff\n")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Text(s) {
			require.True(t, plain(r), "%q of %q", r, s)
		}
	})
}
