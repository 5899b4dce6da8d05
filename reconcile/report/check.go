package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Checked is what [Check] found.
type Checked struct {
	Files    int   // data files whose bytes are what their manifest says
	Bytes    int64 // their size
	Findings []Finding
}

// Finding is one fault in a directory of reports.
type Finding struct {
	Path    string // relative to the directory checked, with slashes
	Problem Problem
	Detail  string
}

// String returns "path: problem: detail".
func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Path, f.Problem, f.Detail) }

// Problem is a kind of fault.
type Problem string

// The problems.
const (
	Missing     Problem = "missing"      // a manifest without its data file
	Altered     Problem = "altered"      // a data file that is not what its manifest says
	Unsealed    Problem = "unsealed"     // a data file without a manifest: its writing was cut short
	Unfinished  Problem = "unfinished"   // a temporary file of a writing that was cut short
	BadManifest Problem = "bad manifest" // a manifest that cannot be read or is another file's
)

// Check reads every report file under dir, directories below it included, and compares it with its manifest. Files that
// no [Set] writes are passed over. Findings come in the order of their paths. An error means that dir or something in it
// could not be read, not that a file is wrong.
func Check(dir string) (Checked, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Checked{}, err
	}
	c := checker{fsys: root.FS()}
	err = fs.WalkDir(c.fsys, ".", c.visit)
	return c.checked, errors.Join(err, root.Close())
}

type checker struct {
	fsys    fs.FS
	checked Checked
}

func (c *checker) visit(file string, entry fs.DirEntry, err error) error {
	if err != nil || entry.IsDir() {
		return err
	}
	name := entry.Name()
	switch {
	case strings.HasPrefix(name, tempPrefix+namePrefix) && strings.HasSuffix(name, tempSuffix):
		c.find(file, Unfinished, "left by a writing that was cut short; the next one replaces it")
	case !strings.HasPrefix(name, namePrefix):
	case strings.HasSuffix(name, manifestSuffix):
		return c.checkManifest(file)
	default:
		return c.checkSealed(file)
	}
	return nil
}

// checkManifest compares the file a manifest vouches for.
func (c *checker) checkManifest(file string) error {
	text, err := fs.ReadFile(c.fsys, file)
	if err != nil {
		return err
	}
	m, err := ParseManifest(text)
	if err != nil {
		c.find(file, BadManifest, strings.TrimPrefix(err.Error(), ErrBadManifest.Error()+": "))
		return nil
	}
	data := strings.TrimSuffix(file, manifestSuffix)
	if m.File != path.Base(data) {
		c.find(file, BadManifest, fmt.Sprintf("it is about %s", m.File))
		return nil
	}
	size, sum, err := digest(c.fsys, data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.find(data, Missing, fmt.Sprintf("manifest says %d bytes, %d rows", m.Bytes, m.Rows))
	case err != nil:
		return err
	case size != m.Bytes:
		c.find(data, Altered, fmt.Sprintf("%d bytes, manifest says %d", size, m.Bytes))
	case sum != m.SHA256:
		c.find(data, Altered, fmt.Sprintf("sha256 %s, manifest says %s", sum, m.SHA256))
	default:
		c.checked.Files++
		c.checked.Bytes += size
	}
	return nil
}

// checkSealed looks for the manifest of a data file; what it says is compared when the manifest comes by.
func (c *checker) checkSealed(file string) error {
	switch _, err := fs.Stat(c.fsys, file+manifestSuffix); {
	case errors.Is(err, fs.ErrNotExist):
		c.find(file, Unsealed, "no manifest: not complete")
	case err != nil:
		return err
	}
	return nil
}

func (c *checker) find(file string, problem Problem, detail string) {
	c.checked.Findings = append(c.checked.Findings, Finding{Path: file, Problem: problem, Detail: detail})
}
