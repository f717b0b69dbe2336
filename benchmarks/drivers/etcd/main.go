// Command etcd is etcd in the benchmark: one request a line on stdin, one answer a line on stdout;
// see external.go. The server of the locks is another process of the same program, so that it has
// no part of its clients' runtime.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/version"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.etcd.io/etcd/server/v3/embed"
)

func main() {
	run := drive
	if len(os.Args) != 3 {
		log.Fatal("usage: etcd drive|serve FOLDER")
	}
	if os.Args[1] == "serve" {
		run = serve
	}
	if err := run(os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

// serve runs a server until stdin ends. Like ZooKeeper's it does not wait for the disk.
func serve(dir string) error {
	config := embed.NewConfig()
	config.Dir, config.LogLevel, config.UnsafeNoFsync = dir, "panic", true
	anywhere := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.ListenPeerUrls = anywhere, anywhere
	server, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	defer server.Close()
	<-server.Server.ReadyNotify()
	fmt.Println(server.Clients[0].Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// drive answers requests until stdin ends.
func drive(dir string) (err error) {
	server := exec.Command(os.Args[0], "serve", dir)
	server.Stderr = os.Stderr
	in, err := server.StdinPipe() // it also closes when this process is killed
	if err != nil {
		return err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close(), server.Wait()) }()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the server has not started: %w", err)
	}
	fmt.Printf("ok etcd %s %s\n", version.Version, runtime.Version())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := loop(strings.TrimSpace(address), strings.Fields(lines.Text()))
		if err != nil {
			fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println("ok", answer)
	}
	return lines.Err()
}

// loop makes workers lock and unlock: loop, connect string, timeout, path, sessions, workers,
// seconds of warming up and of measuring. The connect string is that of ZooKeeper.
func loop(address string, words []string) (answer string, err error) {
	if len(words) != 10 || words[0] != "loop" || words[8] != "0" || words[9] != "one" {
		return "", fmt.Errorf("unsupported: %v", words)
	}
	numbers := make(map[int]float64)
	for _, i := range []int{2, 4, 5, 6, 7} {
		if numbers[i], err = strconv.ParseFloat(words[i], 64); err != nil {
			return "", err
		}
	}
	var locks []*concurrency.Mutex
	for range int(numbers[4]) {
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{address}})
		if err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, client.Close()) }()
		for range int(numbers[5]) { // a lease holds a lock once, so each worker has one
			session, err := concurrency.NewSession(client, concurrency.WithTTL(int(numbers[2])))
			if err != nil {
				return "", err
			}
			defer func() { err = errors.Join(err, session.Close()) }()
			locks = append(locks, concurrency.NewMutex(session, words[3]+"/"))
		}
	}
	counts, elapsed, err := race(locks, seconds(numbers[6]), seconds(numbers[7]))
	if err != nil {
		return "", err
	}
	return fmt.Sprint(elapsed.Seconds(), " ", strings.Trim(fmt.Sprint(counts), "[]")), nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

const (
	warming int32 = iota
	measuring
	over
)

// race returns how often each lock was acquired while it was measured.
func race(locks []*concurrency.Mutex,
	warm, measure time.Duration) (counts []int, elapsed time.Duration, err error) {
	ctx := context.Background()
	counts = make([]int, len(locks))
	failed := make([]error, len(locks))
	var phase atomic.Int32
	var work sync.WaitGroup
	for i, m := range locks {
		work.Go(func() { // ends when it is over
			for failed[i] == nil && phase.Load() != over {
				if failed[i] = m.Lock(ctx); failed[i] != nil {
					return
				}
				if phase.Load() == measuring {
					counts[i]++
				}
				failed[i] = m.Unlock(ctx)
			}
		})
	}
	time.Sleep(warm)
	start := time.Now()
	phase.Store(measuring)
	time.Sleep(measure)
	phase.Store(over)
	elapsed = time.Since(start)
	work.Wait()
	return counts, elapsed, errors.Join(failed...)
}
