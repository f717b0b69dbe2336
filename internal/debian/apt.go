package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ErrNoApt is returned where there is no apt-get to fetch anything with: on other systems than
// Debian and Ubuntu.
var ErrNoApt = errors.New("there is no apt-get to fetch it with")

func haveApt() bool { return Look("apt-get") != "" && Look("dpkg") != "" }

// Unpack fetches packages with apt-get and unpacks them below work, without
// installing anything. It returns the folder that stands for /.
//
// Versions, mirrors, proxies, keys and checksums are apt's business, as the
// machine's owner has set them up.
func (c *Cache) Unpack(ctx context.Context, work string,
	packages ...string) (root string, err error) {
	if !haveApt() {
		return "", ErrNoApt
	}
	apt, dpkg := Look("apt-get"), Look("dpkg")
	debs := filepath.Join(work, "debs")
	root = filepath.Join(work, "root")
	for _, dir := range []string{debs, root} {
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
	}
	if err := download(ctx, apt, work, debs, packages); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil {
		return "", err
	}
	for _, deb := range files {
		if _, err := Run(ctx, debs, dpkg, "-x", deb, root); err != nil {
			return "", err
		}
	}
	return root, nil
}

// download fetches packages into debs by the machine's package lists. Where
// they are missing, as in a fresh container, or so old that the mirror has
// replaced the packages, it fetches lists of its own, which needs no root.
func download(ctx context.Context, apt, work, debs string, packages []string) error {
	get := append([]string{"download"}, packages...)
	_, first := Run(ctx, debs, apt, slices.Concat(aptSafe, get)...)
	if first == nil || ctx.Err() != nil {
		return first
	}
	own, err := ownState(filepath.Join(work, "apt"))
	if err != nil {
		return err
	}
	// An update that could not reach one of several sources fails, and may
	// have got what we need all the same.
	var updated error
	if !IsDir(filepath.Join(work, "apt", "updated")) {
		_, updated = Run(ctx, debs, apt, slices.Concat(aptSafe, own, []string{"update"})...)
		if updated == nil {
			os.Mkdir(filepath.Join(work, "apt", "updated"), 0o755)
		}
	}
	_, second := Run(ctx, debs, apt, slices.Concat(aptSafe, own, get)...)
	if second == nil {
		return nil
	}
	return errors.Join(second, updated)
}

// aptSafe repeats apt's own defaults, in case the machine has loosened them:
// what is not signed is not fetched.
var aptSafe = []string{
	"-q",
	"-o", "APT::Get::AllowUnauthenticated=false",
	"-o", "Acquire::AllowInsecureRepositories=false",
	"-o", "Acquire::AllowDowngradeToInsecureRepositories=false",
	"-o", "Acquire::Retries=2",
}

// ownState makes apt keep its lists below dir. The status file, of what is installed, stays the
// system's; all users may read it.
func ownState(dir string) ([]string, error) {
	for _, sub := range []string{"state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	return []string{
		"-o", "Dir::State=" + filepath.Join(dir, "state"),
		"-o", "Dir::State::lists=" + filepath.Join(dir, "state", "lists"),
		"-o", "Dir::State::status=/var/lib/dpkg/status",
		"-o", "Dir::Cache=" + filepath.Join(dir, "cache"),
		"-o", "Acquire::Languages=none", // translations are of no use here
		"-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
	}, nil
}

// AdoptLinks makes absolute links below root, which mean the system's files,
// relative ones to root's. Debian's Java has its settings in /etc, jvm.cfg
// among them, without which it does not start. Relative, because root will
// be renamed. Links that lead nowhere, such as to certificates, stay.
func AdoptLinks(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink == 0 {
			return err
		}
		target, err := os.Readlink(path)
		if err != nil || !filepath.IsAbs(target) {
			return err
		}
		inside := filepath.Join(root, target)
		if _, err := os.Lstat(inside); err != nil {
			return nil
		}
		relative, err := filepath.Rel(filepath.Dir(path), inside)
		if err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		return os.Symlink(relative, path)
	})
}

// Run runs a program in dir and returns what it printed. The error has the
// command and its output. ctx kills it.
func Run(ctx context.Context, dir, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	cmd.WaitDelay = 2 * time.Second // for grandchildren that hold the pipe
	out, err := cmd.CombinedOutput()
	if err != nil {
		return out,
			fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return out, nil
}
