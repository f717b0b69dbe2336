package patch_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/patch"
)

func TestApply(t *testing.T) {
	tree := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(tree, name), []byte(text), 0o600))
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(tree, name))
		require.NoError(t, err)
		return string(text)
	}
	write("a", "one two")
	write("b", "three")

	undo, err := patch.Apply(tree, []patch.Edit{
		{"a", "one", "1"}, {"b", "three", "3"}, {"a", "1 two", "1 2"}, // which the first has made
	})
	require.NoError(t, err)
	assert.Equal(t, "1 2", read("a"))
	assert.Equal(t, "3", read("b"))
	require.NoError(t, undo())
	assert.Equal(t, "one two", read("a"))
	assert.Equal(t, "three", read("b"))
}

func TestApplyUndoesWhatDoesNotApplyAsAWhole(t *testing.T) {
	for name, last := range map[string]patch.Edit{
		"not there": {"a", "three", "3"},
		"twice":     {"a", "o", "0"},
		"no file":   {"b", "one", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			tree := t.TempDir()
			file := filepath.Join(tree, "a")
			require.NoError(t, os.WriteFile(file, []byte("one two"), 0o600))
			_, err := patch.Apply(tree, []patch.Edit{{"a", "ne t", "ne  t"}, last})
			require.Error(t, err)
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, "one two", string(text))
		})
	}
}
