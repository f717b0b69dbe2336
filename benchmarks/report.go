package benchmarks

import (
	"encoding/json"
	"os"
	"slices"
)

// Report is what a run found.
type Report struct {
	Machine  Machine
	Quick    bool // too short for its figures to mean anything
	Rounds   int
	Results  []Result
	Failures []string `json:",omitempty"` // of passes, which then have no value
}

// Result is what one library did in one case: for each figure, the values of all passes.
type Result struct {
	Case, Title, Table, Library string
	Values                      map[string][]float64
}

func (r *Result) add(s Sample) {
	for figure, v := range s {
		r.Values[figure] = append(r.Values[figure], v)
	}
}

// median returns a figure, and whether the library has it.
func (r *Result) median(figure string) (float64, bool) {
	if r == nil {
		return 0, false
	}
	values, ok := r.Values[figure]
	return Median(values), ok
}

// find returns the result of a library in a case, nil if there is none.
func (r *Report) find(name, library string) *Result {
	i := slices.IndexFunc(r.Results, func(x Result) bool {
		return x.Case == name && x.Library == library
	})
	if i < 0 {
		return nil
	}
	return &r.Results[i]
}

// Merge puts the cases of a later run in the place of older ones. What they are run on is the later
// one's, so that only runs on one machine are worth merging.
func (r *Report) Merge(later *Report) {
	r.Results = slices.DeleteFunc(r.Results, func(old Result) bool {
		return slices.ContainsFunc(later.Results, func(x Result) bool { return x.Case == old.Case })
	})
	r.Results = append(r.Results, later.Results...)
	r.Failures = append(r.Failures, later.Failures...)
	if len(later.Machine.Peers) == 0 {
		later.Machine.Peers = r.Machine.Peers
	}
	r.Machine, r.Quick, r.Rounds = later.Machine, r.Quick || later.Quick, later.Rounds
	var order []string
	for _, c := range cases(r.Quick) {
		order = append(order, c.Name)
	}
	slices.SortStableFunc(r.Results, func(a, b Result) int {
		return slices.Index(order, a.Case) - slices.Index(order, b.Case)
	})
}

// ReadReport reads what WriteFile wrote.
func ReadReport(file string) (*Report, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(Report)
	return r, json.Unmarshal(text, r)
}

// WriteFile writes all values as JSON.
func (r *Report) WriteFile(file string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
