package monitoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/zookylock/zklock/internal/debian"
)

// Tool returns the path of a program of Debian's package prometheus: the installed one, or one that
// is fetched.
func Tool(ctx context.Context, name string, logf func(string, ...any)) (string, error) {
	if path := debian.Look(name); path != "" {
		return path, nil
	}
	cache, err := debian.Open(logf)
	if err != nil {
		return "", err
	}
	root, err := cache.Entry(ctx, "prometheus", func(work string) (string, error) {
		return cache.Unpack(ctx, work, "prometheus")
	})
	return filepath.Join(root, "usr", "bin", name), err
}

// Scraped is a page that a Prometheus scrapes: of which job, and where, as host:port.
type Scraped struct{ Job, Address string }

// Prometheus is a server that runs until its context ends, and keeps its data in dir.
type Prometheus struct {
	address string
	ended   chan struct{} // closed when the program has ended
}

// scrapeEvery is how often pages are scraped, as Prometheus writes it.
const scrapeEvery = "1s"

// StartPrometheus starts one, and waits until it is ready.
func StartPrometheus(ctx context.Context, dir string, pages []Scraped) (*Prometheus, error) {
	program, err := Tool(ctx, "prometheus", func(string, ...any) {})
	if err != nil {
		return nil, err
	}
	text, err := scrapeConfig(pages)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, text, 0o644); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "prometheus.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the program has its own
	cmd := exec.CommandContext(ctx, program, "--config.file="+config,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Prometheus{address: address, ended: make(chan struct{})}
	go func() { // ends with the program, and Wait waits for it
		defer close(p.ended)
		_ = cmd.Wait() // it ends by a signal
	}()
	return p, p.awaitReady(ctx, log.Name())
}

// Wait waits until the program has ended, after its context.
func (p *Prometheus) Wait() { <-p.ended }

// scrapeConfig is in JSON, which is YAML too.
func scrapeConfig(pages []Scraped) ([]byte, error) {
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	type scrape struct {
		Job    string  `json:"job_name"`
		Groups []group `json:"static_configs"`
	}
	one := scrape{Job: "scene"} // each page says its own
	for _, page := range pages {
		one.Groups = append(one.Groups,
			group{[]string{page.Address}, map[string]string{"job": page.Job}})
	}
	return json.Marshal(map[string]any{
		"global":         map[string]string{"scrape_interval": scrapeEvery},
		"scrape_configs": []scrape{one},
	})
}

func (p *Prometheus) awaitReady(ctx context.Context, log string) error {
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for {
		if answer, err := http.Get("http://" + p.address + "/-/ready"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-retry.C:
		case <-p.ended:
			said, err := os.ReadFile(log)
			return errors.Join(fmt.Errorf("prometheus has ended: %s", said), err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Series is what Prometheus knows of one combination of labels.
type Series struct {
	Labels map[string]string
	Times  []time.Time
	Values []float64 // NaN where there is none
}

// Range asks for the values of an expression at that time.
func (p *Prometheus) Range(ctx context.Context, expr string, of Span,
	step time.Duration) ([]Series, error) {
	query := url.Values{
		"query": {expr}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
		"start": {seconds(of.From)}, "end": {seconds(of.To)},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		"http://"+p.address+"/api/v1/query_range?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var body struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any // seconds, and a number in a string
			}
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return nil, err
	}
	if body.Error != "" {
		return nil, fmt.Errorf("%s: %s", expr, body.Error)
	}
	all := make([]Series, len(body.Data.Result))
	for i, result := range body.Data.Result {
		all[i].Labels = result.Metric
		for _, at := range result.Values {
			since, known := at[0].(float64)
			text, written := at[1].(string)
			value, err := strconv.ParseFloat(text, 64)
			if !known || !written || err != nil {
				return nil, fmt.Errorf("%s: %v is no value: %w", expr, at, err)
			}
			all[i].Times = append(all[i].Times, time.UnixMilli(int64(since*1000)))
			all[i].Values = append(all[i].Values, value)
		}
	}
	return all, nil
}

func seconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
}
