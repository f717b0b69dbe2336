package peers

import (
	"context"
	_ "embed" // for the program
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/zookylock/zklock/internal/debian"
)

//go:embed kazoo_peer.py
var kazooPeer string

// Python is an interpreter that finds kazoo.
type Python struct {
	Binary string
	Env    []string // PYTHONPATH, and PYTHONHOME for an interpreter that was unpacked
}

// pythonVersions are alternatives; a Debian release has one of them.
var pythonVersions = []string{"3.11", "3.13", "3.12", "3.10"}

// importKazoo is what an interpreter must be able to do.
const importKazoo = "import kazoo.client, kazoo.recipe.lock"

// Kazoo finds Python and kazoo: installed ones if python3 on the PATH can import it, else the
// packages of Debian.
func Kazoo(ctx context.Context, logf func(string, ...any)) (*Python, error) {
	installed := debian.Look("python3")
	if installed != "" {
		if _, err := debian.Run(ctx, "/", installed, "-c", importKazoo); err == nil {
			return &Python{Binary: installed}, nil
		}
	}
	python, err := fetchKazoo(ctx, installed, logf)
	if errors.Is(err, debian.ErrNoApt) {
		return nil,
			fmt.Errorf("peers: kazoo: %w. Install Python 3 and kazoo, so that python3 -c %q works",
				err, importKazoo)
	}
	if err != nil {
		return nil, fmt.Errorf("peers: kazoo: %w", err)
	}
	return python, nil
}

func fetchKazoo(ctx context.Context, installed string, logf func(string, ...any)) (*Python, error) {
	cache, err := debian.Open(logf)
	if err != nil {
		return nil, err
	}
	const modules = "usr/lib/python3/dist-packages"
	kazoo, err := cache.Entry(ctx, "kazoo", func(work string) (string, error) {
		cache.Logf("fetching kazoo, once (150 KB)")
		root, err := cache.Unpack(ctx, work, "python3-kazoo", "python3-six", "python3-pure-sasl")
		return filepath.Join(root, modules), err
	})
	if err != nil {
		return nil, err
	}
	path := "PYTHONPATH=" + kazoo
	if installed != "" && importsKazoo(ctx, installed, path) {
		return &Python{Binary: installed, Env: []string{path}}, nil
	}
	root, err := cache.Entry(ctx, "python", func(work string) (string, error) {
		cache.Logf("fetching Python, once (5 MB)")
		var failed error
		for _, version := range pythonVersions {
			name := "python" + version
			root, err := cache.Unpack(ctx, work, name+"-minimal", "lib"+name+"-minimal",
				"lib"+name+"-stdlib")
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			home := filepath.Join(root, "usr")
			binary := filepath.Join(home, "bin", name)
			if !importsKazoo(ctx, binary, path, "PYTHONHOME="+home) {
				return "",
					fmt.Errorf("the Python of %s does not run kazoo here; install python3", name)
			}
			return root, os.Symlink(name, filepath.Join(home, "bin", "python"))
		}
		return "", failed
	})
	if err != nil {
		return nil, err
	}
	home := filepath.Join(root, "usr")
	return &Python{Binary: filepath.Join(home, "bin", "python"),
		Env: []string{path, "PYTHONHOME=" + home}}, nil
}

func importsKazoo(ctx context.Context, binary string, env ...string) bool {
	argv := append(append([]string{}, env...), binary, "-c", importKazoo)
	_, err := debian.Run(ctx, "/", "/usr/bin/env", argv...)
	return err == nil
}

// KazooClient is a kazoo client in a process of its own.
type KazooClient struct{ *process }

// OldReaders reports whether this kazoo's ReadLock waits for writers behind it too, as up to 2.8:
// see queue.KazooOldReadLock.
func (c *KazooClient) OldReaders() bool {
	var major, minor int
	fmt.Sscanf(c.Version, "kazoo %d.%d", &major, &minor)
	return major < 2 || major == 2 && minor < 9
}

// Start starts a kazoo client. ctx bounds only the start.
func (py *Python) Start(ctx context.Context, connect string,
	sessionTimeout time.Duration) (*KazooClient, error) {
	// -E would ignore PYTHONPATH as well.
	p, err := start(ctx, append(py.Env, "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"),
		py.Binary, "-c", kazooPeer, connect, seconds(sessionTimeout))
	return &KazooClient{p}, err
}
