package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPattern(t *testing.T) {
	for text, names := range map[string]map[string]bool{
		"jobs/*":     {"jobs/a": true, "jobs": false, "jobs/a/b": false, "other/a": false},
		"jobs/**":    {"jobs": true, "jobs/a": true, "jobs/a/b/c": true, "jobsx": false, "x/jobs/a": false},
		"**":         {"a": true, "a/b/c": true},
		"**/nightly": {"nightly": true, "a/nightly": true, "a/b/nightly": true, "a/nightly/b": false},
		"a/**/z":     {"a/z": true, "a/b/c/z": true, "a/b": false},
		"[ab]/?":     {"a/x": true, "c/x": false},
	} {
		p, err := newPattern(text)
		require.NoError(t, err)
		for name, want := range names {
			assert.Equal(t, want, p.matches(name), "%s %s", text, name)
		}
	}
}

// TestPatternOfManyStars has one that a search without memory would take forever with.
func TestPatternOfManyStars(t *testing.T) {
	p, err := newPattern(strings.Repeat("**/a/", 25) + "b")
	require.NoError(t, err)
	matched := make(chan bool, 1)
	go func() { matched <- p.matches(strings.Repeat("a/", 200) + "c") }() // ended by the match
	select {
	case ok := <-matched:
		assert.False(t, ok)
	case <-time.After(10 * time.Second):
		t.Fatal("it takes for ever")
	}
}
