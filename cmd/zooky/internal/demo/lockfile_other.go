//go:build !unix

package demo

import (
	"errors"
	"fmt"
	"runtime"
)

func lockFile(string) (unlock func() error, err error) {
	return nil, fmt.Errorf("the demo on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
