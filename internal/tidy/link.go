package tidy

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// checkLink asks the go command for everything the embedder's packages import, directly or not.
func (h House) checkLink(ctx context.Context, t *Tree) ([]Finding, error) {
	here := t.Packages()
	var found []Finding
	for _, p := range h.Embedder.Packages {
		if !slices.Contains(here, p) {
			continue
		}
		linked, err := dependencies(ctx, t.Root, p)
		if err != nil {
			return nil, err
		}
		for _, dep := range linked {
			switch {
			case !h.Embedder.mayLink(t.Module, dep.path):
				found = append(found, Finding{RuleLink, p, "links " + dep.path + ": whoever embeds the ledger would link it too"})
			case dep.cgo:
				found = append(found, Finding{RuleLink, p, "links " + dep.path + ", which is cgo: whoever embeds the ledger would need a C compiler"})
			}
		}
	}
	return found, nil
}

func (e Embedder) mayLink(module, dep string) bool {
	switch {
	case within(dep, module):
		return true
	case strings.Contains(strings.Split(dep, "/")[0], "."):
		return slices.ContainsFunc(e.Libraries, func(l string) bool { return within(dep, l) })
	}
	return !slices.Contains(e.Barred, dep)
}

// dependency is a package that is linked.
type dependency struct {
	path string
	cgo  bool // the standard library builds without
}

// dependencies lists a package and all it links, as the build on this machine would with a C compiler.
func dependencies(ctx context.Context, root, room string) ([]dependency, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-f", "{{.ImportPath}} {{if and .CgoFiles (not .Standard)}}cgo{{end}}", "./"+room)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=1")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list what %s links: %w: %s", room, err, strings.TrimSpace(complaints.String()))
	}
	var linked []dependency
	for line := range strings.Lines(string(out)) {
		path, cgo, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		linked = append(linked, dependency{path, cgo != ""})
	}
	return linked, nil
}
