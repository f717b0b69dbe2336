//go:build unix

package child

import (
	"syscall"
	"time"
)

// Command is what the guard starts, and how it ends it.
type Command struct {
	Path    string
	Args    []string
	Env     []string
	Ignored []syscall.Signal // what it is started to ignore, like this process

	Signal syscall.Signal // asks the command to end
	Grace  time.Duration  // from that to SIGKILL, if the hold lasts that long
	Lead   time.Duration  // how long before the end of the hold the command is asked
}

// order is what the guard is told, one JSON value after another. The first has a Command.
type order struct {
	Command *Command       `json:",omitempty"`
	Until   time.Duration  `json:",omitempty"` // see bootTime: the hold is certain until then
	Signal  syscall.Signal `json:",omitempty"` // for all processes of the command
	End     *time.Duration `json:",omitempty"` // the command has to end: the grace
}

// report is what the guard tells: that the command has started or why it has not, then how it has
// ended.
type report struct {
	Started bool               `json:",omitempty"`
	Errno   syscall.Errno      `json:",omitempty"`
	Ended   bool               `json:",omitempty"`
	Status  syscall.WaitStatus `json:",omitempty"`
}
