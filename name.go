package zklock

import (
	"fmt"

	"github.com/zookylock/zklock/internal/zkpath"
)

// maxNameLen bounds a lock's name, in bytes.
const maxNameLen = 1024

// checkName says whether name can name a lock, in an error that matches ErrInvalidName.
func checkName(name string) error {
	if name == "" {
		return fmt.Errorf("%w: it is empty", ErrInvalidName)
	}
	if len(name) > maxNameLen {
		return fmt.Errorf("%w: it has %d bytes, more than %d", ErrInvalidName,
			len(name), maxNameLen)
	}
	if err := zkpath.CheckSegments(name); err != nil {
		return fmt.Errorf("%w: %q has %w", ErrInvalidName, name, err)
	}
	return nil
}
