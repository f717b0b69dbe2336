package peers

import (
	"context"
	"crypto/sha256"
	_ "embed" // for the program
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zookylock/zklock/internal/debian"
)

//go:embed CuratorPeer.java
var curatorPeer string

// Java is a Java runtime, a compiler, and a class path that has Curator.
type Java struct {
	Binary    string
	Compiler  []string // the command
	ClassPath string
	cache     *debian.Cache
}

// curatorJars are what Curator's recipes and ZooKeeper's WriteLock need, out of curatorPackages.
var (
	curatorJars = []string{
		"curator-recipes.jar", "curator-framework.jar", "curator-client.jar", "guava.jar",
		"zookeeper.jar", "zookeeper-jute.jar", "zookeeper-recipes-lock.jar", "slf4j-api.jar",
		"slf4j-simple.jar",
	}
	curatorPackages = []string{
		"libcurator-recipes-java", "libcurator-framework-java", "libcurator-client-java",
		"libguava-java",
		"libzookeeper-java", "libslf4j-java",
	}
)

// Curator finds Java and Curator: installed ones, else the packages of Debian.
func Curator(ctx context.Context, logf func(string, ...any)) (*Java, error) {
	java, err := findCurator(ctx, logf)
	if errors.Is(err, debian.ErrNoApt) {
		return nil,
			fmt.Errorf("peers: Curator: %w. Install a JDK (17 or later), and put %s into /usr/share/java",
				err, strings.Join(curatorJars, ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("peers: Curator: %w", err)
	}
	return java, nil
}

func findCurator(ctx context.Context, logf func(string, ...any)) (*Java, error) {
	cache, err := debian.Open(logf)
	if err != nil {
		return nil, err
	}
	jars := debian.JarsIn("/usr/share/java", curatorJars)
	if jars == nil {
		dir, err := cache.Jars(ctx, "curator", "Curator", "6 MB", curatorJars, curatorPackages...)
		if err != nil {
			return nil, err
		}
		jars = debian.JarsIn(dir, curatorJars)
	}
	java := &Java{ClassPath: strings.Join(jars, string(filepath.ListSeparator)), cache: cache}
	java.Binary, err = debian.FindJava()
	if err != nil {
		return nil, err
	}
	if java.Binary == "" || !java.compiles(ctx) {
		if java.Binary, err = cache.Java(ctx); err != nil {
			return nil, err
		}
		if !java.compiles(ctx) {
			return nil,
				fmt.Errorf("%s has no compiler: install a JDK (17 or later) and set JAVA_HOME to it", java.Binary)
		}
	}
	return java, nil
}

// compiles looks for the compiler, which is a module of Java: Debian's packages of the runtime have
// it too.
func (j *Java) compiles(ctx context.Context) bool {
	j.Compiler = []string{j.Binary, "-m", "jdk.compiler/com.sun.tools.javac.Main"}
	_, err := debian.Run(ctx, "/", j.Compiler[0], append(j.Compiler[1:], "-version")...)
	return err == nil
}

// peer compiles the program, once for each version of it.
func (j *Java) peer(ctx context.Context) (classes string, err error) {
	sum := sha256.Sum256([]byte(curatorPeer + j.ClassPath))
	return j.cache.Entry(ctx, fmt.Sprintf("curator-peer-%x", sum[:6]),
		func(work string) (string, error) {
			source, classes := filepath.Join(work, "CuratorPeer.java"),
				filepath.Join(work, "classes")
			if err := os.MkdirAll(classes, 0o755); err != nil {
				return "", err
			}
			if err := os.WriteFile(source, []byte(curatorPeer), 0o600); err != nil {
				return "", err
			}
			args := append(j.Compiler[1:], "-encoding", "UTF-8", "-proc:none", "-d", classes, "-cp",
				j.ClassPath, source)
			_, err := debian.Run(ctx, work, j.Compiler[0], args...)
			return classes, err
		})
}

// CuratorClient is a Curator client in a process of its own.
type CuratorClient struct{ *process }

// Start starts a Curator client. ctx bounds only the start.
func (j *Java) Start(ctx context.Context, connect string,
	sessionTimeout time.Duration) (*CuratorClient, error) {
	p, err := j.start(ctx, connect, sessionTimeout, "Curator")
	return &CuratorClient{p}, err
}

// StartWriteLock starts a client whose mutexes are ZooKeeper's own WriteLock, each in a session of
// its own. ctx bounds only the start.
func (j *Java) StartWriteLock(ctx context.Context, connect string,
	sessionTimeout time.Duration) (Client, error) {
	p, err := j.start(ctx, connect, sessionTimeout, "WriteLock")
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (j *Java) start(ctx context.Context, connect string, sessionTimeout time.Duration,
	locks string) (*process, error) {
	classes, err := j.peer(ctx)
	if err != nil {
		return nil, fmt.Errorf("peers: Curator: %w", err)
	}
	return start(ctx, nil, j.Binary, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m",
		"-XX:-UsePerfData",
		"-Djava.net.preferIPv4Stack=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
		"-cp", classes+string(filepath.ListSeparator)+j.ClassPath, "CuratorPeer", connect,
		seconds(sessionTimeout), locks)
}

// Open implements Client.
func (c *CuratorClient) Open(kind Kind, path string, extra ...string) (Handle, error) {
	if len(extra) > 0 {
		return nil, ErrUnsupported
	}
	h, err := c.process.Open(kind, path)
	if err != nil {
		return nil, err
	}
	return &CuratorHandle{h.(*remote)}, nil
}

// CuratorHandle is one of Curator's locks.
type CuratorHandle struct{ *remote }

var _ Revoker = (*CuratorHandle)(nil)

// Revocable implements Revoker.
func (h *CuratorHandle) Revocable() (<-chan struct{}, error) {
	_, err := h.p.call("revocable", h.name)
	h.p.mu.Lock()
	defer h.p.mu.Unlock()
	return h.p.revoked[h.name], err
}

// Revoke implements Revoker.
func (h *CuratorHandle) Revoke(path string) error {
	_, err := h.p.call("revoke", h.name, path)
	return err
}
