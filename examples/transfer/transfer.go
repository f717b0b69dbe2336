package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
)

var errOverdrawn = errors.New("not enough money")

// transfer moves an amount from one account to another. LockAll takes both locks or none, so that
// no two programs wait for each other, whichever account each names first. One transaction checks
// both locks and writes both balances.
func transfer(ctx context.Context, s *zklock.Session, from, to string, amount int) error {
	source, err1 := s.Mutex("accounts/" + from)
	target, err2 := s.Mutex("accounts/" + to)
	if err := errors.Join(err1, err2); err != nil || from == to {
		return err
	}
	hold, err := s.LockAll(ctx, source, target)
	if err != nil {
		return err
	}
	defer hold.Unlock()
	ops, err1 := hold.Guard()
	less, err2 := change(s.Conn(), from, -amount)
	more, err3 := change(s.Conn(), to, amount)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	_, err = s.Conn().Multi(append(ops, less, more)...)
	return err
}

// change returns a request that adds to a balance.
func change(conn *zk.Conn, account string, amount int) (*zk.SetDataRequest, error) {
	path := "/balances/" + account
	data, stat, err := conn.Get(path)
	if err != nil {
		return nil, err
	}
	balance, err := strconv.Atoi(string(data))
	if err == nil && balance+amount < 0 {
		err = fmt.Errorf("%s: %w", account, errOverdrawn)
	}
	data = strconv.AppendInt(nil, int64(balance+amount), 10)
	return &zk.SetDataRequest{Path: path, Data: data, Version: stat.Version}, err
}
