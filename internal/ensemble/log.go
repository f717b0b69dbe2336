package ensemble

// Everything that this package logs is here. What the caller learns by Config.Changed, it can log
// itself. No line above Debug has a session's id, which is a secret: see SECURITY.md.

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

func (c *common) logEstablished(id int64) {
	c.cfg.Logger.Debug("zookeeper session", "id", fmt.Sprintf("%#x", id),
		"timeout", c.Granted())
}

func (c *common) logNoSession(err error) {
	c.cfg.Logger.Error("no zookeeper session", "error", err)
}

func (c *common) logGranted(asked, granted time.Duration) {
	c.cfg.Logger.Warn("the server grants another session timeout", "asked", asked,
		"granted", granted)
}

func (c *common) logRewind(zxid, seen int64) {
	c.cfg.Logger.Error("the ensemble is younger than what this session has seen of it; tokens begin again",
		"zxid", fmt.Sprintf("%#x", zxid), "seen", fmt.Sprintf("%#x", seen))
}

func (c *common) logRefusedCredentials() { c.cfg.Logger.Error("zookeeper refuses the credentials") }

func (c *common) logGivenUp(zxid int64, reason error) {
	c.cfg.Logger.Warn("zookeeper session given up", "reason", reason,
		"zxid", fmt.Sprintf("%#x", zxid), "error", c.LastFailure())
}

func (c *common) logOutOfStep(server, path string) {
	c.cfg.Logger.Warn("left a server that is out of step with the others", "server",
		server, "path", path)
}

// zkLogger passes on what go-zookeeper logs.
type zkLogger struct{ logger *slog.Logger }

// Printf logs at Debug. go-zookeeper says "authentication failed" if a connect request fails, for
// an expired session for one. Its "authenticated" has the session's id.
func (l zkLogger) Printf(format string, args ...any) {
	format = strings.Replace(format, "authentication failed", "connect request failed", 1)
	l.logger.Debug("zookeeper client", "message", fmt.Sprintf(format, args...))
}
