// Package benchmarks measures zklock next to other lock clients on one ZooKeeper server:
// go-zookeeper's zk.Lock, and with kazoo and Curator, clients of other languages; and next to the
// lock of etcd. It is a module of its own, so that what it needs stays out of the library's.
//
// A [Case] is a situation, a [Library] one of those compared, a pass one case with one library. The
// libraries take turns: in every round each has one pass, and the figure that is reported is the
// median of the rounds. Times are taken on connections straight to the server. Bytes are counted in
// one more pass, through a proxy, which is not timed.
package benchmarks
