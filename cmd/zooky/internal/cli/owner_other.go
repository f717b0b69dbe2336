//go:build !unix

package cli

import "os"

// ownerOf is always us: os.FileInfo does not tell who owns the file.
func ownerOf(os.FileInfo) owner { return us }
