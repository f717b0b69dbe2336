//go:build unix

package main_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHeld(t *testing.T) {
	p := newPlace(t)
	m := p.lock("jobs/a")
	p.create("free", "")
	p.create("stuck", "")
	p.create("stuck/"+stray, "")
	for _, test := range []struct {
		args   []string
		status int
	}{
		{[]string{"jobs/a"}, 0},
		{[]string{"free"}, 1},
		{[]string{"nobody"}, 1},
		{[]string{"jobs"}, 1},
		{[]string{"stuck"}, 1},
	} {
		status, stdout, stderr := p.zooky(append([]string{"held"}, test.args...)...)
		assert.Equal(t, test.status, status, test.args)
		assert.Empty(t, stdout+stderr, test.args)
	}
	m.Unlock()
	status, _, _ := p.zooky("held", "jobs/a")
	assert.Equal(t, 1, status)
	for _, args := range [][]string{
		{"jobs/a", "--servers", "127.0.0.1:1", "--timeout", "300ms"}, {"jobs/a", "--root", "/nope"}, {"a//b"}, {},
	} {
		status, stdout, stderr := p.zooky(append([]string{"held"}, args...)...)
		assert.Equal(t, 2, status, args)
		assert.Empty(t, stdout, args)
		assert.NotEmpty(t, stderr, args)
	}
}
