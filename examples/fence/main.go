// Fence writes to an SQL database under a lock, so that a holder that was paused for longer than
// its session, and does not know yet that it lost the lock, cannot overwrite its successor's work.
package main

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"os"
	"time"

	_ "modernc.org/sqlite"

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
	db, err := sql.Open("sqlite", "reports.db")
	if err != nil {
		log.Fatal(err)
	}
	log.Print(errors.Join(report(ctx, s, db), db.Close()))
}

func report(ctx context.Context, s *zklock.Session, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return err
	}
	m, err := s.Mutex("reports/monthly")
	if err != nil {
		return err
	}
	return m.Do(ctx, func(ctx context.Context) error {
		return save(ctx, db, m.Token(), "monthly", time.Now().String())
	})
}
