package fakezk

import (
	"container/heap"
	"time"
)

// agenda is what the loop is to do later: in the order of time, and at one time in the order in
// which it was put down.
type agenda struct {
	items agendaHeap
	seq   int
}

type agendaItem struct {
	at  time.Time
	seq int
	do  func()
}

func (a *agenda) add(at time.Time, do func()) {
	a.seq++
	heap.Push(&a.items, agendaItem{at, a.seq, do})
}

// next returns the time of the first item.
func (a *agenda) next() (at time.Time, ok bool) {
	if len(a.items) == 0 {
		return time.Time{}, false
	}
	return a.items[0].at, true
}

// runDue does what is due.
func (a *agenda) runDue() {
	for {
		at, ok := a.next()
		if !ok || at.After(time.Now()) {
			return
		}
		heap.Pop(&a.items).(agendaItem).do()
	}
}

type agendaHeap []agendaItem

func (h agendaHeap) Len() int      { return len(h) }
func (h agendaHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h agendaHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].seq < h[j].seq
}

func (h *agendaHeap) Push(x any) { *h = append(*h, x.(agendaItem)) }

func (h *agendaHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = agendaItem{}
	*h = (*h)[:last]
	return x
}
