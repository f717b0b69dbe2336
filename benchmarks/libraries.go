package benchmarks

import (
	"context"
)

// Library is one of those compared.
type Library struct {
	Name  string
	start func(context.Context, *bench) (client, error)
	peer  bool // a program of its own, only if asked for
}

// libraries returns all libraries in the order in which tables and plots show them.
func libraries() []Library {
	return []Library{
		{nameOurs, startOurs, false},
		{nameHandoff, startHandoff, false},
		{nameMany, startManyHandoffs, false},
		{nameOneByOne, startOneByOne, false},
		{nameIdle, startIdle, false},
		{nameZkLock, startZkLock, false},
		{nameCurator, startCurator, true},
		{nameKazoo, startKazoo, true},
		{nameEtcd, startEtcd, true},
		{nameLimit, startLimit, false},
	}
}
