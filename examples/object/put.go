package main

import (
	"context"
	"errors"

	"github.com/zookylock/zklock"
)

var errFenced = errors.New("another holder has written since, or there is no token")

// object is what is stored. The token of its writer is a part of it, so that the ETag differs for
// each hold also in stores that compute it from the content alone.
type object struct {
	Fence zklock.Token
	Body  string
}

// put writes the object, unless a later holder has written it.
func put(ctx context.Context, url string, next object) error {
	for { // again if another client has written between the two requests
		last, etag, err := get(ctx, url) // etag is empty if there is none
		if err != nil {
			return err
		}
		if next.Fence.IsZero() || next.Fence.Compare(last.Fence) < 0 {
			return errFenced
		}
		written, err := replace(ctx, url, etag, next) // If-Match: etag, or If-None-Match: *
		if written || err != nil {
			return err
		}
	}
}
