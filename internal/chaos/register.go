//go:build unix

package chaos

import (
	"cmp"
	"fmt"
	"slices"
)

// register is what clients did to one register, and what it has executed.
type register struct {
	log      []applied
	ops      []operation // that count, by their beginnings
	refused  int         // writes
	unknown  int         // writes whose client does not know what became of them
	problems []string
	lost     []lostWrite
}

// lostWrite is one that a server has confirmed and the ensemble does not have.
type lostWrite struct {
	value string
	at    int64 // it was confirmed
}

// registerInput is a write, or a read.
type registerInput struct {
	Write        bool
	Token, Value string
}

// registerOutput is what was read, or that a write was refused.
type registerOutput struct {
	Refused      bool
	Token, Value string
}

// operation is one that has taken effect, or was refused, between two moments.
type operation struct {
	input     registerInput
	output    registerOutput
	call, ret int64
	who       opName
	goroutine int
}

// newRegister puts the events of one register together. What became of writes without an answer is
// known from the log: the values that it has were executed between their beginning and the first
// answer to a write behind them in the log; the others never were.
func newRegister(name registerName, events []Event, log []applied) *register {
	reg := &register{log: log}
	place := make(map[string]int, len(log))
	for i, a := range log {
		if _, twice := place[a.Value]; twice {
			reg.problem("%s was executed twice", a.Value)
		}
		place[a.Value] = i
	}
	begun, ended := make(map[opName]Event), make(map[opName]Event)
	for _, ev := range events {
		if ev.Lock != name.Lock || ev.How != name.Register {
			continue
		}
		switch ev.Kind {
		case kindWrite, kindRead:
			begun[ev.name()] = ev
		case kindWrote, kindGot:
			ended[ev.name()] = ev
		}
	}
	known := make(map[string]bool) // values that a client wrote
	at := make(map[int]int)        // index in ops of unanswered writes, by place
	answered := make([]int64, len(log))
	for i := range answered {
		answered[i] = never
	}
	for who, from := range begun {
		to, over := ended[who]
		op := operation{call: from.At, ret: to.At, who: who, goroutine: from.Goroutine}
		if from.Kind == kindRead {
			if over && to.Result == resultOK {
				op.output = registerOutput{Token: to.Token, Value: to.Value}
				reg.ops = append(reg.ops, op)
			}
			continue
		}
		known[from.Value] = true
		op.input = registerInput{Write: true, Token: from.Token, Value: from.Value}
		i, executed := place[from.Value]
		switch {
		case over && to.Result == resultRefused:
			reg.refused++
			if executed {
				reg.problem("%s was refused and executed", from.Value)
			}
			// A Guard may refuse whenever the candidate is gone, which says nothing about the
			// register.
			if name.Register == fenced {
				op.output = registerOutput{Refused: true}
				reg.ops = append(reg.ops, op)
			}
		case over && to.Result == resultOK:
			if !executed {
				reg.lost = append(reg.lost, lostWrite{from.Value, to.At})
			}
			if executed {
				answered[i] = to.At
			}
			reg.ops = append(reg.ops, op)
		default:
			reg.unknown++
			if executed {
				at[i] = len(reg.ops)
				op.ret = never
				reg.ops = append(reg.ops, op)
			}
		}
	}
	for _, a := range log {
		if !known[a.Value] {
			reg.problem("%s was executed, and no client wrote it", a.Value)
		}
	}
	// From the end: the earliest answer to this write or one behind it.
	first := int64(never)
	for i := len(log) - 1; i >= 0; i-- {
		first = min(first, answered[i])
		if k, ok := at[i]; ok {
			reg.ops[k].ret = max(first, reg.ops[k].call)
		}
	}
	slices.SortFunc(reg.ops, func(a, b operation) int {
		return cmp.Or(cmp.Compare(a.call, b.call), cmp.Compare(a.ret, b.ret))
	})
	return reg
}

func (reg *register) problem(format string, args ...any) {
	reg.problems = append(reg.problems, fmt.Sprintf(format, args...))
}

// writer returns the operation that wrote a value.
func writer(value string) (who opName) {
	fmt.Sscanf(value, "%d.%d.%d", &who.Worker, &who.Life, &who.Op)
	return who
}
