//go:build unix

package chaos

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNamesAreAnsweredFromAFile(t *testing.T) {
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	n, err := newNames(filepath.Join(t.TempDir(), "names"), "127.0.0.1")
	require.NoError(t, err)
	told := make(chan Event, 100)
	useNames(n.file, func(ev Event) { told <- ev })
	lookUp := func(name string) ([]string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return net.DefaultResolver.LookupHost(ctx, name)
	}
	addresses, err := lookUp(serverName(1))
	require.NoError(t, err)
	assert.Equal(t, []string{"127.0.0.1"}, addresses)
	assert.Equal(t, Event{Kind: kindLookUp, Result: string(namesAnswered)}, <-told)

	require.NoError(t, n.change(func(t *nameTable) { t.Addresses[serverName(1)] = "127.0.0.2" }))
	addresses, err = lookUp(serverName(1))
	require.NoError(t, err)
	assert.Equal(t, []string{"127.0.0.2"}, addresses)
	_, err = lookUp("nobody")
	assert.Error(t, err)
	for _, answer := range []nameAnswer{namesFail, namesHang} {
		require.NoError(t, n.answer(answer))
		_, err = lookUp(serverName(1))
		assert.Error(t, err, answer)
	}
	require.NoError(t, n.answer(namesAnswered))
	_, err = lookUp(serverName(1))
	assert.NoError(t, err)
}
