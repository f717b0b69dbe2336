package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/patch"
)

// TestEveryMechanismCanBeRemoved tells when the library has moved from under one.
func TestEveryMechanismCanBeRemoved(t *testing.T) {
	tree, err := patch.Copy(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(tree) })
	for _, m := range mechanisms {
		file := filepath.Join(tree, m.edits[0].File)
		before, err := os.ReadFile(file)
		require.NoError(t, err)
		undo, err := patch.Apply(tree, m.edits)
		require.NoError(t, err, m.name)
		changed, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.NotEqual(t, string(before), string(changed), m.name)
		require.NoError(t, undo())
		after, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(before), string(after), m.name)
	}
}

func TestTheTableGoesIntoThePage(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("a\n"+blockBegin+"old"+blockEnd+"\nb\n"), 0o600))
	require.NoError(t, fill(page, "new"))
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Equal(t, "a\n"+blockBegin+"new"+blockEnd+"\nb\n", string(text))

	require.NoError(t, os.WriteFile(page, []byte("nothing"), 0o600))
	assert.ErrorContains(t, fill(page, "new"), "no place")
}
