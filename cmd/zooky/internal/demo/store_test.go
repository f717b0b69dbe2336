package demo

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
)

func newStore(t *testing.T) store {
	t.Helper()
	s := store{path: filepath.Join(t.TempDir(), "counter.json")}
	require.NoError(t, s.create())
	return s
}

func TestStoreKeepsOutWhoComesLate(t *testing.T) {
	s := newStore(t)
	early, err := s.read(tok(1))
	require.NoError(t, err)
	late, err := s.read(tok(2)) // before the first has written: reading is what keeps it out
	require.NoError(t, err)
	assert.ErrorIs(t, s.write(tok(1), early.plus("early", tok(1))), errStale)
	_, err = s.read(tok(1))
	assert.ErrorIs(t, err, errStale)
	require.NoError(t, s.write(tok(2), late.plus("late", tok(2))))
	assert.ErrorIs(t, s.write(tok(1), early.plus("early", tok(1))), errStale)
	c, err := s.load()
	require.NoError(t, err)
	assert.Equal(t, contents{Fence: tok(2), Count: 1, Writes: []write{{ID: "late", Token: tok(2)}}},
		c)
}

// TestStoreWithoutTokensLosesUpdates shows that the store's own lock does not protect an update:
// what the demonstration without the lock relies on.
func TestStoreWithoutTokensLosesUpdates(t *testing.T) {
	s := newStore(t)
	none := zklock.Token{}
	one, err := s.read(none)
	require.NoError(t, err)
	other, err := s.read(none)
	require.NoError(t, err)
	require.NoError(t, s.write(none, one.plus("one", none)))
	require.NoError(t, s.write(none, other.plus("other", none)))
	c, err := s.load()
	require.NoError(t, err)
	assert.Equal(t, 1, c.Count)
}

func TestStoreIsNeverHalfWritten(t *testing.T) {
	s := newStore(t)
	var writers errgroup.Group
	for range 4 {
		writers.Go(func() error {
			for range 50 {
				c, err := s.read(zklock.Token{})
				if err != nil {
					return err
				}
				if err := s.write(zklock.Token{}, c.plus("x", zklock.Token{})); err != nil {
					return err
				}
			}
			return nil
		})
	}
	done := make(chan error, 1)
	go func() { done <- writers.Wait() }() // waited for below
	for {
		_, err := s.load() // without the store's lock, as whoever looks after a crash
		require.NoError(t, err)
		select {
		case err := <-done:
			require.NoError(t, err)
			files, err := os.ReadDir(filepath.Dir(s.path))
			require.NoError(t, err)
			assert.Len(t, files, 2, "the file and its lock")
			return
		default:
		}
	}
}
