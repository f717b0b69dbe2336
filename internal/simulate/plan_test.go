package simulate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/simulate"
)

func TestASeedGivesThePlanBack(t *testing.T) {
	for seed := range uint64(100) {
		p := simulate.New(seed)
		assert.Equal(t, p, simulate.New(seed))
		again, err := simulate.Decode(p.Encode())
		require.NoError(t, err)
		assert.Equal(t, p, again)
	}
}

func TestShrinkLeavesTheStepsThatFail(t *testing.T) {
	p := simulate.New(1)
	first, last := p.Steps[3], p.Steps[len(p.Steps)-2]
	fails := func(p simulate.Plan) bool {
		found := 0
		for _, st := range p.Steps {
			if st == first || st == last {
				found++
			}
		}
		return found == 2
	}
	shrunk, ok := simulate.Shrink(p, fails)
	require.True(t, ok)
	assert.Equal(t, []simulate.Step{first, last}, shrunk.Steps)
	_, ok = simulate.Shrink(p, func(simulate.Plan) bool { return false })
	assert.False(t, ok)
}
