package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// TestMetricsAreScraped reads the page as Prometheus does, until it tells of a report.
func TestMetricsAreScraped(t *testing.T) {
	zookeeper := zktest.Fake(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { // ends with ctx
		ended <- run(ctx, listener, zookeeper.Connect(), zklock.WithDialer(zookeeper.Dial))
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	url := "http://" + listener.Addr().String() + "/metrics"
	written := regexp.MustCompile(`(?m)^zklock_release_duration_seconds_count{[^}]*} [1-9]`)
	var page string
	for deadline := time.Now().Add(time.Minute); !written.MatchString(page); {
		if time.Now().After(deadline) {
			t.Fatalf("no report is written:\n%s", page)
		}
		page = get(t, client, url)
	}
	for _, line := range []string{
		`zklock_acquire_duration_seconds_bucket{[^}]*result="acquired",[^}]*le="10"} [1-9]\d*`,
		`zklock_acquire_active{zklock_lock_kind="lock"} [01]`,
		`zklock_hold_active{zklock_lock_kind="lock"} [01]`,
		`zklock_hold_duration_seconds_count{zklock_lock_kind="lock"} [1-9]\d*`,
		`zklock_lease_least_left_seconds [\d.]+`,
		`zklock_hold_lost_total{zklock_loss_reason="lease"} 0`,
		`zklock_hold_revoked_total 0`,
		`zklock_session_count{zklock_session_state="connected"} 1`,
		`zklock_session_transitions_total{zklock_session_state="expired"} 0`,
	} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(page) {
			t.Errorf("no %s in:\n%s", line, page)
		}
	}
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Error(err)
	}
}

func get(t *testing.T, client *http.Client, url string) string {
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
