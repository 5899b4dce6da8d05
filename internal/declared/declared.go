// Package declared reads what the source of a package declares, for tests that hold a table against it: who adds a constant must
// not be able to forget its row.
package declared

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Strings gives the values of the strings that the files of a directory declare under names that end in a word, by those names.
// Tests are not read. That there are none fails the test.
func Strings(t testing.TB, dir, suffix string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(found, stringsOf(t, file, suffix))
	}
	if len(found) == 0 {
		t.Fatalf("no string in %s has a name that ends in %s", dir, suffix)
	}
	return found
}

func stringsOf(t testing.TB, file *ast.File, suffix string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != len(spec.Names) {
			return true
		}
		for i, value := range spec.Values {
			literal, ok := value.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING || !strings.HasSuffix(spec.Names[i].Name, suffix) {
				continue
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			found[spec.Names[i].Name] = text
		}
		return true
	})
	return found
}
