package main

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryRuleHasAMutant checks that the table has every number that a model leaves a rule out by,
// and no other.
func TestEveryRuleHasAMutant(t *testing.T) {
	for _, m := range models {
		text, err := os.ReadFile(m.file)
		require.NoError(t, err)
		rules := make(map[int]bool)
		for _, found := range regexp.MustCompile(`MUTANT [!=]= (\d+)`).FindAllSubmatch(text, -1) {
			number, err := strconv.Atoi(string(found[1]))
			require.NoError(t, err)
			rules[number] = true
		}
		bounds := make(map[string]bool)
		for _, b := range m.bounds {
			bounds[b.name] = true
		}
		listed := make(map[int]bool)
		for _, mu := range m.mutants {
			listed[mu.number] = true
			assert.True(t, bounds[mu.bound], "%s: no bounds called %q", m.file, mu.bound)
		}
		assert.Equal(t, rules, listed, m.file)
	}
}

// TestAnIncompleteSearchIsNoProof feeds what a checker prints when it meets its own bounds.
func TestAnIncompleteSearchIsNoProof(t *testing.T) {
	_, err := read("error: max search depth too small\nState-vector 36 byte, depth reached 9, errors: 0\n 12 states, stored\n")
	assert.Error(t, err)
	_, err = read("pan: reached -DMEMLIM bound\nState-vector 36 byte, depth reached 9, errors: 0\n 12 states, stored\n")
	assert.Error(t, err)
	_, err = read("")
	assert.Error(t, err)
}

// TestModelFindsAMutant checks a model, and a mutant of it, with spin.
func TestModelFindsAMutant(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches spin")
	}
	found, err := findTools(t.Context(), t.Logf)
	require.NoError(t, err)
	for _, s := range searches(false) {
		if s.file != "cached.pml" {
			continue
		}
		r, err := found.check(t.Context(), s.file, s.mutant, s.breaks, s.bounds)
		require.NoError(t, err)
		assert.Equal(t, s.breaks, r.broke, s.name)
		assert.Positive(t, r.states)
	}
}
