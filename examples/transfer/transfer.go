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

// transfer moves an amount from one account to another. Programs take both locks in the
// order of their names, so that no two programs wait for each other. One transaction checks both
// locks and writes both balances.
func transfer(ctx context.Context, s *zklock.Session, from, to string, amount int) error {
	first, err1 := s.Mutex("accounts/" + min(from, to))
	second, err2 := s.Mutex("accounts/" + max(from, to))
	if err := errors.Join(err1, err2); err != nil || from == to {
		return err
	}
	return first.Do(ctx, func(ctx context.Context) error {
		return second.Do(ctx, func(context.Context) error {
			guard1, err1 := first.Guard()
			guard2, err2 := second.Guard()
			less, err3 := change(s.Conn(), from, -amount)
			more, err4 := change(s.Conn(), to, amount)
			if err := errors.Join(err1, err2, err3, err4); err != nil {
				return err
			}
			_, err := s.Conn().Multi(guard1, guard2, less, more)
			return err
		})
	})
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
