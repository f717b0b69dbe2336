package cli

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDocsAreUpToDate(t *testing.T) {
	var page bytes.Buffer
	require.NoError(t, Docs(&page))
	have, err := os.ReadFile("../../../../docs/zooky.md")
	require.NoError(t, err)
	assert.Equal(t, page.String(), string(have), "run go generate ./cmd/zooky")
}
