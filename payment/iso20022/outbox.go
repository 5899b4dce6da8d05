package iso20022

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/settlex/settlex/payment"
)

// What the outbox remembers is in a directory of its own, one below it for each
// message: the SHA-256 of its file, and the file itself until it has been put out.
const (
	handedDir  = ".handed"
	digestFile = "sha256"
	draftMark  = ".new-"
)

// keep is how long the outbox remembers a message. Whoever hands it over again does so
// within minutes, and nothing newer leaves before.
const keep = 30 * 24 * time.Hour

// outbox is the directory that files leave by, each once. Two renames are all that
// counts of putting one out, and each is done or not, whatever happens:
//
//	.handed/.new-M-123/  the file and its SHA-256, while they are written
//	.handed/M/           both are whole and durable: M leaves, and no other M does
//	M.xml                the file, moved out of .handed/M/: where it is no more, M has left
type outbox struct {
	dir  string
	step func(do func() error) error
}

func (o *outbox) handed() string { return filepath.Join(o.dir, handedDir) }

// put puts the file of a submission out, unless that was done before.
func (o *outbox) put(s *payment.Submission, file []byte) error {
	name, memory := filepath.Join(o.dir, FileName(s)), filepath.Join(o.handed(), s.Message)
	switch there, err := os.ReadFile(name); {
	case err == nil && !bytes.Equal(there, file):
		return fmt.Errorf("%s is there with another content: SHA-256 %s, want %s", name, digest(there), s.Digest)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	known, err := os.ReadFile(filepath.Join(memory, digestFile))
	if errors.Is(err, fs.ErrNotExist) {
		if err = o.remember(s, memory, file); err == nil {
			known, err = os.ReadFile(filepath.Join(memory, digestFile))
		}
	}
	if err != nil {
		return err
	}
	if string(known) != s.Digest {
		return fmt.Errorf("%s has left with another content: SHA-256 %.64q, want %s", name, known, s.Digest)
	}
	if err := o.out(filepath.Join(memory, FileName(s)), name); err != nil {
		return err
	}
	return o.forget(s)
}

// ahead tells of a message that has left and that books which are about to make another
// one cannot know: its number is not below the other's. They are older than the outbox, or
// not those whose files have left by it.
func (o *outbox) ahead(s *payment.Submission) error {
	messages, err := os.ReadDir(o.handed())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, m := range messages {
		if !strings.HasPrefix(m.Name(), draftMark) && m.Name() != s.Message && number(m.Name()) >= number(s.Message) {
			return fmt.Errorf("message %s has left by %s, but these books come to number %d only now: are they from a backup, or others? See docs/RAILS.md",
				m.Name(), o.dir, number(s.Message))
		}
	}
	return err
}

// number is that of a message among those of its books, at the end of its id.
func number(message string) uint64 {
	n, err := strconv.ParseUint(message[strings.LastIndexByte(message, '-')+1:], 10, 64)
	if err != nil { // it is none of ours
		return 0
	}
	return n
}

// remember makes the memory of a message, with its file. Somebody else may be
// quicker, and its memory is as good.
func (o *outbox) remember(s *payment.Submission, memory string, file []byte) (err error) {
	if err := o.step(func() error { return os.MkdirAll(o.handed(), dirMode) }); err != nil {
		return err
	}
	var draft string
	err = o.step(func() (err error) { draft, err = os.MkdirTemp(o.handed(), draftMark+s.Message+"-"); return err })
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{FileName(s), file}, {digestFile, []byte(s.Digest)}} {
		if err := o.step(func() error { return write(filepath.Join(draft, f.name), f.data) }); err != nil {
			return err
		}
	}
	if err := o.step(func() error { return syncDir(draft) }); err != nil {
		return err
	}
	err = o.step(func() error { return os.Rename(draft, memory) })
	if errors.Is(err, fs.ErrExist) {
		return os.RemoveAll(draft)
	}
	if err != nil {
		return err
	}
	return o.step(func() error { return errors.Join(syncDir(o.handed()), syncDir(o.dir)) })
}

// out moves a file out of the memory. Where it is not there any more, it is out.
func (o *outbox) out(draft, name string) error {
	err := o.step(func() error { return os.Rename(draft, name) })
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(o.dir)
	}
	if err != nil {
		return err
	}
	return o.step(func() error { return errors.Join(syncDir(o.dir), syncDir(filepath.Dir(draft))) })
}

// forget removes the memories of messages that left long before one that has left now,
// and what crashes have left of others.
func (o *outbox) forget(s *payment.Submission) error {
	messages, err := os.ReadDir(o.handed())
	if err != nil {
		return err
	}
	last := s.At.Add(-keep).UTC().Format(payment.MessageTime)
	for _, m := range messages { // ids begin with their instants
		if strings.TrimPrefix(m.Name(), draftMark) >= last {
			continue
		}
		memory := filepath.Join(o.handed(), m.Name())
		if _, err := os.Stat(filepath.Join(memory, m.Name()+fileSuffix)); err == nil {
			continue // it never left
		}
		if err := o.step(func() error { return os.RemoveAll(memory) }); err != nil {
			return err
		}
	}
	return nil
}

// write makes a file that is durable.
func write(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// syncDir makes the names in a directory last, where the system can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}
