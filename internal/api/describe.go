package main

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// load returns a package's types from the compiler's export data. The API is that on Linux.
func load(pkg string) (*types.Package, error) {
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", pkg)
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", pkg, err)
	}
	exports := make(map[string]string)
	last := "" // dependencies come first
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[name], last = file, name
	}
	open := func(name string) (io.ReadCloser, error) { return os.Open(exports[name]) }
	return importer.ForCompiler(token.NewFileSet(), "gc", open).Import(last)
}

// describe returns the lines of a package, sorted.
func describe(pkg *types.Package) []string {
	d := describer{pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		if obj := pkg.Scope().Lookup(name); obj.Exported() {
			d.object(obj)
		}
	}
	slices.Sort(d.lines)
	return d.lines
}

type describer struct {
	pkg   *types.Package
	lines []string
}

func (d *describer) printf(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *describer) object(obj types.Object) {
	switch obj := obj.(type) {
	case *types.Const:
		d.printf("const %s %s = %s", obj.Name(), d.text(obj.Type()), obj.Val().ExactString())
	case *types.Var:
		d.printf("var %s %s", obj.Name(), d.text(obj.Type()))
	case *types.Func:
		d.printf("func %s%s", obj.Name(), d.signature(obj))
	case *types.TypeName:
		d.typeName(obj)
	}
}

func (d *describer) typeName(obj *types.TypeName) {
	if obj.IsAlias() {
		d.printf("type %s = %s", obj.Name(), d.text(types.Unalias(obj.Type())))
		return
	}
	named := obj.Type().(*types.Named)
	switch u := named.Underlying().(type) {
	case *types.Struct:
		kind := "struct"
		for f := range u.Fields() {
			if !f.Exported() {
				continue
			}
			d.printf("field %s.%s %s", obj.Name(), f.Name(), d.text(f.Type()))
			if !types.Comparable(named) {
				kind = "struct, not comparable"
			}
		}
		d.printf("type %s %s", d.text(named), kind)
	default: // the methods of an interface included
		d.printf("type %s %s", d.text(named), d.text(u))
	}
	if types.IsInterface(named) {
		return
	}
	onValue := types.NewMethodSet(named)
	for m := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		f := m.Obj().(*types.Func)
		if !f.Exported() {
			continue
		}
		receiver := "*" + obj.Name()
		if onValue.Lookup(d.pkg, f.Name()) != nil {
			receiver = obj.Name()
		}
		d.printf("method (%s) %s%s", receiver, f.Name(), d.signature(f))
	}
}

// signature is a function's type without the names of its parameters, which programs do not use.
func (d *describer) signature(f *types.Func) string {
	s := f.Signature()
	if s.TypeParams().Len() > 0 { // they cannot be bound to another signature
		return strings.TrimPrefix(d.text(s), "func")
	}
	unnamed := func(tuple *types.Tuple) *types.Tuple {
		var vars []*types.Var
		for v := range tuple.Variables() {
			vars = append(vars, types.NewParam(v.Pos(), v.Pkg(), "", v.Type()))
		}
		return types.NewTuple(vars...)
	}
	plain := types.NewSignatureType(nil, nil, nil, unnamed(s.Params()),
		unnamed(s.Results()), s.Variadic())
	return strings.TrimPrefix(d.text(plain), "func")
}

func (d *describer) text(t types.Type) string {
	return types.TypeString(t, types.RelativeTo(d.pkg))
}
