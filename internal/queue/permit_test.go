package queue_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zookylock/zklock/internal/queue"
)

func TestNamesOfPermits(t *testing.T) {
	assert.Equal(t, "_c_"+id+"-lease-3", queue.PermitName(queue.Native, random, 3))
	assert.Equal(t, "_c_"+uuid+"-lease-0000000001", queue.PermitName(queue.Curator, random, 1))
	for name, want := range map[string]queue.Permit{
		"_c_" + id + "-lease-1":            {Count: 1, Dialect: queue.Native},
		"_c_" + id + "-lease-2147483647":   {Count: 2147483647, Dialect: queue.Native},
		"_c_" + id + "-lease-2147483648":   {Count: 1, Dialect: queue.Unknown},
		"_c_" + id + "-lease-0":            {Count: 1, Dialect: queue.Unknown},
		"_c_" + id + "-lease--5":           {Count: 1, Dialect: queue.Unknown},
		"_c_" + id + "-lease-":             {Count: 1, Dialect: queue.Unknown},
		"_c_" + id[1:] + "-lease-3":        {Count: 1, Dialect: queue.Unknown},
		"_c_" + uuid + "-lease-0000000017": {Count: 1, Dialect: queue.Curator},
		"_c_" + uuid + "-lease-17":         {Count: 1, Dialect: queue.Unknown},
		id + "-lease-3":                    {Count: 1, Dialect: queue.Unknown},
		"lease-0000000001":                 {Count: 1, Dialect: queue.Unknown},
		"anything":                         {Count: 1, Dialect: queue.Unknown},
		"":                                 {Count: 1, Dialect: queue.Unknown},
	} {
		assert.Equal(t, want, queue.ParsePermit(name), name)
	}
	assert.True(t, queue.IsKazooPermit(id))
	assert.False(t, queue.IsKazooPermit(uuid))
	assert.False(t, queue.IsKazooPermit("locks"))
}

func TestWhatACandidateWants(t *testing.T) {
	const number = "0000000007"
	name := queue.PermitPrefix(queue.Native, random, 258) + number
	assert.Equal(t, "_c_"+id[:24]+"00000102-lock-"+number, name)
	for name, want := range map[string]int64{
		name: 258,
		queue.PermitPrefix(queue.Curator, random, 1) + number:    1,
		"_c_00000000000000000000000000000000-lock-" + number:     0, // not known
		"_c_000000000000000000000000ffffffff-lock-" + number:     1<<32 - 1,
		queue.Prefix(queue.Kazoo, queue.Lock, random) + number:   0,
		queue.Prefix(queue.Zktools, queue.Lock, random) + number: 0,
	} {
		c, ok := queue.Parse(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, c.Wants(), name)
	}
	assert.Equal(t, int64(2), queue.LeastPermit([]string{
		"_c_" + id + "-lease-3", "_c_" + id + "-lease-2", "_c_" + id + "-lease-5"}))
	assert.Zero(t, queue.LeastPermit(nil))
}
