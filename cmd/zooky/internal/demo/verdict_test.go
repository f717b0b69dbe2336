package demo

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zookylock/zklock"
)

func tok(n int64) zklock.Token { return zklock.Token{Zxid: n} }

// good is a run of three updates in which nothing went wrong.
func good() (*board, contents) {
	b := newBoard(3)
	c := contents{}
	for i, id := range []string{"ann/1", "ben/1", "ann/2"} {
		token := tok(int64(i + 1))
		b.record(event{Worker: id[:3], What: held, Token: token})
		b.record(event{Worker: id[:3], What: wrote, Token: token, Write: id})
		c = c.plus(id, token)
	}
	return b, c
}

func TestVerdict(t *testing.T) {
	for name, test := range map[string]struct {
		change    func(*board, *contents)
		must, has int
		err       string
	}{
		"good": {must: 3, has: 3},
		"lost": {
			func(_ *board, c *contents) {
				c.Writes, c.Count = c.Writes[1:], 2
			}, 3, 2, "1 of 3 updates are lost",
		},
		"the same number, but another update": {
			func(b *board, c *contents) {
				c.Writes[1].ID = "ben/2"
				b.kill("ben")
			}, 4, 3, "1 of 4 updates are lost",
		},
		"made twice": {
			func(_ *board, c *contents) {
				*c = c.plus("ben/1", tok(4))
			}, 3, 4, "update ben/1 is in the file more than once",
		},
		"made by nobody": {
			func(_ *board, c *contents) {
				*c = c.plus("ben/2", tok(4))
			}, 3, 4, "update ben/2 is in the file, but no worker made it",
		},
		"made by a worker that was killed before it could tell": {
			func(b *board, c *contents) { *c = c.plus("ben/2", tok(4)); b.kill("ben") }, 4, 4, "",
		},
		"counted wrongly": {
			func(_ *board, c *contents) {
				c.Count--
			}, 3, 2, "the file counts 2 updates and lists 3",
		},
		"a smaller token": {
			func(_ *board, c *contents) {
				c.Writes[2].Token = tok(1)
			}, 3, 3, "of ann/2 is not greater than",
		},
		"the same token": {
			func(_ *board, c *contents) {
				c.Writes[2].Token = tok(2)
			}, 3, 3, "of ann/2 is not greater than",
		},
		"one token for two": {
			func(b *board, _ *contents) {
				b.record(event{Worker: "dan", What: held, Token: tok(2)})
			}, 3, 3,
			"ben and dan held the lock with one token",
		},
		"refused though it held the lock": {
			func(b *board, _ *contents) {
				b.record(event{Worker: "dan", What: refused, Proved: true})
			}, 3, 3,
			"dan held the lock, but another was there with a greater token",
		},
		"refused because it had lost the lock": {
			func(b *board, _ *contents) { b.record(event{Worker: "dan", What: refused}) }, 3, 3, "",
		},
		"a late write accepted, and overwritten": {
			func(b *board, _ *contents) {
				b.record(event{Worker: "dan", What: accepted, Write: "dan/1"})
			}, 4, 3,
			"1 of 4 updates are lost",
		},
		"a late write accepted, and kept": {
			func(b *board, c *contents) {
				b.record(event{Worker: "dan", What: accepted, Write: "dan/1"})
				*c = c.plus("dan/1", tok(4))
			}, 4, 4, "dan's write was accepted after a later holder's",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, c := good()
			if test.change != nil {
				test.change(b, &c)
			}
			v := judge(b, c)
			assert.Equal(t, test.must, v.must)
			assert.Equal(t, test.has, v.has)
			if test.err == "" {
				assert.NoError(t, v.err())
				return
			}
			assert.ErrorIs(t, v.err(), ErrLost)
			assert.ErrorContains(t, v.err(), test.err)
		})
	}
}
