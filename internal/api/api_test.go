package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const source = "testdata/before/before.go"

func TestDescribe(t *testing.T) {
	pkg, err := load("./testdata/before")
	require.NoError(t, err)
	assert.Equal(t, []string{
		"const KindA Kind = 0",
		"const KindB Kind = 1",
		"const Limit untyped int = 3",
		"field Options.Name string",
		"func Map[T any](in T) T",
		"func Open(context.Context, string, ...Func) (*Options, error)",
		"method (*Options) Close(bool) error",
		"method (Kind) String() string",
		"type Alias = Kind",
		"type Func func(context.Context) error",
		"type Kind uint8",
		"type Options struct",
		"type Reader interface{Read(p []byte) int}",
		"var Err error",
	}, describe(pkg))
}

// TestEveryChangeIsSeen changes the package in each way in which an API can change.
func TestEveryChangeIsSeen(t *testing.T) {
	text, err := os.ReadFile(source)
	require.NoError(t, err)
	api := t.TempDir()
	require.NoError(t, check("./testdata/before", api, true))
	require.NoError(t, check("./testdata/before", api, false))
	require.NoError(t, os.Rename(filepath.Join(api, "before.txt"), filepath.Join(api, "after.txt")))
	for _, c := range []struct{ old, new, want string }{
		{"const Limit = 3", "const Limit = 4", "-const Limit untyped int = 3"},
		{"KindA Kind = iota", "KindA Kind = iota + 1", "-const KindB Kind = 1"},
		{"var Err error", "", "-var Err error"},
		{"Name  string", "Name  []byte", "-field Options.Name string"},
		{"Name  string", "Name  string\n\tMore int", "+field Options.More int"},
		{"other int", "other []int", "+type Options struct, not comparable"},
		{"Read(p []byte) int", "Read(p []byte) int; More()", "-type Reader interface"},
		{"type Alias = Kind", "type Alias Kind", "-type Alias = Kind"},
		{"opts ...Func", "opts []Func", "-func Open(context.Context, string, ...Func)"},
		{"Map[T any]", "Map[T comparable]", "-func Map[T any]"},
		{"func (Kind) String", "func (*Kind) String", "-method (Kind) String"},
		{"wait bool", "wait int", "-method (*Options) Close(bool) error"},
		{"func Map", "func More() {}\n\nfunc Map", "+func More()"},
		{"ctx context.Context, name", "c context.Context, n", ""},
		{"other int", "another int", ""},
	} {
		t.Run(c.new, func(t *testing.T) {
			changed := strings.Replace(string(text), c.old, c.new, 1)
			require.NotEqual(t, string(text), changed)
			dir, err := os.MkdirTemp("testdata", "")
			require.NoError(t, err)
			defer os.RemoveAll(dir)
			after := filepath.Join(dir, "after")
			require.NoError(t, os.Mkdir(after, 0o755))
			require.NoError(t,
				os.WriteFile(filepath.Join(after, "after.go"), []byte(changed), 0o644))
			err = check("./"+after, api, false)
			if c.want == "" {
				assert.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "\n\t"+c.want)
			assert.ErrorContains(t, err, "run make api\n")
			assert.Equal(t, strings.Contains(err.Error(), "\n\t-"),
				strings.Contains(err.Error(), "break"))
		})
	}
}
