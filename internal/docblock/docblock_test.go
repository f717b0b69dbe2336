package docblock_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/docblock"
)

const page = "# Page\n\n<!-- code: a.go f -->\n```go\nold\nold\n```\ntext\n```sh\ngo run .\n```\n<!-- output: x y -->\n\n```\n```\n"

func TestBlocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(path, []byte(page), 0o644))
	blocks, err := docblock.Read(path)
	require.NoError(t, err)
	assert.Equal(t, []docblock.Block{
		{Page: path, Line: 4, Lang: "go", Kind: "code", Source: "a.go f", Text: "old\nold\n"},
		{Page: path, Line: 9, Lang: "sh", Text: "go run .\n"},
		{Page: path, Line: 14, Kind: "output", Source: "x y"},
	}, blocks)

	for i, text := range []string{"new\n", "go test\n", "a\nb\nc\n"} {
		blocks, err = docblock.Read(path)
		require.NoError(t, err)
		require.NoError(t, blocks[i].Replace(text))
		blocks, err = docblock.Read(path)
		require.NoError(t, err)
		require.Len(t, blocks, 3)
		assert.Equal(t, text, blocks[i].Text)
	}
	found, err := docblock.Find(path, "output", "x y")
	require.NoError(t, err)
	assert.Equal(t, "a\nb\nc\n", found.Text)
	_, err = docblock.Find(path, "output", "x")
	assert.Error(t, err)
}

func TestCode(t *testing.T) {
	dir := t.TempDir()
	source := "package p\n\n// c is.\nconst c = `a\nb`\n\n// f does.\nfunc f() {\n\tg()\n}\n\nfunc ExampleF() {\n\tif true {\n\t\tf()\n\t}\n}\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.go"), []byte(source), 0o644))
	for names, want := range map[string]string{
		"a.go":          source,
		"a.go f c":      "// f does.\nfunc f() {\n\tg()\n}\n\n// c is.\nconst c = `a\nb`\n",
		"a.go ExampleF": "if true {\n\tf()\n}\n",
	} {
		have, err := docblock.Code(dir, names)
		require.NoError(t, err)
		assert.Equal(t, want, have)
	}
	for _, names := range []string{"", "b.go", "a.go g"} {
		_, err := docblock.Code(dir, names)
		assert.Error(t, err, names)
	}
}
