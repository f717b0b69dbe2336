package cli

import (
	"cmp"
	"fmt"
	"os"
	"os/user"
	"strings"
	"unicode/utf8"
)

// commandShown is how many bytes of a command line are in an identity: all who queue behind read
// it.
const commandShown = 200

// identity says who runs a command: USER@HOST/PID COMMAND.
func identity(command []string) string {
	name := fmt.Sprint(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = cmp.Or(u.Username, name)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	line := strings.ToValidUTF8(strings.Join(command, " "), "?")
	if len(line) > commandShown {
		cut := commandShown
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		line = line[:cut] + "…"
	}
	return fmt.Sprintf("%s@%s/%d %s", name, host, os.Getpid(), line)
}
