package debian

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// javaPackages are alternatives, by preference: Debian and Ubuntu releases
// have one or two of them each. Besides libc they need libz, libstdc++ and
// libgcc_s, which apt-get itself is linked with.
var javaPackages = []string{
	"openjdk-17-jre-headless", "openjdk-21-jre-headless",
	"openjdk-25-jre-headless", "openjdk-11-jre-headless",
}

// Java returns the path of the cached Java.
func (c *Cache) Java(ctx context.Context) (string, error) {
	dir, err := c.Entry(ctx, "java", func(work string) (string, error) {
		if err := c.announce("Java", "45 MB"); err != nil {
			return "", err
		}
		var failed error
		for _, name := range javaPackages {
			root, err := c.Unpack(ctx, work, name)
			if err != nil {
				// The first one's error tells most; the others may not exist.
				if failed == nil {
					failed = fmt.Errorf("fetch Java: %w", err)
				}
				if ctx.Err() != nil || Look("apt-get") == "" {
					break
				}
				continue
			}
			if err := AdoptLinks(root); err != nil {
				return "", fmt.Errorf("unpack %s: %w", name, err)
			}
			java, err := unpackedJava(root)
			if err == nil {
				_, err = Run(ctx, work, java, "-version")
			}
			if err != nil {
				return "",
					fmt.Errorf("the Java of %s does not run here; install a Java runtime: %w",
						name, err)
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
		if Executable(java) {
			return java, nil
		}
	}
	return "", fmt.Errorf("no java below %s: remove that folder to have it fetched again", root)
}

// Jars returns the cached folder called entry with those jars, out of packages. what and size are
// for people.
func (c *Cache) Jars(ctx context.Context, entry, what, size string, jars []string,
	packages ...string) (dir string, err error) {
	return c.Entry(ctx, entry, func(work string) (string, error) {
		if err := c.announce(what, size); err != nil {
			return "", err
		}
		root, err := c.Unpack(ctx, work, packages...)
		if err != nil {
			return "", fmt.Errorf("fetch %s: %w", what, err)
		}
		dir := filepath.Join(root, "usr", "share", "java")
		if JarsIn(dir, jars) == nil {
			return "",
				fmt.Errorf("the packages %s do not contain %s", strings.Join(packages, " "),
					strings.Join(jars, " "))
		}
		return dir, nil
	})
}

// announce says that something is about to be fetched, or returns an error if nothing can be.
func (c *Cache) announce(what, size string) error {
	if !haveApt() {
		return fmt.Errorf("fetch %s: %w", what, ErrNoApt)
	}
	c.logf("fetching %s into %s, once (%s)", what, c.dir, size)
	return nil
}

// JarsIn returns the paths of jars if all are in dir.
func JarsIn(dir string, jars []string) []string {
	var paths []string
	for _, jar := range jars {
		path := filepath.Join(dir, jar)
		if _, err := os.Stat(path); err != nil {
			return nil
		}
		paths = append(paths, path)
	}
	return paths
}
