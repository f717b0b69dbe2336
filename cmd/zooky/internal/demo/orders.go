package demo

import (
	"bufio"
	"io"
	"strings"
	"sync/atomic"
	"time"
)

// orders is what a worker was told to do so far. A channel closes when its order has come.
type orders struct {
	start, offer, finish chan struct{}
	gone                 chan struct{} // closed when no more orders can come

	dwell    atomic.Bool
	patience atomic.Int64 // a time.Duration; 0 forever
}

func newOrders() *orders {
	return &orders{
		start:  make(chan struct{}),
		offer:  make(chan struct{}),
		finish: make(chan struct{}),
		gone:   make(chan struct{}),
	}
}

// listen takes orders until the input ends.
func (o *orders) listen(in io.Reader) {
	defer close(o.gone)
	once := map[string]chan struct{}{orderGo: o.start, orderOffer: o.offer, orderFinish: o.finish}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		order, argument, _ := strings.Cut(lines.Text(), " ")
		if ch, ok := once[order]; ok {
			close(ch)
			delete(once, order)
			continue
		}
		switch order {
		case orderDwell:
			o.dwell.Store(true)
		case orderHurry:
			if d, err := time.ParseDuration(argument); err == nil {
				o.patience.Store(int64(d))
			}
		}
	}
}
