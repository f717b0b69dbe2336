# What there is to run. Everything fetches what it needs by itself; see README.md.

.PHONY: test lint fuzz

test:
	go test -race -timeout 15m ./...

lint:
	test -z "$$(gofmt -l .)"
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
