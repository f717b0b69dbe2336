package zklock_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

func TestTokensSortAsText(t *testing.T) {
	tokens := []zklock.Token{
		{}, {Handoff: 1}, {Zxid: 1}, {Zxid: 1, Handoff: 9}, {Zxid: 1, Handoff: 10}, {Zxid: 1, Handoff: math.MaxUint32},
		{Zxid: 2}, {Zxid: 16}, {Zxid: 1 << 32}, {Zxid: math.MaxInt64, Handoff: math.MaxUint32},
	}
	assert.True(t, slices.IsSortedFunc(tokens, zklock.Token.Compare))
	for i, token := range tokens {
		assert.Len(t, token.String(), 25)
		assert.Zero(t, token.Compare(token))
		assert.Equal(t, i == 0, token.IsZero())
		if i > 0 {
			assert.Greater(t, token.String(), tokens[i-1].String())
			assert.Equal(t, 1, token.Compare(tokens[i-1]))
			assert.Equal(t, -1, tokens[i-1].Compare(token))
		}
		text, err := json.Marshal(token)
		require.NoError(t, err)
		var back zklock.Token
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, token, back)
	}
}

func TestTokenRefusesOtherText(t *testing.T) {
	for _, text := range []string{
		"", "1.0", "0000000000000001", "0000000000000001.0000000", "0000000000000001.000000000", "0000000000000001-00000000",
		"000000000000000A.00000000", " 0000000000000001.00000000", "0000000000000001.00000000\n", "000000000000000g.00000000",
	} {
		token := zklock.Token{Zxid: 7}
		assert.ErrorContains(t, token.UnmarshalText([]byte(text)), "is no token", text)
		assert.Equal(t, zklock.Token{Zxid: 7}, token, "it was changed")
	}
}
