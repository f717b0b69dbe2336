// Package peers runs the clients of other libraries that may share a lock, for tests and
// benchmarks: kazoo in Python, Curator and ZooKeeper's WriteLock in Java, go-zookeeper's zk.Lock,
// and a stand-in for zktools. kazoo and Curator are the real ones, of Debian's packages; what is
// missing of them and of Python and Java is fetched into the cache of zktest.
package peers
