// Package zktest runs real ZooKeeper servers for tests and demonstrations.
//
//	func TestSomething(t *testing.T) {
//		zk := zktest.Start(t)
//		conn := dial(zk.Connect())
//		...
//		zk.Expire(conn.SessionID())
//	}
//
// [Start] gives one server, or a quorum with [WithServers], on 127.0.0.1 and
// free ports, and ends it with the test. Servers can be killed, stopped,
// paused and started again; a session can be ended at once; and a [Proxy]
// between clients and servers breaks the network.
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
