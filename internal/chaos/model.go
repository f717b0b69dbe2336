//go:build unix

package chaos

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"
)

// fencedRegister is the model: a register that executes a write whose token is not smaller than the
// token of the write before, and refuses the others.
func fencedRegister(initial applied) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return initial },
		Step: func(state, input, output any) (bool, any) {
			st, in, out := state.(applied), input.(registerInput), output.(registerOutput)
			switch {
			case !in.Write:
				return st == applied{out.Token, out.Value}, st
			case out.Refused:
				return in.Token < st.Token, st
			default:
				return in.Token >= st.Token, applied{in.Token, in.Value}
			}
		},
		DescribeOperation: func(input, output any) string {
			in, out := input.(registerInput), output.(registerOutput)
			switch {
			case !in.Write:
				return fmt.Sprintf("read %s by %s", out.Value, out.Token)
			case out.Refused:
				return fmt.Sprintf("write %s by %s: refused", in.Value, in.Token)
			default:
				return fmt.Sprintf("write %s by %s", in.Value, in.Token)
			}
		},
		DescribeState: func(state any) string {
			return fmt.Sprintf("%s by %s", state.(applied).Value, state.(applied).Token)
		},
	}
}

// opsAtOnce is how many operations porcupine gets to see together. Its memory grows with the square
// of their number.
const opsAtOnce = 2000

// checkPatience bounds one call of porcupine. A history that is not decided by then counts as a
// violation: it has proved nothing.
const checkPatience = time.Minute

// checkLinearizable asks porcupine. The history is cut where nothing is under way: what is executed
// before and after is then certain, and so is the state in between.
func (r *Report) checkLinearizable(name registerName, reg *register) {
	place := make(map[string]int, len(reg.log))
	for i, a := range reg.log {
		place[a.Value] = i
	}
	ids := make(map[[3]int]int) // of porcupine's clients
	last, state := -1, applied{}
	var part []porcupine.Operation
	busy := int64(0) // until when something of part is under way
	flush := func() bool {
		model := fencedRegister(state)
		result, info := porcupine.CheckOperationsVerbose(model, part, checkPatience)
		r.Checked += len(part)
		if result != porcupine.Ok {
			r.violate("linearizability", "%s %s: %v", name.Register, name.Lock, result)
			r.pictures[name] = func(file string) error {
				return porcupine.VisualizePath(model, info, file)
			}
			return false
		}
		if last >= 0 {
			state = reg.log[last]
		}
		part = nil
		return true
	}
	for _, op := range reg.ops {
		if len(part) >= opsAtOnce && op.call > busy && !flush() {
			return
		}
		client := [3]int{op.who.Worker, op.who.Life, op.goroutine}
		if _, ok := ids[client]; !ok {
			ids[client] = len(ids)
		}
		part = append(part, porcupine.Operation{
			ClientId: ids[client], Input: op.input, Call: op.call, Output: op.output,
			Return: op.ret,
		})
		busy = max(busy, op.ret)
		if i, ok := place[op.input.Value]; ok && op.input.Write && !op.output.Refused {
			last = max(last, i)
		}
	}
	flush()
}
