package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// source is one Go file, parsed.
type source struct {
	file    string // slash path below the root
	pkg     string // name in its package clause
	tree    *ast.File
	fset    *token.FileSet
	imports []imported
}

type imported struct {
	path string
	name string // what the file calls it; guessed from the path when it gives no name
	line int
}

// use is one selector on an imported package, such as time.Now.
type use struct {
	path, name string
	line       int
	inConfig   bool // inside a method of a Config or Options, or a function that takes one
}

func parse(root, file string) (source, error) {
	s := source{file: file, fset: token.NewFileSet()}
	full := filepath.Join(root, filepath.FromSlash(file))
	tree, err := parser.ParseFile(s.fset, full, nil, parser.SkipObjectResolution)
	if err != nil {
		return source{}, fmt.Errorf("parse %s: %w", file, err)
	}
	s.tree, s.pkg = tree, tree.Name.Name
	for _, spec := range tree.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return source{}, fmt.Errorf("parse %s: import %s: %w", file, spec.Path.Value, err)
		}
		s.imports = append(s.imports, imported{path: p, name: calledBy(spec, p), line: s.line(spec)})
	}
	return s, nil
}

// room is the import path below the module of the directory the file lies in.
func (s source) room() string { return path.Dir(s.file) }

// isTest tells the files that only `go test` compiles.
func (s source) isTest() bool { return strings.HasSuffix(s.file, "_test.go") }

func (s source) line(n ast.Node) int { return s.fset.Position(n.Pos()).Line }

// uses lists the selectors on imported packages, declaration by declaration.
func (s source) uses() []use {
	byName := map[string]string{}
	for _, i := range s.imports {
		byName[i.name] = i.path
	}
	var all []use
	for _, decl := range s.tree.Decls {
		fn, isFunc := decl.(*ast.FuncDecl)
		inConfig := isFunc && concernsConfig(fn)
		ast.Inspect(decl, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && byName[x.Name] != "" {
				all = append(all, use{path: byName[x.Name], name: sel.Sel.Name, line: s.line(sel), inConfig: inConfig})
			}
			return true
		})
	}
	return all
}

// initialisers lists the lines of the file's init functions.
func (s source) initialisers() []int {
	var lines []int
	for _, decl := range s.tree.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			lines = append(lines, s.line(fn))
		}
	}
	return lines
}

// concernsConfig tells a method of Config or Options, or a function that takes one.
func concernsConfig(fn *ast.FuncDecl) bool {
	fields := fn.Type.Params.List
	if fn.Recv != nil {
		fields = append(fields[:len(fields):len(fields)], fn.Recv.List...)
	}
	for _, f := range fields {
		t := f.Type
		if star, ok := t.(*ast.StarExpr); ok {
			t = star.X
		}
		if id, ok := t.(*ast.Ident); ok && (id.Name == "Config" || id.Name == "Options") {
			return true
		}
	}
	return false
}

// calledBy is the name a file uses for an import: the one it gives, or the last part of the path that is not a version.
func calledBy(spec *ast.ImportSpec, p string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	base := path.Base(p)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(p))
	}
	return base
}
