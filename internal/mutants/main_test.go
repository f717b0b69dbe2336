package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryMutantApplies tells at once, and not only make mutants, when the library has moved from
// under a mutant.
func TestEveryMutantApplies(t *testing.T) {
	homes, err := testHomes(filepath.Join("..", ".."))
	require.NoError(t, err)
	names := make(map[string]bool)
	for _, m := range all() {
		assert.False(t, names[m.name], "%s: twice", m.name)
		names[m.name] = true
		for name := range strings.SplitSeq(m.tests, "|") {
			assert.Len(t, homes[name], 1, "%s: test %s", m.name, name)
		}
		texts := make(map[string]string)
		for _, e := range m.edits {
			text, ok := texts[e.File]
			if !ok {
				read, err := os.ReadFile(filepath.Join("..", "..", e.File))
				require.NoError(t, err)
				text = string(read)
			}
			assert.Equal(t, 1, strings.Count(text, e.Old), "%s: %s no longer has\n%s",
				m.name, e.File, e.Old)
			texts[e.File] = strings.Replace(text, e.Old, e.New, 1)
		}
	}
}
