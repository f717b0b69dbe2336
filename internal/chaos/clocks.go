//go:build unix

package chaos

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/zookylock/zklock/internal/debian"
)

// The servers' wall clocks are stepped by a library that is loaded before libc (preload/clock.c):
// it adds to the real time what a file says. The monotonic clock is left alone, as it is by a
// person who sets a machine's clock.

//go:embed preload/clock.c
var clockSource []byte

// clocks are the servers' clocks.
type clocks struct{ dir string }

// newClocks builds the library and a java that uses it, in dir/bin, so that dir can be JAVA_HOME.
func newClocks(ctx context.Context, dir string) (*clocks, error) {
	java, err := debian.FindJava()
	if err == nil && java == "" {
		var cache *debian.Cache
		if cache, err = debian.Open(func(string, ...any) {}); err == nil {
			java, err = cache.Java(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o700); err != nil {
		return nil, err
	}
	source, library := filepath.Join(dir, "clock.c"), filepath.Join(dir, "clock.so")
	if err := os.WriteFile(source, clockSource, 0o600); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, "cc", "-shared", "-fPIC", "-O", "-o", library, source,
		"-ldl").CombinedOutput()
	if err != nil {
		return nil,
			fmt.Errorf("chaos: build what steps the servers' clocks, or run with -clocks=false: %w\n%s", err, out)
	}
	// The last argument is the server's zoo.cfg, in a folder of its own.
	script := fmt.Sprintf(`#!/bin/sh
for last; do :; done
export LD_PRELOAD=%s CHAOS_CLOCK=%s/$(basename "$(dirname "$last")")
exec %s "$@"
`, library, dir, java)
	c := &clocks{dir: dir}
	for i := range servers {
		err = errors.Join(err, c.step(i, 0))
	}
	return c,
		errors.Join(err, os.WriteFile(filepath.Join(dir, "bin", "java"), []byte(script), 0o700))
}

// step sets how far a server's wall clock is off, at once. The file is changed where it is: the
// server has it mapped.
func (c *clocks) step(server int, by time.Duration) error {
	f, err := os.OpenFile(filepath.Join(c.dir, fmt.Sprint(server+1)),
		os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(binary.NativeEndian.AppendUint64(nil, uint64(by/time.Second)))
	return errors.Join(err, f.Close())
}
