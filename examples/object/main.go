// Object writes to an object store under a lock, so that a holder that was paused for longer than
// its session, and does not know yet that it lost the lock, cannot overwrite its successor's work.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/zookylock/zklock"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := zklock.Dial(ctx, os.Getenv("ZOOKY_SERVERS"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	log.Print(report(ctx, s, os.Getenv("OBJECT_URL")))
}

func report(ctx context.Context, s *zklock.Session, url string) error {
	m, err := s.Mutex("reports/monthly")
	if err != nil {
		return err
	}
	return m.Do(ctx, func(ctx context.Context) error {
		return put(ctx, url, object{m.Token(), time.Now().String()})
	})
}
