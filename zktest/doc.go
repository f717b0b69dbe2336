// Package zktest provides ZooKeeper for tests: one in memory, and real servers.
//
//	                    needs                                time
//	Fake                nothing                              testing/synctest's, or real
//	Start               ZooKeeper and Java, or apt-get       real; a third of a second to start
//	ZKLOCK_CONNECT      a server that runs, as in Docker     real
//
// [Fake] is for tests of what a program does when its lock is lost, its network fails, or its
// session expires. A test of an hour without a network takes a few milliseconds:
//
//	synctest.Test(t, func(t *testing.T) {
//		zookeeper := zktest.Fake(t)
//		s, err := zklock.Dial(t.Context(), zookeeper.Connect(), zklock.WithDialer(zookeeper.Dial))
//		...
//		zookeeper.Blackhole()
//		time.Sleep(time.Hour)
//		// the lock is lost
//	})
//
// [Start] is for the same tests on real servers. It starts one server, or a quorum with
// [WithServers], on 127.0.0.1 and free ports, and stops it at the end of the test. Servers can be
// killed, stopped, paused and started again; a session can be ended at once; and a [Proxy] between
// clients and servers breaks the network. [StartOrSkip] skips the test if no server can be started.
//
// [Root] gives each test that shares a server a part of the server's tree.
//
// # Where ZooKeeper and Java come from
//
// ZooKeeper is taken from the first of
//
//   - the folder in ZKLOCK_ZOOKEEPER: jars, or an unpacked ZooKeeper release,
//   - an installed one: Debian's /usr/share/java, ZOOKEEPER_HOME, Homebrew's,
//   - the cache, zklock under [os.UserCacheDir].
//
// Java is JAVA_HOME/bin/java, else java on the PATH, else that in the cache. What the cache lacks
// is fetched into it once with apt-get download and unpacked with dpkg -x. Neither needs root, and
// nothing is installed. apt verifies what it fetches against the signed package lists of the
// machine's own sources; unsigned lists are refused. Without apt-get the error says what to install
// or set.
//
// # A server of your own
//
// With ZKLOCK_CONNECT=host:port in the environment, [Start] and [Run] use that server, unless one
// of the options [WithServers], [WithPort], [WithTickTime], [WithMaxSessionTimeout], [WithFsync]
// and [WithTLS] is given. Then Connect returns the value of the variable, Servers returns none, and
// Stop leaves the server running. Expire and Proxy work as usual. A test that controls its servers
// must use WithServers, even for one server; it then always gets servers of its own.
//
// # Nothing stays behind
//
// A small shell process reads a pipe from this process. When the pipe closes, by Stop or because
// this process has ended, be it by kill -9, the shell kills the servers by their process ids and
// removes their files.
package zktest
