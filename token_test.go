package zklock_test

import (
	"database/sql"
	"database/sql/driver"
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
		"", "1.0", "0000000000000001", "0000000000000001.0000000", "0000000000000001.000000000",
		"0000000000000001-00000000",
		"000000000000000A.00000000", " 0000000000000001.00000000", "0000000000000001.00000000\n",
		"000000000000000g.00000000",
	} {
		token := zklock.Token{Zxid: 7}
		assert.ErrorContains(t, token.UnmarshalText([]byte(text)), "is no token", text)
		assert.Equal(t, zklock.Token{Zxid: 7}, token, "it was changed")
	}
}

// TestTokensInADatabase hands tokens to database/sql and takes them back as drivers return text.
func TestTokensInADatabase(t *testing.T) {
	var stored []string
	for _, token := range []zklock.Token{
		{Handoff: 1}, {Zxid: 1}, {Zxid: 1, Handoff: 10}, {Zxid: 1 << 40}, {Zxid: math.MaxInt64, Handoff: math.MaxUint32},
	} {
		value, err := driver.DefaultParameterConverter.ConvertValue(token)
		require.NoError(t, err)
		require.IsType(t, "", value)
		stored = append(stored, value.(string))
		for _, column := range []any{value, []byte(value.(string))} {
			var back sql.Null[zklock.Token]
			require.NoError(t, back.Scan(column))
			assert.Equal(t, sql.Null[zklock.Token]{V: token, Valid: true}, back)
		}
		parsed, err := zklock.ParseToken(value.(string))
		require.NoError(t, err)
		assert.Equal(t, token, parsed)
	}
	assert.True(t, slices.IsSorted(stored), "a database orders them otherwise: %v", stored)
}

// TestNoHoldIsStored has a write with the token of a handle that holds nothing.
func TestNoHoldIsStored(t *testing.T) {
	_, err := driver.DefaultParameterConverter.ConvertValue(zklock.Token{})
	assert.ErrorContains(t, err, "nothing was held")
	token := zklock.Token{Zxid: 7}
	require.NoError(t, token.Scan(nil))
	assert.True(t, token.IsZero(), "of a row that no hold has written")
}

func TestTokenRefusesOtherColumns(t *testing.T) {
	for _, column := range []any{"", []byte{}, "7", int64(7), 7.0, true} {
		token := zklock.Token{Zxid: 7}
		assert.ErrorContains(t, token.Scan(column), "is no token", "%T", column)
		assert.Equal(t, zklock.Token{Zxid: 7}, token, "it was changed")
	}
	token, err := zklock.ParseToken("7")
	assert.ErrorContains(t, err, "is no token")
	assert.True(t, token.IsZero())
}
