package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/zookylock/zklock"
)

const schema = `CREATE TABLE IF NOT EXISTS report (
	id    TEXT PRIMARY KEY,
	body  TEXT NOT NULL,
	fence TEXT NOT NULL -- the greatest token that has written; tokens sort as text
)`

// upsert changes nothing if the row has a greater token.
const upsert = `INSERT INTO report (id, body, fence) VALUES (?1, ?2, ?3)
	ON CONFLICT (id) DO UPDATE SET body = ?2, fence = ?3 WHERE fence <= ?3`

var errFenced = errors.New("another holder has written since")

// save writes a report as the holder with that token.
func save(ctx context.Context, db *sql.DB, token zklock.Token, id, body string) error {
	result, err := db.ExecContext(ctx, upsert, id, body, token) // refuses the zero Token
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = errFenced
	}
	return err
}
