package termsvg_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/termsvg"
)

func TestSVG(t *testing.T) {
	recording := termsvg.Recording{
		Columns: 40,
		End:     10 * time.Second,
		Chunks: []termsvg.Chunk{
			{At: 0, Text: "$ demo\r\n"},
			{At: time.Second, Text: "begin  <1>\r\n\r\n  0/2\r\n"},
			{At: 2 * time.Second, Text: "\x1b[2A\x1b[J"}, // and at once, without a frame between
			{At: 2*time.Second + time.Millisecond, Text: "\r\n  1/2\r\n"},
			{At: 5 * time.Second, Text: "\x1b[2A\x1b[Jnote\r\nend"},
			{At: 8 * time.Second, Text: termsvg.Clear + "$ demo\r\nLOST"},
		},
		Class: func(line string) string {
			return map[string]string{"$ demo": "prompt", "LOST": "bad"}[line]
		},
	}
	svg, err := recording.SVG()
	require.NoError(t, err)
	animate := `<animate attributeName="visibility" calcMode="discrete" dur="10s" repeatCount="indefinite" keyTimes=`
	text := `<text xml:space="preserve" x="14" y=`
	for _, line := range []string{
		text + `"27" visibility="visible" class="prompt">$ demo</text>`,
		text + `"44" visibility="hidden">begin  &lt;1&gt;` + animate +
			`"0;0.1000;0.8000" values="hidden;visible;hidden"/></text>`,
		text + `"44" visibility="visible" class="bad">LOST` + animate +
			`"0;0.8000" values="hidden;visible"/></text>`,
		text + `"61" visibility="hidden">note` + animate +
			`"0;0.5000;0.8000" values="hidden;visible;hidden"/></text>`,
		text + `"78" visibility="hidden">  0/2` + animate +
			`"0;0.1000;0.2000" values="hidden;visible;hidden"/></text>`,
		text + `"78" visibility="hidden">  1/2` + animate +
			`"0;0.2000;0.5000" values="hidden;visible;hidden"/></text>`,
		text + `"78" visibility="hidden">end` + animate +
			`"0;0.5000;0.8000" values="hidden;visible;hidden"/></text>`,
	} {
		assert.Contains(t, svg, line+"\n")
	}
	assert.Contains(t, svg, `width="344" height="96"`)
	lines, err := termsvg.Lines([]byte(svg))
	require.NoError(t, err)
	assert.Equal(t, []string{"$ demo", "begin  <1>", "LOST", "note", "  0/2", "  1/2", "end"},
		lines)
}

func TestLongLinesWrap(t *testing.T) {
	svg, err := termsvg.Recording{
		Columns: 4, End: time.Second, Chunks: []termsvg.Chunk{{Text: "12345678\r\n█████ab\n"}},
	}.SVG()
	require.NoError(t, err)
	lines, err := termsvg.Lines([]byte(svg))
	require.NoError(t, err)
	assert.Equal(t, []string{"1234", "5678", "████", "█ab"}, lines)
}

func TestUnknownSequence(t *testing.T) {
	for _, text := range []string{"\x1b[31mred", "\x1bc", "\x1b[A"} {
		_, err := termsvg.Recording{Chunks: []termsvg.Chunk{{Text: text}}}.SVG()
		assert.Error(t, err, "%q", text)
	}
}
