package tidy

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Tree is the source of one module as it lies on disk.
//
// It is read by walking, not by asking the go command for its packages: files that a build constraint leaves out are seen too,
// and the test cache notices every file that was added, changed or removed.
type Tree struct {
	// Root is the absolute directory of go.mod.
	Root string
	// Module is the module path.
	Module string

	sources []source
	texts   []string // slash paths of the files people write and read, sources included
}

// Read walks the module whose go.mod lies in root. It leaves out testdata when it looks for packages, and everywhere
// hidden directories other than .ci and .github, nested modules, and what a line like "/name" of .gitignore at the root names.
func Read(root string) (*Tree, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", root, err)
	}
	t := &Tree{Root: abs}
	if t.Module, err = modulePath(filepath.Join(abs, "go.mod")); err != nil {
		return nil, err
	}
	ignored, err := ignoredNames(filepath.Join(abs, ".gitignore"))
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(abs, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(abs, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if slices.Contains(ignored, rel) || d.IsDir() && foreign(p, rel) {
			return skip(d)
		}
		if d.IsDir() || !authored(rel) {
			return nil
		}
		return t.add(rel)
	})
	if err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	return t, nil
}

// Packages lists the import paths below the module of all directories that hold Go files, sorted; "." is the root.
func (t *Tree) Packages() []string {
	var paths []string
	for _, s := range t.sources {
		paths = append(paths, s.room())
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

func (t *Tree) add(rel string) error {
	t.texts = append(t.texts, rel)
	if path.Ext(rel) != ".go" || slices.Contains(strings.Split(rel, "/"), "testdata") {
		return nil
	}
	s, err := parse(t.Root, rel)
	if err != nil {
		return err
	}
	t.sources = append(t.sources, s)
	return nil
}

// authored tells the kinds of files that people write by hand or read as text.
func authored(rel string) bool {
	switch path.Ext(rel) {
	case ".go", ".mod", ".md", ".txt", ".txtar", ".yaml", ".yml", ".json", ".ndjson", ".csv", ".sh", ".journal", ".beancount":
		return true
	}
	return path.Ext(path.Base(rel)) == "" || strings.HasPrefix(path.Base(rel), ".git")
}

// foreign tells a directory that is not part of the module's source.
func foreign(p, rel string) bool {
	base := path.Base(rel)
	switch {
	case rel == ".":
		return false
	case base == ".ci" || base == ".github":
		return false
	case strings.HasPrefix(base, ".") || base == "node_modules" || base == "vendor":
		return true
	}
	_, err := os.Stat(filepath.Join(p, "go.mod"))
	return err == nil
}

func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func modulePath(gomod string) (string, error) {
	text, err := os.ReadFile(gomod)
	if err != nil {
		return "", fmt.Errorf("read the module path: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", fmt.Errorf("read the module path: %s has no module line", gomod)
}

// ignoredNames takes the plain names that a .gitignore anchors at the root; no file names none.
func ignoredNames(gitignore string) ([]string, error) {
	text, err := os.ReadFile(gitignore)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the ignored names: %w", err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		name, anchored := strings.CutPrefix(strings.TrimSpace(line), "/")
		if anchored && !strings.ContainsAny(name, "*?[!") {
			names = append(names, strings.TrimSuffix(name, "/"))
		}
	}
	return names, nil
}
