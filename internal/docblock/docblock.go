// Package docblock reads the fenced blocks of Markdown pages, for tests that compare them with what
// they show. A comment above a block says where it is from:
//
//	<!-- code: examples/first/main.go -->
//	<!-- code: examples/fence/save.go save upsert -->
//	<!-- output: zooky demo -->
//
// The first is a whole file, the second the named declarations of a file, in that order, of an
// Example function the body; the third is what a command has printed.
package docblock

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
)

// UpdateVariable is an environment variable. If it is set, tests write into the pages what they
// would otherwise compare with them.
const UpdateVariable = "ZKLOCK_UPDATE_DOCS"

// Updating reports whether the pages are to be updated.
func Updating() bool { return os.Getenv(UpdateVariable) != "" }

// Block is a fenced block.
type Block struct {
	Page   string
	Line   int    // of the opening fence, from 1
	Lang   string // what stands behind the opening fence
	Kind   string // "code" or "output"; "" without a comment
	Source string // the rest of the comment
	Text   string // ends in a newline, if there is any
}

var block = regexp.MustCompile("(?ms)(?:^<!-- (code|output): ([^\n]*) -->\n\n?)?^```(\\w*)\n(.*?)^```$")

// Read returns a page's blocks in their order.
func Read(page string) ([]Block, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}
	var blocks []Block
	for _, m := range block.FindAllSubmatchIndex(text, -1) {
		part := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return string(text[m[2*n]:m[2*n+1]])
		}
		blocks = append(blocks, Block{
			Page: page, Line: 1 + bytes.Count(text[:m[6]], []byte("\n")),
			Kind: part(1), Source: part(2), Lang: part(3), Text: part(4),
		})
	}
	return blocks, nil
}

// Find returns a page's block of that kind and source.
func Find(page, kind, source string) (Block, error) {
	blocks, err := Read(page)
	if err != nil {
		return Block{}, err
	}
	i := slices.IndexFunc(blocks, func(b Block) bool {
		return b.Kind == kind && b.Source == source
	})
	if i < 0 {
		return Block{}, fmt.Errorf("%s: no block <!-- %s: %s -->", page, kind, source)
	}
	return blocks[i], nil
}

// Replace writes another text into the block.
func (b Block) Replace(text string) error {
	page, err := os.ReadFile(b.Page)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(page), "\n")
	end := b.Line + strings.Count(b.Text, "\n")
	changed := slices.Concat(lines[:b.Line], []string{text}, lines[end:])
	return os.WriteFile(b.Page, []byte(strings.Join(changed, "")), 0o644)
}

// Code returns what a source names: a file below dir, or declarations in it.
func Code(dir, source string) (string, error) {
	fields := strings.Fields(source)
	if len(fields) == 0 {
		return "", fmt.Errorf("no file is named")
	}
	path := dir + "/" + fields[0]
	text, err := os.ReadFile(path)
	if err != nil || len(fields) == 1 {
		return string(text), err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.ParseComments)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, name := range fields[1:] {
		i := slices.IndexFunc(file.Decls, func(d ast.Decl) bool { return declares(d, name) })
		if i < 0 {
			return "", fmt.Errorf("%s declares no %s", path, name)
		}
		from, to := extent(file.Decls[i])
		part := string(text[files.Position(from).Offset:files.Position(to).Offset])
		if strings.HasPrefix(name, "Example") {
			part = strings.TrimSpace(regexp.MustCompile(`(?m)^\t`).ReplaceAllString(part, ""))
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "\n\n") + "\n", nil
}

func declares(d ast.Decl, name string) bool {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Name.Name == name
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				if spec.Names[0].Name == name {
					return true
				}
			case *ast.TypeSpec:
				if spec.Name.Name == name {
					return true
				}
			}
		}
	}
	return false
}

// extent is a declaration with its comment, or what is between the braces of an Example function.
func extent(d ast.Decl) (from, to token.Pos) {
	from, to = d.Pos(), d.End()
	switch d := d.(type) {
	case *ast.FuncDecl:
		if strings.HasPrefix(d.Name.Name, "Example") {
			return d.Body.Lbrace + 1, d.Body.Rbrace
		}
		if d.Doc != nil {
			from = d.Doc.Pos()
		}
	case *ast.GenDecl:
		if d.Doc != nil {
			from = d.Doc.Pos()
		}
	}
	return from, to
}
