//go:build !unix

package zktest

import (
	"errors"
	"os/exec"
)

// The package builds on all platforms, so that programs that use it do. Where there is no /bin/sh,
// and no SIGSTOP for Pause, only ZKLOCK_CONNECT works.
var errNoUnix = errors.New("zktest: servers of its own need a Unix system; set ZKLOCK_CONNECT=host:port to use a running one")

func detach(*exec.Cmd) {}

func (p *process) pause() error     { return errNoUnix }
func (p *process) resume() error    { return errNoUnix }
func (p *process) terminate() error { return errNoUnix }
