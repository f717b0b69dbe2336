//go:build unix

package chaos

import "fmt"

// servers is the size of the ensemble: the smallest that outlives a server.
const servers = 3

// serverName is what a worker's resolver calls a server.
func serverName(i int) string { return fmt.Sprintf("zk-%d", i) }

// The locks that workers contend for, and the root of what lies in ZooKeeper beside them.
const (
	mutexName  = "mutex"  // held by Mutex
	tableName  = "table"  // held by RWMutex, writers and readers
	forcedName = "forced" // held by Mutex, and taken by force now and then
	poolName   = "pool"   // a Semaphore
	dataRoot   = "/chaos"
	lockRoot   = "/locks"
)

// poolSize is how many permits the semaphore has.
const poolSize = 3

// lockNames are all locks. Force is kept to one of them: a holder that cannot be reached cannot
// hear of it either, and no overlap on the other locks may be excused by it.
var lockNames = []string{mutexName, tableName, forcedName}

func dataPath(lock string) string { return dataRoot + "/" + lock + "/data" }
func logPath(lock string) string  { return dataRoot + "/" + lock + "/log" }
