module github.com/zookylock/zklock/benchmarks

go 1.25.0

replace github.com/zookylock/zklock => ../

require (
	github.com/go-zookeeper/zk v1.0.4
	github.com/zookylock/zklock v0.0.0-00010101000000-000000000000
	golang.org/x/sync v0.20.0
)
