package main

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// TestNoMoneyIsLost has three programs transfer both ways at once, while their sessions expire.
func TestNoMoneyIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zookeeper := zktest.Fake(t)
		open := func() *zklock.Session {
			s, err := zklock.Dial(t.Context(), zookeeper.Connect(),
				zklock.WithDialer(zookeeper.Network().Dial))
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := open()
		defer s.Close()
		create := func(path, data string) {
			if _, err := s.Conn().Create(path, []byte(data), 0,
				zk.WorldACL(zk.PermAll)); err != nil {
				t.Fatal(err)
			}
		}
		create("/balances", "")
		create("/balances/ann", "100")
		create("/balances/ben", "100")

		var programs sync.WaitGroup
		for range 3 {
			programs.Go(func() {
				s := open()
				defer s.Close()
				for i := range 50 {
					from, to := "ann", "ben"
					if rand.N(2) == 0 {
						from, to = to, from
					}
					err := transfer(t.Context(), s, from, to, rand.N(100))
					if err != nil && !errors.Is(err, errOverdrawn) &&
						!errors.Is(err, zklock.ErrLost) {
						t.Error(err)
					}
					if i%10 == 0 {
						zookeeper.Expire(s.ID())
					}
				}
			})
		}
		programs.Wait()
		sum := 0
		for _, account := range []string{"ann", "ben"} {
			data, _, err := s.Conn().Get("/balances/" + account)
			if err != nil {
				t.Fatal(err)
			}
			balance, err := strconv.Atoi(string(data))
			if err != nil || balance < 0 {
				t.Errorf("%s has %d, %v", account, balance, err)
			}
			sum += balance
		}
		if sum != 200 {
			t.Errorf("there is %d, was 200", sum)
		}
		if err := transfer(t.Context(), s, "ann", "nobody", 1); !errors.Is(err, zk.ErrNoNode) {
			t.Error(err)
		}
	})
}
