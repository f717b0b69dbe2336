package zktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// launch starts an ensemble on one block of ports.
func launch(ctx context.Context, c config, inst installation) (_ *Ensemble, err error) {
	ports, err := reservePorts()
	if err != nil {
		return nil, err
	}
	j, err := startJanitor()
	if err != nil {
		return nil, errors.Join(err, ports.release())
	}
	e := &Ensemble{janitor: j, ports: ports}
	e.stop = sync.OnceValue(e.end)
	defer func() {
		if err != nil {
			err = errors.Join(err, e.stop())
		}
	}()
	if err := e.configure(c, inst); err != nil {
		return nil, err
	}
	for _, s := range e.servers {
		if err := s.launch(); err != nil {
			return nil, s.errorf("start", err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit,
		fmt.Errorf("not serving after %v", startLimit))
	defer cancel()
	for _, s := range e.servers {
		if err := s.poll(ctx, false); err != nil {
			return nil, s.errorf("start", err)
		}
	}
	return e, nil
}

// end does the work of Stop.
func (e *Ensemble) end() error {
	for _, s := range e.servers {
		s.close()
	}
	return errors.Join(e.janitor.stop(), e.ports.release())
}

// configure gives every server its ports, its folder and its zoo.cfg.
func (e *Ensemble) configure(c config, inst installation) error {
	var members strings.Builder
	for id := 1; id <= c.servers; id++ {
		var port [4]int // for clients, followers, elections, clients without TLS
		for i := range port {
			p, err := e.ports.take()
			if err != nil {
				return err
			}
			port[i] = p
		}
		if c.port > 0 {
			port[0] = c.port + id - 1
		}
		s := &Server{
			janitor: e.janitor,
			quorum:  e.quorumRunning,
			id:      id,
			addr:    loopback(port[0]),
			plain:   loopback(port[0]),
			dir:     filepath.Join(e.janitor.dir, fmt.Sprint(id)),
		}
		if c.tls != nil {
			s.plain = loopback(port[3])
		}
		fmt.Fprintf(&members, "server.%d=127.0.0.1:%d:%d;%s\n", id, port[1], port[2], s.plain)
		e.servers = append(e.servers, s)
		e.addrs = append(e.addrs, s.addr)
	}
	e.connect = strings.Join(e.addrs, ",")
	for _, s := range e.servers {
		cfg := s.zooCfg(c, c.maxSessionTimeout(s.id))
		if c.servers > 1 {
			cfg += members.String()
		} else {
			_, port, _ := strings.Cut(s.plain, ":")
			cfg += "clientPortAddress=127.0.0.1\nclientPort=" + port + "\n"
		}
		file := filepath.Join(s.dir, "zoo.cfg")
		err := os.MkdirAll(s.dataDir(), 0o700)
		if err == nil && c.tls != nil {
			var secure string
			_, port, _ := strings.Cut(s.addr, ":")
			secure, err = c.tls.zooCfg(s.dir, port)
			cfg += secure
		}
		err = errors.Join(err,
			os.WriteFile(filepath.Join(s.dataDir(), "myid"), fmt.Appendln(nil, s.id), 0o600),
			os.WriteFile(file, []byte(cfg), 0o600))
		if err != nil {
			return s.errorf("configure", err)
		}
		s.argv = javaCommand(inst, file)
	}
	return nil
}

// zooCfg is the part of zoo.cfg that one server and a quorum have in common. initLimit and
// syncLimit count ticks; they are set by the clock, or a short tick would break up a quorum on a
// busy machine.
func (s *Server) zooCfg(c config, most time.Duration) string {
	ticks := func(d time.Duration) int { return max(5, int(d/c.tick)) }
	forceSync := "no"
	if c.fsync {
		forceSync = "yes"
	}
	return fmt.Sprintf(`tickTime=%d
initLimit=%d
syncLimit=%d
dataDir=%s
maxClientCnxns=0
maxSessionTimeout=%d
4lw.commands.whitelist=*
admin.enableServer=false
forceSync=%s
`, c.tick.Milliseconds(), ticks(10*time.Second), ticks(2*time.Second), s.dataDir(),
		most.Milliseconds(), forceSync)
}

// javaCommand returns the command line of a server. Its options trade peak speed, which a test does
// not need, for a fast start.
func javaCommand(inst installation, cfg string) []string {
	return []string{inst.java,
		"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx256m",
		"-XX:-UsePerfData", // a kill -9 would leave its file in /tmp
		"-Dio.netty.native.workdir=" + filepath.Dir(cfg), // likewise
		"-Djava.net.preferIPv4Stack=true",
		"-Djava.awt.headless=true",
		"-Dzookeeper.admin.enableServer=false",
		"-Dzookeeper.jmx.log4j.disable=true",
		"-Dzookeeper.preAllocSize=1024", // KiB of transaction log, not 64 MiB
		"-Dorg.slf4j.simpleLogger.showDateTime=true",
		"-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
		"-cp", inst.classpath,
		"org.apache.zookeeper.server.quorum.QuorumPeerMain", cfg,
	}
}
