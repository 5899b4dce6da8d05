package report

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// Set writes report files into one directory so that each appears whole or not at all. [Add] writes under temporary
// names; [Set.Commit] puts everything in place, manifests last; [Set.Close] clears away what was not committed. A process
// killed anywhere in between leaves no data file with a manifest that does not fit it, and the next run of the same
// reports picks up from there. A Set is for one goroutine, and a directory for one Set at a time.
type Set struct {
	dir   string
	root  *os.Root // nothing is written outside it, whatever a name says
	files []*pendingFile
	names map[string]bool
}

// pendingFile is a data file written, not yet in place.
type pendingFile struct {
	manifest Manifest
	totals   Totals
	sink     *sink
	changed  bool // the bytes differ from what stands there
	replaces bool // something stands there
}

// Written is one file of a committed set.
type Written struct {
	Path    string // directory and name
	Report  string
	Format  Format
	Bytes   int64
	SHA256  string
	Totals  Totals
	Outcome Outcome
}

// Outcome says what a commit did to a file.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"   // there was none
	Replaced  Outcome = "replaced"  // there was one with other bytes
	Resealed  Outcome = "resealed"  // the file is as it was, its manifest is new or says something else now
	Unchanged Outcome = "unchanged" // file and manifest were there with these bytes and were left alone
)

// OpenSet starts a set in dir, which is created where needed.
func OpenSet(dir string) (*Set, error) {
	if err := makeDir(filepath.Clean(dir)); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Set{dir: dir, root: root, names: make(map[string]bool)}, nil
}

// Add reads rows once and writes them to the set in each format, and returns their totals. Errors are those of [Write],
// [ErrNameTaken], a missing currency or business date, and of the disk; the set then holds none of this report's files
// and can be used further.
func Add[T any](s *Set, schema Schema[T], about About, formats []Format, rows iter.Seq2[T, error]) (Totals, error) {
	if err := about.validate(); err != nil {
		return Totals{}, fmt.Errorf("%s report: %w", schema.report, err)
	}
	l := layoutOf(schema, about.Currency)
	p := pass{about: about, batches: new(batchList)}
	files, err := s.open(l, about, formats, &p)
	if err == nil {
		err = stream(&p, schema, rows)
	}
	for _, file := range files {
		if err == nil {
			file.totals = p.totals
			file.manifest = newManifest(l, about, file.manifest.Format, p.totals, p.batches.ids)
			err = s.seal(file)
		}
	}
	if err != nil {
		return Totals{}, errors.Join(err, s.discard(files))
	}
	s.files = append(s.files, files...)
	return p.totals, nil
}

// open starts a temporary file and an encoder per format.
func (s *Set) open(l layout, about About, formats []Format, p *pass) ([]*pendingFile, error) {
	var files []*pendingFile
	for _, f := range formats {
		if _, err := ParseFormat(string(f)); err != nil {
			return files, err
		}
		name := about.FileName(l.report, l.version, f)
		if s.names[name] {
			return files, fmt.Errorf("%w: %s is in this set already", ErrNameTaken, name)
		}
		out, err := newSink(s.root, name)
		if err != nil {
			return files, err
		}
		s.names[name] = true
		files = append(files, &pendingFile{manifest: Manifest{File: name, Format: f}, sink: out})
		enc, err := newEncoder(out, f, l)
		if err != nil {
			return files, err
		}
		p.encoders = append(p.encoders, enc)
	}
	return files, nil
}

// seal finishes a temporary file: it goes at once when the same bytes stand under its name, and is synced otherwise.
func (s *Set) seal(file *pendingFile) error {
	m := &file.manifest
	m.Bytes, m.SHA256 = file.sink.bytes, file.sink.sum()
	if old, err := s.readManifest(m.File); err == nil && !old.sameSubject(m) {
		return fmt.Errorf("%w: %s is the %s report of merchant %q", ErrNameTaken, m.File, old.Report, old.Merchant)
	}
	size, sum, err := digest(s.root.FS(), m.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file.replaces = err == nil
	file.changed = !file.replaces || size != m.Bytes || sum != m.SHA256
	if !file.changed {
		return file.sink.discard(s.root)
	}
	return file.sink.finish()
}

func (s *Set) readManifest(name string) (Manifest, error) {
	data, err := s.root.ReadFile(name + manifestSuffix)
	if err != nil {
		return Manifest{}, err
	}
	return ParseManifest(data)
}

// Commit puts the set in place: manifests of files that change go first, then the files appear, then their manifests.
// After an error, some files may be in place without a manifest; running the same reports again completes them. After
// success the set is empty.
func (s *Set) Commit() ([]Written, error) {
	if err := s.unsealChanged(); err != nil {
		return nil, err
	}
	if err := s.placeChanged(); err != nil {
		return nil, err
	}
	written, err := s.writeManifests()
	if err != nil {
		return nil, err
	}
	s.files = nil
	clear(s.names)
	return written, nil
}

func (s *Set) unsealChanged() error {
	removed := false
	for _, file := range s.files {
		if !file.changed {
			continue
		}
		switch err := s.root.Remove(file.manifest.File + manifestSuffix); {
		case err == nil:
			removed = true
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return s.sync(removed)
}

func (s *Set) placeChanged() error {
	placed := false
	for _, file := range s.files {
		if !file.changed || file.sink.placed {
			continue
		}
		if err := file.sink.place(s.root); err != nil {
			return err
		}
		placed = true
	}
	return s.sync(placed)
}

func (s *Set) writeManifests() ([]Written, error) {
	var written []Written
	for _, file := range s.files {
		text, err := file.manifest.encode()
		if err != nil {
			return nil, err
		}
		sealed := false
		if old, err := s.root.ReadFile(file.manifest.File + manifestSuffix); err != nil || !bytes.Equal(old, text) {
			if err := writeWhole(s.root, file.manifest.File+manifestSuffix, text); err != nil {
				return nil, err
			}
			sealed = true
		}
		written = append(written, s.written(file, sealed))
	}
	// Even where nothing changed: the run before this one may have been killed before its own sync.
	return written, syncDir(s.dir)
}

func (s *Set) written(file *pendingFile, sealed bool) Written {
	m := &file.manifest
	w := Written{
		Path: filepath.Join(s.dir, m.File), Report: m.Report, Format: m.Format,
		Bytes: m.Bytes, SHA256: m.SHA256, Totals: file.totals,
	}
	switch {
	case file.changed && file.replaces:
		w.Outcome = Replaced
	case file.changed:
		w.Outcome = Created
	case sealed:
		w.Outcome = Resealed
	default:
		w.Outcome = Unchanged
	}
	return w
}

// sync makes the directory's names durable, if any changed.
func (s *Set) sync(changed bool) error {
	if !changed {
		return nil
	}
	return syncDir(s.dir)
}

// Close removes what was added and not committed, and releases the directory. It does nothing the second time.
func (s *Set) Close() error {
	if s.root == nil {
		return nil
	}
	err := errors.Join(s.discard(s.files), s.root.Close())
	s.files, s.root = nil, nil
	return err
}

// discard removes the temporary files of files and forgets their names.
func (s *Set) discard(files []*pendingFile) error {
	var faults []error
	for _, file := range files {
		delete(s.names, file.manifest.File)
		faults = append(faults, file.sink.discard(s.root))
	}
	return errors.Join(faults...)
}
