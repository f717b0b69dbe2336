// Package zkpath has the rules for ZooKeeper's paths and connect strings. It is pure: it does no
// I/O, and imports nothing of ours.
package zkpath

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Check says whether path is a ZooKeeper path: absolute, and "/" or without a slash at its end.
func Check(path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("path %q does not begin with a slash", path)
	}
	if path == "/" {
		return nil
	}
	if err := CheckSegments(path[1:]); err != nil {
		return fmt.Errorf("path %q has %w", path, err)
	}
	return nil
}

// CheckSegments says what is wrong with a path's segments. The rules are the server's
// (PathUtils.validatePath), which looks at UTF-16: what it takes for surrogates is every character
// above U+FFFF.
func CheckSegments(segments string) error {
	if !utf8.ValidString(segments) {
		return fmt.Errorf("bytes that are not UTF-8")
	}
	for segment := range strings.SplitSeq(segments, "/") {
		switch segment {
		case "":
			return fmt.Errorf("an empty segment")
		case ".", "..":
			return fmt.Errorf("the segment %q", segment)
		}
	}
	for _, r := range segments {
		if r <= 0x1f || 0x7f <= r && r <= 0x9f || 0xd800 <= r && r <= 0xf8ff || 0xfff0 <= r {
			return fmt.Errorf("the character %U, which ZooKeeper does not allow", r)
		}
	}
	return nil
}

// IsServers reports whether the servers keep their own data in the znode at a path.
func IsServers(path string) bool {
	return path == "/zookeeper" || strings.HasPrefix(path, "/zookeeper/")
}

// Join appends a path to another; either may be "/".
func Join(a, b string) string {
	if b == "/" {
		return a
	}
	return strings.TrimSuffix(a, "/") + b
}

// ParseConnect reads ZooKeeper's connect string, host:port,host:port/chroot. The port may be left
// out.
func ParseConnect(connect string) (servers []string, chroot string, err error) {
	hosts, chroot := connect, "/"
	if i := strings.IndexByte(connect, '/'); i >= 0 {
		hosts, chroot = connect[:i], connect[i:]
		if err := checkChroot(chroot); err != nil {
			return nil, "", fmt.Errorf("connect string %q: %w", connect, err)
		}
	}
	for host := range strings.SplitSeq(hosts, ",") {
		server, err := parseServer(strings.TrimSpace(host))
		if err != nil {
			return nil, "",
				fmt.Errorf("connect string %q: %w; want host:port,host:port/chroot", connect, err)
		}
		servers = append(servers, server)
	}
	return servers, chroot, nil
}

// checkChroot refuses what would be a path, and is a mistake more likely: clients with different
// spellings of it would each have locks of their own.
func checkChroot(chroot string) error {
	if strings.Contains(chroot, ",") || strings.ContainsFunc(chroot, unicode.IsSpace) {
		return fmt.Errorf("chroot %q has a comma or a blank: the chroot comes once, at the end: host:port,host:port/chroot", chroot)
	}
	return Check(chroot)
}

// defaultPort is ZooKeeper's client port.
const defaultPort = "2181"

func parseServer(server string) (string, error) {
	host, port, err := net.SplitHostPort(server)
	if err != nil && strings.Contains(server, ":") && !strings.HasPrefix(server, "[") {
		return "", fmt.Errorf("server %q: %w", server, err)
	}
	if err != nil {
		host, port = server, defaultPort
		if strings.HasPrefix(server, "[") && strings.HasSuffix(server, "]") {
			host = server[1 : len(server)-1]
		}
	}
	if host == "" || strings.ContainsAny(host, "[] \t\r\n\x00") {
		return "", fmt.Errorf("server %q has no valid host", server)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("server %q: port %q is not a number from 1 to 65535", server, port)
	}
	return net.JoinHostPort(host, port), nil
}
