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
// [Start] is for the same tests on the real thing. It gives one server, or a quorum with
// [WithServers], on 127.0.0.1 and free ports, and ends it with the test. Servers can be killed,
// stopped, paused and started again; a session can be ended at once; and a [Proxy] between clients
// and servers breaks the network. [StartOrSkip] skips the test where no server can be had.
//
// [Root] gives tests that share a server a part of its tree each.
//
// # Where ZooKeeper and Java come from
//
// ZooKeeper is taken from the first of
//
//   - the folder in ZKLOCK_ZOOKEEPER: jars, or an unpacked ZooKeeper release,
//   - an installed one: Debian's /usr/share/java, ZOOKEEPER_HOME, Homebrew's,
//   - the cache, zklock under [os.UserCacheDir].
//
// Java is JAVA_HOME/bin/java, else java on the PATH, else the cache. What the
// cache lacks is fetched into it once with apt-get download and unpacked with
// dpkg -x. Neither needs root, and nothing is installed. apt verifies what it
// fetches against the signed package lists of the machine's own sources;
// unsigned ones are refused. Without apt-get the error says what to install
// or set.
//
// # A server of your own
//
// With ZKLOCK_CONNECT=host:port in the environment a [Start] or [Run] that asks
// for none of [WithServers], [WithTickTime], [WithMaxSessionTimeout] and
// [WithTLS] uses that server: Connect returns the variable, Servers is empty,
// and Stop leaves it running.
// Expire and Proxy work there too. A test that controls servers says so by
// WithServers, also for one server, and always gets its own.
//
// # Nothing stays behind
//
// A small shell process holds the other end of a pipe from this process. When
// the pipe closes, by Stop or because this process is gone for whatever
// reason, kill -9 included, it kills the servers that it was told of, by
// process id, and removes their files.
package zktest
