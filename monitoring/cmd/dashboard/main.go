// Command dashboard prints the dashboard: go run ./cmd/dashboard >dashboard.json
package main

import (
	"log"
	"os"

	"github.com/zookylock/zklock/monitoring"
)

func main() {
	text, err := monitoring.Dashboard()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.Write(text); err != nil {
		log.Fatal(err)
	}
}
