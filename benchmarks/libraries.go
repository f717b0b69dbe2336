package benchmarks

import (
	"context"
)

// Library is one of those compared.
type Library struct {
	Name  string
	start func(context.Context, *bench) (client, error)
}

// libraries returns all libraries in the order in which tables and plots show them.
func libraries() []Library {
	return []Library{
		{nameOurs, startOurs},
		{nameHandoff, startHandoff},
		{nameMany, startManyHandoffs},
		{nameOneByOne, startOneByOne},
		{nameIdle, startIdle},
		{nameZkLock, startZkLock},
		{nameCurator, startCurator},
		{nameKazoo, startKazoo},
		{nameLimit, startLimit},
	}
}
