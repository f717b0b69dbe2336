package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/patch"
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
		_, err := patch.Texts(filepath.Join("..", ".."), m.edits)
		assert.NoError(t, err, m.name)
	}
}
