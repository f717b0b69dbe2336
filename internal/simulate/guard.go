package simulate

import (
	"fmt"
	"path"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

// registers is the parent of a znode for each lock, to which its holders write their tokens.
const registers = "/registers"

// writer returns what writes the token of the current hold, in a transaction that depends on the
// hold.
func (r *run) writer(h handle) (write func()) {
	guard, err := h.Guard()
	if err != nil || h.shared {
		return func() {} // the hold is lost, or others may write beside it
	}
	register := path.Join(registers, h.step.Lock)
	data := []byte(h.Token().String())
	return func() {
		conn := r.sessions[h.step.Session].Conn()
		for _, p := range []string{registers, register} {
			_, _ = conn.Create(p, nil, 0, zk.WorldACL(zk.PermAll)) // a write that finds none fails
		}
		_, err := conn.Multi(guard, &zk.SetDataRequest{Path: register, Data: data, Version: -1})
		r.log("%v: guarded write of %s returns %v", h.step, data, err)
	}
}

// guardedLocked is told that a register was created or written to. The holds of one candidate may
// overtake each other: a Guard does not distinguish them.
func (m *model) guardedLocked(register string, data []byte) {
	if len(data) == 0 {
		return
	}
	token, err := zklock.ParseToken(string(data))
	if err != nil {
		m.violateLocked("%s: %v", register, err)
	}
	if last := m.guarded[register]; token.Zxid < last.Zxid {
		m.violateLocked("%s: %v is written after %v", register, token, last)
	}
	m.guarded[register] = token
	m.trace = append(m.trace, fmt.Sprintf("%s is %v", register, token))
}

// isRegister reports whether a znode is one that holders write their tokens to.
func isRegister(znode string) bool { return strings.HasPrefix(znode, registers+"/") }
