package monitoring

import (
	"context"
	"fmt"
	"html"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/plotter"
)

// texts are those of an SVG.
func texts(svg string) (all []string) {
	text := regexp.MustCompile(`(?s)<text[^>]*>([^<]*)</text>`)
	for _, m := range text.FindAllStringSubmatch(svg, -1) {
		all = append(all, html.UnescapeString(m[1]))
	}
	return all
}

// TestThePictureShowsTheDashboard looks for every heading and panel in the picture of the document.
func TestThePictureShowsTheDashboard(t *testing.T) {
	svg, err := os.ReadFile("../docs/dashboard.svg")
	require.NoError(t, err)
	shown := texts(string(svg))
	for _, row := range Rows() {
		assert.Contains(t, shown, row.Title, "run make picture")
		for _, p := range row.Panels {
			assert.Contains(t, shown, p.Title, "run make picture")
		}
	}
}

// TestPicture draws a Prometheus that knows two series of everything, one of them with a gap. It is
// asked what the dashboard asks, with its variables filled in.
func TestPicture(t *testing.T) {
	began := time.Unix(1_700_000_000, 0)
	of := Span{began, began.Add(2 * time.Minute)}
	asked := make(map[string]bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		asked[q.Get("query")] = true
		assert.Equal(t, "1700000000.000", q.Get("start"))
		assert.Equal(t, "1700000120.000", q.Get("end"))
		assert.Equal(t, "5", q.Get("step"))
		fmt.Fprint(w, `{"status": "success", "data": {"resultType": "matrix", "result": [
			{"metric": {"state": "held"}, "values": [[1700000000, "1"], [1700000005, "2.5"]]},
			{"metric": {"state": "free"}, "values": [[1700000000, "NaN"], [1700000005, "7"]]}]}}`)
	}))
	defer server.Close()
	p := &Prometheus{address: strings.TrimPrefix(server.URL, "http://")}
	var svg strings.Builder
	require.NoError(t, Picture(t.Context(), &svg,
		func(ctx context.Context, expr string) ([]Series, error) {
			return p.Range(ctx, expr, of, 5*time.Second)
		}, of))
	shown := texts(svg.String())
	for _, row := range Rows() {
		assert.Contains(t, shown, row.Title)
		for _, p := range row.Panels {
			assert.Contains(t, shown, p.Title)
			for _, q := range p.Queries {
				expr := strings.ReplaceAll(q.Expr, "$__rate_interval", rateInterval)
				assert.True(t, asked[strings.ReplaceAll(expr, "$job", ".*")], q.Expr)
			}
		}
	}
	for _, text := range []string{"held", "free", "quantile 0.99", "hold", "1 min"} {
		assert.Contains(t, shown, text)
	}
}

// TestPictureWithoutAnAnswer has Prometheus refuse.
func TestPictureWithoutAnAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"status": "error", "error": "no such function"}`)
	}))
	defer server.Close()
	p := &Prometheus{address: strings.TrimPrefix(server.URL, "http://")}
	_, err := p.Range(t.Context(), "rat(x)", Span{}, time.Second)
	assert.EqualError(t, err, "rat(x): no such function")
}

// TestLinesEndWhereThereIsNothing splits a line at what is missing.
func TestLinesEndWhereThereIsNothing(t *testing.T) {
	began, nan := time.Unix(0, 0), math.NaN()
	s := Series{}
	for _, at := range []struct{ since, value float64 }{
		{0, 1}, {2, 2}, {4, nan}, {6, 3}, {14, 4}, {16, 5}, {18, nan},
	} {
		s.Times = append(s.Times, began.Add(time.Duration(at.since)*time.Second))
		s.Values = append(s.Values, at.value)
	}
	assert.Equal(t, []plotter.XYs{
		{{X: 0, Y: 1}, {X: 2, Y: 2}}, {{X: 6, Y: 3}}, {{X: 14, Y: 4}, {X: 16, Y: 5}},
	}, unbroken(s, began))
}

func TestUnits(t *testing.T) {
	for want, c := range map[string]struct {
		of    unit
		value float64
	}{
		"250 ms": {"s", 0.25}, "12 s": {"s", 12}, "0 s": {"s", 0}, "40/s": {"ops", 40},
		"0.5/s": {"reqps", 0.5}, "3": {"short", 3},
	} {
		assert.Equal(t, want, c.of.write(c.value))
	}
}

// TestPrometheusReadsItsConfiguration has Prometheus's own tool look at what it is started with.
func TestPrometheusReadsItsConfiguration(t *testing.T) {
	config, err := scrapeConfig([]Scraped{{"reports", "127.0.0.1:1"}, {"reports", "127.0.0.1:2"}})
	require.NoError(t, err)
	file := t.TempDir() + "/prometheus.yml"
	require.NoError(t, os.WriteFile(file, config, 0o644))
	assert.Contains(t, promtool(t, "", "check", "config", file), "is valid prometheus config")
}
