package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/internal/sample"
)

// schema.json says what the reader reads and docs/CONFIGURATION.md says of it.
func TestSchema(t *testing.T) {
	t.Parallel()
	read := keysRead(t)
	for _, key := range read {
		if schemaForms[key] == nil {
			t.Errorf("the reader knows %s and the schema does not: add its row to schemaForms (config/schemaforms_test.go) and to "+
				"docs/CONFIGURATION.md, its use to config/testdata/every-key.yaml, then run: go test ./config -run TestSchema -update", key)
		}
	}
	for key := range schemaForms {
		if !slices.Contains(read, key) {
			t.Errorf("schemaForms has %s, which the reader does not know: delete its row", key)
		}
	}
	if t.Failed() {
		return
	}
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(generated(t, read)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want.String() != string(config.Schema()) {
		diff(t, strings.Split(want.String(), "\n"), strings.Split(string(config.Schema()), "\n"))
		t.Error("schema.json is not what schemaForms and docs/CONFIGURATION.md say; run: go test ./config -run TestSchema -update")
	}
}

// generated makes the schema of the keys.
func generated(t *testing.T, keys []string) form {
	t.Helper()
	documented := make(map[string]documentedKey)
	for _, d := range documentedKeys(t) {
		documented[d.key] = d
	}
	root := form{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "SettleX configuration",
		"type": "object", "additionalProperties": false, "properties": form{},
	}
	objects := map[string]form{"": root}
	for _, key := range keys { // sorted: what holds a key comes before it
		holder, name := "", key
		if dot := strings.LastIndexByte(key, '.'); dot >= 0 {
			holder, name = key[:dot], key[dot+1:]
		}
		d, value := documented[key], with(schemaForms[key], nil)
		value["description"] = d.description()
		if byDefault, ok := d.value(); ok {
			value["default"] = byDefault
		}
		open(objects, key, value)
		in := objects[holder]
		if in == nil {
			t.Fatalf("%s holds %s and is no object in schemaForms", holder, name)
		}
		properties, ok := in["properties"].(form)
		if !ok {
			properties = form{}
			in["properties"], in["additionalProperties"] = properties, false
		}
		properties[name] = value
		if d.byDefault == "*required*" && !slices.Contains(conditional, key) {
			required, _ := in["required"].([]string)
			in["required"] = append(required, name)
		}
	}
	return root
}

// open notes the object that a key holds, or the objects of its list.
func open(objects map[string]form, key string, value form) {
	if items, ok := value["items"].(form); ok {
		items = with(items, nil)
		value["items"] = items
		objects[key+"[]"] = items
		return
	}
	objects[key] = value
}

// A documentedKey is a row of docs/CONFIGURATION.md.
type documentedKey struct{ key, meaning, byDefault string }

var keyRow = regexp.MustCompile("(?m)^\\| `([a-z_.\\[\\]]+)` \\| (.*) \\| (.*) ?\\|$")

func documentedKeys(t testing.TB) []documentedKey {
	t.Helper()
	var all []documentedKey
	_, keys, _ := strings.Cut(readFile(t, "../docs/CONFIGURATION.md"), "## Keys")
	for _, row := range keyRow.FindAllStringSubmatch(keys, -1) {
		all = append(all, documentedKey{row[1], plain(row[2]), plain(row[3])})
	}
	return all
}

var link = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// plain is a cell of a table without what only a page needs.
func plain(cell string) string {
	return strings.TrimSpace(strings.ReplaceAll(link.ReplaceAllString(cell, "$1"), `\|`, "|"))
}

// description is the meaning as one or two sentences.
func (d documentedKey) description() string {
	text := strings.ToUpper(d.meaning[:1]) + d.meaning[1:] + "."
	switch d.byDefault {
	case "", "*required*":
		return text
	}
	return text + " Default: " + strings.ReplaceAll(d.byDefault, "*", "") + "."
}

var code = regexp.MustCompile("^`([^`]*)`|^([0-9]+)$")

// value is the default, where the page writes it as a file would.
func (d documentedKey) value() (any, bool) {
	match := code.FindStringSubmatch(d.byDefault)
	if match == nil {
		return nil, false
	}
	var value any
	if err := yaml.Unmarshal([]byte(match[1]+match[2]), &value); err != nil {
		return nil, false
	}
	return value, true
}

// compiled is schema.json, ready to be used. It must be a schema itself.
func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance is a file as an editor sees it.
func instance(t testing.TB, text string) any {
	t.Helper()
	var value any
	if err := yaml.UnmarshalWithOptions([]byte(text), &value, yaml.AllowDuplicateMapKey()); err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	value, err = jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// Every configuration of this project is valid by the schema.
func TestSchemaOfSamples(t *testing.T) {
	t.Parallel()
	files := map[string]string{"the sample": string(sample.ConfigYAML()), "least": least, "least JSON": leastJSON}
	for _, path := range []string{"testdata/*.yaml", "../examples/*.yaml"} {
		found, err := filepath.Glob(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			files[file] = readFile(t, file)
		}
	}
	s := compiled(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := s.Validate(instance(t, files[name])); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The faults of form in testdata/faults are refused by the schema, too, and in
// the same place.
func TestSchemaRefusesFaultsOfForm(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, looked := compiled(t), 0
	for _, file := range files {
		text := readFile(t, file)
		_, err := config.Parse(filepath.Base(file), []byte(text))
		faults, _ := errors.AsType[config.Faults](err)
		if !slices.ContainsFunc(faults, ofForm) || slices.ContainsFunc(faults, ofText) || strings.Contains(text, ".inf") { // no JSON has that
			continue
		}
		refused := places(s.Validate(instance(t, text)))
		for _, f := range faults {
			if !ofForm(f) {
				continue
			}
			looked++
			if at := strings.NewReplacer("[", ".", "]", "").Replace(f.Key); !refused[at] && !refused[at[:max(strings.LastIndexByte(at, '.'), 0)]] {
				t.Errorf("%v: the schema takes it", f)
			}
		}
	}
	if looked < 60 {
		t.Errorf("%d faults of form, there were more", looked)
	}
}

var (
	listed    = regexp.MustCompile(`\[[0-9]+\]`)
	formFault = regexp.MustCompile(`^is unknown; known here|, want (a list|a single value|keys and values)$|^is required|^is empty$` +
		`|neither true nor false|^bad rate|^"[^"]*" is (not one of|neither)|^unknown (roll|unit|anchor)|not a whole number|is not written as|has no currency`)
)

// ofForm tells a fault that follows from the form of the file alone.
func ofForm(f *config.Fault) bool {
	return formFault.MatchString(f.Err.Error()) && !wholePoint.MatchString(f.Err.Error())
}

// wholePoint is what YAML makes a whole number of, before a schema sees it.
var wholePoint = regexp.MustCompile(`^"[0-9]+\.0+" is not a whole number`)

// ofText tells a fault of YAML, of which an editor's schema sees nothing.
func ofText(f *config.Fault) bool { return f.Key == "" }

// places are where an instance is refused, parted by dots; lists are counted
// from 0.
func places(err error) map[string]bool {
	found := make(map[string]bool)
	var visit func(*jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			found[strings.Join(e.InstanceLocation, ".")] = true
		}
		for _, cause := range e.Causes {
			visit(cause)
		}
	}
	if e, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		visit(e)
	}
	return found
}

// What the schema refuses, the reader refuses: it is nowhere stricter. Tried is,
// for each key of every-key.yaml in turn, what else it could be, more for the
// first key of each form, and each word that docs/CONFIGURATION.md has for it.
func TestSchemaIsNoStricter(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads a thousand files")
	}
	many := []any{
		nil, true, "true", 0, 7, -1, json.Number("1.5"), "", " a", "x", "x y", "INR", "500.00 INR", "2026-01-01", "18:00", "15m", "1.85%", "Asia/Kolkata",
		"platform", []any{}, []any{"x"}, form{}, form{"x": 1},
	}
	meant := make(map[string][]any)
	for _, d := range documentedKeys(t) {
		for _, word := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(d.meaning, -1) {
			meant[d.key] = append(meant[d.key], word[1])
		}
	}
	s, whole := compiled(t), instance(t, readFile(t, "testdata/every-key.yaml"))
	seen := make(map[string]bool)
	walk(whole, "", func(key string, was any, put func(any)) {
		pattern := listed.ReplaceAllString(key, "[]")
		if seen[pattern] { // one place of each key will do
			return
		}
		seen[pattern] = true
		candidates := few(was)
		if like := fmt.Sprint(schemaForms[pattern]); !seen[like] && schemaForms[pattern]["enum"] == nil {
			candidates, seen[like] = many, true
		}
		for _, candidate := range slices.Concat(candidates, meant[pattern]) {
			put(candidate)
			document, err := json.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
			if err != nil {
				t.Fatal(err)
			}
			refused := s.Validate(value)
			if refused == nil {
				continue
			}
			if _, err := config.Parse("f.yaml", document); err == nil {
				t.Errorf("%s: the reader takes %v, the schema does not: %v", key, candidate, refused)
			}
		}
	})
	if t.Failed() {
		t.Log("words and forms of keys stand in schemaForms (config/schemaforms_test.go); then run: go test ./config -run TestSchema -update")
	}
}

// few are what else a value of some kind could be.
func few(was any) []any {
	switch was.(type) {
	case map[string]any:
		return []any{form{}}
	case []any:
		return []any{[]any{}}
	}
	return []any{7, "x y"}
}

// walk visits every value, whose put puts another in its place until visit is
// over.
func walk(value any, key string, visit func(key string, was any, put func(any))) {
	each := func(at string, was any, put func(any)) {
		visit(at, was, put)
		put(was)
		walk(was, at, visit)
	}
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := name
			if key != "" {
				at = key + "." + name
			}
			each(at, v[name], func(x any) { v[name] = x })
		}
	case []any:
		for i := range v {
			each(key+"["+strconv.Itoa(i)+"]", v[i], func(x any) { v[i] = x })
		}
	}
}
