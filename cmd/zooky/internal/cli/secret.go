package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// secretLimit bounds how much is read of a file with a secret in it.
const secretLimit = 64 << 10

// readSecret reads a file that is kept from others, as checkPrivate has it, or a pipe, as the shell
// makes for <(command). It returns with ctx at the latest.
func readSecret(ctx context.Context, name string) ([]byte, error) {
	// open waits for the pipe's writer
	data, err := answer(ctx, func() ([]byte, error) { return readPrivate(name) })
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s: not read to its end: %w", name, context.Cause(ctx))
	}
	return data, err
}

func readPrivate(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkPrivate(info.Mode(), ownerOf(info)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	data, err := io.ReadAll(io.LimitReader(f, secretLimit+1))
	if err == nil && len(data) > secretLimit {
		err = fmt.Errorf("%s: larger than %d bytes", name, secretLimit)
	}
	return data, err
}

// owner is who owns a file.
type owner uint8

const (
	stranger owner = iota
	us             // the user who runs zooky
	root           // who can read and write everything anyway
)

// checkPrivate refuses a file that others may have read or written. A group may read what root has
// made for it, as Kubernetes does where a pod has an fsGroup; libpq has the same rule.
func checkPrivate(mode os.FileMode, by owner) error {
	allowed, advice := os.FileMode(0o700), "chmod 600 it"
	if by == root {
		allowed, advice = 0o740, "chmod 640 it, or in Kubernetes set defaultMode to 0440"
	}
	switch {
	case !mode.IsRegular() && mode.Type() != os.ModeNamedPipe:
		return errors.New("neither a file nor a pipe")
	case by == stranger:
		return errors.New("it belongs to another user")
	case mode.Perm()&^allowed != 0:
		return fmt.Errorf("others have access to it (%v): %s", mode.Perm(), advice)
	}
	return nil
}

// credential is one line of an --auth-file.
type credential struct {
	scheme string
	secret []byte
}

// parseCredentials reads lines of SCHEME:SECRET. Blanks belong to the secret; empty lines and those
// that begin with # do not count.
func parseCredentials(data []byte) (credentials []credential, err error) {
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if text := strings.TrimSpace(line); text == "" || text[0] == '#' {
			continue
		}
		scheme, secret, ok := strings.Cut(line, ":")
		if scheme = strings.TrimSpace(scheme); !ok || scheme == "" {
			return nil, fmt.Errorf("line %d is not SCHEME:SECRET", n) // the line itself is a secret
		}
		credentials = append(credentials, credential{scheme, []byte(secret)})
	}
	if len(credentials) == 0 {
		return nil, errors.New("no credentials in it")
	}
	return credentials, nil
}
