package benchmarks

// Names of the libraries.
const (
	nameOurs     = "zklock"
	nameHandoff  = "zklock, handoff 64"
	nameMany     = "zklock, handoff 1024"
	nameOneByOne = "zklock, one by one"
	nameIdle     = "zklock, idle hold"
	nameZkLock   = "zk.Lock"
	nameLimit    = "limit"
	nameCurator  = "Curator"
	nameKazoo    = "kazoo"
	nameEtcd     = "etcd"
)

// Figures, by their names in results. Times are in milliseconds.
const (
	figureRate     = "acquisitions/s"
	figureFairness = "fewest/most"
	figureRequests = "requests/acquisition"
	figureBytes    = "bytes/acquisition"

	figureRemoteRate  = "remote acquisitions/s"
	figureRemoteWaits = "local holds a remote contender waited for"

	figureWrites       = "writes"
	figureLongestWrite = "longest wait of a writer"

	figureJoinBytes    = "bytes/contender to queue"
	figureJoinRequests = "requests/contender to queue"
	figureHandOff      = "time/hand-off"
	figureHandOffBytes = "bytes/hand-off"
	figureHandOffAsks  = "requests/hand-off"

	figureHeldMemory        = "bytes/held lock"
	figureWaitingStacks     = "stack bytes/waiting lock"
	figureHeldGoroutines    = "goroutines/held lock"
	figureWaitingMemory     = "bytes/waiting lock"
	figureWaitingGoroutines = "goroutines/waiting lock"

	figureCancel        = "cancelled, servers answering"
	figureCancelLongest = "cancelled, servers answering, longest"
	figureHang          = "cancelled, servers hanging"
	figureHangLongest   = "cancelled, servers hanging, longest"

	figureFreeWait = "newcomer's wait for a free lock"
	figureKeptWait = "newcomer's wait for a lock that is kept"

	figureRelease     = "release, p50"
	figureLongRelease = "release, p99"
	figureServerCPU   = "servers' CPU ms/acquisition"

	figurePeak        = "requests in the busiest second"
	figureAllRequests = "requests until quiet"
	figureAllBytes    = "bytes until quiet"
	figureAllTime     = "time until quiet"

	figureFleetRequests  = "requests/s of all sessions"
	figureFleetWrites    = "transactions/s of all sessions"
	figureFleetClientCPU = "client's CPU ms/s of all sessions"
	figureFleetServerCPU = "server's CPU ms/s of all sessions"
)

// The tables, by the names that cases give.
const (
	tableThroughput = "throughput"
	tableRemote     = "remote"
	tableReaders    = "readers"
	tableQueue      = "queue"
	tableMemory     = "memory"
	tableCancel     = "cancel"
	tableReconnect  = "reconnect"
	tableFleet      = "fleet"
	tableHeld       = "held"
	tableTogether   = "together"
	tableSemaphore  = "semaphore"
	tableIdle       = "idle"
	tableApart      = "apart"
	tableNewcomer   = "newcomer"
	tableQuorum     = "quorum"
)

// root is above all locks of a run.
const root = "/bench"
