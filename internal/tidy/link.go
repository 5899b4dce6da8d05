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
			if !h.Embedder.mayLink(t.Module, dep) {
				found = append(found, Finding{RuleLink, p, "links " + dep + ": whoever embeds the ledger would link it too"})
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

// dependencies lists the import paths of a package and of all it links, as the build on this machine would.
func dependencies(ctx context.Context, root, room string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-f", "{{.ImportPath}}", "./"+room)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list what %s links: %w: %s", room, err, strings.TrimSpace(complaints.String()))
	}
	return strings.Fields(string(out)), nil
}
