package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The README's quickstart does what it says, line by line, on the bundled
// payments.
func TestReadmeQuickstart(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes the bundled month through everything")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)<!-- quickstart -->\n```sh\n(.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("README.md has no block marked <!-- quickstart -->")
	}
	script := "sample payments.csv\n"
	for line := range strings.Lines(string(block[1])) {
		if !strings.HasPrefix(line, "settlex ") {
			t.Errorf("quickstart line %q is no settlex command", line)
		}
		script += "exec " + line
	}
	script += `stdout '^books.journal: [0-9,]+ entries'
exists books.journal settlex.yaml settlex.db
exec settlex verify --files
stdout 'verify found nothing'
`
	file := filepath.Join(t.TempDir(), "quickstart.txt")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{file}, RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"sample": writeSample},
	})
}
