package zktest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// cache is the folder of what was fetched. An entry is complete from the
// moment that it exists: it is made beside and renamed into place, under a
// lock because go test runs several packages at the same time.
type cache struct {
	dir  string
	env  environ
	logf func(string, ...any)
}

func openCache(env environ, logf func(string, ...any)) (*cache, error) {
	dir, err := env.cacheDir()
	if err != nil {
		return nil, err
	}
	return &cache{dir: dir, env: env, logf: logf}, nil
}

var zooKeeperPackages = []string{
	"libzookeeper-java", "libslf4j-java", "libdropwizard-metrics-java", "libsnappy-java",
}

// javaPackages are alternatives, by preference: Debian and Ubuntu releases
// have one or two of them each. Besides libc they need libz, libstdc++ and
// libgcc_s, which apt-get itself is linked with.
var javaPackages = []string{
	"openjdk-17-jre-headless", "openjdk-21-jre-headless",
	"openjdk-25-jre-headless", "openjdk-11-jre-headless",
}

// zooKeeper returns the class path of the cached ZooKeeper.
func (c *cache) zooKeeper(ctx context.Context) (string, error) {
	dir, err := c.entry(ctx, "zookeeper", func(work string) (string, error) {
		c.logf("zktest: fetching ZooKeeper into %s, once (2 MB)", c.dir)
		root, err := c.unpack(ctx, work, zooKeeperPackages)
		if err != nil {
			return "", fmt.Errorf("zktest: fetch ZooKeeper: %w", err)
		}
		jars := filepath.Join(root, "usr", "share", "java")
		if classpathOf(jars) == "" {
			return "", fmt.Errorf("zktest: the packages %s do not contain %s",
				strings.Join(zooKeeperPackages, " "), strings.Join(debianJars, " "))
		}
		return jars, nil
	})
	return classpathOf(dir), err
}

// java returns the path of the cached Java.
func (c *cache) java(ctx context.Context) (string, error) {
	dir, err := c.entry(ctx, "java", func(work string) (string, error) {
		c.logf("zktest: fetching Java into %s, once (45 MB)", c.dir)
		var failed error
		for _, name := range javaPackages {
			root, err := c.unpack(ctx, work, []string{name})
			if err != nil {
				// The first one's error tells most; the others may not exist.
				if failed == nil {
					failed = fmt.Errorf("zktest: fetch Java: %w", err)
				}
				if ctx.Err() != nil || c.env.look("apt-get") == "" {
					break
				}
				continue
			}
			if err := adoptLinks(root); err != nil {
				return "", fmt.Errorf("zktest: unpack %s: %w", name, err)
			}
			java, err := unpackedJava(root)
			if err == nil {
				_, err = run(ctx, work, java, "-version")
			}
			if err != nil {
				return "", fmt.Errorf("zktest: the Java of %s does not run here; install a Java runtime: %w", name, err)
			}
			return root, nil
		}
		return "", failed
	})
	if err != nil {
		return "", err
	}
	return unpackedJava(dir)
}

func unpackedJava(root string) (string, error) {
	matches, _ := filepath.Glob(filepath.Join(root, "usr", "lib", "jvm", "*", "bin", "java"))
	for _, java := range matches {
		if executable(java) {
			return java, nil
		}
	}
	return "", fmt.Errorf("zktest: no java below %s: remove that folder to have it fetched again", root)
}

// entry returns the folder called name. If there is none, create makes one in
// a work folder and returns its path, which becomes the entry. ctx bounds the
// wait for another process that creates one too.
func (c *cache) entry(ctx context.Context, name string, create func(work string) (string, error)) (string, error) {
	final := filepath.Join(c.dir, name)
	if isDir(final) {
		return final, nil
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return "", fmt.Errorf("zktest: cache: %w", err)
	}
	unlock, err := lockFile(ctx, filepath.Join(c.dir, "lock"))
	if err != nil {
		return "", fmt.Errorf("zktest: cache: %w", err)
	}
	defer unlock()
	if isDir(final) {
		return final, nil
	}
	// Of a fetch that was killed; nobody works there while we hold the lock.
	work := filepath.Join(c.dir, "work")
	if err := os.RemoveAll(work); err != nil {
		return "", fmt.Errorf("zktest: cache: %w", err)
	}
	defer os.RemoveAll(work)
	begin := time.Now()
	made, err := create(work)
	if err != nil {
		return "", err
	}
	if err := os.Rename(made, final); err != nil {
		return "", fmt.Errorf("zktest: cache: %w", err)
	}
	c.logf("zktest: fetched %s in %v", name, time.Since(begin).Round(10*time.Millisecond))
	return final, nil
}
