// Package before is an API.
package before

import "context"

const Limit = 3

type Kind uint8

const (
	KindA Kind = iota
	KindB
)

var Err error

type Options struct {
	Name  string
	other int
}

type Reader interface{ Read(p []byte) int }

type Func func(context.Context) error

type Alias = Kind

func Open(ctx context.Context, name string, opts ...Func) (*Options, error) { return nil, nil }

func Map[T any](in T) T { return in }

func (Kind) String() string { return "" }

func (o *Options) Close(wait bool) error { return nil }
