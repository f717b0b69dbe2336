package zktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/zookylock/zklock/internal/debian"
)

// installation has the paths that are needed to run a server.
type installation struct {
	java      string // path of the binary
	classpath string
}

// provision finds ZooKeeper and Java, and fetches what is missing.
func provision(ctx context.Context, logf func(string, ...any)) (installation, error) {
	classpath, err := findZooKeeper()
	if err != nil {
		return installation{}, err
	}
	java, err := debian.FindJava()
	if err != nil {
		return installation{}, fmt.Errorf("zktest: %w", err)
	}
	inst := installation{java: java, classpath: classpath}
	if java != "" && classpath != "" {
		return inst, nil
	}
	cache, err := openCache(logf)
	if err != nil {
		return inst, err
	}
	if classpath == "" {
		if inst.classpath, err = fetchZooKeeper(ctx, cache); err != nil {
			return inst, explain(err)
		}
	}
	if java == "" {
		if inst.java, err = cache.Java(ctx); err != nil {
			return inst, explain(err)
		}
	}
	return inst, nil
}

func openCache(logf func(string, ...any)) (*debian.Cache, error) {
	cache, err := debian.Open(func(format string, args ...any) { logf("zktest: "+format, args...) })
	if err != nil {
		return nil, explain(err)
	}
	return cache, nil
}

// notProvided is the error of provision if something is missing and cannot be fetched.
type notProvided struct{ error }

func (e notProvided) Unwrap() error { return e.error }

// explain says what to do where nothing can be fetched.
func explain(err error) error {
	advice := "Install ZooKeeper and a Java runtime (17 or later), " +
		"or unpack a release from https://zookeeper.apache.org and set ZKLOCK_ZOOKEEPER to its folder " +
		"(and JAVA_HOME to Java's), or use a running server: " +
		"docker run -d -p 127.0.0.1:2181:2181 zookeeper, and ZKLOCK_CONNECT=127.0.0.1:2181. " +
		"A test that needs no real server can use zktest.Fake"
	if errors.Is(err, debian.ErrNoCache) {
		advice = "Set XDG_CACHE_HOME to a folder that can be written, or do without the cache. " +
			advice
	}
	return notProvided{fmt.Errorf("zktest: %w. %s", err, advice)}
}

// debianJars are the jars of Debian's packages that the class path needs. They are named because
// the folder holds every jar of the system.
var debianJars = []string{
	"zookeeper.jar", "zookeeper-jute.jar", "slf4j-api.jar",
	"slf4j-simple.jar", "metrics-core.jar", "snappy-java.jar",
}

// findZooKeeper returns the class path of the ZooKeeper that the user names or has installed, or
// "". A variable that names none is an error: going on to another ZooKeeper would hide the mistake.
func findZooKeeper() (string, error) {
	for _, name := range []string{"ZKLOCK_ZOOKEEPER", "ZOOKEEPER_HOME"} {
		dir := os.Getenv(name)
		if dir == "" {
			continue
		}
		classpath := classpathOf(dir)
		if classpath == "" {
			return "",
				fmt.Errorf("zktest: %s=%s holds no zookeeper*.jar, nor does its lib folder: "+
					"set it to a folder of jars or an unpacked ZooKeeper release, or unset it",
					name, dir)
		}
		return classpath, nil
	}
	for _, dir := range []string{
		"/usr/share/java",
		"/opt/homebrew/opt/zookeeper/libexec",
		"/usr/local/opt/zookeeper/libexec",
		"/home/linuxbrew/.linuxbrew/opt/zookeeper/libexec",
	} {
		if classpath := classpathOf(dir); classpath != "" {
			return classpath, nil
		}
	}
	return "", nil
}

// zookeeperJar matches the server's jar, and not zookeeper-jute and the contribs.
var zookeeperJar = regexp.MustCompile(`^zookeeper(-[0-9][^/]*)?\.jar$`)

// classpathOf returns the class path of a folder: Debian's six jars if they are there, else all
// jars of the folder and its lib folder if ZooKeeper's is among them, else "". The conf folder of a
// release configures less logging.
func classpathOf(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	if jars := debian.JarsIn(dir, debianJars); jars != nil {
		return strings.Join(jars, string(filepath.ListSeparator))
	}
	if dir == "/usr/share/java" {
		return "" // all of the system's jars: no class path
	}
	var jars []string
	found := false
	for _, pattern := range []string{"*.jar", "lib/*.jar"} {
		matches, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, jar := range matches {
			found = found || zookeeperJar.MatchString(filepath.Base(jar))
		}
		jars = append(jars, matches...)
	}
	if !found {
		return ""
	}
	if conf := filepath.Join(dir, "conf"); debian.IsDir(conf) {
		jars = append(jars, conf)
	}
	return strings.Join(jars, string(filepath.ListSeparator))
}

var zooKeeperPackages = []string{
	"libzookeeper-java", "libslf4j-java", "libdropwizard-metrics-java", "libsnappy-java",
}

// fetchZooKeeper returns the class path of the cached ZooKeeper.
func fetchZooKeeper(ctx context.Context, cache *debian.Cache) (string, error) {
	dir, err := cache.Jars(ctx, "zookeeper", "ZooKeeper", "2 MB", debianJars, zooKeeperPackages...)
	return classpathOf(dir), err
}
