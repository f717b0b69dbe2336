package zktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// installation is what it takes to run a server.
type installation struct {
	java      string // path of the binary
	classpath string
}

// environ is where set-up looks for things: the process's environment, or a
// test's idea of one.
type environ struct{ getenv func(string) string }

func (e environ) get(name string) string { return e.getenv(name) }

// look finds a program on the PATH, or returns "".
func (e environ) look(program string) string {
	for _, dir := range filepath.SplitList(e.get("PATH")) {
		path := filepath.Join(dir, program)
		if filepath.IsAbs(dir) && executable(path) {
			return path
		}
	}
	return ""
}

// cacheDir is zklock in the user's cache folder, as os.UserCacheDir has it.
func (e environ) cacheDir() (string, error) {
	switch home := e.get("HOME"); {
	case runtime.GOOS != "darwin" && e.get("XDG_CACHE_HOME") != "":
		return filepath.Join(e.get("XDG_CACHE_HOME"), "zklock"), nil
	case home == "":
		return "", errors.New("zktest: no place for a cache: neither XDG_CACHE_HOME nor HOME is set")
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Caches", "zklock"), nil
	default:
		return filepath.Join(home, ".cache", "zklock"), nil
	}
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// provision finds ZooKeeper and Java, and fetches what is missing.
func provision(ctx context.Context, env environ, logf func(string, ...any)) (installation, error) {
	classpath, err := findZooKeeper(env)
	if err != nil {
		return installation{}, err
	}
	java, err := findJava(env)
	if err != nil {
		return installation{}, err
	}
	inst := installation{java: java, classpath: classpath}
	if java != "" && classpath != "" {
		return inst, nil
	}
	cache, err := openCache(env, logf)
	if err != nil {
		return inst, err
	}
	if classpath == "" {
		if inst.classpath, err = cache.zooKeeper(ctx); err != nil {
			return inst, err
		}
	}
	if java == "" {
		if inst.java, err = cache.java(ctx); err != nil {
			return inst, err
		}
	}
	return inst, nil
}

// debianJars is the class path out of Debian's packages. One folder holds
// every jar of the system, so they are named.
var debianJars = []string{
	"zookeeper.jar", "zookeeper-jute.jar", "slf4j-api.jar",
	"slf4j-simple.jar", "metrics-core.jar", "snappy-java.jar",
}

// findZooKeeper returns the class path of the ZooKeeper that the user names or
// has installed, or "". A variable that names none is an error: going on to
// another ZooKeeper would hide the mistake.
func findZooKeeper(env environ) (string, error) {
	for _, name := range []string{"ZKLOCK_ZOOKEEPER", "ZOOKEEPER_HOME"} {
		dir := env.get(name)
		if dir == "" {
			continue
		}
		classpath := classpathOf(dir)
		if classpath == "" {
			return "", fmt.Errorf("zktest: %s=%s holds no zookeeper*.jar, nor does its lib folder: "+
				"set it to a folder of jars or an unpacked ZooKeeper release, or unset it", name, dir)
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

// zookeeperJar tells the server's jar from zookeeper-jute and the contribs.
var zookeeperJar = regexp.MustCompile(`^zookeeper(-[0-9][^/]*)?\.jar$`)

// classpathOf returns the class path of a folder: Debian's six jars, else all
// those of it and its lib folder if ZooKeeper's is among them, else "". The
// conf folder of a release quiets its logging.
func classpathOf(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	var debian []string
	for _, jar := range debianJars {
		path := filepath.Join(dir, jar)
		if _, err := os.Stat(path); err == nil {
			debian = append(debian, path)
		}
	}
	if len(debian) == len(debianJars) {
		return strings.Join(debian, string(filepath.ListSeparator))
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
	if conf := filepath.Join(dir, "conf"); isDir(conf) {
		jars = append(jars, conf)
	}
	return strings.Join(jars, string(filepath.ListSeparator))
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// findJava returns the installed Java, or "".
func findJava(env environ) (string, error) {
	if home := env.get("JAVA_HOME"); home != "" {
		java := filepath.Join(home, "bin", "java")
		if !executable(java) {
			return "", fmt.Errorf("zktest: JAVA_HOME=%s has no bin/java: set it right or unset it", home)
		}
		return java, nil
	}
	java := env.look("java")
	// macOS has a /usr/bin/java that only says where to get one, and Homebrew
	// does not put its own on the PATH.
	if runtime.GOOS == "darwin" && (java == "" || java == "/usr/bin/java") {
		for _, brew := range []string{"/opt/homebrew/opt/openjdk/bin/java", "/usr/local/opt/openjdk/bin/java"} {
			if executable(brew) {
				return brew, nil
			}
		}
	}
	return java, nil
}
