package history

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/settlex/settlex/ledger/plaintext"
)

// reading is one pass over a journal and what it includes.
type reading struct {
	taker
	*faults
	ctx      func() error
	options  *Options
	files    []string // in order of opening
	digest   hash.Hash
	own      bool // an export of ours
	postings int

	marks map[string]byte // decimal marks of hledger's commodities
	auto  bool            // beancount: accounts need not be opened
	roots map[string]string
}

// language is the parser of one file. lines come without their ends.
type language interface {
	line(c *cursor) error
	// end is told that the file is over.
	end() error
}

// read reads a journal to a taker and gives the digest of its bytes.
func read(ctx context.Context, name string, o *Options, to taker, f *faults) (*reading, error) {
	r := &reading{taker: to, faults: f, ctx: ctx.Err, options: o, digest: sha256.New(), marks: make(map[string]byte)}
	err := r.file(name, nil, func() language {
		if o.Format == plaintext.Beancount {
			return newBeancount(r, name)
		}
		return newHLedger(r, name, nil)
	})
	return r, err
}

// maxLine bounds a line.
const maxLine = 1 << 20

// file reads one file. from is where it is included; nil: it is the journal
// itself.
func (r *reading) file(name string, from *place, parser func() language) (err error) {
	at := len(r.files)
	if from != nil && slices.Contains(r.files, name) {
		r.add(*from, "%s is included a second time", name)
		return nil
	}
	source, err := r.options.Open(name)
	if err != nil && from != nil {
		r.add(*from, "include: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	r.files = append(r.files, name)
	_, _ = fmt.Fprintf(r.digest, "file %d\n", at)
	lines := bufio.NewReaderSize(io.TeeReader(source, r.digest), 1<<16)
	p := parser()
	for no := 1; ; no++ {
		if err := r.ctx(); err != nil {
			return err
		}
		text, err := nextLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s:%d: %w", name, no, err)
		}
		last := err != nil
		if no == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
			r.title(text, at)
		}
		if r.sound(text, place{at, no, 1}) {
			if err := p.line(&cursor{text: text, place: place{at, no, 1}}); err != nil {
				return err
			}
		}
		if last {
			return p.end()
		}
	}
}

// title looks whether a journal is an export of ours.
func (r *reading) title(text string, file int) {
	form, ok := strings.CutPrefix(text, fmt.Sprintf("; SettleX journal for %s, form ", r.options.Format))
	if !ok || file > 0 {
		return
	}
	r.own = true
	if form != "2" && form != "3" { // 2 had no owner and nothing of captures and reversals
		r.add(place{file, 1, 1}, "an export of form %s; forms 2 and %d are known", shown(form), plaintext.Form)
	}
}

// sound refuses what no text of a journal holds.
func (r *reading) sound(text string, at place) bool {
	for i, c := range text {
		if c == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			at.column = 1 + utf8.RuneCountInString(text[:i])
			r.add(at, "the byte %#02x is not UTF-8", text[i])
			return false
		}
		if c < ' ' && c != '\t' || c == 0x7f {
			at.column = 1 + utf8.RuneCountInString(text[:i])
			r.add(at, "a control character, %U", c)
			return false
		}
	}
	return true
}

// nextLine reads a line without its end; io.EOF comes with the last one.
func nextLine(from *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := from.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return "", fmt.Errorf("a line of more than %d bytes", maxLine)
		}
		line = append(line, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		text := strings.TrimSuffix(string(line), "\n")
		return strings.TrimSuffix(text, "\r"), err
	}
}

// include reads another file in the place of a directive. Its name is relative
// to the file it stands in.
func (r *reading) include(name string, at place, parser func(name string) language) error {
	if strings.ContainsAny(name, "*?[") || strings.HasPrefix(name, "~") {
		r.add(at, "include of %q: one file, by its path, is understood; patterns and ~ are not", shown(name))
		return nil
	}
	if name == "" {
		r.add(at, "include of which file?")
		return nil
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(r.files[at.file]), filepath.FromSlash(name))
	}
	return r.file(name, &at, func() language { return parser(name) })
}

// numbered gives postings their places in the journal.
func (r *reading) numbered(t *transaction) {
	for i := range t.postings {
		p := &t.postings[i]
		p.no = r.postings
		r.postings++
		if p.assertion != nil {
			p.assertion.date, p.assertion.no, p.assertion.account = t.date, p.no, p.account
			r.assertion(p.assertion)
		}
	}
}
