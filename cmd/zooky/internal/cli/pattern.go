package cli

import (
	"fmt"
	"path"
	"strings"
)

// pattern matches the names of locks. Its segments are patterns of path.Match, or ** for any number
// of segments.
type pattern []string

const anySegments = "**"

func newPattern(text string) (pattern, error) {
	p := pattern(strings.Split(text, "/"))
	for _, segment := range p {
		if _, err := path.Match(segment, ""); err != nil {
			return nil, fmt.Errorf("pattern %q: %w", text, err)
		}
	}
	return p, nil
}

func (p pattern) matches(name string) bool {
	// whether what stands before each segment of the pattern has matched
	reached := make([]bool, len(p)+1)
	reached[0] = true
	p.skip(reached)
	for segment := range strings.SplitSeq(name, "/") {
		next := make([]bool, len(p)+1)
		for i, want := range p {
			switch {
			case !reached[i]:
			case want == anySegments:
				next[i] = true
			default:
				ok, _ := path.Match(want, segment) // newPattern has checked it
				next[i+1] = next[i+1] || ok
			}
		}
		p.skip(next)
		reached = next
	}
	return reached[len(p)]
}

// skip lets ** stand for nothing.
func (p pattern) skip(reached []bool) {
	for i, want := range p {
		reached[i+1] = reached[i+1] || reached[i] && want == anySegments
	}
}
