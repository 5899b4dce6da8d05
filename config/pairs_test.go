package config_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/settlex/settlex/config"
)

// A single is one value of a file: from a byte on, of a length.
type single struct {
	line, column, length int
	key                  string
}

// singles lists the single values of a text, by the section and the item that holds them.
func singles(t *testing.T, text string) map[string][]single {
	t.Helper()
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]single)
	var walk func(n ast.Node, key, item string)
	pair := func(n *ast.MappingValueNode, key, item string, walk func(ast.Node, string, string)) {
		name := n.Key.GetToken().Value
		if key == "" {
			item = name
		} else {
			name = key + "." + name
		}
		walk(n.Value, name, item)
	}
	walk = func(n ast.Node, key, item string) {
		switch n := n.(type) {
		case *ast.MappingNode:
			for _, v := range n.Values {
				pair(v, key, item, walk)
			}
		case *ast.MappingValueNode:
			pair(n, key, item, walk)
		case *ast.SequenceNode:
			for i, v := range n.Values {
				at := fmt.Sprintf("%s[%d]", key, i)
				if strings.Count(at, "[") == 1 && !strings.Contains(at, ".") {
					item = at
				}
				walk(v, at, item)
			}
		default:
			at := n.GetToken()
			written := strings.TrimSpace(at.Origin)
			found[item] = append(found[item], single{at.Position.Line, at.Position.Column, len(written), key})
		}
	}
	walk(file.Docs[0].Body, "", "")
	return found
}

// put writes texts into the places of values.
func put(text string, values map[single]string) string {
	lines := strings.Split(text, "\n")
	all := make([]single, 0, len(values))
	for v := range values {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b single) int { return b.column - a.column }) // from the right
	for _, v := range all {
		l := lines[v.line-1]
		lines[v.line-1] = l[:v.column-1] + values[v] + l[v.column-1+v.length:]
	}
	return strings.Join(lines, "\n")
}

// toldAt lists the keys that a text is faulted at.
func toldAt(text string) []string {
	_, err := config.Parse("f", []byte(text))
	faults, _ := errors.AsType[config.Faults](err)
	var keys []string
	for _, f := range faults {
		keys = append(keys, f.Key)
	}
	return keys
}

// What is wrong with a value is told at the value, whatever else is wrong beside it.
func TestFaultsBesideOthers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("thousands of files, each read in one goroutine")
	}
	text := strings.Replace(readFile(t, "testdata/every-key.yaml"), "    negative: debit\n", "    negative: debit\n    fx: {target: INR, spread: 1%, max_age: 1h}\n", 1)
	text = strings.Replace(text, "formats:", "rates: {file: rates.csv}\nformats:", 1)
	values := singles(t, text)
	if len(values) < 20 {
		t.Fatalf("the file has %d items, there were more", len(values))
	}
	for item, of := range values {
		t.Run(item, func(t *testing.T) {
			t.Parallel()
			wrong := make(map[single]string)
			for _, v := range of {
				for _, with := range []string{"bock", `"-1"`, `"200%"`, "-1h", `" a"`, `""`} {
					if slices.Contains(toldAt(put(text, map[single]string{v: with})), v.key) {
						wrong[v] = with
						break
					}
				}
			}
			for a := range wrong {
				for b := range wrong {
					if b.key <= a.key {
						continue
					}
					told := toldAt(put(text, map[single]string{a: wrong[a], b: wrong[b]}))
					for _, v := range []single{a, b} {
						if !slices.Contains(told, v.key) && !hangsOn(v.key, a.key, b.key) {
							t.Errorf("%s: %s and %s: %s: told at %v, not at %s", a.key, wrong[a], b.key, wrong[b], told, v.key)
						}
					}
				}
			}
		})
	}
}

// hangsOn tells values apart that nobody can judge where another is wrong: how many days a
// reserve may have, its kind says.
func hangsOn(key string, of ...string) bool {
	return strings.HasSuffix(key, "].days") && slices.Contains(of, strings.TrimSuffix(key, "days")+"kind")
}

// An anchor, an alias or a merge key hides none of the other faults.
func TestFaultsBesideAliases(t *testing.T) {
	t.Parallel()
	text := readFile(t, "testdata/faults/schedules.yaml")
	want := toldAt(text)
	got := toldAt(strings.Replace(strings.Replace(text, "currencies: [INR]", "currencies: &inr [INR]", 1), "merchants:\n", "merchants:\n  - *one\n  - {<<: *two}\n", 1))
	diff(t, append([]string{"", "", ""}, want...), got)
}
