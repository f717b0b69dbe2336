package hour

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

func TestTheJobStopsWithoutANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zookeeper := zktest.Fake(t)
		s, err := zklock.Dial(t.Context(), zookeeper.Connect(), zklock.WithDialer(zookeeper.Dial))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		time.AfterFunc(time.Minute, func() { zookeeper.Blackhole() })
		begun := time.Now()
		if err := job(t.Context(), s); !errors.Is(err, zklock.ErrLost) {
			t.Error(err)
		}
		if took := time.Since(begun); took > time.Minute+10*time.Second {
			t.Errorf("the job went on for %v", took)
		}
		time.Sleep(time.Hour) // sleep ok: virtual time passes at once
		zookeeper.Heal()
	})
}

// job is what is tested.
func job(ctx context.Context, s *zklock.Session) error {
	m, err := s.Mutex("job")
	if err != nil {
		return err
	}
	return m.Do(ctx, func(ctx context.Context) error {
		select {
		case <-time.After(time.Hour): // work
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}
