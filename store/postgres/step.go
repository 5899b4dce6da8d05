package postgres

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// SchemaVersion is the version of the schema this program reads and writes: the number of its last migration.
const SchemaVersion = 10

//go:embed migrations/*.sql
var migrations embed.FS

// Step is one statement of a migration. It is idempotent and runs by itself, outside any transaction, because not every
// engine can take back a change of schema.
type Step struct {
	StepNo
	Title string // what it makes, such as "create table accounts"

	statement string
	sum       [sha256.Size]byte // of the statement
	engines   []Engine          // that it is for; none: every one
}

// StepNo is the place of a step among all.
type StepNo struct {
	Version int // of the migration it belongs to, from 1
	No      int // within the migration, from 1
}

// String is "2.3 create table accounts".
func (s Step) String() string { return fmt.Sprintf("%d.%d %s", s.Version, s.No, s.Title) }

// isFor tells whether an engine is given the step.
func (s *Step) isFor(engine Engine) bool {
	return len(s.engines) == 0 || slices.Contains(s.engines, engine)
}

// steps gives the embedded steps, in order.
func steps() ([]Step, error) {
	var all []Step
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range files { // sorted
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		parsed, err := parseSteps(name, string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, parsed...)
	}
	return all, nil
}

// engineMark begins the line before a statement that only some engines are given; the rest of the line names them.
const engineMark = "-- engines: "

// parseSteps splits a migration, whose name begins with its version, into its statements: each ends with a semicolon at the
// end of a line. Lines that begin with "--" are no part of any.
func parseSteps(name, text string) ([]Step, error) {
	number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("%s: its name has no number: %w", name, err)
	}
	var out []Step
	var statement strings.Builder
	var engines []Engine
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \r\n")
		if names, ok := strings.CutPrefix(line, engineMark); ok {
			for name := range strings.FieldsSeq(names) {
				engines = append(engines, Engine(name))
			}
			continue
		}
		if strings.HasPrefix(line, "--") || line == "" && statement.Len() == 0 {
			continue
		}
		body, last := strings.CutSuffix(line, ";")
		statement.WriteString(body)
		if !last {
			statement.WriteByte('\n')
			continue
		}
		s := Step{StepNo: StepNo{Version: version, No: len(out) + 1}, statement: statement.String(), engines: engines}
		s.Title, s.sum = title(s.statement), sha256.Sum256([]byte(s.statement))
		out = append(out, s)
		statement.Reset()
		engines = nil
	}
	if rest := strings.TrimSpace(statement.String()); rest != "" {
		return nil, fmt.Errorf("%s: no semicolon ends %q", name, rest)
	}
	return out, nil
}

// title names a statement by how it begins: what is made, without how.
func title(statement string) string {
	first, _, _ := strings.Cut(statement, "\n")
	for _, condition := range []string{" IF NOT EXISTS", " OR REPLACE"} {
		first = strings.Replace(first, condition, "", 1)
	}
	for _, end := range []string{" SET ", " (", " IS ", " AS"} {
		first, _, _ = strings.Cut(first, end)
	}
	return strings.ToLower(first)
}
