//go:build unix

package chaos

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-zookeeper/zk"
)

// writeGuarded writes to the znode behind the hold's Guard, and appends to its log in the same
// transaction: the log's children tell afterwards what was executed, and by their transactions in
// which order.
func (j *job) writeGuarded(guard *zk.CheckVersionRequest, token string) {
	op := int(j.worker.ops.Add(1))
	value := fmt.Sprintf("%d.%d.%d", j.worker.cfg.Worker, j.worker.cfg.Life, op)
	j.record(Event{Kind: kindWrite, Op: op, How: guarded, Token: token, Value: value})
	results, err := j.worker.session.Conn().Multi(guard,
		&zk.SetDataRequest{Path: dataPath(j.lock), Data: []byte(token + " " + value), Version: -1},
		&zk.CreateRequest{Path: logPath(j.lock) + "/" + token + "_" + value,
			Acl: zk.WorldACL(zk.PermAll)})
	ev := Event{Kind: kindWrote, Op: op, How: guarded, Token: token, Value: value, Result: resultOK}
	if err != nil {
		ev.Result, ev.Err = resultUnknown, err.Error()
		if len(results) > 0 && errors.Is(results[0].Error, zk.ErrNoNode) {
			ev.Result = resultRefused
		}
	}
	j.record(ev)
}

// readAttempts bounds how often a read is begun again because others write, or because a server has
// missed a transaction.
const readAttempts = 5

// readGuarded reads the znode, and has a quorum confirm that this is what it has. The answer of a
// server alone could be old, also when it has just confirmed something newer: see the design page,
// "A server can be out of step for good".
func (j *job) readGuarded() {
	op := int(j.worker.ops.Add(1))
	j.record(Event{Kind: kindRead, Op: op, How: guarded})
	ev := Event{Kind: kindGot, Op: op, How: guarded, Result: resultOK}
	conn := j.worker.session.Conn()
	err := zk.ErrBadVersion
	for n := 0; n < readAttempts && errors.Is(err, zk.ErrBadVersion); n++ {
		var data []byte
		var stat *zk.Stat
		if data, stat, err = conn.Get(dataPath(j.lock)); err != nil {
			break
		}
		ev.Token, ev.Value, _ = strings.Cut(string(data), " ")
		_, err = conn.Multi(&zk.CheckVersionRequest{Path: dataPath(j.lock), Version: stat.Version})
	}
	if err != nil {
		ev.Result, ev.Err = resultUnknown, err.Error()
	}
	j.record(ev)
}

func (j *job) writeStore(register, token string) {
	op := int(j.worker.ops.Add(1))
	value := fmt.Sprintf("%d.%d.%d", j.worker.cfg.Worker, j.worker.cfg.Life, op)
	j.record(Event{Kind: kindWrite, Op: op, How: register, Token: token, Value: value})
	ev := Event{Kind: kindWrote, Op: op, How: register, Token: token, Value: value,
		Result: resultOK}
	reply, err := j.store.do(storeRequest{Register: register, Lock: j.lock,
		Token: token, Value: value})
	switch {
	case err != nil:
		ev.Result, ev.Err = resultUnknown, err.Error()
	case !reply.Applied:
		ev.Result = resultRefused
	}
	j.record(ev)
}

func (j *job) readStore(register string) {
	op := int(j.worker.ops.Add(1))
	j.record(Event{Kind: kindRead, Op: op, How: register})
	ev := Event{Kind: kindGot, Op: op, How: register, Result: resultOK}
	reply, err := j.store.do(storeRequest{Register: register, Lock: j.lock})
	if err != nil {
		ev.Result, ev.Err = resultUnknown, err.Error()
	}
	ev.Token, ev.Value = reply.Token, reply.Value
	j.record(ev)
}
