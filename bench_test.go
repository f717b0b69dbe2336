package zklock_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// BenchmarkLockUnlock is what the library itself takes of an acquisition and a release: the servers
// answer at once.
func BenchmarkLockUnlock(b *testing.B) {
	for _, c := range []struct {
		name string
		opts []zklock.SessionOption
	}{
		{"plain", nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := fakezk.New(fakezk.Config{})
			defer w.Close()
			s, err := zklock.Dial(b.Context(), w.Connect(), append(c.opts, zklock.WithDialer(w.Client().Dial))...)
			require.NoError(b, err)
			defer s.Close()
			m, err := s.Mutex("m")
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				m.Lock()
				m.Unlock()
			}
		})
	}
}
