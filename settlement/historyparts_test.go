package settlement_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Who adds a kind of record or of event says what it is in a replay of history.
func TestHistoryKnowsEverything(t *testing.T) {
	t.Parallel()
	for name, kind := range constants(t, "Record") {
		if settlement.NewRecord(kind) != nil && settlement.PartOf(kind) == payment.NoPart {
			t.Errorf("nothing says what %s, %q, is in a replay of history", name, kind)
		}
	}
	for _, kind := range settlement.ToldRecords() {
		if settlement.PartOf(kind) != payment.Told {
			t.Errorf("%s is said to be told, and not to be", kind)
		}
	}
	for _, kind := range payment.Kinds() {
		if kind.OfBatch() && !settlement.Replayable(kind) {
			t.Errorf("no replay knows %s: neither which entry it books nor that it books none", kind)
		}
	}
}

// constants reads those of this package whose names end in a word.
func constants(t *testing.T, suffix string) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
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
				if found[spec.Names[i].Name], err = strconv.Unquote(literal.Value); err != nil {
					t.Error(err)
				}
			}
			return true
		})
	}
	if len(found) == 0 {
		t.Fatalf("no constant of this package ends in %s", suffix)
	}
	return found
}
