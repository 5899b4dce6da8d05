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
//
// Each is made durable before anything relies on it, by whoever comes to rely on it: the
// process that did it may have ended before it could.
type outbox struct {
	disk
	dir string
}

func (o *outbox) handed() string { return filepath.Join(o.dir, handedDir) }

// put puts the file of a submission out, unless that was done before.
func (o *outbox) put(s *payment.Submission, file []byte) error {
	name, memory := filepath.Join(o.dir, FileName(s)), filepath.Join(o.handed(), s.Message)
	switch there, err := os.ReadFile(name); {
	case err == nil && !bytes.Equal(there, file):
		return fmt.Errorf("%s is there with another content: SHA-256 %s, want %s", name, digest(there), s.Digest)
	case err == nil:
		return o.settle(memory)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	known, err := o.recall(s, memory, file)
	if err != nil {
		return err
	}
	if known != s.Digest {
		return fmt.Errorf("%s has left with another content: SHA-256 %.64q, want %s", name, known, s.Digest)
	}
	if err := o.sync(o.handed(), o.dir); err != nil {
		return err
	}
	if err := o.out(filepath.Join(memory, FileName(s)), name); err != nil {
		return err
	}
	if err := o.settle(memory); err != nil {
		return err
	}
	return o.forget(s)
}

// recall gives the SHA-256 under which a message is remembered. What is not remembered is
// from now on, unless a later message has left: then it may have left before that, and be
// forgotten.
func (o *outbox) recall(s *payment.Submission, memory string, file []byte) (string, error) {
	known, err := os.ReadFile(filepath.Join(memory, digestFile))
	if errors.Is(err, fs.ErrNotExist) {
		later, err := o.later(s)
		if err != nil {
			return "", err
		}
		if later != "" {
			return "", fmt.Errorf("nothing is known here of message %s, SHA-256 %s, and the later message %s has left by %s: has it left before? See docs/RAILS.md",
				s.Message, s.Digest, later, o.dir)
		}
		if err := o.remember(s, memory, file); err != nil {
			return "", err
		}
		known, err = os.ReadFile(filepath.Join(memory, digestFile))
		return strings.TrimSpace(string(known)), err
	}
	return strings.TrimSpace(string(known)), err
}

// ahead tells of a message that has left and that books which are about to make another
// one cannot know: its number is not below the other's. They are older than the outbox, or
// not those whose files have left by it.
func (o *outbox) ahead(s *payment.Submission) error {
	later, err := o.later(s)
	if err == nil && later != "" {
		err = fmt.Errorf("message %s has left by %s, but these books come to number %d only now: are they from a backup, or others? See docs/RAILS.md",
			later, o.dir, number(s.Message))
	}
	return err
}

// later is another message that is remembered and whose number is not below that of a
// submission; empty: there is none.
func (o *outbox) later(s *payment.Submission) (string, error) {
	messages, err := os.ReadDir(o.handed())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	for _, m := range messages {
		if !strings.HasPrefix(m.Name(), draftMark) && m.Name() != s.Message && number(m.Name()) >= number(s.Message) {
			return m.Name(), nil
		}
	}
	return "", err
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
func (o *outbox) remember(s *payment.Submission, memory string, file []byte) error {
	if err := o.open(); err != nil {
		return err
	}
	draft, err := o.draft(o.handed(), draftMark+s.Message+"-")
	if err != nil {
		return err
	}
	if err := o.write(filepath.Join(draft, FileName(s)), file); err != nil {
		return err
	}
	if err := o.write(filepath.Join(draft, digestFile), []byte(s.Digest)); err != nil {
		return err
	}
	if err := o.sync(draft); err != nil {
		return err
	}
	err = o.rename(draft, memory)
	if errors.Is(err, fs.ErrExist) {
		return os.RemoveAll(draft)
	}
	return err
}

// open makes the directories. The innermost comes last: where it is, what holds the
// outbox is durable.
func (o *outbox) open() error {
	if _, err := os.Stat(o.handed()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := o.makeAll(o.dir); err != nil {
		return err
	}
	if err := o.syncAbove(o.dir); err != nil {
		return err
	}
	return o.makeAll(o.handed())
}

// out moves a file out of the memory. Where it is not there any more, it is out.
func (o *outbox) out(draft, name string) error {
	err := o.rename(draft, name)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(o.dir)
	}
	return err
}

// settle makes it durable that a file is out. Its memory may be gone, where nobody
// has carried the file off for long.
func (o *outbox) settle(memory string) error {
	if err := o.sync(o.dir); err != nil {
		return err
	}
	if err := o.sync(memory); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// forget removes the memories of messages that left long before one that has left now,
// and what crashes have left of others. The last message is never forgotten, whatever
// the clocks said: by it we know of those before.
func (o *outbox) forget(s *payment.Submission) error {
	messages, err := os.ReadDir(o.handed())
	if err != nil {
		return err
	}
	last := s.At.Add(-keep).UTC().Format(payment.MessageTime)
	for _, m := range messages { // ids begin with their instants
		message, draft := strings.CutPrefix(m.Name(), draftMark)
		if draft {
			message = message[:max(0, strings.LastIndexByte(message, '-'))]
		}
		if message >= last || number(message) >= number(s.Message) {
			continue
		}
		memory := filepath.Join(o.handed(), m.Name())
		if _, err := os.Stat(filepath.Join(memory, m.Name()+fileSuffix)); err == nil {
			continue // it never left
		}
		if err := o.remove(memory); err != nil {
			return err
		}
	}
	return nil
}
