package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// etcd runs the loops of etcd's own lock, on a server of its own. Its program is a module of its
// own, because etcd is large.
type etcd struct{ e *external }

func startEtcd(ctx context.Context, b *bench) (client, error) {
	_, here, _, _ := runtime.Caller(0)
	binary := filepath.Join(b.dir, "etcd")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	build.Dir = filepath.Join(filepath.Dir(here), "drivers", "etcd")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w\n%s", build.Dir, err, out)
	}
	e, err := b.startExternal(nil, binary, "drive", filepath.Join(b.dir, "etcd-data"))
	if err != nil {
		return nil, err
	}
	return etcd{e}, nil
}

func (c etcd) loop(ctx context.Context, l loop) (tally, error) { return c.e.loop(ctx, l) }

// close lets the server end before its files are removed.
func (c etcd) close() error {
	if c.e.cmd == nil {
		return nil
	}
	err := c.e.in.Close()
	late := time.AfterFunc(10*time.Second, func() { _ = c.e.cmd.Process.Kill() })
	defer late.Stop()
	return errors.Join(err, c.e.cmd.Wait())
}
