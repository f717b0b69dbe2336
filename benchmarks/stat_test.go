package benchmarks

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMedianAndSpread(t *testing.T) {
	for _, test := range []struct {
		values         []float64
		median, spread float64
	}{
		{nil, 0, 0},
		{[]float64{3}, 3, 0},
		{[]float64{4, 2}, 3, 2.0 / 3},
		{[]float64{9, 1, 5}, 5, 8.0 / 5},
		{[]float64{4, 1, 3, 2}, 2.5, 3 / 2.5},
		{[]float64{0, 0}, 0, 0},
	} {
		before := append([]float64(nil), test.values...)
		assert.Equal(t, test.median, Median(test.values), "%v", test.values)
		assert.InDelta(t, test.spread, Spread(test.values), 1e-9, "%v", test.values)
		assert.Equal(t, before, test.values, "the order of passes is kept")
	}
}

func TestPercentile(t *testing.T) {
	assert.Equal(t, 0.0, Percentile(nil, 99))
	assert.Equal(t, 5.0, Percentile([]float64{5}, 1))
	var values []float64
	for i := range 200 {
		values = append(values, float64(200-i))
	}
	assert.Equal(t, 100.0, Percentile(values, 50))
	assert.Equal(t, 198.0, Percentile(values, 99))
	assert.Equal(t, 200.0, Percentile(values, 100))
	assert.Equal(t, 200.0, values[0], "the order of passes is kept")
}

func TestFairness(t *testing.T) {
	assert.Equal(t, 1.0, Fairness([]int{7, 7}))
	assert.Equal(t, 0.5, Fairness([]int{10, 5, 8}))
	assert.Equal(t, 0.0, Fairness([]int{10, 0}))
	assert.Equal(t, 0.0, Fairness(nil))
}

func TestBusiestSecond(t *testing.T) {
	assert.Equal(t, 0.0, busiestSecond(nil))
	assert.Equal(t, 3.0, busiestSecond([]int64{1, 2, 3}))
	curve := make([]int64, 150) // 10 a tick, and 500 at once in the middle
	for i := range curve {
		curve[i] = int64(10 * (i + 1))
		if i >= 75 {
			curve[i] += 500
		}
	}
	assert.Equal(t, 10.0*ticksPerSecond+500, busiestSecond(curve))
}
