package benchmarks

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// Machine is where and when a run took place.
type Machine struct {
	Date      time.Time
	CPU       string
	Cores     int
	OS        string
	Go        string
	Java      string // of the server
	ZooKeeper string
	Peers     []string // versions of those in other languages
}

func newMachine(s *server) (Machine, error) {
	m := Machine{
		Date:  time.Now().UTC().Truncate(time.Second),
		CPU:   runtime.GOARCH,
		Cores: runtime.NumCPU(),
		OS:    runtime.GOOS,
		Go:    strings.TrimPrefix(runtime.Version(), "go"),
	}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if found := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(info); found != nil {
			m.CPU = string(found[1])
		}
	} else if out, err := exec.Command("sysctl", "-n",
		"machdep.cpu.brand_string").Output(); err == nil {
		m.CPU = strings.TrimSpace(string(out))
	}
	var err error
	if m.ZooKeeper, err = s.ask("envi", zooKeeperPattern); err == nil {
		m.Java, err = s.ask("envi", javaPattern)
	}
	return m, err
}

// String is for the head of a table.
func (m Machine) String() string {
	s := fmt.Sprintf("%s, %d cores, %s. ZooKeeper %s on Java %s; Go %s", m.CPU, m.Cores, m.OS,
		m.ZooKeeper, m.Java, m.Go)
	for _, peer := range m.Peers {
		s += "; " + peer
	}
	return s + ". " + m.Date.Format("2 January 2006")
}
