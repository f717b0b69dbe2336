package zklock

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"fmt"
)

// Token is a fencing token. It is greater than the token of every earlier exclusive hold of the
// same lock, across processes, session expiries, leader changes, and deletion and recreation of the
// lock's znode. Store it beside the data that the lock protects, and refuse a write whose token is
// smaller than the stored one. Then a holder that was paused for longer than its session cannot
// overwrite the work of its successor. (The idea and the name are from Martin Kleppmann, "How to do
// distributed locking", 2016.)
//
// Tokens begin again if the ensemble's data are wiped or restored from a backup, or if the address
// leads to another ensemble. Storage that keeps the greatest token then refuses all writes until it
// is reset; Session.Rewinds reports that it has happened.
//
// Readers that share a lock have different tokens. Each is greater than the tokens of all earlier
// writers.
//
// A store must refuse the zero Token, which belongs to no hold. In a database, keep a Token in a
// text column that sorts by bytes (in PostgreSQL, COLLATE "C"): a Token is a driver.Valuer and an
// sql.Scanner. An UPDATE ... SET ..., fence = $1 WHERE id = $2 AND fence <= $1 then changes no row
// if a later hold has written it. Without WithLocalHandoff and WithIdleHold, Handoff is always 0,
// and Zxid alone, in a column of 64-bit integers, is enough.
type Token struct {
	// Zxid is the transaction that created the hold's znode. ZooKeeper orders all transactions of
	// an ensemble, so a znode that is created later has a greater one. The number at the end of a
	// znode's name cannot serve: it begins again when the lock's znode is recreated.
	Zxid int64

	// Handoff counts how often the hold was passed on inside one process since then.
	Handoff uint32
}

// Compare returns -1, 0 or +1 as t is smaller than, equal to or greater than u.
func (t Token) Compare(u Token) int {
	return cmp.Or(cmp.Compare(t.Zxid, u.Zxid), cmp.Compare(t.Handoff, u.Handoff))
}

// IsZero reports whether t is the zero Token, which belongs to no hold.
func (t Token) IsZero() bool { return t == Token{} }

// String returns 25 characters, the same number for every token, that sort as the tokens do.
func (t Token) String() string { return fmt.Sprintf("%016x.%08x", uint64(t.Zxid), t.Handoff) }

// MarshalText returns String's form.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// ParseToken reads String's form and nothing else.
func ParseToken(s string) (Token, error) {
	var t Token
	err := t.UnmarshalText([]byte(s))
	return t, err
}

// UnmarshalText reads String's form and nothing else; on an error it leaves t unchanged.
func (t *Token) UnmarshalText(text []byte) error {
	var zxid uint64
	var handoff uint32
	n, err := fmt.Sscanf(string(text), "%016x.%08x", &zxid, &handoff)
	u := Token{Zxid: int64(zxid), Handoff: handoff}
	if n != 2 || err != nil || u.String() != string(text) {
		return fmt.Errorf("%q is no token: want 16 hex digits, a dot and 8 hex digits", text)
	}
	*t = u
	return nil
}

// errZeroToken is returned by Value for the zero Token.
var errZeroToken = errors.New("zero token: nothing was held")

// Value returns String's form, for database/sql. It fails for the zero Token, so a write without a
// hold does not reach the database.
func (t Token) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, errZeroToken
	}
	return t.String(), nil
}

// Scan reads what Value has stored, as a string or bytes, for database/sql. NULL is the zero Token:
// no hold has written the row. On an error it leaves t unchanged.
func (t *Token) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*t = Token{}
		return nil
	case string:
		return t.UnmarshalText([]byte(src))
	case []byte:
		return t.UnmarshalText(src)
	default:
		return fmt.Errorf("%T is no token: want text", src)
	}
}
