package queue_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/queue"
)

func candidate(t testing.TB, prefix string, seq int) queue.Candidate {
	c, ok := queue.Parse(fmt.Sprintf("%s%010d", prefix, seq))
	require.True(t, ok)
	return c
}

// TestLineAnswers has each kind of evidence, and what follows from it.
func TestLineAnswers(t *testing.T) {
	const lock, curatorWriter = "_c_" + id + "-lock-", "_c_" + uuid + "-__WRIT__"
	five, six, seven := candidate(t, lock, 5), candidate(t, lock, 6), candidate(t, lock, 7)
	writer := candidate(t, curatorWriter, 6)
	for what, test := range map[string]struct {
		line queue.Line
		want queue.Answer
	}{
		"no evidence":                                  {queue.Line{}, queue.Unclear},
		"no number known":                              {queue.Following(-1, candidate(t, lock, 0)), queue.Unclear},
		"number follows":                               {queue.Following(6, seven), queue.First},
		"number follows the first":                     {queue.Following(0, candidate(t, lock, 1)), queue.First},
		"number does not follow":                       {queue.Following(5, seven), queue.Unclear},
		"number is less":                               {queue.Following(9, seven), queue.Unclear},
		"directly behind":                              {queue.Behind(six), queue.Blocked},
		"directly behind, and that is gone":            {queue.Behind(six).Without(0, false), queue.Unclear},
		"directly behind, and the first is gone":       {queue.Behind(six).Without(0, true), queue.First},
		"listed, nobody":                               {queue.Listed(nil, false), queue.First},
		"listed, one":                                  {queue.Listed([]queue.Candidate{six}, false), queue.Blocked},
		"listed, one, and that is gone":                {queue.Listed([]queue.Candidate{six}, false).Without(0, false), queue.First},
		"listed, two, and the nearest is gone":         {queue.Listed([]queue.Candidate{six, five}, false).Without(0, false), queue.Blocked},
		"listed, two, and the other is gone":           {queue.Listed([]queue.Candidate{six, five}, false).Without(1, false), queue.Blocked},
		"listed, two, both gone":                       {queue.Listed([]queue.Candidate{six, five}, false).Without(1, false).Without(0, false), queue.First},
		"listed, two of more, and the nearest is gone": {queue.Listed([]queue.Candidate{six, five}, true).Without(0, false), queue.Unclear},
		"listed, two of more, and the other was first": {queue.Listed([]queue.Candidate{six, five}, true).Without(1, true), queue.Blocked},
		"listed, two of more, and the nearest first":   {queue.Listed([]queue.Candidate{six, five}, true).Without(0, true), queue.First},
		"Curator's writer is gone":                     {queue.Listed([]queue.Candidate{writer}, false).Without(0, false), queue.Unclear},
		"evicted":                                      {queue.Listed([]queue.Candidate{six, five}, false).Evicted(), queue.First},
		"evicted, of more":                             {queue.Listed([]queue.Candidate{six, five}, true).Evicted(), queue.Unclear},
		"Curator's writer is evicted":                  {queue.Listed([]queue.Candidate{writer, five}, false).Evicted(), queue.Unclear},
	} {
		assert.Equal(t, test.want, test.line.Answer(), what)
	}
}

// TestLineWithoutKeepsTheOthers has the rest of the line stay, in order, and the line that it was
// made from unchanged.
func TestLineWithoutKeepsTheOthers(t *testing.T) {
	var all []queue.Candidate
	for seq := 9; seq > 4; seq-- {
		all = append(all, candidate(t, "_c_"+id+"-lock-", seq))
	}
	line := queue.Listed(slices.Clone(all), false)
	for at := range all {
		assert.Equal(t, slices.Delete(slices.Clone(all), at, at+1), line.Without(at, false).Nearest)
		assert.Equal(t, all[:at], line.Without(at, true).Nearest[:at:at])
		assert.Len(t, line.Without(at, true).Nearest, at)
	}
	assert.Equal(t, all, line.Nearest)
}

// TestLineIsNeverWrong lets a queue of mutexes become shorter in every which way, and gives one
// candidate at its end the evidence that there is. It must not answer First while one is ahead.
func TestLineIsNeverWrong(t *testing.T) {
	const lock = "_c_" + id + "-lock-"
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		self := candidate(t, lock, 100)
		var there []queue.Candidate // the nearest first
		for seq := 99; seq > 99-rnd.IntN(6); seq-- {
			there = append(there, candidate(t, lock, seq))
		}
		kept := 1 + rnd.IntN(3)
		look := func() queue.Line {
			return queue.Listed(slices.Clone(there[:min(len(there), kept)]), len(there) > kept)
		}
		line := queue.Line{}
		if len(there) > 0 && there[0].Seq == self.Seq-1 && rnd.IntN(2) == 0 {
			line = queue.Behind(there[0])
		}
		for {
			switch line.Answer() {
			case queue.Unclear:
				line = look()
			case queue.First:
				require.Empty(t, there, "seed %d", seed)
			case queue.Blocked:
				require.NotEmpty(t, there, "seed %d", seed)
			}
			if len(there) == 0 {
				if line.Answer() == queue.Unclear {
					line = look()
				}
				require.Equal(t, queue.First, line.Answer(), "seed %d", seed)
				break
			}
			i := rnd.IntN(len(there))
			gone := there[i]
			wasFirst := i == len(there)-1
			there = slices.Delete(there, i, i+1)
			if at := slices.Index(line.Nearest, gone); at >= 0 {
				line = line.Without(at, wasFirst && rnd.IntN(2) == 0)
			}
		}
	}
}
