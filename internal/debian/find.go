package debian

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Look finds a program on the PATH, or returns "".
func Look(program string) string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, program)
		if filepath.IsAbs(dir) && Executable(path) {
			return path
		}
	}
	return ""
}

// cacheDir is zklock in the user's cache folder.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoCache, err)
	}
	if !filepath.IsAbs(dir) { // below HOME
		return "", fmt.Errorf("%w: %s is not absolute", ErrNoCache, dir)
	}
	return filepath.Join(dir, "zklock"), nil
}

// Executable reports whether path is a program.
func Executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// IsDir reports whether path is a folder.
func IsDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// FindJava returns the installed Java, or "".
func FindJava() (string, error) {
	if home := os.Getenv("JAVA_HOME"); home != "" {
		java := filepath.Join(home, "bin", "java")
		if !Executable(java) {
			return "", fmt.Errorf("JAVA_HOME=%s has no bin/java: set it right or unset it", home)
		}
		return java, nil
	}
	java := Look("java")
	// macOS has a /usr/bin/java that only says where to get one, and Homebrew
	// does not put its own on the PATH.
	if runtime.GOOS == "darwin" && (java == "" || java == "/usr/bin/java") {
		for _, brew := range []string{"/opt/homebrew/opt/openjdk/bin/java",
			"/usr/local/opt/openjdk/bin/java"} {
			if Executable(brew) {
				return brew, nil
			}
		}
	}
	return java, nil
}
