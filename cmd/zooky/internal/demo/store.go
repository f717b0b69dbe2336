package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/zookylock/zklock"
)

// errStale is returned for a token smaller than one that the store has seen. A retry does not help.
var errStale = errors.New("a later holder has been here")

// store is the file that the lock protects.
//
// It does what fencing asks of whatever keeps the data: it remembers the greatest token that it has
// seen, from reads as well as from writes, and refuses smaller ones. From reads too, because a
// stale write between its successor's read and write would be overwritten, and so lost, though it
// had been accepted.
//
// A store compares and replaces in one step; a file needs a lock of its own for that. It is let go
// between a read and the write that follows, so it does nothing for the update as a whole: see what
// --no-lock does.
//
// A file is replaced, never written over: a process that is killed leaves the old one or the new
// one.
type store struct{ path string }

// contents is what the store keeps.
type contents struct {
	Fence  zklock.Token `json:"fence"`
	Count  int          `json:"count"`
	Writes []write      `json:"writes"` // in the order in which they were made
}

// write is one update that was made: it goes into the file with what it changes, so that what was
// written is known even of a process that was killed before it could tell.
type write struct {
	ID    string       `json:"id"`
	Token zklock.Token `json:"token"`
}

// plus returns what the store holds after one more update.
func (c contents) plus(id string, token zklock.Token) contents {
	c.Count++
	c.Writes = append(slices.Clip(c.Writes), write{ID: id, Token: token})
	return c
}

// create makes the store's first file.
func (s store) create() error { return s.replace(contents{}) }

// read returns the contents, and from then on refuses smaller tokens. The zero token stands for a
// process that uses no lock: nothing is checked.
func (s store) read(token zklock.Token) (contents, error) {
	var c contents
	err := s.alone(func() (err error) {
		if c, err = s.load(); err != nil || token.IsZero() {
			return err
		}
		if token.Compare(c.Fence) < 0 {
			return errStale
		}
		c.Fence = token
		return s.replace(c)
	})
	return c, err
}

// write replaces the contents, unless it has seen a greater token.
func (s store) write(token zklock.Token, c contents) error {
	return s.alone(func() error {
		if !token.IsZero() {
			current, err := s.load()
			if err != nil {
				return err
			}
			if token.Compare(current.Fence) < 0 {
				return errStale
			}
			c.Fence = token
		}
		return s.replace(c)
	})
}

// alone runs f while no other process is inside a read or a write.
func (s store) alone(f func() error) error {
	unlock, err := lockFile(s.path + ".lock")
	if err != nil {
		return err
	}
	return errors.Join(f(), unlock())
}

func (s store) load() (contents, error) {
	var c contents
	data, err := os.ReadFile(s.path)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("%s: %w", s.path, err)
	}
	return c, nil
}

func (s store) replace(c contents) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(s.path), "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), s.path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
