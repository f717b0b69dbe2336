package interop_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheDocumentNamesEveryPair holds docs/interop.md and the pairs that are tested together.
func TestTheDocumentNamesEveryPair(t *testing.T) {
	text, err := os.ReadFile("../../docs/interop.md")
	require.NoError(t, err)
	named := make(map[string]bool)
	for _, match := range regexp.MustCompile(`TestHandOffs/(\w+)`).FindAllSubmatch(text, -1) {
		named[string(match[1])] = true
		assert.Contains(t, pairs, string(match[1]))
	}
	for name := range pairs {
		assert.True(t, named[name], "docs/interop.md does not have %s", name)
	}
}
