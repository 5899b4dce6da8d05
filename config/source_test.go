package config_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/config"
)

// leastJSON says what least says.
const leastJSON = `{
	"regions": [{"id": "IN", "currencies": ["INR"], "bank": "in_escrow"}],
	"schedules": [{
		"id": "in", "for": ["platform"], "timezone": "Asia/Kolkata", "cutoffs": [{"at": "18:00"}], "delay": {"n": 1}, "calendars": ["IN"]
	}],
	"fees": [
		{"id": "capture", "match": {"event": "capture", "currency": "INR"}, "components": [{"kind": "c", "rate": "1%", "fixed": "3.00"}]},
		{"id": "dispute", "match": {"event": "dispute", "currency": "INR"}, "components": [{"kind": "c", "fixed": "15.00"}]},
		{"id": "payout", "match": {"event": "payout", "currency": "INR"}, "components": [{"kind": "c", "fixed": "5.00"}]}
	]
}`

// Files as editors and hands leave them.
func TestForms(t *testing.T) {
	t.Parallel()
	want := versions(parse(t, least))
	for _, tc := range []struct{ name, text string }{
		{"byte order mark", "\uFEFF" + least},
		{"CR LF", strings.ReplaceAll(least, "\n", "\r\n")},
		{"blanks at the end of lines", strings.ReplaceAll(least, "\n", " \t \n")},
		{"document marks", "---\n" + least + "...\n"},
		{"JSON", leastJSON},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			diff(t, want, versions(parse(t, tc.text)))
		})
	}
}

func TestRefusedTexts(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 100_000)
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", "", "f.yaml:1:1: the file says nothing"},
		{"not UTF-8", "data: a\nreports: \xff\n", "f.yaml:2:10: the text is not UTF-8"},
		{"control character", "data: é\x07\n", `f.yaml:1:8: control character '\a'`},
		{"escaped control character", "{data: \"a\\u0007\"}", `f.yaml:1:8: data: "a\a" has a control character`},
		{"brackets without end", "data: " + deep, "f.yaml:1:39: nested more than 32 deep"},
		{"braces without end", strings.Repeat("{a: ", 100_000), "f.yaml:1:129: nested more than 32 deep"},
		{"dashes without end", strings.Repeat("- ", 100_000) + "a", "f.yaml:1:65: nested more than 32 deep"},
		{"too large", strings.Repeat("#", 8<<20+1), "f.yaml:1:1: the file has more than 8388608 bytes"},
		{"merge key", "<<: {a: 1}\n", "f.yaml:1:1: merge key << is not used here; a text that begins so needs quotes"},
		{"directive", "%YAML 1.1\n---\na: 1\n", "f.yaml:1:1: directive % is not used here; a text that begins so needs quotes"},
		{"tab for indentation", "run:\n\twake: a\n", "f.yaml:2:1: no valid YAML: found character '\t' that cannot start any token"},
		{"scalar", "settlex\n", "f.yaml:1:1: is a single value, want keys and values"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse("f.yaml", []byte(tc.text))
			if err == nil {
				t.Fatal("no fault")
			}
			if lines := strings.Split(err.Error(), "\n"); !slices.Contains(lines, tc.want) {
				t.Errorf("%v\nwant %s", err, tc.want)
			}
		})
	}
}

// Whatever the layout, a fault stands where its key or value stands.
func TestPlaces(t *testing.T) {
	t.Parallel()
	word := regexp.MustCompile(`k[0-9]+x`)
	rapid.Check(t, func(t *rapid.T) {
		g := layout{t: t}
		g.object("")
		text := g.text.String()
		end := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "line end")
		_, err := config.Parse("f", []byte(strings.ReplaceAll(text, "\n", end)))
		faults, _ := errors.AsType[config.Faults](err)
		lines := strings.Split(text, "\n")
		seen := make(map[string]bool)
		for _, f := range faults {
			name := word.FindString(f.Error())
			if name == "" {
				continue
			}
			seen[name] = true
			line := []rune(lines[f.Line-1])
			if got := strings.TrimLeft(string(line[f.Column-1:]), `"'`); !strings.HasPrefix(got, name) {
				t.Fatalf("%v\nbut there is %q of\n%s", f, got, text)
			}
		}
		if len(seen) != g.words {
			t.Fatalf("%d of %d words reported:\n%s\n%v", len(seen), g.words, text, err)
		}
	})
}

// A layout writes YAML with words k1x, k2x and so on as unknown keys and bad
// ids, and whatever else YAML allows around them.
type layout struct {
	t     *rapid.T
	text  strings.Builder
	words int
}

func (g *layout) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(g.t, label)
}

func (g *layout) word() string {
	g.words++
	return fmt.Sprintf("k%dx", g.words)
}

// object writes the keys of an object in block style. Below the top, it is a
// merchant.
func (g *layout) object(indent string) {
	for range rapid.IntRange(1, 4).Draw(g.t, "keys") {
		g.text.WriteString(indent + g.word() + ":" + g.gap() + g.value(2) + g.end())
	}
	if indent != "" {
		g.text.WriteString(indent + "id:" + g.gap() + g.id() + g.end())
		return
	}
	g.text.WriteString("merchants:" + g.end())
	for range rapid.IntRange(1, 4).Draw(g.t, "merchants") {
		g.merchant()
	}
}

// merchant writes one item of the list.
func (g *layout) merchant() {
	const indent = "  "
	switch g.pick("style", "block", "flow", "below") {
	case "block":
		g.text.WriteString(indent + "- " + g.word() + ":" + g.gap() + g.value(1) + g.end())
		g.object(indent + "  ")
	case "below":
		g.text.WriteString(indent + "-" + g.end())
		g.object(indent + "    ")
	default:
		g.text.WriteString(indent + "- {" + g.pick("pad", "", " ") + "id: " + g.id() + g.comma() + g.word() + ": " + g.value(1) + "}" + g.end())
	}
}

// id writes one that is no id, for its slash.
func (g *layout) id() string {
	quote := g.pick("quote", "", `"`, "'")
	return quote + g.word() + "/é" + quote
}

func (g *layout) value(depth int) string {
	if depth > 0 {
		switch g.pick("form", "plain", "flow list", "flow object") {
		case "flow list":
			return "[" + g.value(depth-1) + g.comma() + g.value(depth-1) + "]"
		case "flow object":
			return "{a: " + g.value(depth-1) + g.comma() + "b: " + g.value(depth-1) + "}"
		}
	}
	return g.pick("scalar", "1.50", "é", "some words", `"quoted é"`, `'it''s'`, "18:00", "~", "10%", `"a # b"`, "a#b")
}

func (g *layout) gap() string { return g.pick("gap", " ", "   ", "\t") }

func (g *layout) comma() string { return g.pick("comma", ",", ", ", " , ", ",\n      ") }

func (g *layout) end() string {
	return g.pick("end", "\n", "  \n", " # remark é\n", "\n\n", "\n# remark\n", "\n   # remark\n", "\t\n")
}
