// Command demo shows what OpenTelemetry and Prometheus show of locks: spans, and then metrics.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/zookylock/zklock/monitoring"
)

func main() {
	spans, page, err := monitoring.Demo(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n%s", spans, page)
}
