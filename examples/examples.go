// Package examples holds configurations to begin with, one for each region
// that is shipped: in.yaml, pk.yaml, bd.yaml and global.yaml. Each is whole and
// can be used by itself; settlex init writes them, and the bundled sample is
// settled by the first three together. docs/CONFIGURATION.md explains their keys.
package examples

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

var (
	//go:embed in.yaml
	india string
	//go:embed pk.yaml
	pakistan string
	//go:embed bd.yaml
	bangladesh string
	//go:embed global.yaml
	global string
)

// Regions lists the ids of the regions there are examples for.
func Regions() []string { return []string{"IN", "PK", "BD", "GLOBAL"} }

// Config gives the configuration of regions: of one the file as it stands, of
// several one file that begins with the remarks of head, empty for none, and
// has the lists of all. The error names a region that there is no example for,
// or that is named twice.
func Config(head string, regions ...string) ([]byte, error) {
	var texts []string
	for i, region := range regions {
		at := slices.Index(Regions(), region)
		if at < 0 {
			return nil, fmt.Errorf("no example for region %q; there are %s", region, strings.Join(Regions(), ", "))
		}
		if slices.Contains(regions[:i], region) {
			return nil, fmt.Errorf("region %s is named twice", region)
		}
		texts = append(texts, []string{india, pakistan, bangladesh, global}[at])
	}
	if len(texts) == 1 {
		return []byte(texts[0]), nil
	}
	return []byte(merged(head, texts)), nil
}

// merged joins files key by key. What is no list is the same in all of them.
func merged(head string, texts []string) string {
	var order []string
	first, bodies := make(map[string]block), make(map[string]string)
	for _, text := range texts {
		for _, b := range blocks(text) {
			if _, known := first[b.key]; !known {
				order = append(order, b.key)
				first[b.key] = b
			}
			switch body := bodies[b.key]; {
			case body == "":
				bodies[b.key] = b.body
			case strings.HasPrefix(b.body, "  - ") || strings.HasPrefix(b.body, "  #"):
				bodies[b.key] = body + gap(b.body) + b.body
			}
		}
	}
	var out strings.Builder
	out.WriteString(head)
	for _, key := range order {
		out.WriteString(first[key].before + first[key].line + bodies[key])
	}
	return out.String()
}

// gap parts lists that have remarks of their own by a blank line.
func gap(body string) string {
	if strings.HasPrefix(body, "  #") {
		return "\n"
	}
	return ""
}

// A block is a key of a file with all that belongs to it.
type block struct {
	key    string
	before string // blank lines and remarks
	line   string // of the key
	body   string // the lines below, to the last that is indented
}

// blocks takes a file apart, without the remarks at its beginning and end.
func blocks(text string) []block {
	var all []block
	waiting := "" // blank lines and remarks that may belong to what comes
	_, text, _ = strings.Cut(text, "\n\n")
	for line := range strings.Lines(text) {
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
			waiting += line
		case line[0] == ' ':
			last := &all[len(all)-1]
			last.body += waiting + line
			waiting = ""
		default:
			key, _, _ := strings.Cut(line, ":")
			all = append(all, block{key: key, before: waiting, line: line})
			waiting = ""
		}
	}
	return all
}
