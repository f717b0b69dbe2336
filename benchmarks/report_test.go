package benchmarks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// made is a report without a run.
func made() *Report {
	r := &Report{Rounds: 3, Machine: Machine{CPU: "abacus", Cores: 2}}
	put := func(name, table, library, figure string, values ...float64) {
		r.Results = append(r.Results,
			Result{Case: name, Title: name, Table: table, Library: library,
				Values: map[string][]float64{figure: values}})
	}
	for _, c := range byContenders {
		put(c.name, tableThroughput, nameOurs, figureRate, 2000, 2100, 1500)
		put(c.name, tableThroughput, nameZkLock, figureRate, 1600, 1000, 1700)
		put(c.name, tableThroughput, nameLimit, figureRate, 2500)
	}
	for _, c := range byQueue {
		put(c.name, tableQueue, nameOurs, figureHandOffBytes, 120)
		put(c.name, tableQueue, nameZkLock, figureHandOffBytes, 50*c.x)
	}
	return r
}

func TestTables(t *testing.T) {
	r := made()
	rows := tables[0].rows(r)
	require.Len(t, rows, 1+3*len(byContenders))
	assert.Equal(t,
		[]string{"alone", nameOurs, "2,000", "30 %", "1.25", "0.80", missing, missing, missing},
		rows[1])
	assert.Equal(t,
		[]string{"alone", nameZkLock, "1,600", "44 %", "1.00", "0.64", missing, missing, missing},
		rows[2])

	var text strings.Builder
	require.NoError(t, r.WriteText(&text))
	assert.Contains(t, text.String(), "abacus, 2 cores")
	assert.Contains(t, text.String(), "queue-5000  zklock")
	assert.NotContains(t, text.String(), "Memory", "a table without cases is left out")
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", -0.001: "0.00", 1.005: "1.00", 12.34: "12.3", 123.4: "123",
		1234: "1,234", 1234567: "1,234,567", -1234: "-1,234"} {
		assert.Equal(t, want, number(v))
	}
}

func TestShare(t *testing.T) {
	r := &Result{Values: map[string][]float64{figureFleetClientCPU: {15, 25, 17}}}
	assert.Equal(t, "1.70 %", share("", figureFleetClientCPU).cell(nil, r))
	assert.Equal(t, missing, share("", figureFleetServerCPU).cell(nil, r))
}

func TestQuotient(t *testing.T) {
	c := quotient("", figureKeptWait, figureFreeWait)
	r := &Result{Values: map[string][]float64{figureKeptWait: {3, 2}, figureFreeWait: {1}}}
	assert.Equal(t, "2.50", c.cell(nil, r))
	delete(r.Values, figureFreeWait)
	assert.Equal(t, missing, c.cell(nil, r))
}

func TestMerge(t *testing.T) {
	r, later := made(), &Report{Rounds: 5, Machine: Machine{CPU: "engine"}}
	later.Results = []Result{
		{Case: "queue-10", Library: nameOurs, Values: map[string][]float64{figureHandOffBytes: {7}}},
		{Case: "alone", Library: nameOurs, Values: map[string][]float64{figureRate: {1}}},
	}
	r.Merge(later)
	assert.Equal(t, "engine", r.Machine.CPU)
	assert.Equal(t, "alone", r.Results[0].Case)
	assert.Nil(t, r.find("alone", nameZkLock), "a case is replaced as a whole")
	v, _ := r.find("queue-10", nameOurs).median(figureHandOffBytes)
	assert.Equal(t, 7.0, v)
	assert.NotNil(t, r.find("sessions-8", nameZkLock))

	file := filepath.Join(t.TempDir(), "bench.json")
	require.NoError(t, r.WriteFile(file))
	again, err := ReadReport(file)
	require.NoError(t, err)
	assert.Equal(t, r, again)
}

func TestDocs(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "benchmarks.md")
	require.NoError(t,
		os.WriteFile(page, []byte("Before\n<!-- bench: throughput -->\nold\n<!-- end -->\nafter\n"),
			0o600))
	for range 2 { // writing again changes nothing
		require.NoError(t, made().WriteDocs(dir))
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		assert.True(t,
			strings.HasPrefix(string(text),
				"Before\n<!-- bench: throughput -->\n\n| case | library |"), "%s", text)
		assert.True(t, strings.HasSuffix(string(text), "|\n\n<!-- end -->\nafter\n"), "%s", text)
		assert.NotContains(t, string(text), "old")
	}
	for _, name := range []string{"benchmarks-throughput.svg", "benchmarks-handoff.svg"} {
		svg, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		for _, want := range []string{"</svg>", "zklock", "zk.Lock", "sans-serif"} {
			assert.Contains(t, string(svg), want, name)
		}
	}
	for _, bad := range []string{"<!-- bench: unknown -->\n<!-- end -->",
		"<!-- bench: queue -->\n"} {
		_, err := made().fill(bad)
		assert.Error(t, err, bad)
	}
}

// TestThePageHasEveryTable fills the page of the documents itself.
func TestThePageHasEveryTable(t *testing.T) {
	text, err := os.ReadFile("../docs/benchmarks.md")
	require.NoError(t, err)
	_, err = made().fill(string(text))
	require.NoError(t, err)
	for _, table := range tables {
		assert.Contains(t, string(text), blockBegin+table.name+" -->")
	}
}
