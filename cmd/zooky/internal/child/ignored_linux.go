package child

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"reflect"
	"slices"
	"strconv"
	"syscall"
)

// Ignored returns the signals that this process was started to ignore, as by nohup or by a shell's
// trap with an empty command. Go's runtime respects that for SIGHUP and SIGINT, and for the signals
// that it never handles. For the others it has its own handlers in place before any Go code runs.
// It keeps what was there before in a variable, runtime.fwdSig, which this function reads. A
// program without a symbol table does not tell where that is: then those others are not returned.
func Ignored() (ignored []syscall.Signal) {
	const words = "SigIgn:"
	status, _ := os.ReadFile("/proc/self/status")
	var now uint64
	if _, rest, ok := bytes.Cut(status, []byte(words)); ok {
		line, _, _ := bytes.Cut(rest, []byte("\n"))
		now, _ = strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 64)
	}
	before := handlersBefore()
	for s := syscall.Signal(1); s <= 64; s++ {
		const ignore = 1 // SIG_IGN
		if now>>(s-1)&1 == 1 || int(s) < len(before) && before[s] == ignore {
			ignored = append(ignored, s)
		}
	}
	return slices.DeleteFunc(ignored, func(s syscall.Signal) bool {
		// without the one no child is waited for; the other is Go's own
		return s == syscall.SIGCHLD || s == syscall.SIGURG
	})
}

// handlersBefore returns runtime.fwdSig: the handler of each signal when this process began, nil if
// it is not found.
func handlersBefore() []uintptr {
	// this tells where the program was loaded
	const anchor = "github.com/zookylock/zklock/cmd/zooky/internal/child.Ignored"
	file, err := elf.Open("/proc/self/exe")
	if err != nil {
		return nil
	}
	defer file.Close()
	symbols, _ := file.Symbols() // the error is that there are none
	var handlers, here elf.Symbol
	for _, s := range symbols {
		switch s.Name {
		case "runtime.fwdSig":
			handlers = s
		case anchor:
			here = s
		}
	}
	memory, err := os.Open("/proc/self/mem")
	if err != nil || handlers.Value == 0 || here.Value == 0 {
		return nil
	}
	defer memory.Close()
	loaded := uint64(reflect.ValueOf(Ignored).Pointer()) - here.Value
	const size = strconv.IntSize / 8
	raw := make([]byte, handlers.Size)
	if _, err := memory.ReadAt(raw, int64(handlers.Value+loaded)); err != nil {
		return nil
	}
	before := make([]uintptr, len(raw)/size)
	for i := range before {
		word := raw[i*size:]
		if size == 8 {
			before[i] = uintptr(binary.NativeEndian.Uint64(word))
		} else {
			before[i] = uintptr(binary.NativeEndian.Uint32(word))
		}
	}
	return before
}
