package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// PrintOptions say how Print prints.
type PrintOptions struct {
	// Defaults adds, as remarks, the keys that the file leaves out and what holds
	// instead.
	Defaults bool
}

// Print gives a configuration file in canonical form: each object with its
// version as a remark, keys in the order in which the program reads them, one
// per line. Remarks of the file are dropped, values stay as they are written.
// The calendars it uses of those that are shipped are named with their
// versions at the top, and the chart of accounts stands at the end. Reading what
// was printed gives the same objects and versions; a password in the URL
// of a database is left out. The error is Faults.
func Print(name string, data []byte, options PrintOptions) ([]byte, error) {
	f, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	p := &printer{file: f, versions: f.versions()}
	if options.Defaults {
		if p.defaults, err = documentedDefaults(); err != nil {
			return nil, err
		}
	}
	p.linef(0, "# %s as settlex reads it.", name)
	if shipped := f.shipped(); len(shipped) > 0 {
		p.linef(0, "# Shipped calendars: %s.", strings.Join(shipped, ", "))
	}
	p.object("", f.root, 0)
	p.chart(f.config.Chart)
	return p.out.Bytes(), nil
}

// versions gives what is remarked on single objects, by their keys.
func (f *file) versions() map[string]string {
	of := make(map[string]string)
	note := func(list string, i int, version string) {
		of[fmt.Sprintf("%s[%d]", list, i)] = version
	}
	for i, c := range f.book.ownCalendars {
		note("calendars", i, c.Version)
	}
	for i := range f.book.rules.Book.Schedules {
		note("schedules", i, f.book.rules.Book.Schedules[i].Version)
	}
	for i := range f.book.rules.Fees {
		note("fees", i, f.book.rules.Fees[i].Version)
	}
	for i := range f.book.rules.Plans {
		note("reserves", i, f.book.rules.Plans[i].Version)
	}
	return of
}

// shipped names the calendars of schedules that are the program's own.
func (f *file) shipped() []string {
	var names []string
	for i := range f.book.rules.Book.Schedules {
		for _, c := range f.book.rules.Book.Schedules[i].Timing.Calendars {
			name := c.ID + " version " + c.Version
			if !slices.ContainsFunc(f.book.ownCalendars, func(own *calendar.Calendar) bool { return own.ID == c.ID }) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// A printer writes the values of a file.
type printer struct {
	*file
	out      bytes.Buffer
	versions map[string]string
	defaults map[string]string // by key, lists without numbers; nil: they are not wanted
}

func (p *printer) linef(depth int, format string, args ...any) {
	p.out.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&p.out, format+"\n", args...)
}

// object prints the keys of an object, then those it leaves out.
func (p *printer) object(key string, value ast.Node, depth int) {
	values, _ := mapping(value)
	held := make(map[string]ast.Node)
	for _, v := range values {
		held[v.Key.GetToken().Value] = v.Value
	}
	order, known := p.r.order[key]
	if !known { // its keys are the file's own
		for name := range held {
			order = append(order, name)
		}
		slices.Sort(order)
	}
	for _, name := range order {
		at := join(key, name)
		if of, ok := held[name]; ok {
			p.value(at, scalar(name), of, depth)
		} else if instead, ok := p.defaults[listed.ReplaceAllString(at, "[]")]; ok {
			p.linef(depth, "# %s: %s", name, instead)
		}
	}
}

// value prints what a key holds.
func (p *printer) value(key, name string, value ast.Node, depth int) {
	if values, ok := mapping(value); ok {
		if len(values) == 0 {
			p.linef(depth, "%s: {}", name)
			return
		}
		p.linef(depth, "%s:", name)
		p.object(key, value, depth+1)
		return
	}
	list, ok := value.(*ast.SequenceNode)
	if !ok {
		text, _ := scalarText(value)
		if key == "data" {
			text = withoutPassword(text)
		}
		p.linef(depth, "%s: %s", name, scalar(text))
		return
	}
	if texts, ok := scalars(list); ok {
		p.linef(depth, "%s: [%s]", name, strings.Join(texts, ", "))
		return
	}
	p.linef(depth, "%s:", name)
	for i, item := range list.Values {
		p.item(fmt.Sprintf("%s[%d]", key, i), item, depth+1)
	}
}

// item prints an element of a list that holds objects.
func (p *printer) item(key string, value ast.Node, depth int) {
	if version := p.versions[key]; version != "" {
		p.linef(depth, "# version %s", version)
	}
	if text, ok := scalarText(value); ok {
		p.linef(depth, "- %s", scalar(text))
		return
	}
	start := p.out.Len()
	p.object(key, value, depth+1)
	if p.out.Len() == start {
		p.linef(depth, "- {}")
		return
	}
	// The first line that is no remark begins the element.
	lines := p.out.Bytes()[start:]
	blank := strings.Repeat("  ", depth+1)
	for at := 0; at < len(lines); at += bytes.IndexByte(lines[at:], '\n') + 1 {
		if line := lines[at:]; !bytes.HasPrefix(line, []byte(blank+"#")) {
			copy(line[2*depth:], "- ")
			return
		}
	}
}

// scalars gives the elements of a list of single values.
func scalars(list *ast.SequenceNode) (texts []string, ok bool) {
	for _, item := range list.Values {
		text, ok := scalarText(item)
		if !ok {
			return nil, false
		}
		texts = append(texts, scalar(text))
	}
	return texts, true
}

var (
	plain = regexp.MustCompile(`^[A-Za-z0-9/]([A-Za-z0-9 _./%+-]*[A-Za-z0-9_./%+-])?$`)
	// words that YAML, or one that is older, reads as something else than a text
	reserved = regexp.MustCompile(`^(?i:null|yes|no|on|off)$`)
)

// scalar writes a text so that it is read as it is.
func scalar(text string) string {
	if plain.MatchString(text) && !reserved.MatchString(text) {
		return text
	}
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic(fmt.Sprintf("config: quote %q: %v", text, err)) // a text always has a JSON form
	}
	return strings.TrimSuffix(quoted.String(), "\n")
}

// withoutPassword drops from the URL of a database whatever may be a password.
// Of one that is not plainly written nothing is left but what it is.
func withoutPassword(url string) string {
	if !IsDatabase(url) {
		return url
	}
	parts := plainURL.FindStringSubmatch(url)
	if parts == nil {
		return "postgres://"
	}
	scheme, user, rest, query := parts[1], parts[2], parts[3], parts[4]
	if name, _, _ := strings.Cut(user, ":"); user != "" {
		user = strings.TrimSuffix(name, "@") + "@"
	}
	var kept []string
	for parameter := range strings.SplitSeq(strings.TrimPrefix(query, "?"), "&") {
		name, _, _ := strings.Cut(parameter, "=")
		if parameter != "" && publicName.MatchString(name) && !strings.Contains(name, "password") {
			kept = append(kept, parameter)
		}
	}
	if len(kept) > 0 {
		rest += "?" + strings.Join(kept, "&")
	}
	return scheme + user + rest
}

var (
	plainURL   = regexp.MustCompile(`^(postgres(?:ql)?://)([^@/?#]*@)?([^@/?#]*(?:/[^@?#]*)?)(\?[^@#]*)?$`)
	publicName = regexp.MustCompile(`^[a-z_]+$`)
)

// chart prints the chart of accounts as remarks.
func (p *printer) chart(chart *ledger.Chart) {
	p.linef(0, "# Chart of accounts:")
	for _, pattern := range chart.Patterns() {
		limits := ""
		if pattern.Limited {
			limits = ", not below " + pattern.Floor.String()
		}
		p.linef(0, "#   %s: %s%s", pattern.Path, pattern.Type, limits)
	}
}

var listed = regexp.MustCompile(`\[[0-9]+\]`)

// documentedDefaults reads the schema for what holds where a key is left out.
func documentedDefaults() (map[string]string, error) {
	var root property
	if err := json.Unmarshal([]byte(schema), &root); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	found := make(map[string]string)
	root.collect("", found)
	return found, nil
}

// A property is a part of the schema.
type property struct {
	Properties  map[string]*property `json:"properties"`
	Items       *property            `json:"items"`
	Default     any                  `json:"default"`
	Description string               `json:"description"`
}

func (p *property) collect(key string, into map[string]string) {
	for name, child := range p.Properties {
		at := join(key, name)
		if _, words, ok := strings.Cut(child.Description, " Default: "); ok && words != "any." { // which goes without saying
			into[at] = strings.TrimSuffix(words, ".")
		}
		if child.Default != nil {
			into[at] = literal(child.Default)
		}
		child.collect(at, into)
		if child.Items != nil {
			child.Items.collect(at+"[]", into)
		}
	}
}

// literal writes a default as a file would.
func literal(value any) string {
	switch v := value.(type) {
	case string:
		return scalar(v)
	case []any:
		all := make([]string, len(v))
		for i := range v {
			all[i] = literal(v[i])
		}
		return "[" + strings.Join(all, ", ") + "]"
	default:
		return fmt.Sprint(v)
	}
}
