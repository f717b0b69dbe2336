//go:build !unix

package debian

import (
	"context"
	"errors"
)

func lockFile(context.Context, string) (func() error, error) {
	return nil, errors.New("packages are unpacked on Unix systems only")
}
