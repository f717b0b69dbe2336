package main

import (
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// store is an object store in memory, with the preconditions and the ETags of S3's.
type store struct {
	mu     sync.Mutex
	bodies map[string]string
	race   func() // called once, before the next PUT
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if race := s.race; r.Method == http.MethodPut && race != nil {
		s.race = nil
		race()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, found := s.bodies[r.URL.Path]
	etag := fmt.Sprintf(`"%x"`, md5.Sum([]byte(old)))
	match, noneMatch := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch {
	case r.Method == http.MethodGet && !found:
		http.NotFound(w, r)
	case r.Method == http.MethodGet:
		w.Header().Set("ETag", etag)
		io.WriteString(w, old)
	case match != "" && (!found || match != etag), noneMatch == "*" && found:
		w.WriteHeader(http.StatusPreconditionFailed)
	default:
		s.bodies[r.URL.Path] = string(body)
	}
}

// open returns a Session, a store, the URL of an object, and the tokens of two holds, one after the
// other.
func open(t *testing.T) (s *zklock.Session, objects *store, url string, tokens []zklock.Token) {
	zookeeper := zktest.Fake(t)
	s, err := zklock.Dial(t.Context(), zookeeper.Connect(), zklock.WithDialer(zookeeper.Dial))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	objects = &store{bodies: make(map[string]string)}
	server := httptest.NewServer(objects)
	t.Cleanup(server.Close)
	m, err := s.Mutex("reports/monthly")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		m.Lock()
		tokens = append(tokens, m.Token())
		m.Unlock()
	}
	return s, objects, server.URL + "/monthly", tokens
}

func TestReportIsWritten(t *testing.T) {
	s, objects, url, _ := open(t)
	for range 2 {
		was := objects.bodies["/monthly"]
		if err := report(t.Context(), s, url); err != nil {
			t.Fatal(err)
		}
		if objects.bodies["/monthly"] == was {
			t.Error("the report is not written")
		}
	}
}

// TestALateWriteIsRefused writes with the token of a hold that is over: after the next holder has
// written, and while it does. What the two write is the same but for the token.
func TestALateWriteIsRefused(t *testing.T) {
	for name, before := range map[string]bool{"first": false, "later": true} {
		t.Run(name, func(t *testing.T) {
			_, objects, url, tokens := open(t)
			late, good := object{tokens[0], "same"}, object{tokens[1], "same"}
			if before {
				if err := put(t.Context(), url, late); err != nil {
					t.Fatal(err)
				}
			}
			objects.race = func() {
				if err := put(t.Context(), url, good); err != nil {
					t.Error(err)
				}
			}
			for range 2 { // the second finds what the next holder has written
				if err := put(t.Context(), url, late); !errors.Is(err, errFenced) {
					t.Errorf("a late write: %v", err)
				}
			}
			if err := put(t.Context(), url, good); err != nil {
				t.Errorf("a second write of one holder: %v", err)
			}
			if !strings.Contains(objects.bodies["/monthly"], tokens[1].String()) {
				t.Errorf("the object is %s", objects.bodies["/monthly"])
			}
		})
	}
}

func TestAWriteWithoutATokenIsRefused(t *testing.T) {
	_, objects, url, _ := open(t)
	if err := put(t.Context(), url, object{Body: "unlocked"}); !errors.Is(err, errFenced) {
		t.Error(err)
	}
	if len(objects.bodies) > 0 {
		t.Error("it is written")
	}
}
