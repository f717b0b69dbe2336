package benchmarks

import (
	"slices"
	"time"
)

// Median returns the middle value, or the mean of the two in the middle; 0 for none.
func Median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(n-1)/2] + v[n/2]) / 2
}

// Percentile returns the least value that at least p percent of the values do not exceed; 0 for
// none.
func Percentile(values []float64, p int) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(values))[max(0, (n*p+99)/100-1)]
}

// Spread returns how far the values lie apart: the greatest less the least, as a share of the
// median. It is 0 for fewer than two values.
func Spread(values []float64) float64 {
	m := Median(values)
	if len(values) < 2 || m == 0 {
		return 0
	}
	return (slices.Max(values) - slices.Min(values)) / m
}

// Fairness returns the fewest of several counts as a share of the most: 1 if all are equal.
func Fairness(counts []int) float64 {
	if len(counts) == 0 || slices.Max(counts) == 0 {
		return 0
	}
	return float64(slices.Min(counts)) / float64(slices.Max(counts))
}

func sum(counts []int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
