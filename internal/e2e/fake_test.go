package e2e

import (
	"fmt"
	"net"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/fakezk"
)

// TestTheFakeIsFaithful checks what the library relies on, by bare go-zookeeper, on a real server
// and on the fake one.
func TestTheFakeIsFaithful(t *testing.T) {
	cluster := fakezk.New(fakezk.Config{})
	defer cluster.Close()
	fake := func(string, string, time.Duration) (net.Conn, error) {
		return cluster.Client().Dial(t.Context(), "tcp", cluster.Connect())
	}
	for _, on := range []struct {
		name, connect string
		dial          zk.Dialer
	}{
		{"fake", "127.0.0.1:1", fake}, // go-zookeeper would look a name up
		{"real", server(t).Connect(), net.DialTimeout},
	} {
		t.Run(on.name, func(t *testing.T) {
			open := func(t *testing.T) (*zk.Conn, <-chan zk.Event) {
				c, events, err := zk.Connect([]string{on.connect}, sessionTimeout,
					zk.WithDialer(on.dial), zk.WithLogInfo(false), zk.WithLogger(silence{}))
				require.NoError(t, err)
				t.Cleanup(c.Close)
				return c, events
			}
			for name, check := range semantics {
				t.Run(name, func(t *testing.T) {
					c, _ := open(t)
					base := root(t)
					_, err := c.Create(base, nil, 0, zk.WorldACL(zk.PermAll))
					require.NoError(t, err)
					check(t, c, base, func() *zk.Conn { other, _ := open(t); return other })
				})
			}
		})
	}
}

// semantics are what both servers must agree on. other opens another session.
var semantics = map[string]func(t *testing.T, c *zk.Conn, base string, other func() *zk.Conn){
	"sequence": func(t *testing.T, c *zk.Conn, base string, _ func() *zk.Conn) {
		for i, flags := range []int32{zk.FlagSequence, zk.FlagEphemeralSequential,
			zk.FlagSequence} {
			p, err := create(c, base+"/a-", flags)
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprintf("%s/a-%010d", base, i), p)
			require.NoError(t, c.Delete(p, -1))
		}
		_, err := create(c, base+"/plain", 0) // counts too
		require.NoError(t, err)
		p, err := create(c, base+"/b-", zk.FlagSequence)
		require.NoError(t, err)
		assert.Equal(t, base+"/b-0000000004", p)
		require.NoError(t, c.Delete(p, -1))
		require.NoError(t, c.Delete(base+"/plain", -1))
		require.NoError(t, c.Delete(base, -1))
		_, err = create(c, base, 0)
		require.NoError(t, err)
		p, err = create(c, base+"/a-", zk.FlagSequence)
		require.NoError(t, err)
		assert.Equal(t, base+"/a-0000000000", p, "numbers restart with the parent")
	},
	"children": func(t *testing.T, c *zk.Conn, base string, other func() *zk.Conn) {
		watch := func() <-chan zk.Event {
			_, _, events, err := c.ChildrenW(base)
			require.NoError(t, err)
			return events
		}
		next := func(events <-chan zk.Event) string {
			select {
			case ev := <-events:
				return fmt.Sprint(ev.Type, " ", path.Base(ev.Path))
			case <-time.After(patience):
				return "nothing"
			}
		}
		by := other()
		want := "EventNodeChildrenChanged " + path.Base(base)
		events := watch()
		e, err := create(by, base+"/e", zk.FlagEphemeral)
		require.NoError(t, err)
		assert.Equal(t, want, next(events))
		events = watch()
		_, err = by.Set(e, []byte("x"), -1) // is no change of the children
		require.NoError(t, err)
		require.NoError(t, by.Delete(e, -1))
		assert.Equal(t, want, next(events))
		events = watch()
		create := &zk.CreateRequest{Path: e, Acl: zk.WorldACL(zk.PermAll), Flags: zk.FlagEphemeral}
		_, err = c.Multi(create, &zk.DeleteRequest{Path: e, Version: -1}) // its own, and back again
		require.NoError(t, err)
		assert.Equal(t, want, next(events))
		events = watch()
		require.NoError(t, by.Delete(base, -1))
		assert.Equal(t, "EventNodeDeleted "+path.Base(base), next(events))
		_, _, _, err = c.ChildrenW(base)
		assert.Equal(t, zk.ErrNoNode, err)
	},
	"errors": func(t *testing.T, c *zk.Conn, base string, _ func() *zk.Conn) {
		_, err := create(c, base+"/missing/a-", zk.FlagSequence)
		assert.Equal(t, zk.ErrNoNode, err)
		_, err = create(c, base, 0)
		assert.Equal(t, zk.ErrNodeExists, err)
		e, err := create(c, base+"/e", zk.FlagEphemeral)
		require.NoError(t, err)
		_, err = create(c, e+"/child", 0)
		assert.Equal(t, zk.ErrNoChildrenForEphemerals, err)
		assert.Equal(t, zk.ErrNotEmpty, c.Delete(base, -1))
		assert.Equal(t, zk.ErrBadVersion, c.Delete(e, 7))
		assert.Equal(t, zk.ErrNoNode, c.Delete(e+"x", -1))
		_, err = c.Set(e, nil, 7)
		assert.Equal(t, zk.ErrBadVersion, err)
		_, _, err = c.Get(e + "x")
		assert.Equal(t, zk.ErrNoNode, err)
		_, _, err = c.Children(e + "x")
		assert.Equal(t, zk.ErrNoNode, err)
		_, err = c.Sync(e + "x")
		assert.NoError(t, err)
	},
	"stat": func(t *testing.T, c *zk.Conn, base string, _ func() *zk.Conn) {
		e, err := c.Create(base+"/e", []byte("abc"), zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
		require.NoError(t, err)
		data, stat, err := c.Get(e)
		require.NoError(t, err)
		assert.Equal(t, "abc", string(data))
		assert.Equal(t, c.SessionID(), stat.EphemeralOwner)
		assert.Equal(t, stat.Czxid, stat.Mzxid)
		assert.Equal(t, stat.Czxid, stat.Pzxid)
		assert.EqualValues(t, 3, stat.DataLength)
		assert.EqualValues(t, 0, stat.Version)
		set, err := c.Set(e, []byte("unlock"), 0)
		require.NoError(t, err)
		assert.EqualValues(t, 1, set.Version)
		assert.Equal(t, stat.Czxid, set.Czxid)
		assert.Greater(t, set.Mzxid, stat.Czxid)
		_, parent, err := c.Exists(base)
		require.NoError(t, err)
		assert.Equal(t, []int32{1, 1, 0},
			[]int32{parent.NumChildren, parent.Cversion, parent.Version})
		assert.Equal(t, stat.Czxid, parent.Pzxid)
		require.NoError(t, c.Delete(e, 1))
		children, parent, err := c.Children(base)
		require.NoError(t, err)
		assert.Empty(t, children)
		assert.Equal(t, []int32{0, 2}, []int32{parent.NumChildren, parent.Cversion})
		assert.Greater(t, parent.Pzxid, set.Mzxid)
		container, err := c.CreateContainer(base+"/c", nil, zk.FlagContainer,
			zk.WorldACL(zk.PermAll))
		require.NoError(t, err)
		_, stat, err = c.Exists(container)
		require.NoError(t, err)
		t.Logf("owner of a container: %#x", uint64(stat.EphemeralOwner))
		assert.EqualValues(t, 0, stat.EphemeralOwner)
	},
	"ephemerals": func(t *testing.T, c *zk.Conn, base string, other func() *zk.Conn) {
		o := other()
		for _, name := range []string{"/a", "/b"} {
			_, err := create(o, base+name, zk.FlagEphemeral)
			require.NoError(t, err)
		}
		_, err := create(c, base+"/c", zk.FlagEphemeral)
		require.NoError(t, err)
		_, _, gone, err := c.GetW(base + "/a")
		require.NoError(t, err)
		o.Close()
		assert.Equal(t, zk.EventNodeDeleted, (<-gone).Type)
		children, _, err := c.Children(base)
		require.NoError(t, err)
		assert.Equal(t, []string{"c"}, children, "all of a session's go in one transaction")
	},
	"watches": func(t *testing.T, c *zk.Conn, base string, other func() *zk.Conn) {
		o, a := other(), base+"/a"
		_, _, exists, err := c.ExistsW(a)
		require.NoError(t, err)
		_, err = create(o, a, 0)
		require.NoError(t, err)
		assert.Equal(t, zk.EventNodeCreated, (<-exists).Type)
		_, _, first, err := c.GetW(a)
		require.NoError(t, err)
		_, _, second, err := c.ExistsW(a)
		require.NoError(t, err)
		_, err = o.Set(a, []byte("1"), -1)
		require.NoError(t, err)
		_, err = o.Set(a, []byte("2"), -1) // once only
		require.NoError(t, err)
		assert.Equal(t, zk.EventNodeDataChanged, (<-first).Type)
		assert.Equal(t, zk.EventNodeDataChanged, (<-second).Type)
		data, _, last, err := c.GetW(a)
		require.NoError(t, err)
		assert.Equal(t, "2", string(data))
		require.NoError(t, o.Delete(a, -1))
		assert.Equal(t, zk.EventNodeDeleted, (<-last).Type)
		_, _, none, err := c.GetW(a)
		assert.Equal(t, zk.ErrNoNode, err)
		assert.Nil(t, none)
	},
	"multi": func(t *testing.T, c *zk.Conn, base string, _ func() *zk.Conn) {
		acl := zk.WorldACL(zk.PermAll)
		results, err := c.Multi(
			&zk.CheckVersionRequest{Path: base, Version: -1},
			&zk.CreateRequest{Path: base + "/a-", Acl: acl, Flags: zk.FlagEphemeralSequential},
			&zk.CreateRequest{Path: base + "/x", Acl: acl},
			&zk.SetDataRequest{Path: base + "/x", Data: []byte("1"), Version: 0},
			&zk.DeleteRequest{Path: base + "/x", Version: 1},
		)
		require.NoError(t, err)
		assert.Equal(t, base+"/a-0000000000", results[1].String)
		assert.EqualValues(t, 1, results[3].Stat.Version)
		results, err = c.Multi(
			&zk.CreateRequest{Path: base + "/b-", Acl: acl, Flags: zk.FlagSequence},
			&zk.SetDataRequest{Path: base, Data: []byte("2"), Version: -1},
			&zk.DeleteRequest{Path: base + "/a-0000000000", Version: -1},
			&zk.CheckVersionRequest{Path: base + "/missing", Version: -1},
			&zk.DeleteRequest{Path: base, Version: -1},
		)
		assert.Equal(t, zk.ErrNoNode, err)
		var texts []string
		for _, r := range results {
			texts = append(texts, fmt.Sprint(r.Error))
		}
		assert.Equal(t,
			[]string{"<nil>", "<nil>", "<nil>", zk.ErrNoNode.Error(), "unknown error: -2"}, texts)
		data, stat, err := c.Get(base)
		require.NoError(t, err)
		assert.Empty(t, data)
		assert.EqualValues(t, 0, stat.Version)
		p, err := create(c, base+"/c-", zk.FlagSequence)
		require.NoError(t, err)
		assert.Equal(t, base+"/c-0000000002", p, "what was rolled back has no number")
		children, _, err := c.Children(base)
		require.NoError(t, err)
		slices.Sort(children)
		assert.Equal(t, []string{"a-0000000000", path.Base(p)}, children)
		_, err = c.Multi(&zk.CheckVersionRequest{Path: base, Version: 7})
		assert.Equal(t, zk.ErrBadVersion, err)
	},
	"rights": func(t *testing.T, c *zk.Conn, base string, other func() *zk.Conn) {
		o, world := other(), zk.WorldACL(zk.PermAll)
		require.NoError(t, c.AddAuth("digest", []byte("user:password")))
		closed, err := o.Create(base+"/closed", nil, 0,
			zk.DigestACL(zk.PermAll, "user", "password"))
		require.NoError(t, err)
		child, err := c.Create(closed+"/child", nil, 0, world)
		require.NoError(t, err)
		_, err = c.Set(closed, nil, -1)
		require.NoError(t, err)
		_, _, err = o.Get(closed)
		assert.Equal(t, zk.ErrNoAuth, err)
		_, _, err = o.Children(closed)
		assert.Equal(t, zk.ErrNoAuth, err)
		// Exists asks for no right on 3.8.0, as here, and for that to read on 3.9.6.
		_, err = o.Set(closed, nil, -1)
		assert.Equal(t, zk.ErrNoAuth, err)
		_, err = create(o, closed+"/other", 0)
		assert.Equal(t, zk.ErrNoAuth, err)
		assert.Equal(t, zk.ErrNoAuth, o.Delete(child, 7),
			"a right to the parent, before the version")
		_, err = o.Multi(&zk.CheckVersionRequest{Path: closed, Version: 7})
		assert.Equal(t, zk.ErrNoAuth, err)
		_, err = c.Multi(&zk.CheckVersionRequest{Path: closed, Version: 1})
		assert.NoError(t, err)
		for scheme, acl := range map[string][]zk.ACL{"auth": zk.AuthACL(zk.PermAll), "none": {}} {
			_, err = o.Create(base+"/mine", nil, 0, acl)
			assert.Equal(t, zk.ErrInvalidACL, err, scheme)
		}
		mine, err := c.Create(base+"/mine", nil, 0, zk.AuthACL(zk.PermAll&^zk.PermRead))
		require.NoError(t, err)
		_, _, err = c.Get(mine)
		assert.Equal(t, zk.ErrNoAuth, err)
		_, err = c.Set(mine, nil, -1)
		assert.NoError(t, err)
		require.NoError(t, c.Delete(child, -1))
		assert.NoError(t, o.Delete(closed, -1), "the parent is everybody's")
	},
	"events where one may not read": func(t *testing.T, c *zk.Conn, base string,
		other func() *zk.Conn) {
		o := other()
		closed, open := base+"/closed", base+"/open"
		_, _, untold, err := o.ExistsW(closed)
		require.NoError(t, err)
		_, _, told, err := o.ExistsW(open)
		require.NoError(t, err)
		_, err = c.Create(closed, nil, 0, zk.DigestACL(zk.PermAll, "user", "password"))
		require.NoError(t, err)
		_, err = create(c, open, 0)
		require.NoError(t, err)
		assert.Equal(t, zk.EventNodeCreated, (<-told).Type)
		select {
		case ev := <-untold:
			assert.Fail(t, "told", "%v", ev)
		default:
		}
	},
}

func create(c *zk.Conn, path string, flags int32) (string, error) {
	return c.Create(path, nil, flags, zk.WorldACL(zk.PermAll))
}
