package main

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

func open(t *testing.T) (*zklock.Session, *sql.DB) {
	zookeeper := zktest.Fake(t)
	s, err := zklock.Dial(t.Context(), zookeeper.Connect(), zklock.WithDialer(zookeeper.Dial))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	db, err := sql.Open("sqlite", t.TempDir()+"/reports.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(schema); err != nil {
		t.Fatal(err)
	}
	return s, db
}

func TestReportIsWritten(t *testing.T) {
	s, db := open(t)
	for range 2 {
		if err := report(t.Context(), s, db); err != nil {
			t.Fatal(err)
		}
	}
}

// TestALateWriteIsRefused writes with the token of a hold that is over.
func TestALateWriteIsRefused(t *testing.T) {
	s, db := open(t)
	m, err := s.Mutex("reports/monthly")
	if err != nil {
		t.Fatal(err)
	}
	var tokens []zklock.Token
	for range 2 {
		m.Lock()
		tokens = append(tokens, m.Token())
		m.Unlock()
	}
	for range 2 { // a holder may write again
		if err := save(t.Context(), db, tokens[1], "monthly", "new"); err != nil {
			t.Fatal(err)
		}
	}
	if err := save(t.Context(), db, tokens[0], "monthly", "late"); !errors.Is(err, errFenced) {
		t.Errorf("a late write: %v", err)
	}
	if err := save(t.Context(), db, zklock.Token{}, "other", "unlocked"); err == nil ||
		errors.Is(err, errFenced) {
		t.Errorf("a write without a token: %v", err)
	}
	var body string
	if err := db.QueryRow(`SELECT body FROM report`).Scan(&body); err != nil || body != "new" {
		t.Errorf("the report is %q, %v", body, err)
	}
}
