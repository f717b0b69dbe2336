//go:build unix

package chaos

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// names are what one worker's resolver answers. It reads them from a file at each look-up, where
// the harness changes them. serverName says what servers are called.
type names struct {
	file string

	mu    sync.Mutex // guards the field below
	table nameTable
}

type nameTable struct {
	Answer    nameAnswer
	Addresses map[string]string // by name
}

// nameAnswer is what a resolver does with a question.
type nameAnswer string

const (
	namesAnswered nameAnswer = "answered"
	namesFail     nameAnswer = "failed"
	namesHang     nameAnswer = "without an answer"
)

// newNames makes each server's name stand for an address.
func newNames(file, ip string) (*names, error) {
	n := &names{file: file,
		table: nameTable{Answer: namesAnswered, Addresses: make(map[string]string)}}
	for i := range servers {
		n.table.Addresses[serverName(i)] = ip
	}
	return n, n.change(func(*nameTable) {})
}

func (n *names) change(f func(*nameTable)) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(&n.table)
	text, err := json.Marshal(n.table)
	if err != nil {
		return err
	}
	return replaceFile(n.file, text)
}

// answer changes what the resolver does.
func (n *names) answer(a nameAnswer) error {
	return n.change(func(t *nameTable) { t.Answer = a })
}

// replaceFile writes a file so that a reader sees the old text or the new one.
func replaceFile(file string, text []byte) error {
	fresh := filepath.Join(filepath.Dir(file), "."+filepath.Base(file))
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, file)
}

// useNames makes this process look names up in the file. Go's own resolver asks, over a connection
// that is answered here; record gets an event for each answer.
func useNames(file string, record func(Event)) {
	net.DefaultResolver = &net.Resolver{PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() { // ends with the connection, which the resolver closes
				defer far.Close()
				for serveName(far, file, record) == nil {
				}
			}()
			return near, nil
		}}
}

// serveName answers one question. Over a stream each message begins with its length.
func serveName(conn net.Conn, file string, record func(Event)) error {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return err
	}
	query := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var table nameTable
	if err := json.Unmarshal(text, &table); err != nil {
		return err
	}
	record(Event{Kind: kindLookUp, Result: string(table.Answer)})
	if table.Answer == namesHang {
		_, err := conn.Read(make([]byte, 1)) // until the resolver has enough of it
		return err
	}
	reply, err := answerName(query, table)
	if err == nil {
		_, err = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))),
			reply...))
	}
	return err
}

// answerName makes the answer to a question of RFC 1035, section 4, for the address of a name.
func answerName(query []byte, table nameTable) ([]byte, error) {
	const header, typeA, serverFailure = 12, 1, 2
	end, labels := header, []string(nil)
	for end < len(query) && query[end] != 0 {
		next := end + 1 + int(query[end])
		if next >= len(query) {
			break
		}
		labels = append(labels, string(query[end+1:next]))
		end = next
	}
	end += 5 // the root, the type and the class
	if end > len(query) || len(labels) == 0 {
		return nil, fmt.Errorf("no question: %x", query)
	}
	// What follows the first label is the search list of this machine.
	ip := net.ParseIP(table.Addresses[strings.ToLower(labels[0])]).To4()
	answers, code := 0, 0
	switch {
	case table.Answer == namesFail || ip == nil:
		code = serverFailure
	case binary.BigEndian.Uint16(query[end-4:]) == typeA:
		answers = 1
	}
	reply := append([]byte(nil), query[:2]...)
	for _, word := range []int{0x8180 | code, 1, answers, 0, 0} {
		reply = binary.BigEndian.AppendUint16(reply, uint16(word))
	}
	reply = append(reply, query[header:end]...)
	if answers > 0 { // the name of the question, A, IN, for no time, four bytes
		reply = append(reply, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4)
		reply = append(reply, ip...)
	}
	return reply, nil
}
