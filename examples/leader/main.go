// Leader serves HTTP on every replica and leads on one of them. A load balancer asks /leader who
// does. /healthz does not ask ZooKeeper: an ensemble that is down must not restart all replicas.
package main

import (
	"cmp"
	"context"
	"log"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/zookylock/zklock"
)

func main() {
	dialing, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	s, err := zklock.Dial(dialing, os.Getenv("ZOOKY_SERVERS"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	var c candidate
	go func() { log.Print(c.campaign(context.Background(), s)) }() // ends with the process
	log.Print(http.ListenAndServe(":8080", &c))
}

type candidate struct{ leads atomic.Bool }

// campaign leads whenever it can, until ctx ends or the lock is refused.
func (c *candidate) campaign(ctx context.Context, s *zklock.Session) error {
	e, err := s.Election("leader", zklock.WithIdentifier(cmp.Or(os.Getenv("POD_NAME"), "unnamed")))
	if err != nil {
		return err
	}
	return e.Run(ctx, func(ctx context.Context) error {
		c.leads.Store(true)
		defer c.leads.Store(false)
		<-ctx.Done() // the leader's work goes here, and ends with ctx
		return context.Cause(ctx)
	})
}

func (c *candidate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/leader" && !c.leads.Load() {
		http.Error(w, "another replica leads", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ok\n"))
}
