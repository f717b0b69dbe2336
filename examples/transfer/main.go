// Transfer moves an amount between two accounts in ZooKeeper: transfer FROM TO AMOUNT.
package main

import (
	"context"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/zookylock/zklock"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if len(os.Args) != 4 {
		log.Fatal("usage: transfer FROM TO AMOUNT")
	}
	amount, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	s, err := zklock.Dial(ctx, os.Getenv("ZOOKY_SERVERS"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	log.Print(transfer(ctx, s, os.Args[1], os.Args[2], amount))
}
